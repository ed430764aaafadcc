import type { Clock } from "../../base/clock.ts";
import { failureOf } from "../../base/failure.ts";
import { withAppResources } from "../../cost/rates/resources.ts";
import type { ContainerObservation, Gpu } from "../../cost/span.ts";
import { completedTerms } from "../../cost/terms.ts";
import { gpuByContainer, recallTerms, termsByContainer } from "../notedTerms.ts";
import { FunctionMatch } from "./functionMatch.ts";
import { commonGpu, AppFunctions } from "./appFunctions.ts";
import type { AppHint } from "./appHints.ts";
import { boundsOfLook, ModalTime, modalOffsetMs } from "./modalTime.ts";
import { askSandboxes, hasDetails, isSandboxTurn, SandboxLook } from "./sandboxLook.ts";
import { isAborted } from "../../base/abort.ts";
import { lookTimeNow, type LookTime } from "../lookOrder.ts";
import { inParallel } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import type {
  AppFunction,
  ControlOptions,
  ContainerDetails,
  ContainerInfo,
  ModalControl,
} from "../modalControl.ts";

export interface LookOptions extends ControlOptions {
  readonly isProof?: boolean;
}

export interface LookParts {
  readonly ledger: Pick<Ledger, "latestListing" | "recordListing" | "remember" | "recall">;
  readonly clock: Clock;
  /** What else is known of an app's containers: GPU, cores, memory (session/appHints.ts). */
  readonly appHint?: AppHint;
}

/** What a look needs of a connection. */
export interface LookTarget {
  readonly control: Pick<
    ModalControl,
    | "adapter"
    | "answeredBy"
    | "listApps"
    | "listContainers"
    | "containerDetails"
    | "appFunctions"
    | "functionContainers"
    | "deployments"
    | "listSandboxes"
    | "sandboxUse"
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
  /** Containers whose details were told when they had started: nothing in them changes any more but the end. */
  readonly #detailed = new Set<string>();
  readonly #functions: AppFunctions;
  readonly #match = new FunctionMatch();
  readonly #modalTime: ModalTime;
  readonly #sandboxes: SandboxLook;

  constructor(parts: LookParts) {
    this.#parts = parts;
    this.#functions = new AppFunctions(parts.clock);
    this.#modalTime = new ModalTime(parts.ledger);
    this.#sandboxes = new SandboxLook(parts.clock);
  }

