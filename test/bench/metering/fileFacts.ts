import { gpuLabel } from "../../../src/cost/rates/gpu.ts";
import type { AppLife, FunctionLife } from "../../../src/session/meter/containerLife.ts";
import type { FileResources } from "../../../src/session/watch/appHints.ts";
import type { FileFacts } from "../../sim/workload/workApp.ts";

/** What an app's file says as far as its functions agree, as lens/appFacts.ts has it; undefined: no file. */
export function inFile(facts: readonly FileFacts[]): (FileResources & AppLife) | undefined {
  if (facts.length === 0) return undefined;
  const same = <T>(of: (one: FileFacts) => T): T | undefined => {
    const values = new Set(facts.map(of));
    return values.size === 1 ? [...values][0] : undefined;
  };
  const functions = new Map(facts.map((one) => [one.name, factsOfFunction(one)]));
  return {
    gpu: same(({ gpu }) => (gpu === null ? null : gpuLabel(gpu))),
    cpuCores: same(coresOf),
    memoryGib: same(gibOf),
    functions,
    all: [...functions.values()],
    mayHaveMore: null,
    scaledownSeconds: same(({ scaledownMs }) => scaledownMs / 1000) ?? null,
    warmContainers: facts.reduce((sum, { minContainers }) => sum + minContainers, 0),
  };
}

function factsOfFunction(
  one: FileFacts,
): FunctionLife & Pick<FileResources, "cpuCores" | "memoryGib"> {
  const { gpu, scaledownMs, minContainers } = one;
  return {
    cpuCores: coresOf(one),
    memoryGib: gibOf(one),
    gpu: gpu === null ? { kind: "none" } : { kind: "one", gpu: gpuLabel(gpu) },
    scaledownSeconds: scaledownMs / 1000,
    minContainers,
  };
}

function coresOf({ milliCpu }: FileFacts): number {
  return milliCpu / 1000;
}

function gibOf({ memoryMib }: FileFacts): number {
  return memoryMib / 1024;
}
