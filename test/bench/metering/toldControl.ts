import { Failure } from "../../../src/base/failure.ts";
import type { Gpu } from "../../../src/cost/span.ts";
import { regionKind } from "../../../src/cost/terms.ts";
import { metricsOf } from "../../../src/modal/containerMetrics.ts";
import type { SandboxInfo } from "../../../src/session/sandboxInfo.ts";
import type { ModalControl, ContainerInfo } from "../../../src/session/modalControl.ts";
import { regionsOf } from "../../sim/control/functionMessage.ts";
import type { Cloud } from "../../sim/model/cloud.ts";
import { toldApps } from "../../sim/told/apps.ts";
import { toldCalls } from "../../sim/told/calls.ts";
import { toldTaskInfo, toldTasks, type ToldTask } from "../../sim/told/containers.ts";
import { toldFunctions } from "../../sim/told/functions.ts";
import { toldSandboxes, toldSandboxUse, type ToldSandbox } from "../../sim/told/sandboxes.ts";
import { toldStats } from "../../sim/told/stats.ts";

export type Adapter = "sdk" | "cli";

export type ToldControl = Pick<
  ModalControl,
  | "adapter"
  | "listApps"
  | "listContainers"
  | "containerDetails"
  | "appFunctions"
  | "functionContainers"
  | "containerStats"
  | "functionTerms"
  | "deployments"
  | "listSandboxes"
  | "sandboxUse"
  | "fetchLogs"
>;

const second = 1000;
const latestCalls = 200;

/**
 * Modal as it answers at this moment, without a wire: what the RPCs of Local Modal say (test/sim/told)
 * as the adapters hand it on. The CLI tells instants in whole seconds, and neither when a container was
 * asked for nor how it ended.
 */
export function toldControl(
  cloud: Cloud,
  adapter: Adapter,
  { isLogLost = false }: { readonly isLogLost?: boolean } = {},
): ToldControl {
  const isCli = adapter === "cli";
  const cut = (atMs: number | null): number | null =>
    atMs === null || !isCli ? atMs : Math.floor(atMs / second) * second;
  const containerOf = (task: ToldTask): ContainerInfo => ({
    containerId: task.containerId,
    appId: task.appId,
    appName: cloud.app(task.appId).description,
    startedAtMs: cut(task.startedAtMs),
    enqueuedAtMs: isCli ? null : task.enqueuedAtMs,
  });
  const notWithCli = (): Failure => new Failure("unsupported", "The CLI does not tell.");
  return {
    adapter,
    listApps: async () =>
      toldApps(cloud, "main").map((app) => ({
        appId: app.appId,
        name: app.description,
        state: app.state,
        containerCount: app.runningTasks,
        createdAtMs: cut(app.createdAtMs),
        stoppedAtMs: cut(app.stoppedAtMs),
      })),
    listContainers: async () => toldTasks(cloud, { environment: "main" }).map(containerOf),
    containerDetails: async (containerId) => {
      if (isCli) throw notWithCli();
      const info = toldTaskInfo(cloud, containerId);
      if (info === null) throw new Failure("not-found", "No such container.");
      return {
        ...containerOf(info),
        finishedAtMs: info.finishedAtMs,
        gpu: info.gpu,
        isSandbox: info.sandboxId !== null,
      };
    },
    listSandboxes: async () => {
      if (isCli) throw notWithCli();
      return {
        kinds: "both",
        sandboxes: toldSandboxes(cloud, { environment: "main", bothKinds: true }).map(sandboxOf),
      };
    },
    sandboxUse: async (sandboxId) => {
      if (isCli) throw notWithCli();
      const use = toldSandboxUse(cloud, sandboxId);
      if (use === null) return null;
      return { ...use, gpuType: use.gpuSeconds > 0 ? gpuTypeOf(cloud, sandboxId) : null };
    },
    appFunctions: async (appId) =>
      toldFunctions(cloud, cloud.app(appId)).map(({ functionId, name, gpu }) => ({
        functionId,
        name,
        gpus: gpu === null ? [] : [gpu satisfies Gpu],
      })),
    functionContainers: async (functionId) => {
      if (isCli) throw notWithCli();
      const fn = cloud.functions.get(functionId);
      if (fn === undefined) throw new Failure("not-found", "No such function.");
      const calls = toldCalls(cloud, fn, { tail: latestCalls });
      return [...new Set(calls.flatMap(({ containerId }) => containerId ?? []))];
    },
    containerStats: async ({ functionId, containerId, fromMs, toMs }) => {
      const fn = cloud.functions.get(functionId);
      if (fn === undefined) throw new Failure("not-found", "No such function.");
      const told = toldStats(cloud, fn, { fromMs, toMs, containerId });
      const metrics = [...told.containers].map(([name, { percentiles }]) => ({
        name,
        values: new Map(percentiles.map((one) => [one.basisPoints / 100, one.value])),
      }));
      return { containers: told.containerTotalCount, ...metricsOf(metrics) };
    },
    functionTerms: async (functionId) => {
      const fn = cloud.functions.get(functionId);
      if (fn === undefined) throw new Failure("not-found", "No such function.");
      const { milliCpu, memoryMib, ephemeralDiskMib, region, nonpreemptible } = fn.spec;
      return {
        cores: milliCpu / 1000,
        gib: memoryMib / 1024,
        diskGib: ephemeralDiskMib / 1024,
        region: regionKind(regionsOf(region)),
        nonPreemptible: nonpreemptible,
      };
    },
    deployments: async (appId) =>
      cloud.app(appId).deployments.map(({ version, deployedAtMs }) => ({
        version,
        deployedAtMs: cut(deployedAtMs),
        deployedBy: null,
        tag: null,
      })),
    fetchLogs: async (appId, { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }) => {
      if (isLogLost) throw new Failure("unsupported", "No log can be read.");
      return cloud
        .app(appId)
        .logs.filter(({ atMs }) => atMs >= sinceMs && atMs < untilMs)
        .map(({ text, containerId, atMs, callId, entryId }) => ({
          text,
          containerId: containerId === "" ? null : containerId,
          functionCallId: callId === "" ? null : callId,
          atMs,
          entryId,
        }));
    },
  };
}

/** As the adapter reads `SandboxListV2` (src/modal/sdk/sandboxes.ts). */
function sandboxOf(told: ToldSandbox): SandboxInfo {
  const { task, createdAtMs } = told;
  return {
    sandboxId: told.sandboxId,
    appId: told.appId,
    name: told.name,
    createdAtMs,
    containerId: task?.containerId ?? null,
    enqueuedAtMs: task?.enqueuedAtMs ?? null,
    startedAtMs: task?.startedAtMs ?? null,
    gpu: task?.gpu ?? told.gpu ?? (task === null ? "none" : null),
    terms: {
      cores: told.milliCpu / 1000,
      gib: told.memoryMib / 1024,
      diskGib: told.ephemeralDiskMib / 1024,
      region: regionKind(regionsOf(told.region)),
    },
    endsByMs: createdAtMs + told.timeoutMs,
  };
}

function gpuTypeOf(cloud: Cloud, sandboxId: string): string | null {
  return cloud.sandboxes.get(sandboxId)?.container.gpu?.type ?? null;
}
