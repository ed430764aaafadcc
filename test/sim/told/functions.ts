import type { Cloud } from "../model/cloud.ts";
import type { App } from "../model/entities.ts";
import type { GpuSpec } from "../model/rates.ts";

/** What the app's summary (`AppGetInfo`) tells of one function. */
export interface ToldFunction {
  readonly functionId: string;
  readonly name: string;
  /** null is "no GPU" where summaries tell GPUs, and "not told" where nobody does. */
  readonly gpu: GpuSpec | null;
}

/** The functions of an app as `AppGetInfo` summarizes them. */
export function toldFunctions({ world }: Cloud, app: App): readonly ToldFunction[] {
  return [...app.functions.values()].map(({ id, spec }) => ({
    functionId: id,
    name: spec.name,
    gpu: world.gpuTold === "nowhere" ? null : spec.gpu,
  }));
}
