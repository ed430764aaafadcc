import type { WindowRecord } from "../session/ledgerPort.ts";

/** Whether a person has a window open, as the ledger's heartbeats tell. */
export type WindowPresence =
  | { readonly kind: "present" }
  | {
      readonly kind: "gone";
      /** When the last window ended, or was found silent. */
      readonly sinceMs: number;
      /** The same for every guardian that looks at the same end, so that it is acted on once. */
      readonly endId: string;
      /** Windows that ended without noting it (crash, kill), with the instant to note. */
      readonly unnoted: readonly { readonly windowId: string; readonly goneAtMs: number }[];
    }
  /** No window was ever seen. */
  | { readonly kind: "none" };

export interface PresenceInput {
  readonly windows: readonly WindowRecord[];
  readonly nowMs: number;
  readonly beatMs: number;
  readonly silentMs: number;
  /** Since when this machine is awake: silence while it slept is no silence. */
  readonly awakeSinceMs: number;
  /** Whether a process with this id lives on this machine. */
  readonly pidAlive: (pid: number) => boolean;
}

/**
 * A window is gone when it noted its end, when its process is dead, or when it was silent for
 * `silentMs` although its process lives (its client is lost, or its number was given to another).
 */
export function presenceOf(input: PresenceInput): WindowPresence {
  let isPresent = false;
  const unnoted: { windowId: string; goneAtMs: number }[] = [];
  let last: { endId: string; sinceMs: number } | undefined;
  for (const window of input.windows) {
    const goneAtMs = goneAt(window, input);
    if (goneAtMs === undefined) {
      isPresent = true;
      continue;
    }
    if (window.closedAtMs === null) unnoted.push({ windowId: window.windowId, goneAtMs });
    if (last === undefined || goneAtMs > last.sinceMs)
      last = { endId: `${window.windowId}@${window.beatAtMs}`, sinceMs: goneAtMs };
  }
  if (isPresent) return { kind: "present" };
  return last === undefined ? { kind: "none" } : { kind: "gone", ...last, unnoted };
}

/** Whether the window counts for the scope. One that has not said what it watches may watch any. */
export function watches(window: Pick<WindowRecord, "scopes">, scope: string): boolean {
  return window.scopes === undefined || window.scopes.includes(scope);
}

function goneAt(window: WindowRecord, input: PresenceInput): number | undefined {
  if (window.closedAtMs !== null) return window.closedAtMs;
  // Its next beat did not come: it ended between the last one and then, or just now.
  if (!input.pidAlive(window.pid)) return Math.min(window.beatAtMs + input.beatMs, input.nowMs);
  const silentSinceMs = Math.max(window.beatAtMs, input.awakeSinceMs);
  return input.nowMs - silentSinceMs >= input.silentMs ? silentSinceMs + input.silentMs : undefined;
}
