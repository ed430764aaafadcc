import type { Clock } from "../base/clock.ts";
import { failureOf } from "../base/failure.ts";
import type { ContainerObservation } from "../cost/span.ts";
import { inParallel } from "../session/concurrent.ts";
import type { Connected } from "../session/connection.ts";
import type { Ledger, Listing } from "../session/ledgerPort.ts";
import type { ContainerDetails, ContainerInfo } from "../session/modalControl.ts";
import type { Refresh } from "../session/refresh.ts";

export interface FullLookParts {
  readonly connected: Connected;
  readonly ledger: Pick<Ledger, "latestListing" | "recordListing">;
  readonly clock: Clock;
}

/**
 * A complete look at the scope, recorded in the ledger: apps, containers, the GPU of containers that
 * are new, and the exact end of those that left. The adapter may not tell details (the CLI does
 * not): then the GPU stays unknown, never guessed.
 */
export function fullLook({ connected, ledger, clock }: FullLookParts): Refresh {
  return async (options = {}) => {
    const { control, scopeKey } = connected;
    // The look's instant is its beginning: whatever it shows was true after it.
    const observedAtMs = clock.nowMs();
    const [apps, live] = await Promise.all([
      control.listApps(options),
      control.listContainers(options),
    ]);
    const before = ledger.latestListing(scopeKey)?.containers ?? [];
    const known = new Map(before.map((container) => [container.containerId, container]));
    const liveIds = new Set(live.map(({ containerId }) => containerId));
    let canTell = true;
    const detailsOf = async (containerId: string): Promise<ContainerDetails | undefined> => {
      if (!canTell) return undefined;
      try {
        return await control.containerDetails(containerId, options);
      } catch (error) {
        if (options.signal?.aborted === true) throw error;
        // Details are a gift: a look without them is complete all the same.
        if (failureOf(error)?.reason === "unsupported") canTell = false;
        return undefined;
      }
    };
    const containers = await inParallel(live, 4, async (container) => {
      const earlier = known.get(container.containerId);
      if (earlier?.gpuSource === "container") return merged(container, earlier);
      return observed(container, await detailsOf(container.containerId));
    });
    const gone = before.filter(({ containerId }) => !liveIds.has(containerId));
    const ended = (
      await inParallel(gone, 4, async (container) => {
        const details = await detailsOf(container.containerId);
        return details === undefined ? [] : [observed(container, details)];
      })
    ).flat();
    const listing: Listing = {
      scope: scopeKey,
      observedAtMs,
      adapter:
        control.answeredBy?.("listContainers") ?? (control.adapter === "cli" ? "cli" : "sdk"),
      apps,
      containers,
      ended,
    };
    ledger.recordListing(listing);
    return listing;
  };
}

function merged(now: ContainerInfo, earlier: ContainerObservation): ContainerObservation {
  return {
    ...earlier,
    startedAtMs: now.startedAtMs ?? earlier.startedAtMs,
    enqueuedAtMs: now.enqueuedAtMs ?? earlier.enqueuedAtMs,
  };
}

function observed(
  container: ContainerInfo,
  details: ContainerDetails | undefined,
): ContainerObservation {
  return {
    containerId: container.containerId,
    appId: container.appId,
    appName: container.appName,
    enqueuedAtMs: details?.enqueuedAtMs ?? container.enqueuedAtMs,
    startedAtMs: details?.startedAtMs ?? container.startedAtMs,
    finishedAtMs: details?.finishedAtMs ?? null,
    gpu: details?.gpu ?? null,
    gpuSource: details === undefined ? "unknown" : "container",
    cpuCores: null,
    memoryGib: null,
  };
}
