import { billedThroughMs } from "../../../src/cost/billed/billedRow.ts";
import { reconcile } from "../../../src/cost/billed/reconcile.ts";
import { costIn } from "../../../src/session/meter/costReader.ts";
import { hourMs, hourOf } from "../../oracle/bill.ts";
import { reportedSum } from "../../oracle/calls.ts";
import {
  costOfUsd,
  larger,
  microUsdOf,
  rangeSum,
  sumOf,
  type CostRange,
  type ExactCost,
} from "../../oracle/money.ts";
import { appsIn, servedInSilence } from "../../oracle/observed.ts";
import { ofApps, trueCost } from "../../oracle/sums.ts";
import { type Case, isLeftOut, objectsOf, reportedOutside, rowOf, shownRange } from "./known.ts";

/** The figure: what is billed where it is final, what is metered elsewhere, never below what was reported. */
export function compareBill(one: Case): void {
  const { world, machine, environment, lives, reading, range, comparison } = one;
  for (const app of appsIn(world, environment)) {
    const own = ofApps(lives, [app.id]);
    if (isLeftOut(one, own)) continue;
    const cost = costIn(reading, new Set([app.id]), range.from, range.to);
    const shown = shownRange(one, [app.id], range);
    const reported = reportedSum(app, machine.watching());
    // What a call reported while no container was seen is a part of it.
    const best = { low: shown.low, high: shown.high + reported };
    comparison.isWithin(`${app.name} best`, cost.bestKnown, best, own.length + 10);
    const withReported = {
      low: larger(shown.low, reportedOutside(one, app)),
      high: shown.high + reported,
    };
    const figure = cost.figure?.microUsd ?? 0;
    comparison.isWithin(`${app.name} figure`, figure, withReported, own.length + 10);
  }
  if (isLeftOut(one, lives)) return;
  const whole = costIn(reading, null, range.from, range.to);
  const shown = shownRange(one, objectsOf(one), range);
  const reported = sumOf(
    appsIn(world, environment).map((app) => reportedSum(app, machine.watching())),
  );
  const known = { low: shown.low, high: shown.high + reported };
  comparison.isWithin(`${environment} best`, whole.bestKnown, known, lives.length + 20);
}

/**
 * The bounds that a figure names hold what Modal really charges, where it charges nothing beyond what
 * was seen and asked for: no use above the request, no bill yet, no price that changed unasked.
 */
export function compareBounds(one: Case): void {
  const { world, machine, environment, lives, reading, range, comparison } = one;
  if (world.prices.length > 1) return;
  const watching = machine.watching();
  for (const app of appsIn(world, environment)) {
    const own = ofApps(lives, [app.id]);
    const isBilled = machine.modal.fetches.some(({ rows }) =>
      rows.some(({ objectId }) => objectId === app.id),
    );
    if (own.length === 0 || isBilled || isLeftOut(one, own)) continue;
    if (own.some(({ container }) => servedInSilence(container, watching))) continue;
    const { figure } = costIn(reading, new Set([app.id]), range.from, range.to);
    if (figure === null) continue;
    const { low, high } = figure.bounds;
    const truth = sumOf(
      own.map(({ container }) => trueCost(world, { ...container, usedAbovePercent: 0 }, range)),
    );
    // Calls that ran at once say more together than their container cost, where nobody told that it was one.
    const isRaised = reportedSum(app, watching) > truth;
    const bounds = {
      low: isRaised ? 0n : exactly(low),
      high: high === null ? truth : exactly(high),
    };
    comparison.isWithin(`${app.name} by its bounds`, microUsdOf(truth), bounds, own.length + 1);
  }
}

function exactly(microUsd: number): ExactCost {
  return costOfUsd((microUsd / 1e6).toFixed(6));
}

/** The page that lays the bill beside what was metered: no dollar of either is lost or there twice. */
export function compareReconciliation(one: Case): void {
  const { reading, range, comparison, environment } = one;
  const throughMs = billedThroughMs(reading.billed);
  const { hours, apps } = reconcile({ ...reading, fromMs: range.from, throughMs });
  const billed = hours.reduce((sum, hour) => sum + hour.billed, 0);
  const expected: CostRange[] = [];
  for (const objectId of objectsOf(one))
    for (let hour = hourOf(range.from) + hourMs; hour < (throughMs ?? 0); hour += hourMs) {
      const row = rowOf(one, objectId, hour);
      if (row.kind !== "none") expected.push({ low: row.cost, high: row.cost });
    }
  comparison.isWithin(`${environment} on the bill`, billed, rangeSum(expected), expected.length);
  const ofApps = apps.reduce((sum, app) => sum + app.billed, 0);
  comparison.isEqual(`${environment}: apps of the bill add up`, ofApps, billed);
}
