import type { ContainerObservation, Gpu } from "../span.ts";
import { completedTerms, renewedTerms, type RegionKind, type Terms } from "../terms.ts";

/** What is known of an app's containers besides what Modal tells of each. */
export interface AppResources {
  /** The GPU of the function that the container runs, as Modal told it; null: none. */
  readonly functionGpu?: Gpu | null | undefined;
  /** What Modal's summary of the app gives to all its functions. */
  readonly appGpu?: Gpu | undefined;
  /** What the app's file asks for, when all its functions ask for the same. */
  readonly deployFile?:
    | {
        readonly gpu?: Gpu | null | undefined;
        readonly cpuCores?: number | undefined;
        readonly memoryGib?: number | undefined;
        readonly diskGib?: number | undefined;
        readonly region?: RegionKind | undefined;
        readonly nonPreemptible?: boolean | undefined;
      }
    | undefined;
  /** What Modal told of the terms on which it runs. */
  readonly notedTerms?: Terms | undefined;
  /** What the user says. */
  readonly setting?: Gpu | undefined;
}

/**
 * Fills in what Modal did not tell of a container: the GPU from the app's functions as Modal
 * summarizes them, else the deploy file, else the setting (the span says which): another container may
 * be of another function. Only the file can say that there is none. Cores and memory from the deploy file, because the
 * request is billed even when less is used. Its terms as Modal told them, else as the file says. To a
 * sandbox, what its app's functions ask for is nothing: of it only its own terms count.
 */
export function withAppResources(
  observation: ContainerObservation,
  { functionGpu, appGpu, deployFile, setting, notedTerms }: AppResources,
): ContainerObservation {
  if (observation.terms?.isSandbox === true || notedTerms?.isSandbox === true) {
    const sandboxTerms = notedTerms?.isSandbox === true ? notedTerms : undefined;
    return { ...observation, terms: renewedTerms(sandboxTerms, observation.terms) };
  }
  const filled = {
    ...observation,
    cpuCores: observation.cpuCores ?? deployFile?.cpuCores ?? null,
    memoryGib: observation.memoryGib ?? deployFile?.memoryGib ?? null,
    terms: completedTerms(
      notedTerms,
      completedTerms(observation.terms, {
        diskGib: deployFile?.diskGib ?? null,
        region: deployFile?.region ?? null,
        nonPreemptible: deployFile?.nonPreemptible ?? null,
      }),
    ),
  };
  if (functionGpu !== undefined && observation.gpuSource !== "container")
    return { ...filled, gpu: functionGpu, gpuSource: "container" };
  if (observation.gpuSource !== "unknown") return filled;
  if (appGpu !== undefined) return { ...filled, gpu: appGpu, gpuSource: "app" };
  if (deployFile?.gpu !== undefined) {
    return { ...filled, gpu: deployFile.gpu, gpuSource: "deploy-file" };
  }
  return setting === undefined ? filled : { ...filled, gpu: setting, gpuSource: "setting" };
}
