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
  /** null with source "container": a CPU-only container. null with source "unknown": not known. */
  readonly gpu: Gpu | null;
  readonly gpuSource: GpuSource;
  /** When the GPU was learned (observing clock); null with source "unknown". Decides between answers of one source. */
  readonly gpuKnownAtMs: number | null;
  /** Physical cores and GiB that are billed (max of request and use), where known. */
  readonly cpuCores: number | null;
  readonly memoryGib: number | null;
  readonly enqueuedAtMs: number | null;
  /** Exact start as told by Modal; null while the container is pending. Pending time is not billed. */
  readonly startedAtMs: number | null;
  /** First and last time that a listing showed the container. */
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** Exact end as told by Modal (TaskGetInfo.finished_at). */
  readonly finishedAtMs: number | null;
  /**
   * Earliest and latest complete listing of the scope that is later than `lastSeenAtMs`. Such a
   * listing did not show the container, because each one that did moved `lastSeenAtMs`.
   */
  readonly firstAbsentAtMs: number | null;
  readonly lastAbsentAtMs: number | null;
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
}
