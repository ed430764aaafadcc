import type { BillRow } from "./bill.ts";
import type { Look, TaskInfo } from "./observed.ts";
import { coreHourUsd, gibHourUsd, gpuPrices, priceText } from "./prices.ts";
import type { AppOfWorld, World } from "./world.ts";
import { wallText } from "./zone.ts";

// What is seen of a world, in the words in which Modal tells it: the SDK's messages and the CLI's JSON.

function secondsOf(atMs: number | undefined): number {
  return atMs === undefined ? 0 : atMs / 1000;
}

function nameOf(apps: readonly AppOfWorld[], appId: string): string {
  return apps.find(({ id }) => id === appId)?.name ?? "";
}

/** TaskListResponse. */
export function sdkTaskList(world: World, look: Look) {
  return {
    tasks: look.tasks.map(({ taskId, appId, startedMs, enqueuedMs }) => ({
      taskId,
      appId,
      appDescription: nameOf(world.apps, appId),
      startedAt: secondsOf(startedMs),
      enqueuedAt: secondsOf(enqueuedMs),
    })),
  };
}

/** TaskGetInfoResponse. */
export function sdkTaskInfo(info: TaskInfo) {
  return {
    appId: info.appId,
    info: {
      id: info.taskId,
      startedAt: secondsOf(info.startedMs),
      finishedAt: secondsOf(info.finishedMs),
      enqueuedAt: secondsOf(info.enqueuedMs),
      gpuType: "",
      sandboxId: "",
      ...(info.gpu && { gpuConfig: { count: info.gpu.count, gpuType: info.gpu.name } }),
    },
  };
}

/** AppListResponse. */
export function sdkAppList(apps: readonly AppOfWorld[], look: Look) {
  return {
    apps: apps
      .filter(({ createdMs }) => createdMs <= look.atMs)
      .map(({ id, name, createdMs }) => ({
        appId: id,
        description: name,
        name,
        state: 3,
        createdAt: secondsOf(createdMs),
        stoppedAt: 0,
        nRunningTasks: look.tasks.filter(({ appId }) => appId === id).length,
      })),
  };
}

/** `modal container list --json` on a machine in the world's place. */
export function cliContainers(world: World, look: Look) {
  return look.tasks.map(({ taskId, appId, startedMs }) => ({
    container_id: taskId,
    app_id: appId,
    app_name: nameOf(world.apps, appId),
    start_time: startedMs === undefined ? "Pending" : wallText(world.zone, startedMs),
  }));
}

/** `modal app list --json`. */
export function cliApps(world: World, apps: readonly AppOfWorld[], look: Look) {
  return apps
    .filter(({ createdMs }) => createdMs <= look.atMs)
    .map(({ id, name, createdMs }) => ({
      app_id: id,
      description: name,
      state: "deployed",
      tasks: look.tasks.filter(({ appId }) => appId === id).length.toString(),
      created_at: wallText(world.zone, createdMs),
      stopped_at: null,
    }));
}

/** `modal billing rates --json`. */
export function ratesAt(world: World, atMs: number): Record<string, string> {
  const { percent } = world.prices.findLast(({ fromMs }) => fromMs <= atMs) ?? { percent: 100 };
  return {
    cpu_hour_cost: priceText(coreHourUsd, percent),
    mem_gib_hour_cost: priceText(gibHourUsd, percent),
    ...Object.fromEntries(
      Object.entries(gpuPrices).map(([key, usd]) => [
        `gpu_hour_cost_${key}`,
        priceText(usd, percent),
      ]),
    ),
  };
}

/** `modal billing report --resolution h --json`. */
export function cliBill(rows: readonly BillRow[]) {
  return rows.map((row) => ({
    object_id: row.objectId,
    description: row.description,
    environment: row.environment,
    interval_start: new Date(row.hourMs).toISOString().slice(0, 19),
    cost: row.costUsd,
  }));
}
