import { t } from "../../base/text.ts";
import { formatCountdown, formatMetered } from "../../cost/format.ts";
import type { MicroUsd } from "../../cost/money.ts";
import type { ModeDefinition } from "../mode.ts";

/** One line of the decision matrix: a situation, and what to do in it. */
export interface Advice {
  readonly question: string;
  readonly answer: string;
  /** What the answer leads to. */
  readonly leadsTo:
    | { readonly kind: "mode"; readonly mode: string }
    | { readonly kind: "stop" }
    | { readonly kind: "check" }
    | { readonly kind: "wait" };
}

/** Which mode for what. Shown where a mode is chosen. */
export function decisionMatrix(): readonly Advice[] {
  return [
    {
      question: t("Working on backend or tests?"),
      answer: t("Use dev mode (cold starts are fine)"),
      leadsTo: { kind: "mode", mode: "dev" },
    },
    {
      question: t("Giving a presentation?"),
      answer: t("Use demo mode (warmed up first; stop after the demo)"),
      leadsTo: { kind: "mode", mode: "demo" },
    },
    {
      question: t("End of day?"),
      answer: t("Always stop what runs"),
      leadsTo: { kind: "stop" },
    },
    {
      question: t("On vacation?"),
      answer: t("Verify that everything is stopped"),
      leadsTo: { kind: "check" },
    },
    {
      question: t("Production launch?"),
      answer: t("Use prod mode (asks once more; stops leave it alone)"),
      leadsTo: { kind: "mode", mode: "prod" },
    },
    {
      question: t("Always need an answer in less than 1 s?"),
      answer: t(
        "Not yet: wait for the production phase (a container that never stops is billed 24/7)",
      ),
      leadsTo: { kind: "wait" },
    },
  ];
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
  /** The question of the decision matrix that this mode answers: "Giving a presentation?". */
  readonly when: string;
  /** "scaledown 10 min": how long containers stay warm, and what else is special. */
  readonly facts: readonly string[];
  /** "≈ $0.73 per request", … */
  readonly costs: readonly string[];
}

/** Everything that a person should see before choosing the mode. */
export function offerMode(mode: ModeDefinition, figures: ModeFigures): ModeOffer {
  const advice = decisionMatrix().find(
    ({ leadsTo }) => leadsTo.kind === "mode" && leadsTo.mode === mode.name,
  );
  const facts: string[] = [];
  if (mode.warmUp) facts.push(t("warmed up"));
  facts.push(t("scaledown {0}", formatCountdown(mode.scaledownSeconds * 1000)));
  if (mode.expiresAfterMinutes !== null)
    facts.push(t("dev again after {0}", formatCountdown(mode.expiresAfterMinutes * 60_000)));
  if (mode.confirm) facts.push(t("asks once more"));
  return {
    mode,
    when: advice?.question ?? t("Your own mode"),
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
