import type { Cloud } from "../model/cloud.ts";
import type { Container } from "../model/entities.ts";
import type { GpuSpec } from "../model/rates.ts";

/** How long `TaskGetInfo` knows a container after its end, by the switch `finishedAtTold`. */
const KNOWN_FOR_MS = { hours: 6 * 3_600_000, minutes: 10 * 60_000, never: 0 };

/** What `TaskList` tells of a live container. Times are Modal's, in ms; null is "not told". */
export interface ToldTask {
  readonly containerId: string;
  readonly appId: string;
  readonly enqueuedAtMs: number;
  readonly startedAtMs: number | null;
}

/** What `TaskGetInfo` tells. */
export interface ToldTaskInfo extends ToldTask {
  readonly finishedAtMs: number | null;
  /** null is "not told", never "no GPU". */
  readonly gpu: GpuSpec | null;
}

/** The live containers as `TaskList` tells them. */
export function toldTasks(
  cloud: Cloud,
  filter: { readonly environment?: string; readonly appId?: string } = {},
): readonly ToldTask[] {
  return cloud.listContainers(filter).map((container) => toldTask(cloud, container));
}

/** A container as `TaskGetInfo` tells it; null when Modal knows none of that id (any more). */
export function toldTaskInfo(cloud: Cloud, containerId: string): ToldTaskInfo | null {
  const container = cloud.containerInfo(containerId);
  if (container === null) return null;
  const { finishedAtMs } = container;
  const knownForMs = KNOWN_FOR_MS[cloud.world.finishedAtTold];
  if (finishedAtMs !== null && cloud.nowMs >= finishedAtMs + knownForMs) return null;
  return {
    ...toldTask(cloud, container),
    finishedAtMs,
    gpu: cloud.world.gpuTold === "container" ? container.gpu : null,
  };
}

function toldTask({ world }: Cloud, container: Container): ToldTask {
  return {
    containerId: container.id,
    appId: container.appId,
    enqueuedAtMs: container.enqueuedAtMs,
    startedAtMs: world.startedAt === "ready" ? container.readyAtMs : container.bootedAtMs,
  };
}
