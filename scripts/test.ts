// npm test: every check there is, each after the set-up that it needs.
//
//   npm test -- [--only unit,e2e] [--require-cli] [--require-editor] [--require-desktop]
//
// Ends with one line, "N passed, N failed, N skipped": the sum of all suites.
import { createWriteStream, globSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import * as z from "zod/mini";
import { outFolder, root } from "../test/host/paths.ts";

type Need = "cli" | "editor" | "desktop";

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** A check counts as one test; mocha counts its own and says so in a results file. */
  readonly counts: "one" | "mocha";
  /** Without it the whole suite is skipped. Tests inside a suite skip for themselves. */
  readonly needs?: Need;
  /** Checks go first, one after another. Then the slow lanes run side by side: the editor's waits
   *  mostly for graces and countdowns, which leaves the processors to the others. */
  readonly lane: "checks" | "processes" | "editor" | "silence";
  /** Files that must exist for the suite to be there at all. */
  readonly files?: string;
}

const bin = (name: string) => join(root, "node_modules", ".bin", name);
const reporter = ["--reporter", join(root, "test", "resultReporter.ts")];
const node = process.execPath;

const suites: readonly Suite[] = [
  { name: "types", command: [bin("tsc")], counts: "one", lane: "checks" },
  { name: "lint", command: [bin("oxlint")], counts: "one", lane: "checks" },
  { name: "format", command: [bin("oxfmt"), "--check"], counts: "one", lane: "checks" },
  { name: "unused", command: [bin("knip")], counts: "one", lane: "checks" },
  {
    name: "readme",
    command: [node, "scripts/readme.ts", "--check"],
    counts: "one",
    lane: "checks",
  },
  {
    name: "texts",
    command: [node, "scripts/texts.ts", "--check"],
    counts: "one",
    lane: "checks",
  },
  {
    name: "unit",
    command: [bin("mocha"), "test/unit/**/*.test.ts", ...reporter],
    counts: "mocha",
    lane: "checks",
  },
  {
    name: "package",
    command: [node, "scripts/package.ts", "--check"],
    counts: "one",
    lane: "checks",
  },
  {
    name: "integration",
    // --exit: a process that a failed test left behind must not hold up the verdict.
    command: [
      bin("mocha"),
      "--exit",
      "--timeout",
      "180000",
      "test/integration/**/*.test.ts",
      ...reporter,
    ],
    counts: "mocha",
    lane: "processes",
  },
  {
    name: "host",
    command: [node, "test/host/runSuites.ts"],
    counts: "mocha",
    needs: "editor",
    lane: "editor",
  },
  ...(
    [
      ["e2e-waiting", "editor"],
      ["e2e", "processes"],
      // Five minutes in which nothing happens.
      ["e2e-silence", "silence"],
    ] as const
  ).map(([name, lane]): Suite => ({
    name,
    command: [bin("mocha"), "--config", `test/e2e/${name}.mocharc.json`, ...reporter],
    counts: "mocha",
    needs: "editor",
    lane,
  })),
];

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    "require-cli": { type: "boolean", default: process.env["CI"] === "true" },
    "require-editor": { type: "boolean", default: process.env["CI"] === "true" },
    "require-desktop": { type: "boolean", default: false },
  },
});
const required: readonly Need[] = [
  ...(options["require-cli"] ? ["cli" as const] : []),
  ...(options["require-editor"] ? ["editor" as const] : []),
  ...(options["require-desktop"] ? ["desktop" as const] : []),
];
const only = options.only?.split(",");
const unknown = only?.filter((name) => !suites.some((suite) => suite.name === name)) ?? [];
if (unknown.length > 0) {
  const names = suites.map(({ name }) => name).join(", ");
  throw new Error(`No suite is named ${unknown.join(", ")}. There are: ${names}`);
}
/** "e2e" stands for both of its halves. */
const isWanted = (name: string): boolean =>
  only?.some((wanted) => name === wanted || name.startsWith(`${wanted}-`)) ?? true;
const chosen = suites.filter(({ name }) => isWanted(name));
/** The lane whose lines are shown as they come; the other lane's go to its log. */
const liveLane = chosen.some(({ lane }) => lane === "editor") ? "editor" : "processes";

const resultsShape = z.object({
  passed: z.number(),
  failed: z.array(z.object({ title: z.string(), error: z.string() })),
  skipped: z.array(z.object({ title: z.string(), reason: z.string() })),
});
type Results = z.infer<typeof resultsShape>;

