import { t } from "../../base/text.ts";
import { formatMetered } from "../../cost/format.ts";
import { keepWarmCost } from "../../cost/spending/estimate.ts";
import { parseGpu } from "../../cost/rates/gpu.ts";
import { gpuRate, type Rates } from "../../cost/rates/rates.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import type { AppFacts } from "../../lens/read/facts.ts";
import { offerMode, otherAdvice, type OtherAdvice } from "../../session/mode/modeAdvice.ts";
import { heading, pickOne, type Choice } from "../ask.ts";
import { runCommand } from "../command.ts";
import { sayInfo } from "../say.ts";
import type { Services } from "../services.ts";
import { figuresOf, fixedInFiles, gpuText, type PricedApp } from "./appPrice.ts";

/** An app that the mode is picked for. */
export interface AppInModes {
  readonly name: string;
  /** What its file says of it in a mode; undefined: no file of it was read. */
  readonly factsIn: (mode: ModeDefinition) => AppFacts | undefined;
}

/**
 * Lets a person pick a mode for these apps, with what each is for and what it costs. Whoever finds that
 * none is the answer is led to what is. undefined: no mode was picked.
 */
export async function pickMode(
  services: Pick<Services, "meter" | "project" | "settings">,
  title: string,
  apps: readonly AppInModes[],
): Promise<ModeDefinition | undefined> {
  const rates = services.meter.rates();
  const { modes } = services.settings.current;
  const pricedIn = (mode: ModeDefinition): readonly PricedApp[] =>
    apps.map(({ name, factsIn }) => ({
      name,
      facts: factsIn(mode),
      otherGpu: otherGpu(services, name),
    }));
  const gpus = new Set(modes.modes.map((mode) => gpuText(pricedIn(mode))));
  const [gpu, ...otherGpus] = gpus;
  const isOneGpu = otherGpus.length === 0;
  const keptWarm = keptWarmText(gpu, isOneGpu ? gpuUsdPerHour(rates, gpu) : undefined);
  const choices = modes.modes.map((mode): Choice<ModeDefinition | OtherAdvice> => {
    const priced = pricedIn(mode);
    const seconds = mode.scaledownSeconds;
    const figures = figuresOf(priced, seconds, rates);
    const { when, facts, costs } = offerMode(mode, figures, fixedInFiles(priced, seconds));
    const gpus = isOneGpu ? [] : [gpuText(priced) ?? t("GPU unknown")];
    return {
      label: mode.name,
      description: `${when} (${[...gpus, ...facts].join(", ")})`,
      detail: costs.join(" · "),
      value: mode,
    };
  });
  const at = isOneGpu && gpu !== undefined ? ` (${gpu})` : "";
  const names = apps.map(({ name }) => name).join(", ");
  const picked = await pickOne(title, t("Which mode for {0}?{1}", names, at), [
    ...choices,
    heading(t("or no mode at all")),
    ...otherAdvice().map((advice) => otherChoice(advice, keptWarm)),
  ]);
  if (picked === undefined || !("leadsTo" in picked)) return picked;
  await follow(picked, keptWarm);
  return undefined;
}

/** The GPU of an app whose file does not tell it: what the settings name, else what runs. */
function otherGpu(
  services: Pick<Services, "meter" | "project">,
  appName: string,
): string | undefined {
  const named = services.project.gpuSetting(appName);
  if (named !== undefined) return named;
  const running = services.meter.state().apps.find(({ name }) => name === appName)?.gpu;
  return running === undefined || parseGpu(running) === undefined || running === "CPU"
    ? undefined
    : running;
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
  return services.project.onlyGpu();
}

/** What a container with "L40S" or "H100:2" costs per hour for its GPUs; undefined: not known. */
export function gpuUsdPerHour(rates: Rates, gpuText: string | undefined): number | undefined {
  const gpu = gpuText === undefined ? undefined : parseGpu(gpuText);
  const rate = gpu === undefined ? undefined : gpuRate(rates, gpu.type);
  return gpu === undefined || rate === undefined ? undefined : rate.usdPerHour * gpu.count;
}
