import type { LogChunk } from "../../session/modalControl.ts";
import { parseInstant } from "./rows.ts";

const stamped = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d) (?:(fc-\w+) )?(?:(ta-\w+) )?/;

/** How the ids come before each line (cli/app.py: time, call, container; what is not known is left out). */
export const stampArgs = [
  "--timestamps",
  "--show-function-call-id",
  "--show-container-id",
] as const;

/**
 * One line of `modal app logs` with `stampArgs`:
 * "2025-11-21 04:40:00+00:00 fc-01JX… ta-01JX… text". A line without the prefix is kept as it is.
 */
export function parseLogLine(line: string): LogChunk {
  const match = stamped.exec(line);
  return {
    text: `${match === null ? line : line.slice(match[0].length)}\n`,
    containerId: match?.[3] ?? null,
    functionCallId: match?.[2] ?? null,
    atMs: match?.[1] === undefined ? null : parseInstant(match[1]),
    entryId: null,
  };
}

/** The CLI's own note while it follows: "Following logs for ap-…". */
export function isFollowNote(line: string): boolean {
  return /^\W*Following logs( for \S+)?\.\.\.\s*$/.test(line);
}
