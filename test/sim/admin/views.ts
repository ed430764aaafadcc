import type { Container, FunctionSpec } from "../model/entities.ts";
import { scheduling } from "../model/fleet.ts";
import { usdText } from "../model/rates.ts";
import type { LocalModal } from "../localModal.ts";

/** A container's life, for comparing with what was observed. */
export interface Span {
  readonly containerId: string;
  readonly appId: string;
  readonly functionName: string;
  readonly gpu: string | null;
  readonly gpuCount: number;
  readonly state: Container["state"];
  readonly endReason: Container["endReason"];
  readonly enqueuedAtMs: number;
  readonly bootedAtMs: number | null;
  readonly readyAtMs: number | null;
  readonly finishedAtMs: number | null;
}

export interface FunctionView extends FunctionSpec {
  readonly id: string;
}

export interface AppView {
  readonly workspace: string;
  readonly appId: string;
  readonly name: string;
  readonly environment: string;
  readonly state: string;
  readonly version: number;
  readonly stoppedBy: string;
  readonly functions: readonly FunctionView[];
  readonly spans: readonly Span[];
}

/** All apps with their functions, as scheduled now, and every container they ever had. */
export function stateView(local: LocalModal): readonly AppView[] {
  const out: AppView[] = [];
  for (const workspace of local.workspaces.values()) {
    const containers = [...workspace.cloud.fleet.containers.values()];
    for (const app of workspace.cloud.apps.values())
      out.push({
        workspace: workspace.name,
        appId: app.id,
        name: app.description,
        environment: app.environment,
        state: app.state,
        version: app.deployments.at(-1)?.version ?? 0,
        stoppedBy: app.stoppedBy,
        functions: [...app.functions.values()].map((fn) => ({ id: fn.id, ...scheduling(fn) })),
        spans: containers.filter((one) => one.appId === app.id).map(spanOf),
      });
  }
  return out;
}

/** The exact bill, per app and, unless told otherwise, per hour. */
export function billView(local: LocalModal, byHour: boolean): unknown {
  return [...local.workspaces.values()].flatMap((workspace) =>
    workspace.cloud.bill({ byAppHour: byHour }).map((row) => ({
      workspace: workspace.name,
      appId: row.appId,
      ...(byHour ? { hour: new Date(row.hourStartMs).toISOString() } : {}),
      usd: row.usdText,
      gpuUsd: usdText(row.gpuUnits),
      cpuUsd: usdText(row.cpuUnits),
      memoryUsd: usdText(row.memoryUnits),
    })),
  );
}

/** The exact bill at its finest: per container, phase, hour and price. */
export function costsView(local: LocalModal): unknown {
  return [...local.workspaces.values()].flatMap((workspace) =>
    workspace.cloud.costs().map((part) => ({
      workspace: workspace.name,
      appId: part.appId,
      functionId: part.functionId,
      containerId: part.containerId,
      phase: part.phase,
      from: new Date(part.fromMs).toISOString(),
      to: new Date(part.toMs).toISOString(),
      gpu: part.gpuType,
      gpuUsd: usdText(part.gpuUnits),
      cpuUsd: usdText(part.cpuUnits),
      memoryUsd: usdText(part.memoryUnits),
    })),
  );
}

function spanOf(container: Container): Span {
  return {
    containerId: container.id,
    appId: container.appId,
    functionName: container.fn.spec.name,
    gpu: container.gpu?.type ?? null,
    gpuCount: container.gpu?.count ?? 0,
    state: container.state,
    endReason: container.endReason,
    enqueuedAtMs: container.enqueuedAtMs,
    bootedAtMs: container.bootedAtMs,
    readyAtMs: container.readyAtMs,
    finishedAtMs: container.finishedAtMs,
  };
}
