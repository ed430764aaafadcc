import { t } from "../../base/text.ts";
import type { Log } from "../../base/log.ts";
import type { MicroUsd } from "../../cost/money.ts";
import { sumPerHour } from "../../cost/rates/burnRate.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import { throwIfCancelled } from "../../base/abort.ts";
import { asFailure, inParallel, pause, within } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { whileScaling, type ScalingParts } from "../windows/scalingLease.ts";
import type { ModalControl } from "../modalControl.ts";
import { hasListedSandboxes } from "../sandboxInfo.ts";
import type { Refresh } from "../refresh.ts";
import { noteNoneKept } from "./noteNoneKept.ts";
import { scaleBack, scaleDown, type Taken } from "./scaleDown.ts";
import type { ReleaseResult } from "./releaseText.ts";

export interface ReleaseParts extends ScalingParts {
  readonly control: Pick<ModalControl, "scale" | "listFunctions" | "rollover" | "stopContainer">;
  readonly refresh: Refresh;
  /** Also where it is noted of which apps nothing is kept warm any more: of those alone whose functions all took it. */
  readonly ledger: ScalingParts["ledger"] & Pick<Ledger, "sessions" | "upsertSession">;
  readonly log: Log;
}

export interface ReleaseTarget {
  readonly appId: string;
  readonly name: string;
  /**
   * Scaledown window to go back to afterwards, asked when nobody else changes it any more. null: not
   * known, so the autoscaler is left alone.
   */
  readonly scaledownSeconds: () => number | null;
}

