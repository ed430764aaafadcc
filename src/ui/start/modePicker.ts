import { t } from "../../base/text.ts";
import { formatMetered } from "../../cost/format.ts";
import {
  forgottenNight,
  idleBufferCost,
  keepWarmCost,
  requestCost,
} from "../../cost/spending/estimate.ts";
import { parseGpu } from "../../cost/rates/gpu.ts";
import { gpuRate, type Rates } from "../../cost/rates/rates.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import {
  offerMode,
  otherAdvice,
  type ModeFigures,
  type OtherAdvice,
} from "../../session/mode/modeAdvice.ts";
import { heading, pickOne, type Choice } from "../ask.ts";
import { runCommand } from "../command.ts";
import { sayInfo } from "../say.ts";
import type { Services } from "../services.ts";

/**
 * Lets a person pick a mode, with what each is for and what it costs. Whoever finds that none is the
 * answer is led to what is. undefined: no mode was picked.
 */
export async function pickMode(
  services: Pick<Services, "meter" | "project" | "settings">,
  title: string,
): Promise<ModeDefinition | undefined> {
  const gpu = projectGpu(services);
  const rates = services.meter.rates();
  const { modes } = services.settings.current;
  const keptWarm = keptWarmText(gpu, gpuUsdPerHour(rates, gpu));
  const choices = modes.modes.map((mode): Choice<ModeDefinition | OtherAdvice> => {
    const offer = offerMode(mode, figures(mode, gpu, rates));
    return {
      label: mode.name,
      description: `${offer.when} (${offer.facts.join(", ")})`,
      detail: offer.costs.join(" · "),
      value: mode,
    };
  });
  const at = gpu === undefined ? "" : ` (${gpu})`;
  const picked = await pickOne(title, t("Which mode?{0}", at), [
    ...choices,
    heading(t("or no mode at all")),
    ...otherAdvice().map((advice) => otherChoice(advice, keptWarm)),
  ]);
  if (picked === undefined || !("leadsTo" in picked)) return picked;
  await follow(picked, keptWarm);
  return undefined;
}

function otherChoice(advice: OtherAdvice, keptWarm: string): Choice<OtherAdvice> {
  const icons = { stop: "debug-stop", check: "search", wait: "watch" } as const;
  return {
    label: `$(${icons[advice.leadsTo]}) ${advice.question}`,
    description: advice.answer,
    ...(advice.leadsTo === "wait" ? { detail: keptWarm } : {}),
    value: advice,
  };
}

async function follow({ leadsTo, answer }: OtherAdvice, keptWarm: string): Promise<void> {
  switch (leadsTo) {
    case "stop":
      return runCommand("stopAll");
    case "check":
      return runCommand("checkRunning");
    default: {
      const spending = t("Show Spending");
      const pressed = await sayInfo(`${answer}. ${keptWarm}.`, spending);
      if (pressed === spending) await runCommand("showSpending");
      return undefined;
    }
  }
}

const keptWarmDays = 30;

/** What `min_containers=1` costs around the clock. */
function keptWarmText(gpu: string | undefined, usdPerHour: number | undefined): string {
  return gpu === undefined || usdPerHour === undefined
    ? t("A container that never stops is billed 24/7: no GPU or no rate is known here")
    : t(
        "A container that never stops is billed 24/7: {0} costs {1} in {2} days",
        gpu,
        formatMetered(keepWarmCost(1, keptWarmDays, usdPerHour)),
        keptWarmDays,
      );
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
