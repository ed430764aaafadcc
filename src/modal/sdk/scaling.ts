import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { defaultScaledownSeconds } from "../../cost/metered/endKnowledge.ts";
import type { FunctionScaling, ScaleSettings, ScaleTarget } from "../../session/modalControl.ts";
import { parseAnswer as parse } from "./answer.ts";
import type { SdkCall, SdkConnection } from "./entry.ts";
import { parseFunctionId } from "./rows.ts";

const settings = z.optional(
  z.object({
    minContainers: z.optional(z.number()),
    scaledownWindow: z.optional(z.number()),
  }),
);
const schedulingParams = z.object({
  autoscalerConfiguration: z.object({
    settings,
    staticSettings: settings,
    defaultSettings: settings,
  }),
});

export function parseFunctionScaling(answer: unknown): FunctionScaling {
  const what = t("read an autoscaler");
  const { autoscalerConfiguration: answered } = parse(what, schedulingParams, answer);
  const usual = answered.defaultSettings?.scaledownWindow || defaultScaledownSeconds;
  return {
    scaledownSeconds: answered.settings?.scaledownWindow || usual,
    ownScaledownSeconds: answered.staticSettings?.scaledownWindow || usual,
    minContainers: answered.settings?.minContainers ?? 0,
  };
}

/** Changes the autoscaler of a function, which is asked for by its name where its id is not known. */
export async function scaleFunction(
  sdk: SdkConnection,
  { appName, functionName: objectTag, functionId }: ScaleTarget,
  { scaledownWindowSeconds, ...sizes }: ScaleSettings,
  { environment: environmentName, call }: { readonly environment: string; readonly call: SdkCall },
): Promise<void> {
  const id =
    functionId ??
    parseFunctionId(await sdk.functionGet({ appName, objectTag, environmentName }, call));
  const window =
    scaledownWindowSeconds === undefined ? {} : { scaledownWindow: scaledownWindowSeconds };
  await sdk.scale(id, { ...sizes, ...window }, call);
}
