import { isAborted } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { failureOf } from "../../base/failure.ts";
import { parseGpu } from "../../cost/rates/gpu.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import { completedTerms, renewedTerms, type MeanUse, type Terms } from "../../cost/terms.ts";
import type { Listing } from "../ledgerPort.ts";
import type { AppInfo, ContainerInfo, ControlOptions, ModalControl } from "../modalControl.ts";
import {
  hasListedSandboxes,
  isPendingSandbox,
  sandboxKind,
  type SandboxInfo,
  type SandboxListing,
  type SandboxSight,
  type SandboxUse,
  type SeenSandbox,
} from "../sandboxInfo.ts";

type Control = Pick<ModalControl, "listSandboxes" | "sandboxUse">;

/** What a sandbox uses is asked for so often where nobody tells. */
const tries = 4;
/** Two readings of it are so far apart at least: an answer takes a moment, and may be of some seconds ago. */
const apartMs = 60_000;
/** It is asked for again when it was watched for twice as long, but not seldomer than this. */
const seldomMs = 30 * 60_000;
/** A container has at most so many (modal.com/docs/guide/gpu). */
const maxGpus = 8;
/** What ends because its time is over may take so long. */
const endingMs = 5_000;
/** After so many looks that asked for them in vain, what they showed last is no news any more. */
const missedForgotten = 2;

/** What one look learns of sandboxes. */
export interface SandboxesSeen {
  readonly sight: SandboxSight;
  /** Containers that only the list of the sandboxes shows, as the list of the containers would. */
  readonly alone: readonly ContainerInfo[];
  /** The observation with what the list of the sandboxes tells of it. */
  readonly observed: (
    container: ContainerObservation,
    options: ControlOptions,
  ) => Promise<ContainerObservation>;
}

/**
 * Asks for the sandboxes in every second look, and in each that has to prove something. Where they
 * cannot be listed, the look goes on with those that were known: it says when that was.
 */
export class SandboxLook {
  readonly #asked = new Map<string, Asked>();
  readonly #clock: Pick<Clock, "nowMs">;

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  /** @param listed undefined: they were not asked for in this look, or could not be listed */
  see(control: Control, listed: SandboxListing | undefined, soFar: LookSoFar): SandboxesSeen {
    if (listed === undefined) return carried(soFar);
    const { observedAtMs, apps, live } = soFar;
    const liveIds = new Set(live.map(({ containerId }) => containerId));
    const names = new Map(apps.map(({ appId, name }) => [appId, name]));
    const byContainer = new Map(listed.sandboxes.map((one) => [idOf(one), one]));
    const ids = new Set(byContainer.keys());
    for (const id of this.#asked.keys()) if (!ids.has(id)) this.#asked.delete(id);
    return {
      sight: {
        kinds: listed.kinds,
        ...(listed.isCut === true ? { isCut: true } : {}),
        listedAtMs: observedAtMs,
        sandboxes: [
          ...listed.sandboxes.map((one) => seenSandbox(one, liveIds)),
          ...notReached(listed, soFar),
        ],
      },
      alone: listed.sandboxes
        .filter((one) => !liveIds.has(idOf(one)) && !isPendingSandbox(one))
        .map((one) => aloneInfo(one, names.get(one.appId) ?? one.appId)),
      observed: async (container, options) => {
        const sandbox = byContainer.get(container.containerId);
        return sandbox === undefined
          ? container
          : this.#withUse(control, sandbox, withSandbox(container, sandbox), options);
      },
    };
  }

  /**
   * What it uses of CPU and memory on average, by two readings of what it has used: by one of them and
   * its start, two clocks would be compared. Its GPU likewise: an empty field is no proof of a sandbox
   * without one; two readings are, and tell how many it has.
   */
  async #withUse(
    control: Control,
    sandbox: SandboxInfo,
    container: ContainerObservation,
    options: ControlOptions,
  ): Promise<ContainerObservation> {
    if (container.startedAtMs === null) return container;
    const { containerId } = container;
    const { misses, base, askedAtMs } = this.#asked.get(containerId) ?? neverAsked;
    const atMs = this.#clock.nowMs();
    const watchedMs = base === undefined ? 0 : askedAtMs - base.atMs;
    const againMs = Math.min(Math.max(watchedMs, apartMs), seldomMs);
    if (misses >= tries || atMs - askedAtMs < againMs) return container;
    this.#asked.set(containerId, { misses: misses + 1, base, askedAtMs: atMs });
    const use = await unlessRefused(control.sandboxUse(sandbox.sandboxId, options), options);
    if (use === undefined || use === null) return container;
    const now = { ...use, atMs };
    // Where the first said nothing and this one does, it began to be counted in between.
    const earlier = base?.gpuSeconds === 0 && now.gpuSeconds > 0 ? undefined : base;
    this.#asked.set(containerId, { misses: 0, base: earlier ?? now, askedAtMs: atMs });
    if (earlier === undefined) return container;
    const used = { ...container, terms: renewedTerms(container.terms, usedBetween(earlier, now)) };
    return isGpuKnown(container) ? used : { ...used, ...gpuOfUse(earlier, now) };
  }
}