/** Installs what the chosen suites need. Answers what could not be had, and why. */
async function setUp(): Promise<ReadonlyMap<Need, string>> {
  const missing = new Map<Need, string>();
  const wanted: readonly (readonly [Need, string, boolean])[] = [
    ["cli", "--python", chosen.some(({ name, lane }) => lane !== "checks" && name !== "host")],
    ["editor", "--editor", chosen.some(({ needs }) => needs === "editor")],
  ];
  for (const [need, flag, isWanted] of wanted) {
    if (!isWanted) continue;
    const { failed, stderr } = await execa(node, ["scripts/setup.mjs", flag], {
      cwd: root,
      reject: false,
      stderr: ["inherit", "pipe"],
    });
    if (failed) missing.set(need, stderr.trim().split("\n").at(-1) ?? "set-up failed");
  }
  return missing;
}

function failure(title: string, error: string): Results {
  return { passed: 0, failed: [{ title, error }], skipped: [] };
}

async function runSuite(suite: Suite, missing: ReadonlyMap<Need, string>): Promise<Results> {
  const { name, needs } = suite;
  const reason = needs === undefined ? undefined : missing.get(needs);
  if (needs !== undefined && reason !== undefined) {
    if (required.includes(needs)) return failure(name, `This run requires the ${needs}: ${reason}`);
    return { passed: 0, failed: [], skipped: [{ title: name, reason }] };
  }
  const log = join(outFolder, `${name}.log`);
  const resultsFile = join(outFolder, `${name}.json`);
  const [command = "", ...args] = suite.command;
  const child = execa(command, args, {
    cwd: root,
    reject: false,
    all: true,
    buffer: true,
    timeout: 30 * 60_000,
    forceKillAfterDelay: 10_000,
    env: {
      PATH: [join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter),
      MODAL_METER_RESULTS: resultsFile,
      MODAL_METER_REQUIRE: required.join(","),
      NO_COLOR: "1",
    },
  });
  child.all.pipe(createWriteStream(log));
  if (suite.lane === liveLane) child.all.pipe(process.stdout, { end: false });
  const { all, failed, exitCode, timedOut } = await child;
  const tail = all.split("\n").slice(-60).join("\n");
  if (suite.counts === "one") {
    return failed ? failure(name, tail) : { passed: 1, failed: [], skipped: [] };
  }
  let results: Results;
  try {
    results = resultsShape.parse(JSON.parse(await readFile(resultsFile, "utf8")));
  } catch {
    return failure(name, `The suite ended before its results (code ${exitCode}).\n${tail}`);
  }
  const total = results.passed + results.failed.length + results.skipped.length;
  if (total === 0) return failure(name, "The suite ran no test.");
  if (failed && results.failed.length === 0) {
    const why = timedOut ? "took more than 30 minutes" : `ended with code ${exitCode}`;
    results.failed.push({ title: name, error: `The suite ${why} though no test failed.\n${tail}` });
  }
  return results;
}

/** Names of test files that no suite runs: a forgotten file is a test that cannot fail. */
function orphans(): readonly string[] {
  return globSync("test/**/*.test.ts", { cwd: root }).filter(
    (file) => !/^test[\\/](unit|integration|e2e|host[\\/]suite)[\\/]/.test(file),
  );
}

// A result of an earlier run must not be taken for one of this run.
for (const { name } of chosen) {
  for (const end of ["json", "log"]) await rm(join(outFolder, `${name}.${end}`), { force: true });
}
await mkdir(outFolder, { recursive: true });
const started = performance.now();
const missing = await setUp();
const sum = { passed: 0, failed: 0, skipped: 0 };
const details: Record<string, Results & { seconds: number }> = {};
/** Runs the lane's suites one after another, and tells each one's result as it ends. */
async function runLane(lane: Suite["lane"]): Promise<void> {
  for (const suite of chosen.filter((one) => one.lane === lane)) {
    const from = performance.now();
    if (lane !== "checks") console.log(`\n${suite.name}`);
    const results = await runSuite(suite, missing);
    const seconds = Math.round((performance.now() - from) / 100) / 10;
    details[suite.name] = { ...results, seconds };
    const { passed, failed, skipped } = results;
    sum.passed += passed;
    sum.failed += failed.length;
    sum.skipped += skipped.length;
    console.log(
      `${failed.length > 0 ? "✖" : "✔"} ${suite.name}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped (${seconds} s)`,
    );
    for (const { title, reason } of skipped) console.log(`  skipped: ${title}: ${reason}`);
    for (const { title, error } of failed) {
      console.log(`  failed: ${title}\n${error.replaceAll(/^/gm, "    ")}`);
    }
  }
}

await runLane("checks");
await Promise.all([runLane("processes"), runLane("editor"), runLane("silence")]);
for (const file of only === undefined ? orphans() : []) {
  console.log(`✖ ${file} belongs to no suite`);
  sum.failed += 1;
}
await writeFile(join(outFolder, "results.json"), JSON.stringify(details, undefined, 2));
console.log(`\n${Math.round((performance.now() - started) / 1000)} s; logs are in test/out/`);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed > 0 ? 1 : 0;
