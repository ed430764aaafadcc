import { formatCountdown } from "../../cost/format.ts";
import type { Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";

/** What of a start is on Modal now, as a fresh listing shows it. */
export interface ModalState {
  /** False: no listing could be had, so `apps` says nothing. */
  readonly verified: boolean;
  readonly apps: readonly LiveApp[];
  /** In words, for the message. */
  readonly text: string;
}

/** The state of these apps, from a look just taken; undefined: there was none. */
export function modalStateOf(
  listing: Listing | undefined,
  isOurs: (app: LiveApp) => boolean,
  scaledownSeconds: number,
): ModalState {
  if (listing === undefined)
    return {
      verified: false,
      apps: [],
      text: "What runs on Modal now could not be checked. Look again before you rely on it.",
    };
  const apps = liveApps(listing).filter(isOurs);
  const text =
    apps.length === 0
      ? "Nothing of this start runs on Modal."
      : apps.map((app) => appText(app, scaledownSeconds)).join(" ");
  return { verified: true, apps, text };
}

function appText({ name, state, containerCount }: LiveApp, scaledownSeconds: number): string {
  if (state === "stopping" || state === "stopped")
    return `${name} is stopping; ${containerCount} container(s) still run.`;
  const what = state === "unknown" ? "still has containers" : `is ${state}`;
  if (containerCount === 0)
    return `${name} ${what}; no container runs, so nothing is billed until the next request.`;
  const idle = formatCountdown(scaledownSeconds * 1000);
  return `${name} ${what} and ${containerCount} container(s) run: billed until they have been idle for ${idle}.`;
}
