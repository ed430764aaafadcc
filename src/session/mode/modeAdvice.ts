import { plural, t } from "../../base/text.ts";
import { formatAmount, formatCountdown, formatMetered } from "../../cost/format.ts";
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

/** Of one container of the cheapest and of the dearest function, or GPU of a list, that the app may run. */
export interface MicroUsdRange {
  readonly least: MicroUsd;
  readonly most: MicroUsd;
}

/** What a mode costs at the rate in force, from cost/estimate.ts. */
export type ModeFigures =
  | {
      readonly kind: "known";
      /** One request: its typical run plus the idle tail after it. */
      readonly request: MicroUsdRange;
      /** The idle tail alone. */
      readonly idleTail: MicroUsdRange;
      /** The most that a night costs in which nobody stops it: requests now and then keep all of it warm. */
      readonly forgottenNight: MicroUsd;
    }
  | { readonly kind: "unknown"; readonly why: string };

/** A mode as it is offered: short parts, because a picker shows two lines and cuts off what is longer. */
export interface ModeOffer {
  /** The situation that it is for: "Giving a presentation?". */
  readonly when: string;
  /** "scaledown 10 min": how long containers stay warm, and what else is special. */
  readonly facts: readonly string[];
  /** "≈ $0.73 per request", … */
  readonly costs: readonly string[];
}

/** What the files of the apps fix for themselves, whatever the mode says. */
export interface FixedInFile {
  /** Scaledown windows other than the mode's, shortest first. */
  readonly windowSeconds: readonly number[];
  /** Containers that `min_containers` keeps day and night. */
  readonly keptWarm: number;
}

const nothingFixed: FixedInFile = { windowSeconds: [], keptWarm: 0 };

/** Everything that a person should see before choosing the mode. */
export function offerMode(
  mode: ModeDefinition,
  figures: ModeFigures,
  { windowSeconds, keptWarm }: FixedInFile = nothingFixed,
): ModeOffer {
  const facts: string[] = [];
  if (mode.warmUp) facts.push(t("warmed up"));
  if (keptWarm > 0)
    facts.push(
      plural(keptWarm, { one: "{0} container never stops", other: "{0} containers never stop" }),
    );
  const windows = windowSeconds.map((seconds) => formatCountdown(seconds * 1000));
  facts.push(
    windows.length === 0
      ? t("scaledown {0}", formatCountdown(mode.scaledownSeconds * 1000))
      : t("scaledown {0} by its file", windows.join(", ")),
  );
  if (mode.expiresAfterMinutes !== null)
    facts.push(t("dev again after {0}", formatCountdown(mode.expiresAfterMinutes * 60_000)));
  if (mode.confirm) facts.push(t("asks once more"));
  return {
    when: situationOf(mode.name) ?? t("Your own mode"),
    facts,
    costs: costsOf(figures),
  };
}

function costsOf(figures: ModeFigures): readonly string[] {
  if (figures.kind === "unknown") return [t("costs unknown: {0}", figures.why)];
  const { request, idleTail, forgottenNight } = figures;
  const night = t("up to {0} a forgotten night", formatMetered(forgottenNight));
  // A picker's line has no room for three ranges.
  if (request.least !== request.most) return [t("{0} per request", rangeText(request)), night];
  return [
    t("{0} per request", rangeText(request)),
    t("{0} of it idle tail", rangeText(idleTail)),
    night,
  ];
}

/** "≈ $0.41", "≈ $0.41–$1.58". */
export function rangeText({ least, most }: MicroUsdRange): string {
  const text = formatMetered(least);
  return least === most ? text : `${text}–${formatAmount(most)}`;
}
