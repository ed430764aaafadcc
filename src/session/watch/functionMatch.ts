import { gpuLabel } from "../../cost/rates/gpu.ts";
import type { AppFunction, ControlOptions, ModalControl } from "../modalControl.ts";
import { orNone } from "./orNone.ts";

/**
 * Which function a container runs, where an app's functions ask for different GPUs. Modal names a
 * container only where it tells the calls of a function, so one that was never called
 * (`min_containers`) stays unknown.
 */
export class FunctionMatch {
  /** How often calls were looked through for a container. */
  readonly #tries = new Map<string, number>();

  /** undefined: nobody tells, or all ask for the same. Rejects only when cancelled. */
  async functionOf(
    control: Pick<ModalControl, "functionContainers">,
    functions: readonly AppFunction[],
    containerId: string,
    options: ControlOptions,
  ): Promise<AppFunction | undefined> {
    // Where none names a GPU, nobody can say whether that is "none" or "not told".
    const isMixed = new Set(functions.map(gpusText)).size > 1;
    if (!isMixed || !this.#isTurn(containerId)) return undefined;
    for (const one of functions) {
      const { functionId } = one;
      const ask = () => control.functionContainers(functionId, options);
      const ids = await orNone(ask, options.signal);
      if (ids.includes(containerId)) return one;
    }
    return undefined;
  }

  /** At the 1st, 2nd, 4th, 8th … look: what was not told for long will hardly be told now. */
  #isTurn(containerId: string): boolean {
    const tries = (this.#tries.get(containerId) ?? 0) + 1;
    this.#tries.set(containerId, tries);
    return Number.isInteger(Math.log2(tries));
  }
}

function gpusText({ gpus }: AppFunction): string {
  return gpus.map(gpuLabel).join(" ");
}
