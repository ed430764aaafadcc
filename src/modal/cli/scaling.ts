import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { defaultScaledownSeconds } from "../../cost/metered/endKnowledge.ts";
import type { FunctionScaling, ScaleSettings, ScaleTarget } from "../../session/modalControl.ts";
import { parseShape as parse } from "./json.ts";

const count = z.nullable(z.number());
const autoscalerSettings = z.object({
  current_settings: z.object({ min_containers: count, scaledown_window: count }),
  override_events: z.array(z.object({ setting: z.string() })),
});

/** `modal function autoscaler settings --json`: of a window that was overridden, the function's own is not told. */
export function parseAutoscaler(json: unknown): FunctionScaling {
  const answered = parse(t("read an autoscaler"), autoscalerSettings, json);
  const { scaledown_window: window, min_containers: minimum } = answered.current_settings;
  const isOverridden = answered.override_events.some(
    ({ setting }) => setting === "scaledown_window",
  );
  const scaledownSeconds = window || defaultScaledownSeconds;
  return {
    scaledownSeconds,
    ownScaledownSeconds: isOverridden ? null : scaledownSeconds,
    minContainers: minimum ?? 0,
  };
}

/** `modal function autoscaler update`. */
export function scaleArgs(
  { appName, functionName, functionId }: ScaleTarget,
  { minContainers, scaledownWindowSeconds }: ScaleSettings,
  environment: string,
): readonly string[] {
  return [
    "function",
    "autoscaler",
    "update",
    functionId ?? `${appName}/${functionName}`,
    ...(minContainers === undefined ? [] : ["--min-containers", String(minContainers)]),
    ...(scaledownWindowSeconds === undefined
      ? []
      : ["--scaledown-window", String(scaledownWindowSeconds)]),
    "--env",
    environment,
  ];
}
