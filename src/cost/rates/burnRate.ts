import { knownPart, type KnownPart } from "../cost.ts";
import type { MicroUsd } from "../money.ts";
import { burnPerHour, type Resources } from "./costMetrics.ts";
import { sameGpu } from "./gpu.ts";
import type { Rates } from "./rates.ts";
import type { ContainerSpan, Gpu } from "../span.ts";

/** A container that burns money at a rate that nobody told. */
export interface UnknownBurn {
  readonly appId: string;
  readonly appName: string;
  readonly gpu: Gpu | null;
  readonly why: string;
}

/** What burns right now, per hour. */
export interface BurnRate {
  /** Micro-dollars per hour of what is known; a floor when `unknown` is not empty. */
  readonly perHour: KnownPart;
  readonly containers: number;
  readonly gpus: number;
  readonly unknown: readonly UnknownBurn[];
  /** The oldest last sighting among them: how old this figure is. null when nothing runs. */
  readonly seenAtMs: number | null;
}

/** True while the container has started, and neither Modal nor a listing said that it has ended. */
function isRunning(span: ContainerSpan): boolean {
  return span.startedAtMs !== null && span.finishedAtMs === null && span.firstAbsentAtMs === null;
}

/** What the running containers burn. Pending ones burn nothing yet. */
export function burnRate(spans: Iterable<ContainerSpan>, rates: Rates): BurnRate {
  const running = [...spans].filter(isRunning);
  const costs = running.map((span) => burnPerHour(span, rates));
  const unknown: UnknownBurn[] = [];
  for (const [index, { appId, appName, gpu }] of running.entries()) {
    const cost = costs[index];
    const isListed = unknown.some((one) => one.appId === appId && sameGpu(one.gpu, gpu));
    if (cost?.known === false && !isListed) unknown.push({ appId, appName, gpu, why: cost.why });
  }
  return {
    perHour: knownPart(costs),
    containers: running.length,
    gpus: running.reduce((sum, { gpu }) => sum + (gpu?.count ?? 0), 0),
    unknown,
    seenAtMs: running.reduce<number | null>(
      (oldest, { lastSeenAtMs }) => Math.min(oldest ?? lastSeenAtMs, lastSeenAtMs),
      null,
    ),
  };
}

/** What each container costs in an hour, in micro-dollars; null: its rate is not known. */
export function burnByContainer(
  containers: readonly (Resources & { readonly containerId: string })[],
  rates: Rates,
): ReadonlyMap<string, MicroUsd | null> {
  return new Map(
    containers.map((container) => {
      const burn = burnPerHour(container, rates);
      return [container.containerId, burn.known ? burn.microUsd : null];
    }),
  );
}
