import type { Cost } from "../../cost/cost.ts";
import { burnByContainer, burnRate, sumPerHour, type HourlyOf } from "../../cost/rates/burnRate.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import { microUsd, zeroUsd, type MicroUsd } from "../../cost/money.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import type { Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
import { isPendingSandbox } from "../sandboxInfo.ts";
import { countsAsMine, type Owner } from "../owner.ts";
import type { Booting, RunningApp } from "./meterState.ts";

/** When an app's idle containers will be gone, where that is known: last activity + scaledown window. */
export type WarmUntil = (app: LiveApp) => number | null;

/** The apps and sandboxes of a listing as the views show them, the most expensive first. */
export function runningApps(
  listing: Pick<Listing, "apps" | "containers" | "sandboxes">,
  rates: Rates,
  nowMs: number,
  warmUntil: WarmUntil,
  ownerOf: (appId: string) => Owner,
  bootingOf: (appId: string) => Booting | null = () => null,
  hourlyOf?: HourlyOf,
): readonly RunningApp[] {
  const sandboxes = sandboxRows(listing, rates, ownerOf, hourlyOf);
  const inSandboxes = new Set(listing.sandboxes?.sandboxes.map(({ containerId }) => containerId));
  const containersOf = Map.groupBy(listing.containers, ({ appId }) => appId);
  const apps = liveApps(listing).map((app) => {
    const all = containersOf.get(app.appId) ?? [];
    // What runs in a sandbox is in a row of its own.
    const containers = all.filter(({ containerId }) => !inSandboxes.has(containerId));
    const counted = Math.max(0, app.containerCount - (all.length - containers.length));
    const running = containers.filter(({ startedAtMs }) => startedAtMs !== null);
    const burn = burnRate(containers, rates, hourlyOf);
    const warmUntilMs = running.length === 0 ? null : warmUntil(app);
    return {
      appId: app.appId,
      name: app.name,
      state: app.state,
      owner: ownerOf(app.appId),
      running: Math.max(running.length, counted - (containers.length - running.length)),
      pending: containers.length - running.length,
      booting: containers.length > running.length ? bootingOf(app.appId) : null,
      gpu: gpuText(containers),
      microUsdPerHour: perHour(burn, containers.length, counted),
      warmUntilMs,
      tailMicroUsd: tailOf(burn, warmUntilMs, nowMs),
    };
  });
  return [...apps, ...sandboxes].toSorted(
    (a, b) => (b.microUsdPerHour ?? 0) - (a.microUsdPerHour ?? 0),
  );
}

/** Each sandbox, stopped and priced by itself; its owner is its app's. */
function sandboxRows(
  listing: Pick<Listing, "apps" | "containers" | "sandboxes">,
  rates: Rates,
  ownerOf: (appId: string) => Owner,
  hourlyOf?: HourlyOf,
): readonly RunningApp[] {
  const containers = new Map(listing.containers.map((one) => [one.containerId, one]));
  const names = new Map(listing.apps.map(({ appId, name }) => [appId, name]));
  return (listing.sandboxes?.sandboxes ?? []).flatMap((sandbox): readonly RunningApp[] => {
    const container = containers.get(sandbox.containerId);
    // One that waits for its container costs nothing that is known; another one is not known to run.
    if (container === undefined && !isPendingSandbox(sandbox)) return [];
    const burn = container === undefined ? undefined : burnRate([container], rates, hourlyOf);
    const isReady = (container?.startedAtMs ?? null) !== null;
    return [
      {
        appId: sandbox.sandboxId,
        name: sandbox.name === "" ? sandbox.sandboxId : sandbox.name,
        state: "unknown",
        owner: ownerOf(sandbox.appId),
        running: isReady ? 1 : 0,
        pending: isReady ? 0 : 1,
        booting: null,
        gpu: gpuText(container === undefined ? [] : [container]),
        microUsdPerHour: burn?.known === true ? burn.microUsd : null,
        warmUntilMs: null,
        tailMicroUsd: null,
        sandbox: {
          inApp: container?.appName ?? names.get(sandbox.appId) ?? sandbox.appId,
          sinceMs: sandbox.createdAtMs,
          endsByMs: sandbox.endsByMs,
          cores: container?.terms?.cores ?? null,
          gib: container?.terms?.gib ?? null,
        },
      },
    ];
  });
}

/** The apps that count as this person's: all but those that are known to be someone else's. */
export function withoutOthers<App extends Pick<RunningApp, "owner">>(
  apps: readonly App[],
): readonly App[] {
  return apps.filter(({ owner }) => countsAsMine(owner));
}

/** What burns of a listing: the known rates of what is mine, whether there are others, and what is not. */
export function burnNow(
  { containers }: Pick<Listing, "containers">,
  rates: Rates,
  ownerOf: (appId: string) => Owner,
  hourlyOf?: HourlyOf,
): { microUsdPerHour: MicroUsd; isFloor: boolean; others: readonly string[] } {
  const byWhom = Map.groupBy(containers, ({ appId }) =>
    countsAsMine(ownerOf(appId)) ? "mine" : "others",
  );
  const perHour = [...burnByContainer(byWhom.get("mine") ?? [], rates, hourlyOf).values()];
  const others = byWhom.get("others") ?? [];
  return {
    microUsdPerHour: sumPerHour(perHour.filter((rate) => rate !== null)) ?? zeroUsd,
    isFloor: perHour.includes(null),
    others: [...new Set(others.map(({ appName }) => appName))],
  };
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
