import { writeFileSync } from "node:fs";
import mocha from "mocha";
import { skipReason } from "./skip.ts";

/** What a suite writes where MODAL_METER_RESULTS says, beside the lines for people. */
interface SuiteResults {
  passed: number;
  readonly failed: { readonly title: string; readonly error: string }[];
  readonly skipped: { readonly title: string; readonly reason: string }[];
}

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

/** Mocha's own lines for people, and a JSON file for scripts/test.ts. */
export default class ResultReporter extends mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const results: SuiteResults = { passed: 0, failed: [], skipped: [] };
    runner.on("pass", () => {
      results.passed += 1;
    });
    runner.on("retry", (test: Mocha.Test, error: Error) => {
      console.log(`    ↻ second try of "${test.fullTitle()}" after: ${error.message}`);
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
