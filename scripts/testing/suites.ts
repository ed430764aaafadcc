import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { root } from "../../test/host/paths.ts";

/** What a machine may lack. */
export type Need = "cli" | "editor" | "desktop";

/** `npm test` runs the usual list, `npm run test:long` the long one, `.ci/run` both. */
export type List = "usual" | "long";

/** A set of checks or tests with one line in the report. */
export interface Suite {
  readonly name: string;
  readonly list: List;
  /** Without it the whole suite is skipped. Tests inside a suite skip for themselves. */
  readonly needs?: Need;
  /** Set for the whole suite, on top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Checks go first: they take seconds, and the window tests need the package that one of them makes. */
  readonly isCheck: boolean;
  readonly jobs: readonly Job[];
}

/** One process. */
export interface Job {
  readonly command: readonly string[];
  /** A check counts as one test; mocha counts its own and says so in a results file. */
  readonly counts: "one" | "mocha";
  /** The test file that it runs, relative to the repository; null: more than one, or none. */
  readonly file: string | null;
  /** The test files of a process that runs more than one, relative to the repository. */
  readonly files?: readonly string[];
  /** Guessed before it ever ran here. The longest begin first, so that none is alone at the end. */
  readonly expectedSeconds: number;
  /** It waits for a time that nobody can shorten, and leaves the processor to others. */
  readonly isIdle?: boolean;
}

const bin = (name: string): string => join(root, "node_modules", ".bin", name);
const node = process.execPath;
const reporter = ["--reporter", join(root, "test", "resultReporter.ts")];

/** Files that take much longer than the others of their folder, in seconds on two cores. */
const longFiles: Readonly<Record<string, number>> = {
  "test/e2e/closing.test.ts": 110,
  "test/e2e/closingStop.test.ts": 260,
  "test/e2e/more/costs.test.ts": 135,
  "test/e2e/more/endpointErrors.test.ts": 190,
  "test/e2e/more/endpointQueue.test.ts": 230,
  "test/e2e/endpoints.test.ts": 220,
  "test/e2e/mainJob.test.ts": 190,
  "test/e2e/sessionStart.test.ts": 160,
  "test/e2e/sessionStop.test.ts": 230,
  "test/e2e/sessions.test.ts": 280,
  "test/integration/guardian/guardian.test.ts": 70,
  "test/integration/guardian/guardianRandom.test.ts": 70,
  "test/integration/guardian/takeOver.test.ts": 55,
  "test/integration/ledger/hurtLedger.test.ts": 45,
  "test/integration/modal/control.contract.test.ts": 95,
  "test/integration/modal/deploy.test.ts": 40,
  "test/integration/modal/keeper.test.ts": 80,
  "test/integration/oracle/oracle.test.ts": 60,
  "test/integration/session/costTruth.test.ts": 60,
  "test/integration/session/longDays.test.ts": 25,
  "test/integration/session/sessionStart.test.ts": 65,
  "test/integration/sim/simCli.test.ts": 50,
  "test/integration/worlds/billCheck.test.ts": 25,
  "test/integration/worlds/money.test.ts": 50,
};

function check(name: string, command: readonly string[]): Suite {
  const job: Job = { command, counts: "one", file: null, expectedSeconds: 5 };
  return { name, list: "usual", isCheck: true, jobs: [job] };
}

/** Paths relative to the repository, written with "/" on each system. */
function testFiles(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted();
}

/** A process for each file, so that they run side by side and none waits for another. */
function perFile(pattern: string, flags: readonly string[], expectedSeconds: number): Job[] {
  return testFiles(pattern).map((file) => ({
    command: [bin("mocha"), ...flags, file, ...reporter],
    counts: "mocha",
    file,
    expectedSeconds: Math.max(longFiles[file] ?? 0, expectedSeconds),
    isIdle: idle.includes(file),
  }));
}

/**
 * One process for all files of a pattern: where each takes milliseconds. Mocha expands the pattern
 * itself: the names of all files are nearly as long as the longest command line of Windows' cmd (8,191).
 */
