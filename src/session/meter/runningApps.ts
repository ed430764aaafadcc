import type { Cost } from "../../cost/cost.ts";
import { burnRate, sumPerHour } from "../../cost/rates/burnRate.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import { microUsd, type MicroUsd } from "../../cost/money.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import type { Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
import type { Owner } from "../owner.ts";
import type { RunningApp } from "./meterState.ts";

/** When an app's idle containers will be gone, where that is known: last activity + scaledown window. */
export type WarmUntil = (app: LiveApp) => number | null;

/** The apps of a listing as the views show them, the most expensive first. */
export function runningApps(
  listing: Pick<Listing, "apps" | "containers">,
  rates: Rates,
  nowMs: number,
  warmUntil: WarmUntil,
  ownerOf: (appId: string) => Owner,
): readonly RunningApp[] {
  return liveApps(listing)
    .map((app) => {
      const own = listing.containers.filter(({ appId }) => appId === app.appId);
      const running = own.filter(({ startedAtMs }) => startedAtMs !== null);
      const burn = burnRate(own, rates);
      const warmUntilMs = running.length === 0 ? null : warmUntil(app);
      return {
        appId: app.appId,
        name: app.name,
        state: app.state,
        owner: ownerOf(app.appId),
        running: Math.max(running.length, app.containerCount - (own.length - running.length)),
        pending: own.length - running.length,
        gpu: gpuText(own),
        microUsdPerHour: perHour(burn, own.length, app.containerCount),
        warmUntilMs,
        tailMicroUsd: tailOf(burn, warmUntilMs, nowMs),
      };
    })
    .toSorted((a, b) => (b.microUsdPerHour ?? 0) - (a.microUsdPerHour ?? 0));
}

/** The apps that count as this person's: all but those that are known to be someone else's. */
export function withoutOthers<App extends Pick<RunningApp, "owner">>(
  apps: readonly App[],
): readonly App[] {
  return apps.filter(({ owner }) => owner !== "someone-else");
}

/** What these apps cost in one hour; null: a rate is unknown. */
export function burnOfApps(apps: readonly Pick<RunningApp, "microUsdPerHour">[]): MicroUsd | null {
  return sumPerHour(apps.map(({ microUsdPerHour }) => microUsdPerHour));
}

/** What each app costs in one hour, by its id; null: a rate is unknown. */
export function burnByApp(
  apps: readonly Pick<RunningApp, "appId" | "microUsdPerHour">[],
): ReadonlyMap<string, MicroUsd | null> {
  return new Map(apps.map(({ appId, microUsdPerHour }) => [appId, microUsdPerHour]));
}

/** Modal counts containers that its list does not show yet: their rate is not known. */
function perHour(burn: Cost, listed: number, counted: number): MicroUsd | null {
  if (!burn.known || (listed === 0 && counted > 0)) return null;
  return burn.microUsd;
}

function tailOf(burn: Cost, warmUntilMs: number | null, nowMs: number): MicroUsd | null {
  if (!burn.known || warmUntilMs === null) return null;
  return microUsd((burn.microUsd * Math.max(0, warmUntilMs - nowMs)) / 3_600_000);
}

/** "L40S", "H100:2, L4", "CPU", "unknown", or nothing where no container is. */
function gpuText(containers: readonly ContainerObservation[]): string {
  const labels = containers.map(({ gpu, gpuSource }) =>
    gpu === null && gpuSource === "unknown" ? "unknown" : gpuLabel(gpu),
  );
  return [...new Set(labels)].toSorted().join(", ");
}
