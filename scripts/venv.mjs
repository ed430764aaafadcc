/**
 * Puts two versions of Modal's own CLI into .venv/, for tests against Local Modal:
 * `.venv/current` is what people install today; `.venv/old` is the last one before `app stop --yes`,
 * with the JSON keys of before 1.5. Plain JavaScript, so that it runs before anything is installed.
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { pathToFileURL } from "node:url";

const run = promisify(execFile);

/**
 * The pinned versions. The old client names no upper bound for typer and click, and does not start
 * with today's; these are the ones of its own time.
 */
export const cliVersions = {
  current: { modal: "1.6.4", with: [] },
  old: { modal: "1.4.1", with: ["typer==0.21.2", "click==8.3.1"] },
};

/** @typedef {"current" | "old"} Name */

const root = path.dirname(import.meta.dirname);

/**
 * The path of one of the two CLIs, whether it is installed or not.
 * @param {Name} name
 */
export function cliPath(name) {
  const windows = process.platform === "win32";
  return path.join(
    root,
    ".venv",
    name,
    windows ? "Scripts" : "bin",
    windows ? "modal.exe" : "modal",
  );
}

/**
 * Installs what is missing. Rejects with one line that says what to do when it cannot.
 * @param {(line: string) => void} [say]
 * @returns {Promise<{ current: string, old: string }>} the paths of the two CLIs
 */
export async function ensureVenvs(say = () => undefined) {
  await alone(async () => {
    await ensure("current", say);
    await ensure("old", say);
  });
  return { current: cliPath("current"), old: cliPath("old") };
}

/**
 * Lets one process at a time install. A folder is made by exactly one of those who try; one that
 * was left behind by a killed process is taken over after ten minutes.
 * @param {() => Promise<void>} work
 */
async function alone(work) {
  const lock = path.join(root, ".venv", "installing");
  await mkdir(path.dirname(lock), { recursive: true });
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      const age =
        Date.now() -
        (await stat(lock)
          .then((one) => one.mtimeMs)
          .catch(() => Date.now()));
      if (age > 600_000) await rm(lock, { recursive: true, force: true });
      else await setTimeout(500);
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/**
 * @param {Name} name
 * @param {(line: string) => void} say
 */
async function ensure(name, say) {
  const folder = path.join(root, ".venv", name);
  const stamp = path.join(folder, "installed.json");
  const pinned = cliVersions[name];
  const wanted = [`modal==${pinned.modal}`, ...pinned.with];
  const key = JSON.stringify(wanted);
  if ((await readFile(stamp, "utf8").catch(() => "")) === key) return;
  say(`Installing the Modal CLI ${pinned.modal} into .venv/${name} …`);
  const python = await findPython();
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.dirname(folder), { recursive: true });
  await step(
    python,
    ["-m", "venv", folder],
    `Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv.`,
  );
  const own = path.join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  await step(
    own,
    ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...wanted],
    `pip could not install ${wanted.join(" ")}. Check that PyPI can be reached (or PIP_INDEX_URL).`,
  );
  const { stdout } = await run(cliPath(name), ["--version"]);
  if (!stdout.includes(pinned.modal))
    throw new Error(
      `.venv/${name} has ${stdout.trim()} instead of ${pinned.modal}. Delete .venv and try again.`,
    );
  await writeFile(stamp, key);
}

async function findPython() {
  for (const name of ["python3", "python"]) {
    const found = await run(name, ["-c", "import sys; print(sys.version_info >= (3, 10))"]).catch(
      () => null,
    );
    if (found?.stdout.trim() === "True") return name;
  }
  throw new Error("Python 3.10 or newer is needed for the Modal CLI, and no python3 was found.");
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} advice
 */
async function step(command, args, advice) {
  try {
    await run(command, args, { timeout: 300_000 });
  } catch (error) {
    const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    const last = text.trim().split("\n").at(-1) ?? "";
    throw new Error(`${advice} (${last})`, { cause: error });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { current, old } = await ensureVenvs(console.log);
    console.log(`Modal CLIs: ${current} and ${old}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
