import { watch } from "node:fs";
import type { Disposable } from "../base/disposable.ts";

/**
 * Calls back when a JSON file comes, goes or changes in a folder outside the workspace. The
 * editor's own watcher stays blind there for good when the folder was not there at first.
 * undefined: the folder is not there.
 */
export function watchJsonFiles(folder: string, onChange: () => void): Disposable | undefined {
  try {
    const watcher = watch(folder, (_event, name) => {
      if (name === null || name.endsWith(".json")) onChange();
    });
    // The folder went away: what was in it is seen at the next look.
    watcher.on("error", () => watcher.close());
    return { dispose: () => watcher.close() };
  } catch {
    return undefined;
  }
}
