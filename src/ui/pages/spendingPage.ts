import {
  againstTarget,
  phaseTargets,
  type BudgetStanding,
  type Projection,
  type PhaseTarget,
} from "../../cost/spending/budget.ts";
import { plural, t } from "../../base/text.ts";
import type { KnownPart } from "../../cost/cost.ts";
import { apportion, formatParts } from "../../cost/apportion.ts";
import { approximately, formatAmount, formatDuration, formatMetered } from "../../cost/format.ts";
import { savings } from "../../cost/spending/estimate.ts";
import { sumUsd, type MicroUsd } from "../../cost/money.ts";
import { bestPart } from "../../cost/spending/sessionCost.ts";
import type { AppCost, SharedCost } from "../../cost/spending/report.ts";
import type { SummaryRow } from "../../session/ledgerPort.ts";
import type { DaySpent, SpentPart } from "../../session/meter/spending.ts";
import type { Scope } from "../../session/scope.ts";
import { table } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";
import { modalMonthLines, type ModalMonth } from "./modalMonth.ts";
import { auditLines, monthDays, type AuditFacts } from "./spendingAudit.ts";

/** What the page of spending is made from: sums of the workspace, then apps and calls of one environment of it. */
export interface SpendingFacts extends AuditFacts {
  readonly scope: Scope;
  readonly standings: readonly BudgetStanding[];
  readonly modalMonth: ModalMonth;
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
  /** What the workspace has spent in them, by environment. */
  readonly parts: readonly SpentPart[];
  readonly byEndpoint: readonly SharedCost[];
  readonly byModel: readonly SharedCost[];
  readonly byUser: readonly SharedCost[];
  /** What one container on this project's GPU would cost in `monthDays` if it never stopped; undefined: not known. */
  readonly neverStopped: { readonly gpu: string; readonly month: MicroUsd } | undefined;
}

