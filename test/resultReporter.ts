import { writeFileSync } from "node:fs";
import mocha from "mocha";
import { onProgress } from "./progress.ts";
import { skipReason } from "./skip.ts";

/** What a run of mocha writes where MODAL_METER_RESULTS says, beside the lines for people. */
interface RunResults {
  passed: number;
  readonly failed: { readonly title: string; readonly error: string }[];
  readonly skipped: { readonly title: string; readonly reason: string }[];
  /** First tries that failed, whatever the second one did: its error may only follow from the first. */
  readonly retried: { readonly title: string; readonly error: string }[];
  /** Of every test that ran, its hooks not counted. */
  readonly seconds: { readonly title: string; readonly seconds: number }[];
}

/** A test that makes steps for longer than this says that it lives. */
const signMs = 60_000;

/** The reason that skip() left on the test or on one of its suites. */
function reasonOf(test: Mocha.Test): string | undefined {
  let at: Mocha.Test | Mocha.Suite | undefined = test;
  while (at !== undefined) {
    const reason: unknown = Reflect.get(at, skipReason);
    if (typeof reason === "string") return reason;
    at = at.parent;
  }
  return undefined;
}

/**
 * What is limited is a step without progress, never a whole test: each step gives the test, or the
 * hook, that runs its time limit again.
 */
function renewLimits(runner: Mocha.Runner): void {
  let test: Running | undefined;
  let hook: Running | undefined;
  let signedAtMs = 0;
  runner.on("test", (begun: Mocha.Test) => {
    test = new Running(begun);
    signedAtMs = performance.now();
  });
  runner.on("test end", () => {
    test = undefined;
  });
  runner.on("hook", (begun: Mocha.Hook) => {
    hook = new Running(begun);
  });
  runner.on("hook end", () => {
    hook = undefined;
  });
  onProgress(() => {
    (hook ?? test)?.renewLimit();
    if (test === undefined || performance.now() - signedAtMs < signMs) return;
    signedAtMs = performance.now();
    console.log(`      … ${test.title}`);
  });
}

/** A test or a hook, whose limit is the time from one step to the next. */
class Running {
  readonly title: string;
  readonly #runnable: Mocha.Runnable;
  readonly #startedAtMs = performance.now();
  #stepLimitMs = 0;
  #limitMs = -1;

  constructor(runnable: Mocha.Runnable) {
    this.title = runnable.title;
    this.#runnable = runnable;
  }

  renewLimit(): void {
    const limitMs = this.#runnable.timeout();
    // Set by the test itself, or by its suite.
    if (limitMs !== this.#limitMs) this.#stepLimitMs = limitMs;
    if (this.#stepLimitMs === 0) return;
    // Mocha compares the whole duration with it in the end.
    this.#limitMs = Math.round(performance.now() - this.#startedAtMs) + this.#stepLimitMs;
    this.#runnable.timeout(this.#limitMs);
  }
}

/** Mocha's own lines for people, and a JSON file for scripts/test.ts. */
export default class ResultReporter extends mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const results: RunResults = { passed: 0, failed: [], skipped: [], retried: [], seconds: [] };
    renewLimits(runner);
    runner.on("pass", () => {
      results.passed += 1;
    });
    runner.on("test end", (test: Mocha.Test) => {
      if (test.duration === undefined) return;
      results.seconds.push({ title: test.fullTitle(), seconds: test.duration / 1000 });
    });
    runner.on("retry", (test: Mocha.Test, error: Error) => {
      console.log(`    ↻ second try of "${test.fullTitle()}" after: ${error.message}`);
      results.retried.push({ title: test.fullTitle(), error: error.stack ?? String(error) });
    });
    runner.on("fail", (test, error: Error) => {
      results.failed.push({ title: test.fullTitle(), error: error.stack ?? String(error) });
    });
    runner.on("pending", (test) => {
      const title = test.fullTitle();
      const reason = reasonOf(test);
      if (reason !== undefined) results.skipped.push({ title, reason });
      else results.failed.push({ title, error: "Skipped without a reason: use test/skip.ts." });
    });
    runner.on("end", () => {
      const path = process.env["MODAL_METER_RESULTS"];
      if (path !== undefined) writeFileSync(path, JSON.stringify(results));
    });
  }
}
