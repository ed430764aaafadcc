import { sentences, t } from "../../base/text.ts";
import { formatClock } from "../../cost/format.ts";
import { unlistedSandboxes } from "../../session/notListed.ts";
import type { MeterState } from "../../session/meter/meterState.ts";
import { isBlind } from "../../session/watch/health.ts";

/**
 * Whether the list of what runs can be believed, as the `when` clauses of its welcome texts know it
 * ("modalMeter.sight" in package.json). An empty list says that nothing runs only when it is "clear";
 * "apps-only": what else may run cannot be listed.
 */
export type ListSight =
  | "looking"
  | "clear"
  | "apps-only"
  | "offline"
  | "no-login"
  | "no-cli"
  | "setting"
  | "blind";

export function sightOf({ health, observedAtMs, sandboxes }: MeterState): ListSight {
  switch (health.kind) {
    case "ok":
      if (observedAtMs === null) return "looking";
      return unlistedSandboxes(sandboxes) === undefined ? "clear" : "apps-only";
    case "starting":
      return "looking";
    case "offline":
      return "offline";
    case "not-authenticated":
      return "no-login";
    case "no-cli":
      return "no-cli";
    case "bad-setting":
      return "setting";
    default:
      return "blind";
  }
}

/**
 * What the list's welcome text goes by. Where there are rows to come, none is shown: the list itself is
 * drawn a moment later, and until then "Nothing is running." would stand in their place.
 */
export function welcomeOf(state: MeterState): ListSight | "rows" {
  return state.apps.length + (state.elsewhere ?? []).length > 0 ? "rows" : sightOf(state);
}

/** What a window is open on, beside what it sees of Modal. */
export interface WindowFacts {
  /** A session belongs to a folder. */
  readonly hasFolder: boolean;
}

/** A start is offered where it can work: what cannot be seen can hardly be deployed to. */
export function canStart(state: MeterState, { hasFolder }: WindowFacts): boolean {
  return hasFolder && isSeen(state);
}

/** The list is of now, whether or not something in it cannot be listed. */
export function isSeen(state: MeterState): boolean {
  return ["clear", "apps-only"].includes(sightOf(state));
}

/** Released is what was started here, where it has a container. */
export function canRelease(apps: MeterState["apps"]): boolean {
  return apps.some(
    ({ owner, running, pending, sandbox }) =>
      owner === "started-here" && running + pending > 0 && sandbox === undefined,
  );
}

/** The rows show what was, not what is. */
export function isOld({ health, observedAtMs, nowMs, staleAfterMs }: MeterState): boolean {
  return observedAtMs !== null && (isBlind(health) || nowMs - observedAtMs > staleAfterMs);
}

/** Above rows that are old: of when they are, and why; undefined: they are of now. */
export function oldText(state: MeterState, timeZone?: string): string | undefined {
  const { observedAtMs, health, apps } = state;
  if (observedAtMs === null || apps.length === 0 || !isOld(state)) return undefined;
  const asOf = t("As of {0}.", formatClock(observedAtMs, timeZone));
  return sentences(asOf, isBlind(health) ? health.message : "");
}
