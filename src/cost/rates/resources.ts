import type { ContainerObservation, ContainerSpan, Gpu } from "../span.ts";

/** What is known of an app's containers besides what Modal tells of each. */
export interface AppResources {
  /** The GPU that a container of the app was last seen with; null: a CPU app; undefined: not known. */
  readonly lastKnownGpu?: Gpu | null | undefined;
  /** What the app's file asks for, when all its functions ask for the same. */
  readonly deployFile?:
    | {
        readonly gpu?: Gpu | null | undefined;
        readonly cpuCores?: number | undefined;
        readonly memoryGib?: number | undefined;
      }
    | undefined;
  /** What the user says. */
  readonly setting?: Gpu | undefined;
}

/**
 * Fills in what Modal did not tell: the GPU from the app's last known one, else the deploy file,
 * else the setting (the span says which); cores and memory from the deploy file, because the
 * request is billed even when less is used.
 */
export function withAppResources(
  observation: ContainerObservation,
  { lastKnownGpu, deployFile, setting }: AppResources,
): ContainerObservation {
  const filled = {
    ...observation,
    cpuCores: observation.cpuCores ?? deployFile?.cpuCores ?? null,
    memoryGib: observation.memoryGib ?? deployFile?.memoryGib ?? null,
  };
  if (observation.gpuSource !== "unknown") return filled;
  if (lastKnownGpu !== undefined) return { ...filled, gpu: lastKnownGpu, gpuSource: "app" };
  if (deployFile?.gpu !== undefined) {
    return { ...filled, gpu: deployFile.gpu, gpuSource: "deploy-file" };
  }
  return setting === undefined ? filled : { ...filled, gpu: setting, gpuSource: "setting" };
}

/** The GPU of the app's latest container that Modal itself told of; undefined where there was none. */
export function lastKnownGpu(
  spans: Iterable<ContainerSpan>,
  appId: string,
): Gpu | null | undefined {
  let latest: ContainerSpan | undefined;
  for (const span of spans) {
    if (span.appId !== appId || span.gpuSource !== "container") continue;
    if ((span.gpuKnownAtMs ?? 0) >= (latest?.gpuKnownAtMs ?? 0)) latest = span;
  }
  return latest?.gpu;
}
