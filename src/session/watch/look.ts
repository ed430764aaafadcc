import type { Clock } from "../../base/clock.ts";
import { failureOf } from "../../base/failure.ts";
import { withAppResources } from "../../cost/rates/resources.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import type { AppHint } from "./appHints.ts";
import { isAborted } from "../../base/abort.ts";
import { inParallel } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import type {
  ControlOptions,
  ContainerDetails,
  ContainerInfo,
  ModalControl,
} from "../modalControl.ts";

export interface LookParts {
  readonly ledger: Pick<Ledger, "latestListing" | "recordListing">;
  readonly clock: Clock;
  /** What else is known of an app's containers: GPU, cores, memory (session/appHints.ts). */
  readonly appHint?: AppHint;
}

/** What a look needs of a connection. */
export interface LookTarget {
  readonly control: Pick<
    ModalControl,
    "adapter" | "answeredBy" | "listApps" | "listContainers" | "containerDetails"
  >;
  /** "workspace/environment". */
  readonly scopeKey: string;
}

/** How long the exact end of a container that left is asked for. */
const endForMs = 10 * 60_000;
const questionsAtOnce = 8;

interface Gone {
  readonly container: ContainerObservation;
  readonly untilMs: number;
}

/**
 * Takes complete looks at a scope and records each in the ledger: apps, containers, the GPU and exact
 * start of containers that are new, and the exact end of those that left. A look of which the apps or
 * the containers could not be listed is no look: it rejects, and nothing is recorded.
 */
export class Look {
  readonly #parts: LookParts;
  readonly #gone = new Map<string, Gone>();

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  async take(connected: LookTarget, options: ControlOptions = {}): Promise<Listing> {
    const { ledger, clock } = this.#parts;
    const { control, scopeKey } = connected;
    // The look's instant is its beginning: whatever it does not show had ended before the answer,
    // and whatever it shows was there after the question.
    const observedAtMs = clock.nowMs();
    const [apps, live] = await Promise.all([
      control.listApps(options),
      control.listContainers(options),
    ]);
    const last = ledger.latestListing(scopeKey);
    const before = last?.containers ?? [];
    const known = new Map(before.map((container) => [container.containerId, container]));
    const ask = details(connected, options);
    const containers = await inParallel(live, questionsAtOnce, async (container) => {
      const earlier = known.get(container.containerId);
      const settled = earlier?.gpuSource === "container" && earlier.startedAtMs !== null;
      return this.#hinted(
        scopeKey,
        settled
          ? withNewTimes(earlier, container)
          : observation(container, await ask(container.containerId), earlier),
      );
    });
    const ended = await this.#ended(scopeKey, before, live, ask);
    const listing: Listing = {
      scope: scopeKey,
      observedAtMs,
      adapter: control.answeredBy?.("listContainers") ?? adapterOf(control.adapter),
      apps,
      containers,
      ended,
    };
    ledger.recordListing(listing);
    return { ...listing, sinceMs: last?.observedAtMs ?? null };
  }

  #hinted(scope: string, container: ContainerObservation): ContainerObservation {
    const { appHint } = this.#parts;
    const { gpuSource, cpuCores, memoryGib } = container;
    const isComplete = gpuSource === "container" && cpuCores !== null && memoryGib !== null;
    if (appHint === undefined || isComplete) return container;
    const hint = appHint(scope, container);
    if (gpuSource === "container") return withAppResources(container, hint);
    // Asked anew at each look: a person may have named the GPU in the settings meanwhile.
    const unknown = { ...container, gpu: null, gpuSource: "unknown" as const };
    const hinted = withAppResources(unknown, hint);
    return hinted.gpuSource === "unknown"
      ? { ...hinted, gpu: container.gpu, gpuSource: container.gpuSource }
      : hinted;
  }

  /** The ends of containers that are no longer listed; one that cannot be had yet is asked for next time. */
  async #ended(
    scope: string,
    before: readonly ContainerObservation[],
    live: readonly ContainerInfo[],
    ask: (containerId: string) => Promise<ContainerDetails | undefined>,
  ): Promise<readonly ContainerObservation[]> {
    const nowMs = this.#parts.clock.nowMs();
    const liveIds = new Set(live.map(({ containerId }) => containerId));
    const key = (containerId: string): string => `${scope} ${containerId}`;
    for (const container of before) {
      if (liveIds.has(container.containerId)) continue;
      this.#gone.set(key(container.containerId), { container, untilMs: nowMs + endForMs });
    }
    for (const [id, { container, untilMs }] of this.#gone) {
      if (nowMs >= untilMs || liveIds.has(container.containerId)) this.#gone.delete(id);
    }
    const waiting = [...this.#gone].filter(([id]) => id.startsWith(`${scope} `));
    const ends = await inParallel(waiting, questionsAtOnce, async ([id, { container }]) => {
      const told = await ask(container.containerId);
      if (told === undefined || told.finishedAtMs === null) return [];
      this.#gone.delete(id);
      return [observation(container, told, container)];
    });
    return ends.flat();
  }
}

/**
 * Asks for a container's details. undefined: not to be had, which makes no look incomplete. An
 * adapter that cannot tell at all is asked once per look.
 */
function details(
  { control }: LookTarget,
  options: ControlOptions,
): (containerId: string) => Promise<ContainerDetails | undefined> {
  let canTell = true;
  return async (containerId) => {
    if (!canTell) return undefined;
    try {
      return await control.containerDetails(containerId, options);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || isAborted(options.signal)) throw error;
      // The profile changed in the middle: this look would mix two workspaces.
      if (failure.reason === "cancelled") throw error;
      if (failure.reason === "unsupported") canTell = false;
      return undefined;
    }
  };
}

function adapterOf(adapter: "cli" | "sdk" | "auto"): "cli" | "sdk" {
  return adapter === "cli" ? "cli" : "sdk";
}

function withNewTimes(earlier: ContainerObservation, now: ContainerInfo): ContainerObservation {
  return {
    ...earlier,
    startedAtMs: earlier.startedAtMs ?? now.startedAtMs,
    enqueuedAtMs: earlier.enqueuedAtMs ?? now.enqueuedAtMs,
  };
}

function observation(
  container: Pick<
    ContainerInfo,
    "containerId" | "appId" | "appName" | "enqueuedAtMs" | "startedAtMs"
  >,
  told: ContainerDetails | undefined,
  earlier: ContainerObservation | undefined,
): ContainerObservation {
  return {
    containerId: container.containerId,
    appId: container.appId,
    appName: container.appName,
    enqueuedAtMs: told?.enqueuedAtMs ?? container.enqueuedAtMs ?? earlier?.enqueuedAtMs ?? null,
    startedAtMs: told?.startedAtMs ?? container.startedAtMs ?? earlier?.startedAtMs ?? null,
    finishedAtMs: told?.finishedAtMs ?? null,
    gpu: told === undefined ? (earlier?.gpu ?? null) : told.gpu,
    gpuSource: told === undefined ? (earlier?.gpuSource ?? "unknown") : "container",
    cpuCores: earlier?.cpuCores ?? null,
    memoryGib: earlier?.memoryGib ?? null,
  };
}
