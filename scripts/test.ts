// Every check and test there is, each after the set-up that it needs.
//
//   npm test -- [--only unit,e2e] [--file closing] [--list usual,long] [--lanes 4]
//               [--require-cli] [--require-editor] [--require-desktop]
//
// Ends with one line, "N passed, N failed, N skipped": the sum of all suites.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import * as z from "zod/mini";
import { outFolder, root } from "../test/host/paths.ts";
import { runInLanes } from "./testing/lanes.ts";
import { countsText, failure, nothing, sumOf, type Results } from "./testing/results.ts";
import { runJob } from "./testing/runJob.ts";
import { orphans, suites, type Job, type Need, type Suite } from "./testing/suites.ts";

/** Nothing that is well says nothing for so long: each wait and each test has a shorter limit. */
const silentMs = 15 * 60_000;

const isCi = process.env["CI"] === "true";
const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    file: { type: "string", default: "" },
    list: { type: "string", default: "usual" },
    // In four lanes on two processors, a run used 12 of its 26 minutes of processor time; with more than
    // four windows at once, tests with real processes met limits of real time.
    lanes: { type: "string", default: String(2 * availableParallelism() + 2) },
    "require-cli": { type: "boolean", default: isCi },
    "require-editor": { type: "boolean", default: isCi },
    "require-desktop": { type: "boolean", default: false },
  },
});
const required: readonly Need[] = (["cli", "editor", "desktop"] as const).filter(
  (need) => options[`require-${need}`],
);
const resultsFile = join(outFolder, "results.json");

/** The suites that were asked for, with the files that were asked for. */
function choose(): readonly Suite[] {
  const lists = options.list.split(",");
  const only = options.only?.split(",");
  const offered = only === undefined ? suites.filter(({ list }) => lists.includes(list)) : suites;
  const names = offered.map(({ name }) => name);
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`No suite is named ${unknown.join(", ")}. There are: ${names.join(", ")}`);
  }
  const chosen = offered
    .filter(({ name }) => only?.includes(name) ?? true)
    .map((suite) => ({
      ...suite,
      jobs: suite.jobs.filter(({ file }) => (file ?? "").includes(options.file)),
    }))
    // Without --file, a suite that has no file stays, and fails.
    .filter(({ jobs }) => options.file === "" || jobs.length > 0);
  if (chosen.length === 0) throw new Error("No suite has what was asked for.");
  return chosen;
}

/** Installs what the chosen suites need. Answers what could not be had, and why. */
async function setUp(chosen: readonly Suite[]): Promise<ReadonlyMap<Need, string>> {
  const missing = new Map<Need, string>();
  const wanted: readonly (readonly [Need, string, boolean])[] = [
    ["cli", "--python", chosen.some(({ isCheck, name }) => !isCheck && name !== "host")],
    ["editor", "--editor", chosen.some(({ needs }) => needs === "editor")],
  ];
  for (const [need, flag, isWanted] of wanted) {
    if (!isWanted) continue;
    const { failed, stderr } = await execa(process.execPath, ["scripts/setup.mjs", flag], {
      cwd: root,
      reject: false,
      stderr: ["inherit", "pipe"],
    });
    if (failed) missing.set(need, stderr.trim().split("\n").at(-1) ?? "set-up failed");
  }
  return missing;
}

const filesShape = z.object({ files: z.record(z.string(), z.number()) });

/** Seconds of each file in the last run here; nothing in a fresh clone. */
async function lastSeconds(): Promise<Readonly<Record<string, number>>> {
  const text = await readFile(resultsFile, "utf8").catch(() => "{}");
  return filesShape.safeParse(JSON.parse(text)).data?.files ?? {};
}

/** Lines of a failure or of a skipped test, below the line of its file or suite. */
function tell({ failed, skipped, retried = [] }: Results): void {
  for (const { title, reason } of skipped) console.log(`  skipped: ${title}: ${reason}`);
  for (const { title, error } of retried) {
    console.log(`  first try failed: ${title}\n${error.replaceAll(/^/gm, "    ")}`);
  }
  for (const { title, error } of failed) {
    console.log(`  failed: ${title}\n${error.replaceAll(/^/gm, "    ")}`);
  }
}

function lineOf(name: string, results: Results, seconds: number): string {
  const mark = results.failed.length > 0 ? "✖" : "✔";
  return `${mark} ${name}: ${countsText(results)} (${seconds.toFixed(1)} s)`;
}

/** A file of the long list runs in the usual one too, and shorter there. */
function keyOf({ list, name }: Suite, { file }: Job): string {
  return list === "usual" ? (file ?? name) : `${file ?? name} (${name})`;
}

class Run {
  readonly #chosen: readonly Suite[];
  readonly #missing: ReadonlyMap<Need, string>;
  readonly #last: Readonly<Record<string, number>>;
  readonly #results = new Map<Suite, Results[]>();
  readonly #seconds = new Map<Suite, number>();
  readonly fileSeconds = new Map<string, number>();

