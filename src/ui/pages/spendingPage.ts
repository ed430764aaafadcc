import {
  againstTarget,
  phaseTargets,
  type BudgetStanding,
  type Projection,
  type PhaseTarget,
} from "../../cost/spending/budget.ts";
import { plural, t } from "../../base/text.ts";
import type { KnownPart } from "../../cost/cost.ts";
import { formatAmount, formatDuration, formatMetered } from "../../cost/format.ts";
import { savings } from "../../cost/spending/estimate.ts";
import { sumUsd, type MicroUsd } from "../../cost/money.ts";
import type { AppCost, SharedCost } from "../../cost/spending/report.ts";
import type { SessionEnd, SessionRecord } from "../../session/session.ts";
import type { SummaryRow } from "../../session/ledgerPort.ts";
import type { DaySpent } from "../../session/meter/spending.ts";
import { escapeMarkdown, table } from "../markdown.ts";

export interface Deployed {
  readonly appName: string;
  readonly atMs: number;
  readonly by: string | null;
}

/** An app whose file keeps containers warm with `min_containers`. */
export interface KeptWarm {
  readonly appName: string;
  readonly containers: number;
  /** What they cost in `monthDays`, without a single request; null: a rate is unknown. */
  readonly month: MicroUsd | null;
}

/** A month of comparisons. */
export const monthDays = 30;

/** What the page of spending is made from. All sums are of one scope. */
export interface SpendingFacts {
  readonly scope: string;
  readonly standings: readonly BudgetStanding[];
  /** undefined: too little history to tell. */
  readonly projection: Projection | undefined;
  /** Oldest first. */
  readonly days: readonly DaySpent[];
  /** Calls of these days and of the whole month, by day, app and endpoint. */
  readonly calls: readonly SummaryRow[];
  /** The first day of the month, "2026-11-01". */
  readonly monthFrom: string;
  /** Of the last `recentDays`. */
  readonly recentDays: number;
  readonly apps: readonly AppCost[];
  readonly byEndpoint: readonly SharedCost[];
  readonly byModel: readonly SharedCost[];
  readonly byUser: readonly SharedCost[];
  readonly sessions: readonly Pick<SessionRecord, "end">[];
  /** Newest first. */
  readonly deployed: readonly Deployed[];
  readonly keptWarm: readonly KeptWarm[];
  /** What one container on this project's GPU would cost in `monthDays` if it never stopped; undefined: not known. */
  readonly neverStopped: { readonly gpu: string; readonly month: MicroUsd } | undefined;
}

/** What was spent, beside the budgets, and what to look at when it is too much. Markdown. */
export function spendingPage(facts: SpendingFacts): readonly string[] {
  const { standings, days, apps, recentDays } = facts;
  return [
    t(
      "{0}. Billed where Modal's bill has come, metered (≈) elsewhere.",
      escapeMarkdown(facts.scope),
    ),
    "",
    ...table(
      ["", ...[t("spent"), t("budget"), t("left")].map(figure)],
      standings.map(({ budget, spent, left }) => [
        budget.unit === "week" ? t("this week") : t("this month"),
        amount(spent),
        formatAmount(budget.limit),
        left === 0 ? `**${t("nothing")}**` : formatAmount(left),
      ]),
    ),
    ...(standings.length === 0 ? [t("No budget is set (modalMeter.budget)."), ""] : []),
    ...projectionLines(facts),
    `## ${t("Day by day")}`,
    "",
    ...table(
      [t("day"), figure(t("spent")), figure(t("calls"))],
      days.toReversed().map(({ day, spent }) => [day.key, amount(spent), callsOn(day.key, facts)]),
    ),
    ...monthOfCalls(facts),
    `## ${plural(recentDays, { one: "By app, the last {0} day", other: "By app, the last {0} days" })}`,
    "",
    ...table(
      [
        t("app"),
        ...[t("cost"), t("working"), t("cold starts"), t("idle"), t("containers ran")].map(figure),
      ],
      apps.map(appRow),
    ),
    ...shareLines(
      t("endpoint"),
      t("By endpoint: the apps' whole cost, shared out by execution time."),
      facts.byEndpoint,
    ),
    ...shareLines(
      t("model"),
      t("By model: the apps' whole cost, shared out by execution time."),
      facts.byModel,
    ),
    ...shareLines(
      t("user"),
      t("By user: the apps' whole cost, shared out by execution time."),
      facts.byUser,
    ),
    `## ${t("When it is too much")}`,
    "",
    ...auditLines(facts),
  ];
}

