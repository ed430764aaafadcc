import type { FunctionSpec } from "./entities.ts";

/** A function as a test asks for it: everything but the name has a default. */
export type FunctionRequest = Partial<FunctionSpec> & { readonly name: string };

/** Modal's own defaults where the deploy says nothing. */
export function functionSpec(request: FunctionRequest): FunctionSpec {
  return {
    gpu: null,
    milliCpu: 125,
    memoryMib: 128,
    usedMilliCpu: 0,
    usedMemoryMib: 0,
    idleUsedMilliCpu: 0,
    idleUsedMemoryMib: 0,
    region: "any",
    ephemeralDiskMib: 0,
    nonpreemptible: false,
    scaledownMs: 60_000,
    minContainers: 0,
    maxContainers: 100,
    bufferContainers: 0,
    concurrentInputs: 1,
    timeoutMs: 300_000,
    queueMs: 1000,
    coldStartMs: 8000,
    slowestColdStartMs: 0,
    crashAfterMs: null,
    prints: false,
    web: [],
    env: {},
    ...request,
  };
}
