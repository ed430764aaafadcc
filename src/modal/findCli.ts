import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { t } from "../base/text.ts";
import { Failure } from "../base/failure.ts";
import type { CliCommand, CliOrigin } from "./cli/command.ts";
import { parseCliVersion } from "./cli/command.ts";
import type { ProcessEnv } from "./credentials.ts";
import { findProgram, isInAny, isProgram } from "./process/findProgram.ts";

export interface FindCliOptions {
  /** `modalMeter.cliPath`; "" for none. When it is set, nothing else is tried. */
  readonly setting: string;
  /**
   * Folders whose virtual environments may be used. Programs in a workspace folder are run only when
   * the workspace is trusted: pass none of it otherwise.
   */
  readonly trustedFolders: readonly string[];
  /** All folders of the workspace: what PATH or an active environment finds in one that is not trusted is not run. */
  readonly folders: readonly string[];
  /** The interpreter that the Python extension has chosen, where there is one (same rule). */
  readonly pythonPath: string | null;
  readonly processEnv: ProcessEnv;
  /** Runs `command args… --version` and gives its stdout; undefined when it cannot be run. */
  readonly askVersion: (command: string, args: readonly string[]) => Promise<string | undefined>;
}

/** One place where the command may be. */
interface Place {
  readonly command: string;
  readonly prefixArgs: readonly string[];
  readonly origin: CliOrigin;
}

const windows = process.platform === "win32";
const exe = windows ? "modal.exe" : "modal";
const bin = windows ? "Scripts" : "bin"; // not shown: a folder

/**
 * Finds the `modal` command: the setting; else a virtual environment of the folders (`.venv`,
 * `venv`, the active one, conda's), the Python extension's interpreter, `uv run`, then PATH.
 * null: none found. Throws `Failure("cli-missing")` when the setting names a command that is not one.
 */
export async function findCli(options: FindCliOptions): Promise<CliCommand | null> {
  const { setting } = options;
  if (setting !== "") {
    const found = await firstThatAnswers(options, [
      { command: expandHome(setting), prefixArgs: [], origin: "setting" },
    ]);
    if (found !== null) return found;
    throw new Failure(
      "cli-missing",
      t(
        "The setting modalMeter.cliPath names no modal command: {0}. Correct it, or clear it.",
        setting,
      ),
    );
  }
  return firstThatAnswers(options, await places(options));
}

/** All places that exist, in order of preference. Nothing is run. */
async function places(options: FindCliOptions): Promise<readonly Place[]> {
  const { processEnv, trustedFolders, pythonPath } = options;
  const environments = [
    ...trustedFolders.flatMap((folder) => [join(folder, ".venv"), join(folder, "venv")]),
    processEnv["VIRTUAL_ENV"] ?? "",
    processEnv["CONDA_PREFIX"] ?? "",
  ].filter((path) => isAbsolute(path));
  const files: Place[] = environments.map((path) => ({
    command: join(path, bin, exe),
    prefixArgs: [],
    origin: "virtual-environment",
  }));
  if (pythonPath !== null && isAbsolute(pythonPath)) {
    const command = join(dirname(pythonPath), exe);
    files.push({ command, prefixArgs: [], origin: "python-extension" });
  }
  files.push(...(await uvPlaces(options)));
  const distrusted = options.folders.filter((folder) => !trustedFolders.includes(folder));
  const modalOnPath = await findProgram("modal", processEnv, distrusted);
  if (modalOnPath !== undefined)
    files.push({ command: modalOnPath, prefixArgs: [], origin: "path" });
  const existing = await Promise.all(
    files.map(async (place) => {
      const mayRun =
        (await isProgram(place.command)) && !(await isInAny(distrusted, place.command));
      return mayRun ? [place] : [];
    }),
  );
  return existing.flat();
}

/** `uv run modal` for a project that names modal among its dependencies. */
async function uvPlaces(options: FindCliOptions): Promise<readonly Place[]> {
  const uv = await findProgram("uv", options.processEnv, options.folders);
  if (uv === undefined) return [];
  const found: Place[] = [];
  for (const folder of options.trustedFolders) {
    const project = await projectText(join(folder, "pyproject.toml"));
    if (!/["']modal\b/.test(project)) continue;
    // --no-sync: looking must not install anything.
    const prefixArgs = ["run", "--project", folder, "--no-sync", "modal"];
    found.push({ command: uv, prefixArgs, origin: "uv" });
  }
  return found;
}

/** "" where there is none, or something else than a file: a device can be linked there, and has no end. */
async function projectText(path: string): Promise<string> {
  try {
    return (await stat(path)).isFile() ? await readFile(path, "utf8") : "";
  } catch {
    return "";
  }
}

async function firstThatAnswers(
  options: FindCliOptions,
  candidates: readonly Place[],
): Promise<CliCommand | null> {
  for (const place of candidates) {
    const stdout = await options.askVersion(place.command, [...place.prefixArgs, "--version"]);
    const version = stdout === undefined ? null : parseCliVersion(stdout);
    if (version !== null) return { ...place, version };
  }
  return null;
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
