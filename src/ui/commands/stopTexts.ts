import type { FailureReason } from "../../base/failure.ts";
import { sentences, t } from "../../base/text.ts";
import { formatCountdown, formatPerHour } from "../../cost/format.ts";
import type { MeterState } from "../../session/meter/meterState.ts";
import { burnOfApps, withoutOthers } from "../../session/meter/runningApps.ts";
import type { ExcludedApp } from "../../session/stop/stopPlan.ts";

const unseen: ReadonlySet<FailureReason> = new Set([
  "offline",
  "timed-out",
  "rate-limited",
  "service-error",
  "bad-output",
  "permission-denied",
  "not-authenticated",
]);

/** The failure means that Modal was not asked, or did not answer: what runs goes on. */
export function isUnseen(reason: FailureReason): boolean {
  return unseen.has(reason);
}

/** That nothing was stopped, why, and what goes on costing as far as this window saw it last. */
export function nothingStoppedText(shown: MeterState, why: string): string {
  return sentences(t("Nothing was stopped."), why, goesOn(shown));
}

function goesOn({ apps, observedAtMs, nowMs }: MeterState): string {
  if (observedAtMs === null) return t("What runs is not known.");
  const age = formatCountdown(nowMs - observedAtMs);
  const burning = withoutOthers(apps).filter(({ running, pending }) => running + pending > 0);
  if (burning.length === 0) return t("{0} ago nothing of yours ran.", age);
  const burn = burnOfApps(burning);
  return t(
    "What ran {0} ago goes on costing {1}: {2}.",
    age,
    burn === null ? t("an unknown amount") : `≈ ${formatPerHour(burn)}`,
    burning.map(({ name }) => name).join(", "),
  );
}

/** Why the one app that was asked for was not stopped. */
export function protectedText({ name, why, reason }: ExcludedApp): string {
  switch (why) {
    case "production":
      return t("{0} is {1} and was not stopped.", name, reason);
    case "someone-else":
      return t("{0} was {1} and was not stopped.", name, reason);
    default:
      return t("{0} was not stopped: {1}.", name, reason);
  }
}
