import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { regionKind } from "../../cost/terms.ts";
import type { AppFunction, ContainerStats, FunctionTerms } from "../../session/modalControl.ts";
import { metricsOf, type Metric } from "../containerMetrics.ts";
import { gpuOf, parseAnswer as parse } from "./answer.ts";

const id = z.string().check(z.minLength(1));
const appInfo = z.object({
  info: z.object({
    functions: z.record(z.string(), id),
    servers: z.record(z.string(), id),
  }),
  functionInfoSummaries: z.record(
    z.string(),
    z.object({ gpuConfig: z.array(z.object({ count: z.int(), gpuType: z.string() })) }),
  ),
});

export function parseAppInfo(answer: unknown): readonly AppFunction[] {
  const { info, functionInfoSummaries } = parse(t("read an app's functions"), appInfo, answer);
  return Object.entries({ ...info.functions, ...info.servers }).map(([name, functionId]) => ({
    functionId,
    name,
    gpus: (functionInfoSummaries[functionId]?.gpuConfig ?? []).flatMap(
      ({ gpuType, count }) => gpuOf(gpuType, "", count) ?? [],
    ),
  }));
}

const functionData = z.object({
  function: z.object({
    rankedFunctions: z.array(
      z.object({
        function: z.object({
          resources: z.optional(
            z.object({ milliCpu: z.number(), memoryMb: z.number(), ephemeralDiskMb: z.number() }),
          ),
          schedulerPlacement: z.optional(
            z.object({ regions: z.array(z.string()), nonpreemptible: z.boolean() }),
          ),
        }),
      }),
    ),
  }),
});

/** All of a function's ranked forms ask for the same but for the GPU (modal/types.py). */
export function parseFunctionTerms(answer: unknown): FunctionTerms {
  const what = t("read what a function asks for");
  const [first] = parse(what, functionData, answer).function.rankedFunctions;
  // Without a form nothing is told; a form without resources asks for none.
  if (first === undefined) return noFunctionTerms;
  const { resources, schedulerPlacement } = first.function;
  return {
    cores: (resources?.milliCpu ?? 0) / 1000,
    gib: (resources?.memoryMb ?? 0) / 1024,
    diskGib: (resources?.ephemeralDiskMb ?? 0) / 1024,
    region: regionKind(schedulerPlacement?.regions ?? []),
    nonPreemptible: schedulerPlacement?.nonpreemptible ?? false,
  };
}

const noFunctionTerms: FunctionTerms = {
  cores: null,
  gib: null,
  diskGib: null,
  region: null,
  nonPreemptible: null,
};

const callInputs = z.object({
  functionCallInputs: z.array(z.object({ containerId: z.optional(z.string()) })),
});

export function parseCallContainers(answer: unknown): readonly string[] {
  const { functionCallInputs } = parse(t("look up a function's containers"), callInputs, answer);
  return [...new Set(functionCallInputs.flatMap(({ containerId }) => containerId ?? []))];
}

const containerStats = z.object({
  containerTotalCount: z.number(),
  containerPercentileStats: z.record(
    z.string(),
    z.object({
      percentiles: z.array(z.object({ percentileBasisPoints: z.number(), value: z.number() })),
    }),
  ),
});

export function parseContainerStats(answer: unknown): ContainerStats {
  const stats = parse(t("read a container's stats"), containerStats, answer);
  const metrics = Object.entries(stats.containerPercentileStats).map(
    ([name, { percentiles }]): Metric => ({
      name,
      values: new Map(percentiles.map((one) => [one.percentileBasisPoints / 100, one.value])),
    }),
  );
  return { containers: stats.containerTotalCount, ...metricsOf(metrics) };
}
