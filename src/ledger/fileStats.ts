import { lstatSync, statSync } from "node:fs";
import type { Stats } from "node:fs";

/** Of what a link leads to. "none": it leads nowhere, or round in a circle. undefined: there is nothing of the name. */
export function statsOf(name: string): Stats | "none" | undefined {
  try {
    const stats = statSync(name, { throwIfNoEntry: false });
    if (stats !== undefined) return stats;
    return lstatSync(name, { throwIfNoEntry: false }) === undefined ? undefined : "none";
  } catch (error) {
    // Its folder is none, or cannot be entered: that is SQLite's own error.
    return isLoop(error) ? "none" : undefined;
  }
}

function isLoop(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ELOOP";
}

/** Its length in bytes; 0 where there is no such file. */
export function sizeOf(path: string): number {
  const stats = statsOf(path);
  return stats === undefined || stats === "none" || !stats.isFile() ? 0 : stats.size;
}
