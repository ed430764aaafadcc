import { parseGpu } from "../cost/gpu.ts";
import type { ContainerObservation, ContainerSpan, Gpu, GpuSource } from "../cost/span.ts";
import type { Ledger } from "./ledgerPort.ts";

/** What is known of a container's GPU besides what Modal tells of it. */
export interface HintedGpu {
  readonly gpu: Gpu | null;
  readonly gpuSource: GpuSource;
}

export type GpuHint = (
  scope: string,
  container: Pick<ContainerObservation, "appId" | "appName">,
) => HintedGpu | undefined;

export interface GpuHintSources {
  readonly ledger: Pick<Ledger, "spans">;
  /** The GPU that an app's file asks for ("L40S", "H100:2"); null: the file asks for none; undefined: not known. */
  readonly inFile: (appName: string) => string | null | undefined;
  /** The GPU that the settings name for an app. */
  readonly inSettings: (appName: string) => string | undefined;
  readonly nowMs: () => number;
}

const monthMs = 30 * 24 * 3_600_000;

/**
 * Where the adapter can not tell a container's GPU (the CLI does not): the app's last known one,
 * else what its file asks for, else what the settings say. The source stays with the row, so that
 * the views can tell how it is known.
 */
export function gpuHints({ ledger, inFile, inSettings, nowMs }: GpuHintSources): GpuHint {
  return (scope, { appId, appName }) => {
    const range = { fromMs: nowMs() - monthMs, toMs: nowMs() };
    const before = lastTold(ledger.spans({ scope, appIds: [appId], ...range }));
    if (before !== undefined) return { gpu: before.gpu, gpuSource: "app" };
    const file = inFile(appName);
    if (file === null) return { gpu: null, gpuSource: "deploy-file" };
    const fromFile = file === undefined ? undefined : parseGpu(file);
    if (fromFile !== undefined) return { gpu: fromFile, gpuSource: "deploy-file" };
    const fromSettings = parseGpu(inSettings(appName) ?? "");
    return fromSettings === undefined ? undefined : { gpu: fromSettings, gpuSource: "setting" };
  };
}

/** The newest span whose GPU Modal told. Containers of one app may differ: the newest is the best guess. */
function lastTold(spans: readonly ContainerSpan[]): ContainerSpan | undefined {
  return spans
    .filter(({ gpuSource }) => gpuSource === "container")
    .toSorted((a, b) => b.firstSeenAtMs - a.firstSeenAtMs)[0];
}