export interface ReleaseOptions {
  /** Also end containers that may be working on a request. */
  readonly interrupt?: boolean;
  /** What each container costs per hour; null: a rate is unknown. */
  readonly burnByContainer?: ReadonlyMap<string, MicroUsd | null>;
  /** How long idle containers may take to end. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** How long a change by somebody else is waited for: then containers are stopped without the autoscaler. */
const leaseWaitMs = 20_000;

/**
 * Ends the idle GPU containers of apps and keeps their deployments. First by the autoscaler, which
 * ends idle containers only. Where that cannot be done, by graceful container stops, which let a
 * running request finish; and only with `interrupt` by a rollover, or by hard container stops. Where sandboxes were not listed,
 * a container of an unknown function is stopped by neither: it may be one.
 *
 * Rejects with a `Failure` when no first listing can be had, or "cancelled". The autoscaler is set
 * back in every case.
 */
export async function releaseGpus(
  parts: ReleaseParts,
  targets: readonly ReleaseTarget[],
  options: ReleaseOptions = {},
): Promise<ReleaseResult> {
  const { signal } = options;
  const first = await look(parts, signal);
  const doubtful = maybeSandboxes(first);
  const wanted = new Map<string, readonly string[]>();
  for (const { appId } of targets) wanted.set(appId, gpuContainers(first, appId));
  const busy = targets.filter(({ appId }) => (wanted.get(appId) ?? []).length > 0);
  const reasons = new Map<string, string>();
  const notes: string[] = [];
  const release = async (target: ReleaseTarget): Promise<void> => {
    const ids = wanted.get(target.appId) ?? [];
    const noneKept = (): void => noteNoneKept(parts, first.scope, target);
    const turn = await whileScaling(parts, target.appId, { waitMs: leaseWaitMs, signal }, () =>
      byAutoscaler(parts, target, ids, noneKept, notes, options),
    );
    throwIfCancelled(signal);
    const scaled = turn?.result === true;
    const there = scaled ? await stillThere(parts, ids, signal) : ids;
    // The autoscaler and a rollover reach no sandbox; a stop of its container would end it at work.
    for (const id of there) if (doubtful.has(id)) reasons.set(id, doubtText());
    const rest = there.filter((id) => !doubtful.has(id));
    if (rest.length === 0) return;
    if (options.interrupt === true) await byForce(parts, target, rest, reasons);
    else if (scaled) for (const id of rest) reasons.set(id, t("it is working on a request"));
    else await byGracefulStop(parts, rest, reasons);
  };
  await inParallel(busy, 4, release);
  return resultOf(parts, [...wanted.values()].flat(), targets, reasons, notes, options);
}

/** GPU containers, and those of which nobody knows whether they have one. A sandbox is at work until it ends: it is none that idles. */
function gpuContainers(listing: Listing, appId: string): readonly string[] {
  const hasGpu = ({ gpu, gpuSource, terms }: ContainerObservation): boolean =>
    terms?.isSandbox !== true && (gpu !== null || gpuSource === "unknown");
  return listing.containers
    .filter((container) => container.appId === appId && hasGpu(container))
    .map(({ containerId }) => containerId);
}

/** Containers that may be sandboxes: the look did not list those, and nobody tells of which function the container is. */
function maybeSandboxes(listing: Listing): ReadonlySet<string> {
  if (hasListedSandboxes(listing)) return new Set();
  return new Set(
    listing.containers
      .filter(({ terms }) => terms?.isSandbox !== false)
      .map(({ containerId }) => containerId),
  );
}

function doubtText(): string {
  return t("it may be a sandbox at work, since sandboxes could not be listed");
}

async function byAutoscaler(
  parts: ReleaseParts,
  target: ReleaseTarget,
  ids: readonly string[],
  noneKept: () => void,
  notes: string[],
  { waitMs = 30_000, signal }: ReleaseOptions,
): Promise<boolean> {
  const windowSeconds = target.scaledownSeconds();
  if (windowSeconds === null) return false;
  const { clock } = parts;
  let down: Taken = "maybe";
  try {
    down = await scaleDown(parts, target);
    if (down !== "all") return false;
    // At once: it stays so, however the rest of the release ends.
    noneKept();
    const deadlineMs = clock.nowMs() + waitMs;
    for (let round = 0; clock.nowMs() < deadlineMs; round += 1) {
      await pause(clock, Math.min(1000 * (round + 1), 5000), signal);
      throwIfCancelled(signal);
      if ((await stillThere(parts, ids, signal)).length === 0) break;
    }
    return true;
  } finally {
    // Even a change that only some functions took has to be taken back.
    if (down !== "none") notes.push(...(await scaleBack(parts, target, windowSeconds, down)));
  }
}

async function byForce(
  parts: ReleaseParts,
  target: ReleaseTarget,
  ids: readonly string[],
  reasons: Map<string, string>,
): Promise<void> {
  const { control, clock, log } = parts;
  try {
    await within(clock, 60_000, "Modal", undefined, (signal) =>
      control.rollover(target.appId, { signal }),
    );
    if ((await stillThere(parts, ids, undefined)).length === 0) return;
  } catch (error) {
    log.warn(`The rollover of ${target.name} failed: ${asFailure(error).message}`);
  }
  await stopContainers(parts, ids, false, reasons);
}

async function byGracefulStop(
  parts: ReleaseParts,
  ids: readonly string[],
  reasons: Map<string, string>,
): Promise<void> {
  await stopContainers(parts, ids, true, reasons);
  await pause(parts.clock, 2000);
}

async function stopContainers(
  { control, clock }: ReleaseParts,
  ids: readonly string[],
  graceful: boolean,
  reasons: Map<string, string>,
): Promise<void> {
  await inParallel(ids, 4, async (containerId) => {
    try {
      await within(clock, 30_000, "Modal", undefined, (signal) =>
        control.stopContainer(containerId, { graceful, signal }),
      );
      reasons.set(containerId, t("it was asked to stop, but still runs"));
    } catch (error) {
      reasons.set(
        containerId,
        graceful
          ? t(
              "it could not be stopped without interrupting its work: {0}",
              asFailure(error).message,
            )
          : asFailure(error).message,
      );
    }
  });
}

function look({ refresh, clock }: ReleaseParts, signal?: AbortSignal): Promise<Listing> {
  return within(clock, 30_000, "Modal", signal, (signal) => refresh({ signal }));
}

/** Those that a fresh listing still shows; all of them when there is none. */
async function stillThere(
  parts: ReleaseParts,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  try {
    const { containers } = await look(parts, signal);
    const present = new Set(containers.map(({ containerId }) => containerId));
    return ids.filter((id) => present.has(id));
  } catch (error) {
    throwIfCancelled(signal);
    parts.log.warn(`No look at the containers: ${asFailure(error).message}`);
    return ids;
  }
}

async function resultOf(
  parts: ReleaseParts,
  wanted: readonly string[],
  targets: readonly ReleaseTarget[],
  reasons: ReadonlyMap<string, string>,
  notes: readonly string[],
  { burnByContainer, signal }: ReleaseOptions,
): Promise<ReleaseResult> {
  let listing: Listing;
  try {
    listing = await look(parts, signal);
  } catch (error) {
    const reason = t("not verified: {0}", asFailure(error).message);
    const left = wanted.map((containerId) => ({ containerId, reason }));
    return {
      released: [],
      left,
      started: [],
      verified: false,
      savedMicroUsdPerHour: null,
      notes,
    };
  }
  const present = new Set(listing.containers.map(({ containerId }) => containerId));
  const released = wanted.filter((id) => !present.has(id));
  const started = targets
    .flatMap(({ appId }) => gpuContainers(listing, appId))
    .filter((id) => !wanted.includes(id));
  const left = wanted
    .filter((id) => present.has(id))
    .map((id) => ({ containerId: id, reason: reasons.get(id) ?? t("it has not stopped yet") }));
  return {
    released,
    left,
    started,
    verified: true,
    savedMicroUsdPerHour: started.length > 0 ? null : savedBy(released, burnByContainer),
    notes,
  };
}

function savedBy(
  released: readonly string[],
  burnByContainer: ReadonlyMap<string, MicroUsd | null> | undefined,
): MicroUsd | null {
  if (burnByContainer === undefined) return null;
  return sumPerHour(released.map((id) => burnByContainer.get(id) ?? null));
}
