import { gpuLabel } from "../../../src/cost/rates/gpu.ts";
import type { AppLife } from "../../../src/session/meter/costReader.ts";
import type { FileResources } from "../../../src/session/watch/appHints.ts";
import type { FileFacts } from "../../sim/workload/workApp.ts";

/** What an app's file says as far as its functions agree, as lens/appFacts.ts has it; undefined: no file. */
export function inFile(facts: readonly FileFacts[]): (FileResources & AppLife) | undefined {
  if (facts.length === 0) return undefined;
  const same = <T>(of: (one: FileFacts) => T): T | undefined => {
    const values = new Set(facts.map(of));
    return values.size === 1 ? [...values][0] : undefined;
  };
  return {
    gpu: same(({ gpu }) => (gpu === null ? null : gpuLabel(gpu))),
    cpuCores: same(coresOf),
    memoryGib: same(gibOf),
    functions: new Map(
      facts.map((one) => [one.name, { cpuCores: coresOf(one), memoryGib: gibOf(one) }]),
    ),
    scaledownSeconds: same(({ scaledownMs }) => scaledownMs / 1000) ?? null,
    warmContainers: facts.reduce((sum, { minContainers }) => sum + minContainers, 0),
  };
}

function coresOf({ milliCpu }: FileFacts): number {
  return milliCpu / 1000;
}

function gibOf({ memoryMib }: FileFacts): number {
  return memoryMib / 1024;
}
