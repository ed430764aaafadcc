import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative } from "node:path";

/** Whether a path is in the folder by its letters alone. */
export function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return !path.startsWith("..") && !isAbsolute(path);
}

/** Whether a path is in the folder, links followed. */
export function staysIn(folder: string, path: string): boolean {
  return isInside(folder, path) && isInside(realPath(folder), realPath(path));
}

/** Where there is nothing yet, what is there of the path is followed. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}
