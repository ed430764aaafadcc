import { plural, t } from "../../base/text.ts";
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
  isOfStart: (app: LiveApp) => boolean,
  /** What is in force in an app, in seconds; null: not known. */
  scaledownOf: (app: LiveApp) => number | null,
): ModalState {
  if (listing === undefined)
    return {
      verified: false,
      apps: [],
      text: t("What runs on Modal now could not be checked. Look again before you rely on it."),
    };
  const apps = liveApps(listing).filter(isOfStart);
  const text =
    apps.length === 0
      ? t("Nothing that this start created runs on Modal.")
      : apps.map((app) => appText(app, scaledownOf(app))).join(" ");
  return { verified: true, apps, text };
}

function appText(
  { name, state, containerCount }: LiveApp,
  scaledownSeconds: number | null,
): string {
  if (state === "stopping" || state === "stopped")
    return plural(
      containerCount,
      {
        one: "{1} is stopping; {0} container still runs.",
        other: "{1} is stopping; {0} containers still run.",
      },
      name,
    );
  if (containerCount === 0)
    return t(
      "{0} is {1}; no container runs, so nothing is billed until the next request.",
      name,
      state,
    );
  if (scaledownSeconds === null)
    return plural(
      containerCount,
      {
        one: "{1} is {2} and {0} container runs: billed until it has been idle for its scaledown window.",
        other:
          "{1} is {2} and {0} containers run: billed until they have been idle for their scaledown window.",
      },
      name,
      state,
    );
  const idle = formatCountdown(scaledownSeconds * 1000);
  if (state === "unknown")
    return plural(
      containerCount,
      {
        one: "{1} still has {0} container: billed until it has been idle for {2}.",
        other: "{1} still has {0} containers: billed until they have been idle for {2}.",
      },
      name,
      idle,
    );
  return plural(
    containerCount,
    {
      one: "{1} is {3} and {0} container runs: billed until it has been idle for {2}.",
      other: "{1} is {3} and {0} containers run: billed until they have been idle for {2}.",
    },
    name,
    idle,
    state,
  );
}
