import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { t } from "../../base/text.ts";
import { asFailure, pause, within } from "../concurrent.ts";
import type { ModalControl, ScaleSettings } from "../modalControl.ts";
import { scaleApp } from "./scaleApp.ts";

interface AutoscalerParts {
  readonly control: Pick<ModalControl, "scale" | "listFunctions">;
  readonly clock: Clock;
  readonly log: Log;
}

interface ScaledApp {
  readonly appId: string;
  readonly name: string;
}

/** The least that Modal takes for a scaledown window, in seconds. */
export const leastScaledownSeconds = 2;

/** How many functions took a change. "maybe": some did, or an answer was lost. */
export type Taken = "all" | "maybe" | "none";

/** Lets no container idle, and keeps none. Never rejects. */
export function scaleDown(parts: AutoscalerParts, app: ScaledApp): Promise<Taken> {
  return scale(parts, app, { minContainers: 0, scaledownWindowSeconds: leastScaledownSeconds });
}

/** Puts the scaledown window back. Resolves with what is worth telling: settings that are not as before. */
export async function scaleBack(
  parts: AutoscalerParts,
  app: ScaledApp,
  windowSeconds: number,
  down: Taken,
): Promise<readonly string[]> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (attempt > 0) await pause(parts.clock, 1000 * attempt);
    const back = await scale(parts, app, { scaledownWindowSeconds: windowSeconds });
    if (back !== "all") continue;
    return down === "all"
      ? [t("{0}: min_containers, if it was set, is 0 until the next deploy.", app.name)]
      : [];
  }
  return [
    t(
      "{0}: the scaledown window may stay at {1} s until the next deploy, because it could not be set back.",
      app.name,
      leastScaledownSeconds,
    ),
  ];
}

/** Not cancellable: half a change is worse than none. */
async function scale(
  { control, clock, log }: AutoscalerParts,
  app: ScaledApp,
  settings: ScaleSettings,
): Promise<Taken> {
  try {
    const scaled = await within(clock, 30_000, "Modal", undefined, (signal) =>
      scaleApp(control, app, settings, signal),
    );
    for (const { functionName, failure } of scaled)
      if (failure !== undefined) log.warn(`${app.name}.${functionName}: ${failure.message}`);
    if (scaled.length === 0) return "none";
    if (scaled.every(({ failure }) => failure === undefined)) return "all";
    return scaled.every(({ failure }) => failure?.reason === "unsupported") ? "none" : "maybe";
  } catch (error) {
    const failure = asFailure(error);
    log.warn(`The autoscaler of ${app.name} cannot be changed: ${failure.message}`);
    return failure.reason === "unsupported" ? "none" : "maybe";
  }
}
