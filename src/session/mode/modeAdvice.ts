import { t } from "../../base/text.ts";
import { formatCountdown, formatMetered } from "../../cost/format.ts";
import type { MicroUsd } from "../../cost/money.ts";
import type { ModeDefinition } from "../mode.ts";

/** A situation in which no mode is the answer, and what to do in it. */
export interface OtherAdvice {
  readonly question: string;
  readonly answer: string;
  readonly leadsTo: "stop" | "check" | "wait";
}

/**
 * The decision matrix: which mode for what, and when none. Shown where a mode is chosen: each mode
 * with its situation (offerMode), and below them the rest.
 */
export function otherAdvice(): readonly OtherAdvice[] {
  return [
    { question: t("End of day?"), answer: t("Stop all that runs"), leadsTo: "stop" },
    { question: t("On vacation?"), answer: t("Verify that nothing runs"), leadsTo: "check" },
    {
      question: t("Always need an answer in less than 1 s?"),
      answer: t("Not yet"),
      leadsTo: "wait",
    },
  ];
}

/** The situation that a mode is for; undefined: a mode of the user's own. */
function situationOf(mode: string): string | undefined {
  switch (mode) {
    case "dev":
      return t("Working on backend or tests?");
    case "demo":
      return t("Giving a presentation?");
    case "prod":
      return t("Production launch?");
    default:
      return undefined;
  }
}

/** What a mode costs at the rate in force, from cost/estimate.ts. null: the rate is not known. */
export interface ModeFigures {
  /** One request: its typical run plus the idle tail after it. */
  readonly requestMicroUsd: MicroUsd | null;
  /** The idle tail alone. */
  readonly idleTailMicroUsd: MicroUsd | null;
  /** The most that a night costs in which nobody stops it: requests now and then keep it warm. */
  readonly forgottenNightMicroUsd: MicroUsd | null;
}

/** A mode as it is offered: short parts, because a picker shows two lines and cuts off what is longer. */
export interface ModeOffer {
  readonly mode: ModeDefinition;
  /** The situation that it is for: "Giving a presentation?". */
  readonly when: string;
  /** "scaledown 10 min": how long containers stay warm, and what else is special. */
  readonly facts: readonly string[];
  /** "≈ $0.73 per request", … */
  readonly costs: readonly string[];
}

/** Everything that a person should see before choosing the mode. */
export function offerMode(mode: ModeDefinition, figures: ModeFigures): ModeOffer {
  const facts: string[] = [];
  if (mode.warmUp) facts.push(t("warmed up"));
  facts.push(t("scaledown {0}", formatCountdown(mode.scaledownSeconds * 1000)));
  if (mode.expiresAfterMinutes !== null)
    facts.push(t("dev again after {0}", formatCountdown(mode.expiresAfterMinutes * 60_000)));
  if (mode.confirm) facts.push(t("asks once more"));
  return {
    mode,
    when: situationOf(mode.name) ?? t("Your own mode"),
    facts,
    costs: costsOf(figures),
  };
}

function costsOf({
  requestMicroUsd: request,
  idleTailMicroUsd: tail,
  forgottenNightMicroUsd: night,
}: ModeFigures): readonly string[] {
  if (request === null || tail === null || night === null) return [t("costs unknown (no rate)")];
  return [
    t("{0} per request", formatMetered(request)),
    t("{0} of it idle tail", formatMetered(tail)),
    t("up to {0} a forgotten night", formatMetered(night)),
  ];
}
