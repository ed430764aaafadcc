import { costIn } from "../../../src/session/meter/costReader.ts";
import { hourMs } from "../../oracle/bill.ts";
import { callsHeard, reportedIn } from "../../oracle/calls.ts";
import { costOfUsd, microUsdOf, rangeSum, sumOf, type CostRange } from "../../oracle/money.ts";
import { appsIn } from "../../oracle/observed.ts";
import type { Window } from "../../oracle/sums.ts";
import type { AppOfWorld } from "../../oracle/world.ts";
import { dateIn, daysIn } from "../../oracle/zone.ts";
import { isLeftOut, objectsOf, shownRange, type Case } from "./known.ts";
import { scopeOf } from "./modal.ts";
import { onTheWayMs } from "./plan.ts";

/** What calls reported per local day, from the counts that the ledger keeps of them. */
export function compareCalls(
  { world, plan, machine, environment, comparison }: Case,
  window: 0 | 1,
): void {
  const rows = machine.ledger(window).summary({
    scope: scopeOf(environment),
    fromMs: world.fromMs - 48 * hourMs,
    toMs: world.toMs + 48 * hourMs,
    timeZone: world.zone,
  });
  const heard = appsIn(world, environment).flatMap((app) =>
    callsHeard(app, machine.watching()).map((call) => {
      const isOwn = machine.answers.includes(call);
      const startedMs = call.startedMs + (isOwn ? plan.clockOffsetMs - onTheWayMs : 0);
      const microUsd = Math.round(microUsdOf(costOfUsd(call.claimedUsd)));
      const day = dateIn(world.zone, startedMs);
      return { day, microUsd, appName: app.name, twins: `${app.id} ${call.claimedUsd}` };
    }),
  );
  // Of two calls with equal figures, nobody knows which of their lines is whose; and by another clock
  // a line without a header's figures beside it may be anybody's.
  const isOneDay = [...Map.groupBy(heard, ({ twins }) => twins).values()].every(
    (group) => new Set(group.map(({ day }) => day)).size === 1,
  );
  const isCertain = isOneDay && plan.clockOffsetMs === 0;
  const byDay = (sums: readonly DaySum[]) => {
    const groups = Map.groupBy(
      sums.filter(({ microUsd }) => microUsd > 0),
      ({ day, appName }) => `${isCertain ? day : "together"} ${appName}`,
    );
    return [...groups]
      .map(([key, group]) => [key, group.reduce((sum, { microUsd }) => sum + microUsd, 0)])
      .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  };
  const told = rows.map((row) => ({ ...row, microUsd: row.reportedMicroUsd }));
  comparison.isEqual(`${environment}: calls by day`, byDay(told), byDay(heard));
}

interface DaySum {
  readonly day: string;
  readonly appName: string;
  readonly microUsd: number;
}

/** What the workspace has spent per local day, and of it what apps of mine have. */
export function compareDays(
  { world, machine, range, comparison }: Pick<Case, "world" | "machine" | "range" | "comparison">,
  cases: readonly Case[],
  window: 0 | 1,
): void {
  const days = machine.days(window, range.from);
  const expected = daysIn(world.zone, range.from, range.to);
  comparison.isEqual(
    "days of the calendar",
    days.map(({ day }) => [day.key, day.fromMs, day.toMs]),
    expected.map((day) => [day.date, day.fromMs, day.toMs]),
  );
  const isComparable = cases.every((one) => !isLeftOut(one, one.lives));
  for (const [index, day] of isComparable ? expected.entries() : []) {
    const within = { from: day.fromMs, to: Math.min(day.toMs, range.to) };
    const [spent, mine] = [days[index]?.spent.microUsd ?? 0, days[index]?.mine.microUsd ?? 0];
    const isMine = (app: AppOfWorld): boolean => app.startedBy === "me";
    comparison.isWithin(`day ${day.date}`, spent, dayRange(cases, within, null), 50);
    comparison.isWithin(`mine on ${day.date}`, mine, dayRange(cases, within, isMine), 50);
  }
  const first = expected[0]?.fromMs ?? range.from;
  const whole = cases.map((one) => costIn(one.reading, null, first).bestKnown);
  comparison.isEqual(
    "days add up",
    days.reduce((sum, { spent }) => sum + spent.microUsd, 0),
    whole.reduce((sum, best) => sum + best, 0),
  );
}

/** @param isAsked null: all apps, and what is no app. */
function dayRange(
  cases: readonly Case[],
  within: Window,
  isAsked: ((app: AppOfWorld) => boolean) | null,
): CostRange {
  return rangeSum(
    cases.map((one) => {
      const apps = appsIn(one.world, one.environment).filter(isAsked ?? (() => true));
      const objects = isAsked === null ? objectsOf(one) : apps.map(({ id }) => id);
      const shown = shownRange(one, objects, within);
      // Where no container was seen, a day costs what its calls reported.
      const heard = one.machine.watching();
      const reported = sumOf(apps.map((app) => reportedIn(app, heard, within)));
      return { low: shown.low, high: shown.high + reported };
    }),
  );
}