  /** `isProof`: somebody is going to rely on it, so that nothing is left for the next look. */
  async take(connected: LookTarget, options: LookOptions = {}): Promise<Listing> {
    const { ledger, clock } = this.#parts;
    const { control, scopeKey } = connected;
    // The look's instant is its beginning: whatever it does not show had ended before the answer,
    // and whatever it shows was there after the question.
    const last = ledger.latestListing(scopeKey);
    const time = lookTimeNow(clock.nowMs(), last);
    const { apps, live, sandboxes, answeredAtMs } = await this.#lists(control, time, last, options);
    const before = last?.containers ?? [];
    const earlierById = new Map(before.map((container) => [container.containerId, container]));
    const ask = details(connected, options);
    const fresh = live.filter(({ containerId }) => !earlierById.has(containerId));
    const changed = new Set(fresh.map(({ appId }) => appId));
    const containers = await inParallel(live, questionsAtOnce, async (container) => {
      const earlier = earlierById.get(container.containerId);
      const shown = this.#isSettled(earlier)
        ? withNewTimes(earlier, container)
        : this.#detailedBy(await ask(container.containerId), container, earlier);
      const seen = await sandboxes.observed(shown, options);
      if (seen.gpuSource === "container" || seen.terms?.isSandbox === true)
        return this.#hinted(scopeKey, seen);
      const isNew = changed.has(seen.appId);
      return this.#ofFunction(connected, seen, isNew, options);
    });
    const liveIds = new Set(live.map(({ containerId }) => containerId));
    for (const id of this.#detailed) if (!liveIds.has(id)) this.#detailed.delete(id);
    const ended = await this.#ended(scopeKey, before, live, ask);
    const listing: Listing = {
      scope: scopeKey,
      ...time,
      adapter: control.answeredBy?.("listContainers") ?? adapterOf(control.adapter),
      apps,
      containers,
      ended,
      sandboxes: sandboxes.sight,
    };
    ledger.recordListing(listing);
    this.#modalTime.add(boundsOfLook(listing, answeredAtMs, last), listing);
    return { ...listing, sinceMs: last?.observedAtMs ?? null };
  }

  /** What runs by Modal's lists. */
  async #lists(
    control: LookTarget["control"],
    { observedAtMs }: LookTime,
    last: Listing | undefined,
    options: LookOptions,
  ) {
    const isTurn = options.isProof === true || isSandboxTurn(last);
    const [apps, listed, sandboxList] = await Promise.all([
      control.listApps(options),
      control.listContainers(options),
      isTurn ? askSandboxes(control, options) : undefined,
    ]);
    const answeredAtMs = this.#parts.clock.nowMs();
    const sandboxes = this.#sandboxes.see(control, sandboxList, {
      observedAtMs,
      apps,
      live: listed,
      last,
      isTurn,
    });
    const listedIds = new Set(listed.map(({ containerId }) => containerId));
    const alone = sandboxes.alone.filter(({ containerId }) => !listedIds.has(containerId));
    return { apps, live: [...listed, ...alone], sandboxes, answeredAtMs };
  }

  /** With what Modal says of the app's functions, where that is of the container's time. */
  async #ofFunction(
    { control, scopeKey }: LookTarget,
    seen: ContainerObservation,
    isNew: boolean,
    options: ControlOptions,
  ): Promise<ContainerObservation> {
    const offsetMs = modalOffsetMs(this.#parts.ledger, scopeKey, this.#parts.clock.nowMs());
    const question = { scope: scopeKey, isNew, offsetMs };
    const functions = await this.#functions.functionsOf(control, seen, question, options);
    const found = await this.#match.functionOf(control, functions, seen.containerId, options);
    return found === undefined
      ? this.#hinted(scopeKey, seen, { gpu: commonGpu(functions) })
      : this.#hinted(scopeKey, running(seen, found), { functionName: found.name });
  }

  #isSettled(earlier: ContainerObservation | undefined): earlier is ContainerObservation {
    if (earlier === undefined || earlier.startedAtMs === null) return false;
    return earlier.gpuSource === "container" || this.#detailed.has(earlier.containerId);
  }

  #detailedBy(
    modalDetails: ContainerDetails | undefined,
    container: ContainerInfo,
    earlier: ContainerObservation | undefined,
  ): ContainerObservation {
    const seen = observation(container, modalDetails, earlier);
    if (modalDetails !== undefined && seen.startedAtMs !== null)
      this.#detailed.add(seen.containerId);
    return seen;
  }

  /** @param app what Modal's summary of the app says of all its functions, or which of them it runs. */
  #hinted(
    scope: string,
    container: ContainerObservation,
    app: { readonly gpu?: Gpu | undefined; readonly functionName?: string } = {},
  ): ContainerObservation {
    const { appHint = () => ({}) } = this.#parts;
    const { gpuSource, appId, containerId } = container;
    const { gpu: appGpu, functionName = null } = app;
    const noted = recallTerms(this.#parts.ledger, { scope, appId });
    const hint = {
      ...appHint(scope, { ...container, functionName }),
      appGpu,
      notedTerms: termsByContainer(noted)(containerId),
      functionGpu: gpuByContainer(noted)(containerId),
    };
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
      const modalDetails = await ask(container.containerId);
      if (modalDetails === undefined || modalDetails.finishedAtMs === null) return [];
      this.#gone.delete(id);
      return [observation(container, modalDetails, container)];
    });
    return ends.flat();
  }
}

/** A container as the function that it runs asks for it; of several GPUs it has one, and nobody tells which. */
function running(container: ContainerObservation, { gpus }: AppFunction): ContainerObservation {
  const [gpu, ...others] = gpus;
  return others.length > 0 ? container : { ...container, gpu: gpu ?? null, gpuSource: "container" };
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
    if (!canTell || !hasDetails(containerId)) return undefined;
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
  modalDetails: ContainerDetails | undefined,
  earlier: ContainerObservation | undefined,
): ContainerObservation {
  const gpu = modalDetails?.gpu ?? null;
  return {
    containerId: container.containerId,
    appId: container.appId,
    appName: container.appName,
    enqueuedAtMs:
      modalDetails?.enqueuedAtMs ?? container.enqueuedAtMs ?? earlier?.enqueuedAtMs ?? null,
    startedAtMs: modalDetails?.startedAtMs ?? container.startedAtMs ?? earlier?.startedAtMs ?? null,
    finishedAtMs: modalDetails?.finishedAtMs ?? null,
    gpu: gpu ?? earlier?.gpu ?? null,
    gpuSource: gpu === null ? (earlier?.gpuSource ?? "unknown") : "container",
    cpuCores: earlier?.cpuCores ?? null,
    memoryGib: earlier?.memoryGib ?? null,
    terms: completedTerms(
      modalDetails === undefined ? undefined : { isSandbox: modalDetails.isSandbox },
      earlier?.terms,
    ),
  };
}