function figure(title: string) {
  return { figures: title };
}

function amount({ microUsd, isFloor }: KnownPart): string {
  if (isFloor) return t("at least {0}", formatAmount(microUsd));
  return microUsd === 0 ? t("nothing") : formatMetered(microUsd);
}

function projectionLines({ projection, neverStopped }: SpendingFacts): readonly string[] {
  if (projection === undefined) return [];
  const { projected, basisDays } = projection;
  const targets = phaseTargets.map(({ phase, low, high }) => {
    const range = t("{0} to {1}", formatAmount(low), formatAmount(high));
    return targetText(againstTarget(projected, { phase, low, high }), phase, range);
  });
  return [
    t(
      "At the pace of the last {0}, the month will cost {1}: {2}.",
      formatDuration(basisDays * 86_400_000),
      formatMetered(projected),
      targets.join("; "),
    ),
    "",
    ...savingLines(projected, neverStopped),
  ];
}

function targetText(
  against: ReturnType<typeof againstTarget>,
  phase: PhaseTarget["phase"],
  range: string,
): string {
  const named = phase === "development" ? t("development") : t("beta");
  switch (against) {
    case "below":
      return t("below the target of {0} ({1})", named, range);
    case "within":
      return t("within the target of {0} ({1})", named, range);
    default:
      return t("above the target of {0} ({1})", named, range);
  }
}

function callsOn(key: string, { calls }: SpendingFacts): string {
  const sum = calls.filter(({ day }) => day === key).reduce((all, row) => all + row.calls, 0);
  return sum === 0 ? "" : String(sum);
}

/** Every call of the month by what was called, those included that the ledger keeps as sums alone. */
function monthOfCalls({ calls, monthFrom }: SpendingFacts): readonly string[] {
  const byEndpoint = Map.groupBy(
    calls.filter(({ day }) => day >= monthFrom),
    ({ appName, endpoint }) => JSON.stringify([appName, endpoint]),
  );
  if (byEndpoint.size === 0) return [];
  const rows = [...byEndpoint.values()].map((days) => ({
    appName: days[0]?.appName ?? "",
    endpoint: days[0]?.endpoint ?? "",
    calls: days.reduce((sum, row) => sum + row.calls, 0),
    unknownCalls: days.reduce((sum, row) => sum + row.unknownCalls, 0),
    reported: sumUsd(days.map(({ reportedMicroUsd }) => reportedMicroUsd)),
  }));
  return [
    t("Calls of this month, with what they reported (their containers cost more)."),
    "",
    ...table(
      [t("app"), t("endpoint"), ...[t("calls"), t("without a cost"), t("reported")].map(figure)],
      rows
        .toSorted((a, b) => b.reported - a.reported || b.calls - a.calls)
        .map(({ appName, endpoint, calls: count, unknownCalls, reported }) => [
          escapeMarkdown(appName),
          escapeMarkdown(endpoint),
          String(count),
          unknownCalls === 0 ? "" : String(unknownCalls),
          formatAmount(reported),
        ]),
    ),
  ];
}

/** What stopping is worth: the same month beside a container that never stops. */
function savingLines(
  projected: MicroUsd,
  neverStopped: SpendingFacts["neverStopped"],
): readonly string[] {
  if (neverStopped === undefined) return [];
  const saved = savings(neverStopped.month, projected);
  if (saved <= 0) return [];
  return [
    t(
      "One container ({0}) that never stops costs {1} in {2} days. At this pace you save {3} of that.",
      escapeMarkdown(neverStopped.gpu),
      formatMetered(neverStopped.month),
      monthDays,
      formatMetered(saved),
    ),
    "",
  ];
}