function together(pattern: string, flags: readonly string[], expectedSeconds: number): Job {
  const files = testFiles(pattern);
  return {
    command: [bin("mocha"), ...flags, pattern, ...reporter],
    counts: "mocha",
    file: null,
    files,
    expectedSeconds,
  };
}

const idle: readonly string[] = ["test/e2e/silence.test.ts"];

const mocharc = z.object({
  require: z.array(z.string()),
  retries: z.number(),
  timeout: z.number(),
});

/** What a run of mocha by hand takes from the file, but for the list of files, which would be added. */
function endToEndFlags(): readonly string[] {
  const path = join(root, "test", "e2e", "e2e.mocharc.json");
  const { require, retries, timeout } = mocharc.parse(JSON.parse(readFileSync(path, "utf8")));
  return [
    ...require.flatMap((file) => ["--require", file]),
    `--retries=${retries}`,
    `--timeout=${timeout}`,
  ];
}

/** --exit: a process that a failed test left behind must not hold up the verdict. */
const integrationFlags = ["--exit", "--timeout=180000"];

export const suites: readonly Suite[] = [
  check("types", [bin("tsc")]),
  check("lint", [bin("oxlint")]),
  check("format", [bin("oxfmt"), "--check"]),
  check("unused", [bin("knip")]),
  check("unused in the product", [bin("knip"), "--production"]),
  check("texts", [node, "scripts/texts.ts", "--check"]),
  check("names", [node, "scripts/names.ts"]),
  check("readme", [node, "scripts/readme.ts", "--check"]),
  check("architecture", [node, "scripts/architecture.ts", "--check"]),
  {
    name: "unit",
    list: "usual",
    isCheck: true,
    jobs: [together("test/unit/**/*.test.ts", [], 10)],
  },
  check("package", [node, "scripts/package.ts", "--check"]),
  {
    name: "integration",
    list: "usual",
    isCheck: false,
    jobs: perFile("test/integration/**/*.test.ts", integrationFlags, 20),
  },
  {
    name: "security",
    list: "usual",
    isCheck: false,
    jobs: [together("test/security/*.test.ts", integrationFlags, 10)],
  },
  {
    name: "host",
    list: "usual",
    needs: "editor",
    isCheck: false,
    jobs: [
      {
        command: [node, "test/host/runSuites.ts"],
        counts: "mocha",
        file: null,
        expectedSeconds: 15,
      },
    ],
  },
  {
    name: "e2e",
    list: "usual",
    needs: "editor",
    isCheck: false,
    jobs: perFile("test/e2e/*.test.ts", endToEndFlags(), 60),
  },
  {
    name: "more-windows",
    list: "long",
    needs: "editor",
    isCheck: false,
    jobs: perFile("test/e2e/more/*.test.ts", endToEndFlags(), 120),
  },
  {
    name: "more-sequences",
    list: "long",
    env: { MODAL_METER_SEQUENCES: "40", MODAL_METER_SEED: "11" },
    isCheck: false,
    jobs: perFile(
      "test/integration/guardian/guardian{Random,Sequences}.test.ts",
      integrationFlags,
      200,
    ),
  },
  {
    name: "more-app-files",
    list: "long",
    env: { MODAL_METER_APP_FILES: "400", MODAL_METER_SEED: "16" },
    isCheck: false,
    jobs: perFile("test/integration/lens/realModal.test.ts", integrationFlags, 90),
  },
  {
    name: "more-worlds",
    list: "long",
    env: { MODAL_METER_BILL_WORLDS: "20" },
    isCheck: false,
    jobs: perFile("test/integration/worlds/billCheck.test.ts", integrationFlags, 480),
  },
  {
    name: "release",
    list: "long",
    isCheck: false,
    jobs: perFile("test/release/*.test.ts", integrationFlags, 40),
  },
];

/** Test files that no suite runs: a forgotten file is a test that cannot fail. */
export function orphans(): readonly string[] {
  const run = suites.flatMap(({ jobs }) =>
    jobs.flatMap(({ file, files = [] }) => (file === null ? files : [file])),
  );
  // The editor's own runner finds the files of its folder by itself.
  return testFiles("test/**/*.test.ts").filter(
    (file) => !file.startsWith("test/host/suite/") && !run.includes(file),
  );
}
