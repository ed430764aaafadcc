import type { LogChunk, LogQuery } from "../../session/modalControl.ts";

const hourMs = 3_600_000;
/** What the service gives at most in one answer (modal/_logs.py: _FETCH_LIMIT). */
const fetchLimit = 20_000;
/** How far back "the last lines" are looked for, in widening steps (modal/_logs.py). */
const lookbacksMs = [hourMs, 24 * hourMs, 7 * 24 * hourMs, 30 * 24 * hourMs] as const;

/** One answer of the service: the newest `limit` pieces of the time. */
export type LogPage = (
  sinceMs: number,
  untilMs: number,
  limit: number,
) => Promise<readonly LogChunk[]>;

/** All that the query asks for, page by page. */
export async function readLogPages(
  page: LogPage,
  query: LogQuery,
  nowMs: number,
): Promise<readonly LogChunk[]> {
  const { sinceMs, untilMs = nowMs } = query;
  if (sinceMs === undefined) {
    const tail = query.tail ?? 100;
    let chunks: readonly LogChunk[] = [];
    for (const lookbackMs of lookbacksMs) {
      chunks = await page(untilMs - lookbackMs, untilMs, tail);
      if (chunks.length >= tail) break;
    }
    return chunks;
  }
  if (query.tail !== undefined) return page(sinceMs, untilMs, query.tail);
  // The newest come first when there are too many: go on with what is older than the first one.
  let chunks = await page(sinceMs, untilMs, fetchLimit);
  for (let newest = chunks; newest.length >= fetchLimit;) {
    const firstMs = newest[0]?.atMs ?? sinceMs;
    if (firstMs <= sinceMs) break;
    newest = await page(sinceMs, firstMs, fetchLimit);
    chunks = [...newest, ...chunks];
  }
  return chunks;
}
