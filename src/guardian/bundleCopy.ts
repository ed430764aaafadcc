import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { basename, join } from "node:path";

/** A copy that nobody started for so long is removed with the next start. */
const unusedMs = 7 * 24 * 3_600_000;

/**
 * Copies the guardian's files into `folder/<hash of their content>/` and returns that folder. The
 * extension's own folder goes away with an update or an uninstall; a guardian that runs must not.
 * Copies of other versions that were not used for a week, and are not `inUse`, are removed.
 */
export function copyBundle(
  files: readonly string[],
  folder: string,
  nowMs: number,
  inUse: (copy: string) => boolean = () => false,
): string {
  const hash = hashOf(files);
  const name = hash.slice(0, 16);
  const copy = join(folder, name);
  // Whoever could write there would be started with the person's credentials, long after a window was open.
  if (existsSync(copy) && !isSound(copy, files, hash))
    rmSync(copy, { recursive: true, force: true });
  if (!existsSync(copy)) {
    // Whole or not at all: another window may do the same now.
    const draft = join(folder, `.${name}.${process.pid}`);
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    for (const file of files) copyFileSync(file, join(draft, basename(file)));
    try {
      renameSync(draft, copy);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  utimesSync(copy, nowMs / 1000, nowMs / 1000);
  removeOld(folder, name, nowMs, inUse);
  return copy;
}

function hashOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(basename(file)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

/** Whether the copy holds these files, as they are, and nothing else. */
function isSound(copy: string, files: readonly string[], hash: string): boolean {
  const names = files.map((file) => basename(file));
  try {
    const isOnly = readdirSync(copy).every((name) => names.includes(name));
    return isOnly && hashOf(names.map((name) => join(copy, name))) === hash;
  } catch {
    return false;
  }
}

function removeOld(
  folder: string,
  current: string,
  nowMs: number,
  inUse: (copy: string) => boolean,
): void {
  for (const name of readdirSync(folder)) {
    if (name === current || !/^\.?[0-9a-f]{16}(\.\d+)?$/.test(name)) continue;
    const copy = join(folder, name);
    try {
      if (nowMs - statSync(copy).mtimeMs > unusedMs && !inUse(copy))
        rmSync(copy, { recursive: true, force: true });
    } catch {
      // Another window removes it too, or Windows still runs it: the next start tries again.
    }
  }
}