/** What a sandbox has used, and when that was read by this machine's clock. */
interface Reading extends SandboxUse {
  readonly atMs: number;
}

interface Asked {
  /** How often in a row nobody told. */
  readonly misses: number;
  /** The reading that the next one is held against. */
  readonly base: Reading | undefined;
  readonly askedAtMs: number;
}

const neverAsked: Asked = { misses: 0, base: undefined, askedAtMs: Number.NEGATIVE_INFINITY };

/** On average between two readings. */
function usedBetween(earlier: Reading, now: Reading): Pick<Terms, "coresInUse" | "gibInUse"> {
  const seconds = (now.atMs - earlier.atMs) / 1000;
  const mean = (used: number): MeanUse | null => (used > 0 ? { mean: used / seconds } : null);
  return {
    coresInUse: mean(now.coreSeconds - earlier.coreSeconds),
    gibInUse: mean(now.gibSeconds - earlier.gibSeconds),
  };
}

/** What two readings tell of its GPU. */
function gpuOfUse(
  earlier: Reading,
  now: Reading,
): Partial<Pick<ContainerObservation, "gpu" | "gpuSource">> {
  if (now.gpuSeconds === 0) return noGpu;
  const type = parseGpu(now.gpuType ?? "")?.type;
  const count = gpusBetween(earlier, now);
  return type === undefined || count === undefined
    ? {}
    : { gpu: { type, count }, gpuSource: "container" };
}

/** How many GPUs were in use all the time between two readings; undefined: it is no whole number of them, and not known. */
function gpusBetween(earlier: Reading, now: Reading): number | undefined {
  const gpus = ((now.gpuSeconds - earlier.gpuSeconds) * 1000) / (now.atMs - earlier.atMs);
  const count = Math.round(gpus);
  return count >= 1 && count <= maxGpus && Math.abs(gpus - count) <= 0.1 ? count : undefined;
}

interface LookSoFar {
  readonly observedAtMs: number;
  readonly apps: readonly AppInfo[];
  /** The list of the containers. */
  readonly live: readonly ContainerInfo[];
  readonly last: Listing | undefined;
  /** It asked for the sandboxes. */
  readonly isTurn: boolean;
}

/** Whether the next look should ask for the sandboxes by itself: when the last one did not. */
export function isSandboxTurn(last: Listing | undefined): boolean {
  return last === undefined || !hasListedSandboxes(last);
}

/** The sandboxes of the environment; undefined: they cannot be listed now. Rejects where the look is over. */
export function askSandboxes(
  control: Control,
  options: ControlOptions,
): Promise<SandboxListing | undefined> {
  return unlessRefused(control.listSandboxes(options), options);
}

async function unlessRefused<T>(
  asked: Promise<T>,
  { signal }: ControlOptions,
): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const failure = failureOf(error);
    // "cancelled": the profile changed in the middle, and this look would mix two workspaces.
    if (failure === undefined || isAborted(signal) || failure.reason === "cancelled") throw error;
    return undefined;
  }
}

