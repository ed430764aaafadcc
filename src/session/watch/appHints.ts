import { parseGpu } from "../../cost/rates/gpu.ts";
import { lastKnownGpu, type AppResources } from "../../cost/rates/resources.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import { ifReadable } from "../ifReadable.ts";
import type { Ledger } from "../ledgerPort.ts";

/** What is known of an app's containers besides what Modal tells of each. */
export type AppHint = (
  scope: string,
  container: Pick<ContainerObservation, "appId" | "appName" | "gpuSource">,
) => AppResources;

/** What the app's file asks for, as far as its functions agree (lens/appFacts.ts). */
export interface FileResources {
  /** "L40S", "H100:2"; null: none; undefined: not known. */
  readonly gpu: string | null | undefined;
  readonly cpuCores: number | undefined;
  readonly memoryGib: number | undefined;
}

export interface AppHintSources {
  readonly ledger: Pick<Ledger, "spans">;
  readonly inFile: (appName: string) => FileResources | undefined;
  /** The GPU that the settings name for an app. */
  readonly inSettings: (appName: string) => string | undefined;
  readonly nowMs: () => number;
}

const monthMs = 30 * 24 * 3_600_000;

/**
 * Where the adapter cannot tell a container's GPU (the CLI does not): the app's last known one,
 * else what its file asks for, else what the settings say (cost/resources.ts decides). Neither
 * adapter tells cores and memory: those are the file's.
 */
export function appHints({ ledger, inFile, inSettings, nowMs }: AppHintSources): AppHint {
  return (scope, { appId, appName, gpuSource }) => {
    const file = inFile(appName);
    const deployFile =
      file === undefined
        ? undefined
        : { ...file, gpu: typeof file.gpu === "string" ? parseGpu(file.gpu) : file.gpu };
    if (gpuSource === "container") return { deployFile };
    const range = { fromMs: nowMs() - monthMs, toMs: nowMs() };
    const spans = ifReadable(() => ledger.spans({ scope, appIds: [appId], ...range }));
    return {
      lastKnownGpu: lastKnownGpu(spans ?? [], appId),
      deployFile,
      setting: parseGpu(inSettings(appName) ?? ""),
    };
  };
}
