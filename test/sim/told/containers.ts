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
  /** Of a sandbox's task. */
  readonly sandboxId: string | null;
}

/** The live containers as `TaskList` tells them. */
export function toldTasks(
  cloud: Cloud,
  filter: { readonly environment?: string; readonly appId?: string } = {},
): readonly ToldTask[] {
  return cloud
    .listContainers(filter)
    .filter((container) => isTask(cloud, container))
    .map((container) => toldTask(cloud, container));
}

/** A container as `TaskGetInfo` tells it; null when Modal knows none of that id (any more). */
export function toldTaskInfo(cloud: Cloud, containerId: string): ToldTaskInfo | null {
  const container = cloud.containerInfo(containerId);
  if (container === null || !isTask(cloud, container)) return null;
  const { finishedAtMs } = container;
  const knownForMs = KNOWN_FOR_MS[cloud.world.finishedAtTold];
  if (finishedAtMs !== null && cloud.nowMs >= finishedAtMs + knownForMs) return null;
  return {
    ...toldTask(cloud, container),
    finishedAtMs,
    gpu: cloud.world.gpuTold === "container" ? container.gpu : null,
    sandboxId: container.sandbox?.id ?? null,
  };
}

/** A v2 sandbox never is one, and another may be made before its task is there. */
function isTask(cloud: Cloud, { sandbox }: Container): boolean {
  return (sandbox?.taskFromMs ?? 0) <= cloud.nowMs;
}

function toldTask({ world }: Cloud, container: Container): ToldTask {
  return {
    containerId: container.id,
    appId: container.appId,
    enqueuedAtMs: container.enqueuedAtMs,
    startedAtMs: world.startedAt === "ready" ? container.readyAtMs : container.bootedAtMs,
  };
}

/** The startup time that calls and stats tell; null while it loads, and where nobody tells it. */
export function toldStartupMs({ world }: Cloud, container: Container): number | null {
  const { readyAtMs, bootedAtMs, enqueuedAtMs } = container;
  if (readyAtMs === null || bootedAtMs === null) return null;
  if (world.startupTimeTold === "nowhere") return null;
  return readyAtMs - (world.startupTimeTold === "load" ? bootedAtMs : enqueuedAtMs);
}
