import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { root } from "../../test/host/paths.ts";
import { failure, resultsShape, type Results } from "./results.ts";
import type { Job } from "./suites.ts";

export interface RunJobOptions {
  readonly job: Job;
  /** Of the suite that it belongs to. */
  readonly suite: string;
  readonly env: Readonly<Record<string, string>>;
  /** For its log and its results. */
  readonly folder: string;
  /** A process that says nothing for so long is ended. There is no limit on what goes on. */
  readonly silentMs: number;
}

/** Runs one process to its end, and counts what it did. A process that ran no test has failed. */
export async function runJob(options: RunJobOptions): Promise<Results> {
  const { job, suite, folder, silentMs } = options;
  const title = job.file ?? suite;
  const name = job.file === null ? suite : basename(job.file).replace(/\.test\.ts$/, "");
  const path = join(folder, job.file === null ? name : join(suite, name));
  await mkdir(dirname(path), { recursive: true });
  // A result of an earlier run must not be taken for one of this run.
  await rm(`${path}.json`, { force: true });
  const [command = "", ...args] = job.command;
  const child = execa(command, args, {
    cwd: root,
    reject: false,
    all: true,
    forceKillAfterDelay: 10_000,
    env: {
      PATH: [join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter),
      MODAL_METER_RESULTS: `${path}.json`,
      NO_COLOR: "1",
      ...options.env,
    },
  });
  child.all.pipe(createWriteStream(`${path}.log`));
  let fellSilent = false;
  const silence = setTimeout(() => {
    fellSilent = true;
    child.kill();
  }, silentMs);
  child.all.on("data", () => silence.refresh());
  const { all, failed, exitCode } = await child;
  clearTimeout(silence);
  const tail = all.split("\n").slice(-60).join("\n");
  if (job.counts === "one" && !fellSilent) {
    return failed ? failure(title, tail) : { passed: 1, failed: [], skipped: [] };
  }
  const end = fellSilent
    ? `said nothing for ${Math.round(silentMs / 1000)} s and was ended`
    : `ended with code ${exitCode}`;
  let results: Results;
  try {
    results = resultsShape.parse(JSON.parse(await readFile(`${path}.json`, "utf8")));
  } catch {
    return failure(title, `It ${end}, before it wrote its results.\n${tail}`);
  }
  const { passed, failed: failures, skipped } = results;
  if (passed + failures.length + skipped.length === 0) {
    return failure(title, `It ran no test.\n${tail}`);
  }
  if (!failed || failures.length > 0) return results;
  return { ...results, failed: [{ title, error: `It ${end}, though no test failed.\n${tail}` }] };
}
