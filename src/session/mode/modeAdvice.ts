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
export const decisionMatrix: readonly Advice[] = [
  {
    question: "Working on backend or tests?",
    answer: "Use dev mode (cold starts are fine)",
    leadsTo: { kind: "mode", mode: "dev" },
  },
  {
    question: "Giving a presentation?",
    answer: "Use demo mode (warmed up first; stop after the demo)",
    leadsTo: { kind: "mode", mode: "demo" },
  },
  {
    question: "End of day?",
    answer: "Always stop what runs",
    leadsTo: { kind: "stop" },
  },
  {
    question: "On vacation?",
    answer: "Verify that everything is stopped",
    leadsTo: { kind: "check" },
  },
  {
    question: "Production launch?",
    answer: "Use prod mode (asks once more; stops leave it alone)",
    leadsTo: { kind: "mode", mode: "prod" },
  },
  {
    question: "Always need an answer in less than 1 s?",
    answer: "Not yet: wait for the production phase (a container that never stops is billed 24/7)",
    leadsTo: { kind: "wait" },
  },
];

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
  const advice = decisionMatrix.find(
    ({ leadsTo }) => leadsTo.kind === "mode" && leadsTo.mode === mode.name,
  );
  const facts: string[] = [];
  if (mode.warmUp) facts.push("warmed up");
  facts.push(`scaledown ${formatCountdown(mode.scaledownSeconds * 1000)}`);
  if (mode.expiresAfterMinutes !== null)
    facts.push(`dev again after ${formatCountdown(mode.expiresAfterMinutes * 60_000)}`);
  if (mode.confirm) facts.push("asks once more");
  return {
    mode,
    when: advice?.question ?? "Your own mode",
    facts,
    costs: costsOf(figures),
  };
}

function costsOf({
  requestMicroUsd: request,
  idleTailMicroUsd: tail,
  forgottenNightMicroUsd: night,
}: ModeFigures): readonly string[] {
  if (request === null || tail === null || night === null) return ["costs unknown (no rate)"];
  return [
    `${formatMetered(request)} per request`,
    `${formatMetered(tail)} of it idle tail`,
    `up to ${formatMetered(night)} a forgotten night`,
  ];
}