/** What was spent, beside the budgets, and what to look at when it is too much. Markdown. */
export function spendingPage(facts: SpendingFacts): readonly string[] {
  const { standings, apps, recentDays, scope, parts } = facts;
  return [
    t(
      "The workspace {0}, all environments. Billed where Modal's bill has come, metered (≈) elsewhere.",
      escapeMarkdown(scope.workspace),
    ),
    "",
    ...standingLines(standings),
    ...projectionLines(facts),
    ...modalMonthLines(facts.modalMonth),
    ...dayLines(facts),
    ...floorReasons(facts),
    ...monthOfCalls(facts),
    `## ${plural(recentDays, { one: "By environment, the last {0} day", other: "By environment, the last {0} days" })}`,
    "",
    ...table(
      [t("environment"), figure(t("spent"))],
      withSum(
        parts.map(({ spent }) => spent),
        (index) => [partName(parts[index]?.environment ?? null)],
      ),
    ),
    `## ${plural(recentDays, { one: "By app in {1}, the last {0} day", other: "By app in {1}, the last {0} days" }, escapeMarkdown(scope.environment))}`,
    "",
    ...table(
      [
        t("app"),
        ...[t("cost"), t("working"), t("cold starts"), t("idle"), t("containers ran")].map(figure),
      ],
      withSum(apps.map(bestPart), (index) => appCells(apps[index])),
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

function standingLines(standings: readonly BudgetStanding[]): readonly string[] {
  if (standings.length === 0) return [t("No budget is set (modalMeter.budget)."), ""];
  return [
    ...table(
      ["", ...[t("spent"), t("known to be yours"), t("budget"), t("left")].map(figure)],
      standings.map(({ budget, spent, mine, left }) => [
        budget.unit === "week" ? t("this week") : t("this month"),
        amount(spent),
        amount(mine),
        formatAmount(budget.limit),
        left === 0 ? `**${t("nothing")}**` : formatAmount(left),
      ]),
    ),
  ];
}

function dayLines(facts: SpendingFacts): readonly string[] {
  const { days, recentDays } = facts;
  // The newest ones have a sum, which is that of the environments below: they are rounded together.
  const recent = days.slice(-recentDays).toReversed();
  const earlier = days.slice(0, -recentDays).toReversed();
  const cells = (ofDays: readonly DaySpent[]) => {
    const mine = formatParts(ofDays.map((day) => day.mine.microUsd)).parts;
    return (index: number): readonly string[] => {
      const one = ofDays[index];
      if (one === undefined) return [];
      return [one.day.key, spelled(one.mine, mine[index] ?? ""), callsOn(one.day.key, facts)];
    };
  };
  const sumName = plural(recent.length, { one: "the last {0} day", other: "the last {0} days" });
  return [
    `## ${t("Day by day")}`,
    "",
    ...table(
      [t("day"), ...[t("spent"), t("known to be yours"), t("calls")].map(figure)],
      [
        ...withSum(
          recent.map(({ spent }) => spent),
          cells(recent),
          { name: sumName },
        ),
        ...earlier.map(({ spent }, index) => cells(earlier)(index).toSpliced(1, 0, amount(spent))),
      ],
    ),
  ];
}

/** Why sums of these days are "at least". */
function floorReasons({ days }: SpendingFacts): readonly string[] {
  const whys = new Set(days.flatMap(({ spent }) => spent.whys));
  return whys.size === 0 ? [] : [...[...whys].map((why) => `- ${escapeMarkdown(why)}`), ""];
}

function figure(title: string) {
  return { figures: title };
}

/** The name of a part of the workspace; what belongs to no environment has none. */
function partName(environment: string | null): string {
  return environment === null || environment === ""
    ? t("storage, egress, other")
    : escapeMarkdown(environment);
}

function amount({ microUsd, isFloor }: KnownPart): string {
  if (isFloor) return t("at least {0}", formatAmount(microUsd));
  return microUsd === 0 ? t("nothing") : formatMetered(microUsd);
}

function projectionLines({ projection, neverStopped, days }: SpendingFacts): readonly string[] {
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
      spelled(
        { microUsd: projected, isFloor: days.some(({ spent }) => spent.isFloor) },
        formatAmount(projected),
      ),
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

/**
 * Rows with an amount each, and a last one with their sum: as they are shown, the amounts add up to it.
 *
 * @param cells the other cells of a row.
 * @param options.column where the amount stands.
 * @param options.name of the sum.
 */
function withSum(
  amounts: readonly Amount[],
  cells: (index: number) => readonly string[],
  { column = 1, name = t("together") }: { readonly column?: number; readonly name?: string } = {},
): readonly (readonly string[])[] {
  const { whole, parts } = formatParts(amounts.map(({ microUsd }) => microUsd));
  const rows = amounts.map((one, index) =>
    cells(index).toSpliced(column, 0, spelled(one, parts[index] ?? "")),
  );
  if (amounts.length < 2) return rows;
  const isFloor = amounts.some((one) => one.isFloor);
  const microUsd = sumUsd(amounts.map((one) => one.microUsd));
  const sum = cells(0).map((_, index) => (index === 0 ? name : ""));
  return [...rows, sum.toSpliced(column, 0, spelled({ microUsd, isFloor }, whole))];
}

type Amount = Pick<KnownPart, "microUsd" | "isFloor">;

function spelled({ microUsd, isFloor }: Amount, text: string): string {
  if (isFloor) return microUsd === 0 ? t("unknown") : t("at least {0}", text);
  return microUsd === 0 ? t("nothing") : approximately(text);
}

function appCells(app: AppCost | undefined): readonly string[] {
  if (app === undefined) return [];
  const name = escapeMarkdown(app.appName);
  if (app.metered === null) return [name, "", "", "", ""];
  const { byActivity, known, containerSeconds } = app.metered;
  const amounts = [byActivity.execution, byActivity.coldStart, byActivity.idle];
  const percents = apportion(
    amounts.map(({ microUsd }) => microUsd),
    known.microUsd / 100,
  );
  return [
    name,
    ...percents.map((percent) => (known.microUsd === 0 ? "" : `${percent} %`)),
    formatDuration(containerSeconds * 1000),
  ];
}

function shareCells(share: SharedCost | undefined): readonly string[] {
  if (share === undefined) return [];
  const { name, calls, failedCalls, reported } = share;
  return [
    name === null ? t("not known") : escapeMarkdown(name),
    String(calls),
    String(failedCalls),
    formatAmount(reported),
  ];
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
      withSum(
        shares.map(({ share: microUsd, shareIsFloor: isFloor }) => ({ microUsd, isFloor })),
        (index) => shareCells(shares[index]),
        { column: 4 },
      ),
    ),
  ];
}
