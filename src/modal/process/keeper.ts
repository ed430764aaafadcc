/** What the keeper of a `modal` process and the window agree on (see keeperEntry.ts). */

/** How long the command has after a SIGINT when the window is gone and cannot say. */
export const usualGraceMs = 16_000;

/** Written to stderr, with the error's code, when the command cannot be started. */
export const cannotStartMark = "modal-meter keeper: cannot start: "; // not shown: read again below

/** The error's code in the keeper's output; undefined: the command was started. */
export function cannotStartCode(stderr: string): string | undefined {
  const at = stderr.lastIndexOf(cannotStartMark);
  return at === -1 ? undefined : stderr.slice(at + cannotStartMark.length).split("\n")[0];
}
