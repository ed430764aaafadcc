import { t } from "../../base/text.ts";
import { forgottenNight, idleBufferCost, requestCost } from "../../cost/spending/estimate.ts";
import { parseGpu } from "../../cost/rates/gpu.ts";
import { gpuRate, type Rates } from "../../cost/rates/rates.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import { offerMode, type ModeFigures } from "../../session/mode/modeAdvice.ts";
import { pickOne, type Choice } from "../ask.ts";
import type { Services } from "../services.ts";

/** Lets a person pick a mode, with what each is for and what it costs. */
export async function pickMode(
  services: Pick<Services, "meter" | "project" | "settings">,
  title: string,
): Promise<ModeDefinition | undefined> {
  const gpu = projectGpu(services);
  const rates = services.meter.rates();
  const { modes } = services.settings.current;
  const choices = modes.modes.map((mode): Choice<ModeDefinition> => {
    const offer = offerMode(mode, figures(mode, gpu, rates));
    return {
      label: mode.name,
      description: `${offer.when} (${offer.facts.join(", ")})`,
      detail: offer.costs.join(" · "),
      value: mode,
    };
  });
  const at = gpu === undefined ? "" : ` (${gpu})`;
  return pickOne(title, t("Which mode?{0}", at), choices);
}

/** The GPU that figures are shown for: what runs or ran last in this project, else what the settings say. */
export function projectGpu(services: Pick<Services, "meter" | "project">): string | undefined {
  const running = services.meter
    .state()
    .apps.find(({ gpu }) => parseGpu(gpu) !== undefined && gpu !== "CPU");
  if (running !== undefined) return running.gpu;
  return services.project.firstGpu();
}

/** A request of one minute, as in the house's own rule of thumb. */
const typicalRequestSeconds = 60;
const nightHours = 12;

function figures(mode: ModeDefinition, gpuText: string | undefined, rates: Rates): ModeFigures {
  const usdPerHour = gpuUsdPerHour(rates, gpuText);
  if (usdPerHour === undefined) {
    return { requestMicroUsd: null, idleTailMicroUsd: null, forgottenNightMicroUsd: null };
  }
  return {
    requestMicroUsd: requestCost(typicalRequestSeconds, mode.scaledownSeconds, usdPerHour),
    idleTailMicroUsd: idleBufferCost(mode.scaledownSeconds, usdPerHour),
    forgottenNightMicroUsd: forgottenNight(nightHours, mode.scaledownSeconds, usdPerHour).most,
  };
}

/** What a container with "L40S" or "H100:2" costs per hour for its GPUs; undefined: not known. */
export function gpuUsdPerHour(rates: Rates, gpuText: string | undefined): number | undefined {
  const gpu = gpuText === undefined ? undefined : parseGpu(gpuText);
  const rate = gpu === undefined ? undefined : gpuRate(rates, gpu.type);
  return gpu === undefined || rate === undefined ? undefined : rate.usdPerHour * gpu.count;
}
