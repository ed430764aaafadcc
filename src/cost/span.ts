import type { Terms } from "./terms.ts";

/** A GPU allocation of one container. `type` is normalised (see cost/gpu.ts): "A100-80GB", "L40S", … */
export interface Gpu {
  readonly type: string;
  readonly count: number;
}

/** How the GPU of a span is known, best first. */
export type GpuSource = "container" | "app" | "deploy-file" | "setting" | "unknown";

/**
 * What is known of one container's life. All instants are milliseconds since the epoch, as told by
 * Modal where Modal tells them, else by the observing machine's clock. Keyed by container id, so
 * two windows, or two machines, that watch one workspace never count a second twice.
 *
 * The fields form a lattice: merging observations in any order, and any number of times, gives the
 * same span (cost/metered/spanMerge.ts).
 */
export interface ContainerSpan {
  readonly containerId: string;
  /** "workspace/environment". */
  readonly scope: string;
  readonly appId: string;
  readonly appName: string;
  /** null with source "unknown": not known. null with any other: a container without a GPU. */
  readonly gpu: Gpu | null;
  readonly gpuSource: GpuSource;
  /** When the GPU was learned (observing clock); null with source "unknown". Decides between answers of one source. */
  readonly gpuKnownAtMs: number | null;
  /** Physical cores and GiB that it asks for, where known. */
  readonly cpuCores: number | null;
  readonly memoryGib: number | null;
  /** When it was asked for; the CLI does not tell. */
  readonly enqueuedAtMs: number | null;
  /**
   * The start as Modal tells it: when the container was ready, after its startup phase (proto:
   * TaskInfo.started_at). null while it is pending: it waits for a machine, or loads, and costs.
   */
  readonly startedAtMs: number | null;
  /** First and last time that a listing showed the container. */
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** Exact end as told by Modal (TaskGetInfo.finished_at). */
  readonly finishedAtMs: number | null;
  /**
   * The latest complete listing of the scope before `firstSeenAtMs`, and the earliest one after
   * `lastSeenAtMs`. Neither showed the container, because each one that did moved these two.
   */
  readonly absentBeforeMs: number | null;
  readonly firstAbsentAtMs: number | null;
  /** Filled in when it is read: what is known by then of the terms on which it ran. */
  readonly terms?: Terms | undefined;
  /** Filled in when it is read: when it ends by itself at the latest, by Modal's clock. */
  readonly endsByMs?: number | undefined;
  /** Filled in likewise where its GPU is not known: those that its app's functions ask for; null: none. */
  readonly gpuAmong?: readonly (Gpu | null)[] | undefined;
}

/** One container as seen in one listing, or in its own details. */
export interface ContainerObservation {
  readonly containerId: string;
  readonly appId: string;
  readonly appName: string;
  readonly enqueuedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly gpu: Gpu | null;
  readonly gpuSource: GpuSource;
  readonly cpuCores: number | null;
  readonly memoryGib: number | null;
  /** On which terms it runs; absent: nothing is known of them. */
  readonly terms?: Terms | undefined;
}

/** Whether it stands for a sandbox that is in no list of containers: its id is the sandbox's own. */
export function isUntimedSandbox(containerId: string): boolean {
  return containerId.startsWith("sb-");
}
