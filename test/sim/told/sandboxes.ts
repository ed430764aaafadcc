import type { Cloud } from "../model/cloud.ts";
import type { FunctionSpec } from "../model/entities.ts";
import { HOUR_MS } from "../model/reckoning.ts";
import type { GpuSpec } from "../model/rates.ts";
import { toldTaskInfo, type ToldTaskInfo } from "./containers.ts";
import { usesOf } from "./use.ts";

/** How long `SandboxList` keeps those that have ended, where they are asked for. */
const FINISHED_LISTED_MS = 24 * HOUR_MS;

/** Not even an idle process uses nothing. */
const leastUsed = { milliCpu: 1, memoryMib: 8 };

/** What `SandboxList` tells of a sandbox. */
export interface ToldSandbox {
  readonly sandboxId: string;
  readonly appId: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly readyAtMs: number | null;
  readonly timeoutMs: number;
  /** null for a v2 sandbox, which is not a task, and for one that has none yet. */
  readonly task: ToldTaskInfo | null;
  readonly isFinished: boolean;
  readonly milliCpu: number;
  readonly memoryMib: number;
  readonly ephemeralDiskMib: number;
  readonly region: FunctionSpec["region"];
  /** null is "no GPU" or "not told". */
  readonly gpu: GpuSpec | null;
}

/** Sandboxes, newest first: v1 alone, or both versions (`SandboxListV2`). */
export function toldSandboxes(
  cloud: Cloud,
  filter: {
    readonly appId?: string;
    readonly environment?: string;
    readonly beforeMs?: number;
    readonly includeFinished?: boolean;
    readonly bothKinds?: boolean;
  } = {},
): readonly ToldSandbox[] {
  const listed: ToldSandbox[] = [];
  for (const sandbox of cloud.sandboxes.all()) {
    const { container, appId, createdAtMs } = sandbox;
    const { finishedAtMs } = container;
    if (filter.appId !== undefined && appId !== filter.appId) continue;
    const { environment } = filter;
    if (environment !== undefined && cloud.app(appId).environment !== environment) continue;
    if (filter.beforeMs !== undefined && createdAtMs >= filter.beforeMs) continue;
    if (sandbox.isUntimed && filter.bothKinds !== true) continue;
    if (finishedAtMs !== null && filter.includeFinished !== true) continue;
    if (finishedAtMs !== null && cloud.nowMs - finishedAtMs > FINISHED_LISTED_MS) continue;
    listed.push({
      sandboxId: sandbox.id,
      appId,
      name: sandbox.name,
      createdAtMs,
      readyAtMs: sandbox.isUntimed ? null : container.readyAtMs,
      timeoutMs: sandbox.timeoutMs,
      task: toldTaskInfo(cloud, container.id),
      isFinished: finishedAtMs !== null,
      milliCpu: container.spec.milliCpu,
      memoryMib: container.spec.memoryMib,
      ephemeralDiskMib: container.spec.ephemeralDiskMib,
      region: container.spec.region,
      gpu: cloud.world.gpuTold === "nowhere" ? null : container.gpu,
    });
  }
  return listed.toReversed();
}

/** What `SandboxGetResourceUsage` tells: what it used until now. null where nobody tells use. */
export function toldSandboxUse(
  cloud: Cloud,
  sandboxId: string,
): {
  readonly coreSeconds: number;
  readonly gibSeconds: number;
  readonly gpuSeconds: number;
} | null {
  const container = cloud.sandboxes.get(sandboxId)?.container;
  if (container === undefined || cloud.world.useTold === "nowhere") return null;
  const uses = usesOf(container, { fromMs: 0, toMs: cloud.nowMs }).map((use) => ({
    ...use,
    milliCpu: Math.max(use.milliCpu, leastUsed.milliCpu),
    memoryMib: Math.max(use.memoryMib, leastUsed.memoryMib),
  }));
  const seconds = uses.reduce((sum, use) => sum + use.forMs, 0) / 1000;
  return {
    coreSeconds: uses.reduce((sum, use) => sum + use.milliCpu * use.forMs, 0) / 1e6,
    gibSeconds: uses.reduce((sum, use) => sum + use.memoryMib * use.forMs, 0) / 1_024_000,
    gpuSeconds: seconds * (container.gpu?.count ?? 0),
  };
}