function keptWarmText({ appName, containers, month }: KeptWarm): string {
  const cost =
    month === null
      ? t("the rate is not known")
      : t("{0} in {1} days", formatMetered(month), monthDays);
  return plural(
    containers,
    {
      one: "{1} keeps {0} container, day and night: {2}",
      other: "{1} keeps {0} containers, day and night: {2}",
    },
    escapeMarkdown(appName),
    cost,
  );
}

function appRow({ appName, best, metered }: AppCost): string[] {
  const cost = best.known ? formatMetered(best.microUsd) : t("unknown");
  if (metered === null) return [escapeMarkdown(appName), cost, "", "", "", ""];
  const { execution, coldStart, idle } = metered.byActivity;
  return [
    escapeMarkdown(appName),
    cost,
    ...[execution, coldStart, idle].map((part) => shareText(part.microUsd, metered.known.microUsd)),
    formatDuration(metered.containerSeconds * 1000),
  ];
}

function shareText(part: MicroUsd, whole: MicroUsd): string {
  return whole === 0 ? "" : `${Math.round((part / whole) * 100)} %`;
}

function shareLines(
  title: string,
  heading: string,
  shares: readonly SharedCost[],
): readonly string[] {
  if (shares.every(({ name }) => name === null)) return [];
  return [
    heading,
    "",
    ...table(
      [title, ...[t("calls"), t("failed"), t("reported"), t("share")].map(figure)],
      shares.map(({ name, calls, failedCalls, reported, share, shareIsFloor }) => [
        name === null ? t("not known") : escapeMarkdown(name),
        String(calls),
        String(failedCalls),
        formatAmount(reported),
        amount({ microUsd: share, isFloor: shareIsFloor, whys: [] }),
      ]),
    ),
  ];
}

function endingText(end: SessionEnd | "open", sessions: number): string {
  switch (end) {
    case "stopped":
      return t("{0} stopped by you", sessions);
    case "partly-stopped":
      return t("{0} stopped in part", sessions);
    case "expired":
      return t("{0} ended by the time box", sessions);
    case "guardian":
      return t("{0} stopped by the guardian", sessions);
    case "replaced":
      return t("{0} replaced by the next", sessions);
    case "gone":
      return t("{0} gone when Modal Meter looked", sessions);
    default:
      return t("{0} still open", sessions);
  }
}

function auditLines(facts: SpendingFacts): readonly string[] {
  const { sessions, deployed, keptWarm, apps } = facts;
  const endings = [...Map.groupBy(sessions, ({ end }) => end ?? "open")].map(([end, list]) =>
    endingText(end, list.length),
  );
  const idlest = apps
    .flatMap(({ appName, metered }) =>
      metered === null ? [] : [{ appName, idle: metered.byActivity.idle.microUsd }],
    )
    .toSorted((a, b) => b.idle - a.idle)[0];
  const last = deployed.slice(0, 5).map(({ appName, atMs, by }) => {
    const [app, at] = [escapeMarkdown(appName), new Date(atMs).toISOString()];
    const when = at.slice(0, 16).replace("T", " ");
    return by === null
      ? t("{0} on {1} UTC", app, when)
      : t("{0} on {1} UTC by {2}", app, when, escapeMarkdown(by));
  });
  return [
    question(
      t("Are you stopping apps when you are done?"),
      endings.length === 0
        ? t("There was no session in these days.")
        : t("Sessions of these days: {0}.", endings.join(", ")),
    ),
    question(
      t("Which apps ran, and for how long?"),
      t("See the table above, most expensive first."),
    ),
    question(
      t("What was deployed, when and by whom?"),
      last.length === 0 ? t("Modal lists no deployment.") : `${last.join("; ")}.`,
    ),
    question(
      t("How much of it was idle time?"),
      idlest === undefined || idlest.idle === 0
        ? t("None that was seen.")
        : t(
            "{0} idled most, for {1}: a shorter scaledown window, or Release GPUs, saves that.",
            escapeMarkdown(idlest.appName),
            formatMetered(idlest.idle),
          ),
    ),
    question(
      t("Does an app keep containers warm (min_containers)?"),
      keptWarm.length === 0
        ? t("No app file in the open folders says so.")
        : `${keptWarm.map(keptWarmText).join("; ")}.`,
    ),
  ];
}

function question(asked: string, answer: string): string {
  return `- **${asked}** ${answer}`;
}
