import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/*
 * The guardian is small and always there, and does little: speed buys it nothing, memory does. This
 * module is imported before all others, so that their start is already cheap. The flags are V8's own
 * and are set by the program and not on its command line, where an editor's Node may refuse them.
 */
for (const flag of [
  // No compiled code: a few thousand wake-ups would make V8 compile them, and load its compilers.
  "--no-opt",
  "--no-maglev",
  "--no-sparkplug",
  // New objects get 1 MiB at most, instead of 16.
  "--semi-space-growth-factor=1",
  "--max-semi-space-size=1",
  // Makes `gc` known to new contexts: see below.
  "--expose-gc",
])
  setFlagsFromString(flag);

/** What a process may grow by, in bytes, before a collection is worth its 30 ms of CPU. */
const worthwhileBytes = 2 * 1024 * 1024;
let leanBytes = 0;

/** Collects the garbage and gives its pages back to the system, where there is much. Never throws. */
export function giveMemoryBack(): void {
  if (process.memoryUsage.rss() < leanBytes + worthwhileBytes) return;
  const collect: unknown = runInNewContext("globalThis.gc");
  // The plain collection keeps half-empty pages, and the code of what ran once.
  if (typeof collect === "function")
    Reflect.apply(collect, undefined, [{ type: "major", flavor: "last-resort" }]);
  leanBytes = process.memoryUsage.rss();
}
