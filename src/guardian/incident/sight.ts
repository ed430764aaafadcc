import { t } from "../../base/text.ts";
import { formatMetered } from "../../cost/format.ts";
import { zeroUsd } from "../../cost/money.ts";
import { sumPerHour } from "../../cost/rates/burnRate.ts";
import type { PlannedApp } from "../../session/stop/stopPlan.ts";
import { costsNow, isStartedHere } from "../guardedScope.ts";
import type { ScopeView } from "../guardedScope.ts";
import type { GuardTarget } from "../guardTarget.ts";

/** A guarded scope as an incident last saw it. */
export interface Sight {
  readonly view: ScopeView | undefined;
  /** Why there was no fresh look; null: it is fresh. */
  readonly unchecked: string | null;
}

/** What costs money and is not dealt with unasked: where the guardian acts by itself, the rest. */
export function appsLeftRunning({ view }: Sight, target: GuardTarget): readonly PlannedApp[] {
  return (view?.plan.planned ?? [])
    .filter(costsNow)
    .filter((app) => target.onClose === "remind" || !isStartedHere(app));
}

/** What the second stage stops: the apps that were started here; empty where there is no second stage. */
export function appsOfSecondStage(
  apps: readonly PlannedApp[],
  target: GuardTarget,
): readonly PlannedApp[] {
  if (target.stopAfterMinutes <= 0) return [];
  return apps.filter((app) => isStartedHere(app));
}

/** "≈ $3.90 per hour" over all these apps; null where a rate is unknown, or nothing costs. */
export function burnText({ view }: Sight, apps: readonly PlannedApp[]): string | null {
  const burns = apps.map(({ appId }) => view?.burnByApp.get(appId));
  const sum = sumPerHour(burns.map((burn) => (burn === undefined ? zeroUsd : burn)));
  return sum !== null && sum > 0 ? t("{0} per hour", formatMetered(sum)) : null;
}