/**
 * What the look before knew, of those that can still be there. After two looks that asked in vain it is
 * not known any more whether they run: they are not shown, and not taken for gone either.
 */
function carried({ last, observedAtMs, isTurn }: LookSoFar): SandboxesSeen {
  const before = last?.sandboxes ?? { kinds: "none" as const, listedAtMs: null, sandboxes: [] };
  const sandboxes = before.sandboxes.filter((one) => !isOver(one, observedAtMs));
  const missed = (before.missed ?? 0) + (isTurn ? 1 : 0);
  const observed: SandboxesSeen["observed"] = (container) => Promise.resolve(container);
  if (before.kinds === "none" || missed >= missedForgotten) {
    const { listedAtMs } = before;
    const unseen = sandboxes.filter((one) => !isPendingSandbox(one));
    return { sight: { kinds: "none", listedAtMs, sandboxes: unseen }, alone: [], observed };
  }
  const alone = new Set(sandboxes.flatMap((one) => (one.isListedAlone ? one.containerId : [])));
  return {
    sight: { ...before, sandboxes, ...(missed === 0 ? {} : { missed }) },
    alone: (last?.containers ?? []).filter(({ containerId }) => alone.has(containerId)),
    observed,
  };
}

/** Of the look before, those that this list could not show: that it does not have them says nothing. */
function notReached(
  { kinds, isCut = false, sandboxes }: SandboxListing,
  { last, observedAtMs }: LookSoFar,
): readonly SeenSandbox[] {
  const ids = new Set(sandboxes.map(({ sandboxId }) => sandboxId));
  return (last?.sandboxes?.sandboxes ?? []).filter(
    (one) =>
      one.isListedAlone &&
      !ids.has(one.sandboxId) &&
      !isPendingSandbox(one) &&
      !isOver(one, observedAtMs) &&
      (isCut || (kinds === "first" && sandboxKind(one.sandboxId) === "second")),
  );
}

/** Whether its time is over. */
function isOver({ endsByMs }: SeenSandbox, nowMs: number): boolean {
  return endsByMs !== null && nowMs > endsByMs + endingMs;
}

function idOf({ containerId, sandboxId }: SandboxInfo): string {
  return containerId ?? sandboxId;
}

function seenSandbox(one: SandboxInfo, liveIds: ReadonlySet<string>): SeenSandbox {
  const { sandboxId, appId, name, createdAtMs, endsByMs } = one;
  const containerId = idOf(one);
  const isListedAlone = !liveIds.has(containerId);
  return { sandboxId, appId, name, containerId, isListedAlone, createdAtMs, endsByMs };
}

/** A v2 sandbox reports no times: it is taken to run since it was made. */
function aloneInfo(sandbox: SandboxInfo, appName: string): ContainerInfo {
  const { createdAtMs, containerId } = sandbox;
  return {
    containerId: idOf(sandbox),
    appId: sandbox.appId,
    appName,
    enqueuedAtMs: sandbox.enqueuedAtMs ?? createdAtMs,
    startedAtMs: containerId === null ? createdAtMs : sandbox.startedAtMs,
  };
}

function withSandbox(container: ContainerObservation, sandbox: SandboxInfo): ContainerObservation {
  const terms = completedTerms({ isSandbox: true, ...sandbox.terms }, container.terms);
  if (isGpuKnown(container) || sandbox.gpu === null) return { ...container, terms };
  if (sandbox.gpu === "none") return { ...container, terms, ...noGpu };
  return { ...container, terms, gpu: sandbox.gpu, gpuSource: "container" };
}

/** An empty answer about a container itself is none: the ledger takes it for unknown (ledger/tables/spanTable.ts). */
const noGpu = { gpu: null, gpuSource: "app" } as const;

function isGpuKnown({ gpuSource }: ContainerObservation): boolean {
  return gpuSource === "container" || gpuSource === "app";
}

/** Whether it can be asked for by `TaskGetInfo`: a v2 sandbox cannot. */
export function hasDetails(containerId: string): boolean {
  return sandboxKind(containerId) === null;
}
