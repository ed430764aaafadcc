import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { basename, delimiter, isAbsolute, join, relative } from "node:path";
import type { GuardianConfig } from "./guardianConfig.ts";
import { liveGuardian, wantGuardian } from "./guardianLease.ts";
import type { LeaseLedger } from "./guardianLease.ts";
import { writeTarget } from "./guardTarget.ts";
import type { GuardTarget } from "./guardTarget.ts";
import { signWindow } from "./signedWindows.ts";
import { copyBundle } from "./bundleCopy.ts";
import { pidAlive } from "./pidAlive.ts";
import { timingsOf } from "./timings.ts";
import type { GuardianTimings } from "./timings.ts";

export interface GuardianStart {
  /** The bundle's files; the first is the one to run (dist/guardian.cjs). */
  readonly bundleFiles: readonly string[];
  /** The extension's global storage on this machine. */
  readonly storageFolder: string;
  readonly ledgerFile: string;
  readonly ledger: LeaseLedger;
  readonly target: GuardTarget;
  readonly nowMs: number;
  /** The editor's own URI scheme, for a reminder that opens it. */
  readonly uriScheme?: string;
  /** The language of its notifications, and the bundle file with its texts; English by default. */
  readonly texts?: { readonly language: string; readonly file: string };
  readonly timings?: Partial<GuardianTimings>;
  /** The program that runs the bundle; the editor's own Node by default. */
  readonly execPath?: string;
  /** The environment to hand on; this process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** The window's folders: no program is taken from there. */
  readonly folders?: readonly string[];
  /** The one that this process started last. */
  readonly last?: { readonly pid: number; readonly startedAtMs: number } | undefined;
}

export type GuardianStarted =
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "runs-already" | "off" | "failed" };

/** How long a window waits for its wish to be in the ledger. */
const settleMs = 1_000;
/** A guardian that was started has its lease after so long. */
const startsWithinMs = 10_000;

/**
 * Makes sure that a guardian runs while apps do. Cheap when one runs already (one small file, two
 * ledger rows), so call it on every listing that shows a running app, and when a setting changed:
 * the new target reaches the running guardian too.
 *
 * The guardian is no child in any sense that matters: its own session, no shared handles, a working
 * directory of its own. It survives this process, and needs no Node but the editor's.
 */
export async function startGuardian(start: GuardianStart): Promise<GuardianStarted> {
  const folder = join(start.storageFolder, "guardian");
  signWindow(join(folder, "windows"), process.pid);
  // With "off" too: a guardian that already runs must hear of it.
  writeTarget(join(folder, "targets"), start.target);
  if (start.target.onClose === "off") return { kind: "off" };
  wantGuardian(start.ledger, randomUUID());
  // A guardian that is about to end looks for the wish after it gave up its lease: it must be there first.
  await start.ledger.settled(settleMs);
  if (liveGuardian(start.ledger, start.nowMs, pidAlive) !== undefined)
    return { kind: "runs-already" };
  const { last } = start;
  // Its lease is not to be seen: it has just begun, or the ledger cannot be written.
  if (last !== undefined && pidAlive(last.pid)) {
    const isNew = Math.abs(start.nowMs - last.startedAtMs) < startsWithinMs;
    if (isNew || start.ledger.trouble() !== null) return { kind: "runs-already" };
  }
  const pid = spawnGuardian(start, folder);
  return pid === undefined ? { kind: "failed" } : { kind: "started", pid };
}

function spawnGuardian(start: GuardianStart, folder: string): number | undefined {
  const entry = start.bundleFiles[0];
  if (entry === undefined) throw new RangeError("No bundle to run.");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const copy = copyBundle(start.bundleFiles, join(folder, "bundles"), start.nowMs);
  const config: GuardianConfig = {
    ledgerFile: start.ledgerFile,
    targetsFolder: join(folder, "targets"),
    windowsFolder: join(folder, "windows"),
    logFile: join(folder, "guardian.log"),
    uriScheme: start.uriScheme ?? null,
    texts: start.texts ?? null,
    timings: { ...timingsOf(start.env ?? process.env), ...start.timings },
  };
  const configFile = join(folder, "guardian.json");
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
  const child = spawn(
    start.execPath ?? process.execPath,
    [join(copy, basename(entry)), configFile],
    {
      detached: true,
      stdio: "ignore",
      windowsHide: true,
      cwd: folder,
      env: guardianEnvironment(start.env ?? process.env, start.folders ?? []),
    },
  );
  // A program that cannot be started is reported late; the next listing tries again.
  child.on("error", () => undefined);
  child.unref();
  return child.pid;
}

/**
 * The environment of the guardian: the user's, with what belongs to the editor's process, and what of
 * PATH lies in the window's folders, left out.
 * MODAL_* variables pass here, because they may hold a token: never through a file or arguments.
 */
export function guardianEnvironment(
  env: NodeJS.ProcessEnv,
  folders: readonly string[],
): NodeJS.ProcessEnv {
  const kept = Object.entries(env)
    .filter(
      ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|NODE_CHANNEL_|NODE_UNIQUE_ID$)/.test(name),
    )
    .map(([name, value = ""]): readonly [string, string] => [
      name,
      /^path$/i.test(name) ? machinePath(value, folders) : value,
    ]);
  // The editor's program is plain Node only with this.
  return { ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: "1" };
}

/**
 * PATH without what lies in a workspace, links followed, and without entries that are relative: the
 * guardian runs the desktop's own programs (notify-send) by their names, and anybody can commit one.
 */
function machinePath(path: string, folders: readonly string[]): string {
  const places = [...folders, ...folders.map(realOf)];
  return path
    .split(delimiter)
    .filter((entry) => isAbsolute(entry))
    .filter((entry) =>
      [entry, realOf(entry)].every((one) => places.every((place) => !isBelow(place, one))),
    )
    .join(delimiter);
}

function isBelow(folder: string, path: string): boolean {
  const inner = relative(folder, path);
  return !/^\.\.(?:[/\\]|$)/.test(inner) && !isAbsolute(inner);
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
