import type { WindowRecord } from "../session/ledgerPort.ts";
import { presenceOf, watches } from "./windowPresence.ts";
import type { PresenceInput } from "./windowPresence.ts";

/** The end of a scope's last window. */
export interface ScopeEnd {
  /** "workspace/environment". */
  readonly scope: string;
  readonly endId: string;
  readonly sinceMs: number;
  /** Windows that ended without noting it, with the instant to note. */
  readonly unnoted: readonly { readonly windowId: string; readonly goneAtMs: number }[];
}

/** Which scopes somebody watches. */
export interface ScopesSeen {
  readonly gone: readonly ScopeEnd[];
  /**
   * Scopes that only windows could watch which have not said yet what they do: they have just opened,
   * or cannot reach Modal. Nothing is done unasked there, and nothing is taken back.
   */
  readonly unsure: readonly string[];
}

/** The scopes that the windows say they watch or watched. */
export function windowScopes(windows: readonly WindowRecord[]): readonly string[] {
  return [...new Set(windows.flatMap(({ scopes = [] }) => scopes))];
}

/** Who watches these scopes. A scope whose windows are forgotten ended with the last window of all. */
export function seeScopes(input: PresenceInput, scopes: readonly string[]): ScopesSeen {
  const all = presenceOf(input);
  const gone: ScopeEnd[] = [];
  const unsure: string[] = [];
  const last = all.kind === "gone" ? all : { endId: "none", sinceMs: input.nowMs, unnoted: [] };
  for (const scope of scopes) {
    const watching = input.windows.filter(({ scopes }) => scopes?.includes(scope));
    if (presenceOf({ ...input, windows: watching }).kind === "present") continue;
    const windows = input.windows.filter((window) => watches(window, scope));
    const presence = presenceOf({ ...input, windows });
    if (presence.kind === "present") unsure.push(scope);
    else if (presence.kind === "gone" || all.kind !== "present") {
      const { endId, sinceMs, unnoted } = presence.kind === "gone" ? presence : last;
      gone.push({ scope, endId, sinceMs, unnoted });
    }
  }
  return { gone, unsure };
}