  constructor(
    chosen: readonly Suite[],
    missing: ReadonlyMap<Need, string>,
    last: Readonly<Record<string, number>>,
  ) {
    this.#chosen = chosen;
    this.#missing = missing;
    this.#last = last;
  }

  /** The checks first, on each processor one; then everything else side by side. */
  async all(): Promise<void> {
    await this.#part(true, availableParallelism());
    if (!this.#chosen.some(({ name }) => name === "package")) await this.#pack();
    await this.#part(false, Number(options.lanes));
  }

  /** The window tests install the package that the check "package" makes. */
  async #pack(): Promise<void> {
    if (!this.#chosen.some(({ needs, name }) => needs === "editor" && name !== "host")) return;
    await execa(process.execPath, ["scripts/package.ts"], { cwd: root });
  }

  async #part(isCheck: boolean, lanes: number): Promise<void> {
    const tasks = this.#chosen
      .filter((suite) => suite.isCheck === isCheck)
      .flatMap((suite) =>
        this.#isPossible(suite)
          ? suite.jobs.map((job) => ({
              expectedSeconds: this.#last[keyOf(suite, job)] ?? job.expectedSeconds,
              isIdle: job.isIdle ?? false,
              hasWindow: suite.needs === "editor",
              run: async () => this.#job(suite, job),
            }))
          : [],
      );
    await runInLanes(tasks, { lanes, windows: 2 * availableParallelism() });
  }

  #isPossible(suite: Suite): boolean {
    const { needs, name } = suite;
    const reason = needs === undefined ? undefined : this.#missing.get(needs);
    if (needs === undefined || reason === undefined) return true;
    this.#results.set(suite, [
      required.includes(needs)
        ? failure(name, `This run requires the ${needs}: ${reason}`)
        : { ...nothing, skipped: [{ title: name, reason }] },
    ]);
    return false;
  }

  async #job(suite: Suite, job: Job): Promise<void> {
    const from = performance.now();
    const results = await runJob({
      job,
      suite: suite.name,
      env: {
        MODAL_METER_REQUIRE: required.join(","),
        MODAL_METER_PACKED: "1",
        ...suite.env,
      },
      folder: outFolder,
      silentMs,
    });
    const seconds = (performance.now() - from) / 1000;
    this.#results.set(suite, [...(this.#results.get(suite) ?? []), results]);
    this.#seconds.set(suite, (this.#seconds.get(suite) ?? 0) + seconds);
    if (job.file !== null) this.fileSeconds.set(keyOf(suite, job), seconds);
    console.log(lineOf(keyOf(suite, job), results, seconds));
    tell(results);
  }

  /** What came of a suite, and the sum of its processes' seconds. */
  suite(suite: Suite): Results & { readonly seconds: number } {
    const sum = sumOf(this.#results.get(suite) ?? []);
    const seconds = Math.round((this.#seconds.get(suite) ?? 0) * 10) / 10;
    const isEmpty = sum.passed + sum.failed.length + sum.skipped.length === 0;
    return { ...(isEmpty ? failure(suite.name, "The suite ran no test.") : sum), seconds };
  }
}

const chosen = choose();
const last = await lastSeconds();
await mkdir(outFolder, { recursive: true });
const started = performance.now();
const run = new Run(chosen, await setUp(chosen), last);
await run.all();

if (run.fileSeconds.size > 0) console.log("\nSeconds per file");
for (const [file, seconds] of [...run.fileSeconds].toSorted(([, one], [, other]) => other - one)) {
  console.log(`${seconds.toFixed(1).padStart(7)}  ${file}`);
}
console.log("\nSuites");
const all = chosen.map((suite) => ({ name: suite.name, results: run.suite(suite) }));
for (const { name, results } of all) console.log(lineOf(name, results, results.seconds));
// A test that failed is named here too: its own lines may be far above.
for (const { results } of all) {
  for (const { title } of results.retried ?? []) console.log(`  ↻ ${title}`);
  for (const { title } of results.failed) console.log(`  ✖ ${title}`);
}
for (const { results } of all)
  if (results.passed === 0) tell({ ...results, failed: [], retried: [] });
const forgotten = (options.only === undefined ? orphans() : []).map((file): Results =>
  failure(file, "It belongs to no suite."),
);
forgotten.forEach((results) => tell(results));
const total = sumOf([...all.map(({ results }) => results), ...forgotten]);
await writeFile(
  resultsFile,
  JSON.stringify(
    {
      suites: Object.fromEntries(all.map(({ name, results }) => [name, results])),
      files: { ...last, ...Object.fromEntries(run.fileSeconds) },
    },
    undefined,
    2,
  ),
);
console.log(`\n${Math.round((performance.now() - started) / 1000)} s; logs are in test/out/`);
console.log(countsText(total));
process.exitCode = total.failed.length > 0 ? 1 : 0;
