import { plural, t } from "../../base/text.ts";
import type { Log } from "../../base/log.ts";
import { formatPerHour } from "../../cost/format.ts";
import type { MicroUsd } from "../../cost/money.ts";
import { sumPerHour } from "../../cost/rates/burnRate.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import { throwIfCancelled } from "../../base/abort.ts";
import { asFailure, inParallel, pause, within } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { whileScaling, type ScalingParts } from "../windows/scalingLease.ts";
import type { ModalControl, ScaleSettings } from "../modalControl.ts";
import { hasListedSandboxes } from "../sandboxInfo.ts";
import type { Refresh } from "../refresh.ts";
import { noteNoneKept } from "./noteNoneKept.ts";
import { scaleApp } from "./scaleApp.ts";

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

export interface ReleaseResult {
  /** Containers that a fresh listing shows no more. */
  readonly released: readonly string[];
  /** Still there, and why. */
  readonly left: readonly { readonly containerId: string; readonly reason: string }[];
  /** Containers of the same apps that have started meanwhile. */
  readonly started: readonly string[];
  /** False: no listing could be had afterwards, so nothing is known to be released. */
  readonly verified: boolean;
  /** Burn that ended; null where a rate is unknown, or where new containers burn instead. */
  readonly savedMicroUsdPerHour: MicroUsd | null;
  /** Worth telling: settings that are not as before. */
  readonly notes: readonly string[];
}

/** How long a change by somebody else is waited for: then containers are stopped without the autoscaler. */
const leaseWaitMs = 20_000;

/** The least that Modal takes for a scaledown window, in seconds. */
export const leastScaledownSeconds = 2;

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

/** One sentence about the outcome. */
export function releaseText(result: ReleaseResult): string {
  const { released, left, started, savedMicroUsdPerHour: saved } = result;
  if (!result.verified)
    return t("Whether the GPUs were released could not be checked. Look again.");
  if (released.length === 0 && left.length === 0) return t("No GPU was running.");
  const parts: string[] = [];
  if (released.length > 0) {
    parts.push(
      saved === null
        ? plural(released.length, {
            one: "Released {0} GPU container. The deployment stays.",
            other: "Released {0} GPU containers. The deployment stays.",
          })
        : plural(
            released.length,
            {
              one: "Released {0} GPU container: ≈ {1} less. The deployment stays.",
              other: "Released {0} GPU containers: ≈ {1} less. The deployment stays.",
            },
            formatPerHour(saved),
          ),
    );
  }
  if (left.length > 0)
    parts.push(
      plural(
        left.length,
        { one: "{0} container still runs: {1}.", other: "{0} containers still run: {1}." },
        left[0]?.reason ?? t("the reason is not known"),
      ),
    );
  if (started.length > 0)
    parts.push(
      plural(started.length, {
        one: "{0} new container started meanwhile.",
        other: "{0} new containers started meanwhile.",
      }),
    );
  return parts.join(" ");
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
    down = await scale(parts, target, {
      minContainers: 0,
      scaledownWindowSeconds: leastScaledownSeconds,
    });
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
    if (down !== "none") await scaleBack(parts, target, windowSeconds, notes, down);
  }
}

async function scaleBack(
  parts: ReleaseParts,
  target: ReleaseTarget,
  windowSeconds: number,
  notes: string[],
  down: Taken,
): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (attempt > 0) await pause(parts.clock, 1000 * attempt);
    const back = await scale(parts, target, { scaledownWindowSeconds: windowSeconds });
    if (back !== "all") continue;
    if (down === "all")
      notes.push(t("{0}: min_containers, if it was set, is 0 until the next deploy.", target.name));
    return;
  }
  notes.push(
    t(
      "{0}: the scaledown window may stay at {1} s until the next deploy, because it could not be set back.",
      target.name,
      leastScaledownSeconds,
    ),
  );
}

/** How many functions took a change. "maybe": some did, or an answer was lost. */
type Taken = "all" | "maybe" | "none";

/** Not cancellable: half a change is worse than none. */
async function scale(
  { control, clock, log }: ReleaseParts,
  target: ReleaseTarget,
  settings: ScaleSettings,
): Promise<Taken> {
  try {
    const scaled = await within(clock, 30_000, "Modal", undefined, (signal) =>
      scaleApp(control, target, settings, signal),
    );
    for (const { functionName, failure } of scaled)
      if (failure !== undefined) log.warn(`${target.name}.${functionName}: ${failure.message}`);
    if (scaled.length === 0) return "none";
    if (scaled.every(({ failure }) => failure === undefined)) return "all";
    return scaled.every(({ failure }) => failure?.reason === "unsupported") ? "none" : "maybe";
  } catch (error) {
    const failure = asFailure(error);
    log.warn(`The autoscaler of ${target.name} cannot be changed: ${failure.message}`);
    return failure.reason === "unsupported" ? "none" : "maybe";
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
