import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import { isCode } from "./atomicFile.ts";
import { readRegular } from "../regularFile.ts";
import { maxSidecarBytes, parseSidecar, type Provenance } from "./sidecar.ts";

/** One result in a folder. */
export interface ResultEntry {
  /** Absolute path of the result. */
  readonly path: string;
  readonly bytes: number;
  readonly provenance: Provenance;
}

export interface ResultFilter {
  /** Words that the prompt must contain, in any order and case. */
  readonly prompt?: string;
  readonly endpoint?: string;
  /** Inclusive bounds of the reported cost. A result of unknown cost is within no bound. */
  readonly minMicroUsd?: number;
  readonly maxMicroUsd?: number;
}

/** Read at a time: enough to hide the disk's latency, few enough for a low limit of open files. */
const batch = 16;

/**
 * The results of a folder, by their sidecars, newest first. A missing folder is an empty list; a broken sidecar,
 * or one without its file, is left out and hurts no other. Rejects with `Failure("bad-setting")` where
 * the folder cannot be read: it may be a file.
 */
export async function listResults(
  folder: string,
  filter: ResultFilter = {},
): Promise<readonly ResultEntry[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Failure(
      "bad-setting",
      t('{0} cannot be read ({1}). Check "modalMeter.resultsFolder".', folder, code),
      { cause: error },
    );
  }
  const present = new Set(names);
  // "<file>.json" is a sidecar only where "<file>" is there too; a lone "a.json" is a result.
  const sidecars = names.filter((name) => name.endsWith(".json") && present.has(name.slice(0, -5)));
  const results: ResultEntry[] = [];
  for (let start = 0; start < sidecars.length; start += batch) {
    const some = sidecars.slice(start, start + batch);
    const read = await Promise.all(some.map((name) => readEntry(folder, name)));
    for (const entry of read)
      if (entry !== undefined && matches(entry.provenance, filter)) results.push(entry);
  }
  return results.sort(
    (a, b) => Date.parse(b.provenance.startedAt) - Date.parse(a.provenance.startedAt),
  );
}

async function readEntry(folder: string, name: string): Promise<ResultEntry | undefined> {
  try {
    const path = join(folder, name.slice(0, -5));
    const sidecarPath = join(folder, name);
    const result = await stat(path);
    if (!result.isFile()) return undefined;
    const sidecar = await readRegular(sidecarPath, maxSidecarBytes);
    const provenance = parseSidecar(sidecar.toString("utf8"));
    // The file beside it counts, not a name inside: a renamed pair stays together.
    return provenance === undefined ? undefined : { path, bytes: result.size, provenance };
  } catch {
    return undefined;
  }
}

/** Pure, so that a view can filter what it has without reading again. */
function matches(provenance: Provenance, filter: ResultFilter): boolean {
  if (filter.endpoint !== undefined && provenance.endpoint !== filter.endpoint) return false;
  const prompt = (provenance.prompt ?? "").toLowerCase();
  const words = (filter.prompt ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.every((word) => prompt.includes(word))) return false;
  const { minMicroUsd, maxMicroUsd } = filter;
  if (minMicroUsd === undefined && maxMicroUsd === undefined) return true;
  const cost = provenance.cost.reportedMicroUsd;
  return cost !== null && cost >= (minMicroUsd ?? 0) && cost <= (maxMicroUsd ?? Infinity);
}
