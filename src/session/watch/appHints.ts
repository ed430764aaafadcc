import { parseGpu } from "../../cost/rates/gpu.ts";
import type { AppResources } from "../../cost/rates/resources.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import type { RegionKind } from "../../cost/terms.ts";

/** What is known of an app's containers besides what Modal tells of each. */
export type AppHint = (
  scope: string,
  container: Pick<ContainerObservation, "appId" | "appName" | "gpuSource"> & {
    /** The function that it runs, where Modal tells. */
    readonly functionName?: string | null;
  },
) => AppResources;

/** What the app's file asks for, as far as its functions agree (lens/appFacts.ts). */
export interface FileResources {
  /** "L40S", "H100:2"; null: none; undefined: not known. */
  readonly gpu: string | null | undefined;
  readonly cpuCores: number | undefined;
  readonly memoryGib: number | undefined;
  readonly diskGib?: number | undefined;
  readonly region?: RegionKind | undefined;
  readonly nonPreemptible?: boolean | undefined;
  /** By the names that Modal gives to functions. */
  readonly functions?: ReadonlyMap<string, Omit<FileResources, "gpu" | "functions">>;
}

export interface AppHintSources {
  readonly inFile: (appName: string) => FileResources | undefined;
  /** The GPU that the settings name for an app. */
  readonly inSettings: (appName: string) => string | undefined;
}

/**
 * Where the adapter cannot tell a container's GPU (the CLI does not): what the app's file asks for,
 * else what the settings say (cost/rates/resources.ts decides). Another container's is no answer: it
 * may be of another function. Neither adapter tells cores and memory: those are the file's.
 */
export function appHints({ inFile, inSettings }: AppHintSources): AppHint {
  return (_scope, { appName, gpuSource, functionName = null }) => {
    const file = inFile(appName);
    const functionFacts = functionName === null ? undefined : file?.functions?.get(functionName);
    const deployFile =
      file === undefined
        ? undefined
        : {
            gpu: typeof file.gpu === "string" ? parseGpu(file.gpu) : file.gpu,
            cpuCores: (functionFacts ?? file).cpuCores,
            memoryGib: (functionFacts ?? file).memoryGib,
            diskGib: (functionFacts ?? file).diskGib,
            region: (functionFacts ?? file).region,
            nonPreemptible: (functionFacts ?? file).nonPreemptible,
          };
    if (gpuSource === "container") return { deployFile };
    return { deployFile, setting: parseGpu(inSettings(appName) ?? "") };
  };
}
