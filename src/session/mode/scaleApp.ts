import type { Failure } from "../../base/failure.ts";
import { asFailure, inParallel } from "../concurrent.ts";
import type { ModalControl, ScaleSettings } from "../modalControl.ts";

/** One function whose autoscaler was asked to change. */
export interface ScaledFunction {
  readonly functionName: string;
  /** undefined: Modal took the change. */
  readonly failure: Failure | undefined;
}

/**
 * Changes the autoscaler of every function of a deployed app. Rejects with a `Failure` when the
 * functions cannot be listed; a function that could not be changed is in the result.
 */
export async function scaleApp(
  control: Pick<ModalControl, "scale" | "listFunctions">,
  app: { readonly appId: string; readonly name: string },
  settings: ScaleSettings,
  signal?: AbortSignal,
): Promise<readonly ScaledFunction[]> {
  const options = signal === undefined ? {} : { signal };
  const functions = await control.listFunctions(app.appId, options);
  return inParallel(functions, 4, async (functionName): Promise<ScaledFunction> => {
    const target = { appName: app.name, functionName };
    try {
      await control.scale(target, settings, options);
      return { ...target, failure: undefined };
    } catch (error) {
      return { ...target, failure: asFailure(error) };
    }
  });
}
