import { costPer, costPerApp } from "../../../src/cost/spending/report.ts";
import { type TieredCost } from "../../../src/cost/spending/sessionCost.ts";
import { costIn } from "../../../src/session/meter/costReader.ts";
import { ofApps as readingOfApps } from "../../../src/session/meter/mine.ts";
import { hourMs, hourOf } from "../../oracle/bill.ts";
import { reportedSum } from "../../oracle/calls.ts";
import { microUsdOf } from "../../oracle/money.ts";
import { appsIn, livesKnown } from "../../oracle/observed.ts";
import { knownSum, ofApps } from "../../oracle/sums.ts";
import { type World } from "../../oracle/world.ts";
import { compareBill, compareBounds, compareReconciliation } from "./compareBill.ts";
import { compareDays, compareCalls } from "./compareDays.ts";
import { type Comparison } from "./comparison.ts";
import { isLeftOut, pricesOf, type Case } from "./known.ts";
import { type Machine } from "./machine.ts";
import { type Plan } from "./plan.ts";

/** Compares what one window says of every environment with what can be known. */
export function compare(
  world: World,
  plan: Plan,
  machine: Machine,
  window: 0 | 1,
  comparison: Comparison,
): void {
  const all = livesKnown(world, machine.watching());
  const range = { from: world.fromMs - 24 * hourMs, to: plan.askedMs };
  const shared = { world, plan, machine, comparison, range };
  const cases = machine.environments().map((environment): Case => ({
    ...shared,
    environment,
    lives: ofApps(
      all,
      appsIn(world, environment).map(({ id }) => id),
    ),
    prices: pricesOf(world, machine, environment),
    reading: machine.reading(window, environment, range),
  }));
  for (const one of cases) {
    compareApps(one);
    compareHours(one);
    compareBill(one);
    compareBounds(one);
    compareReconciliation(one);
    compareSessions(one);
    compareParts(one);
    compareCalls(one, window);
  }
  compareDays(shared, cases, window);
}

function meteredOf({ metered }: TieredCost): number {
  return metered?.known.microUsd ?? 0;
}

function compareApps(one: Case): void {
  const { world, machine, environment, lives, prices, reading, range, comparison } = one;
  for (const app of appsIn(world, environment)) {
    const cost = costIn(reading, new Set([app.id]), range.from, range.to);
    comparison.isEqual(
      `${app.name} reported`,
      cost.reported.microUsd,
      Math.round(microUsdOf(reportedSum(app, machine.watching()))),
    );
    const own = ofApps(lives, [app.id]);
    if (isLeftOut(one, own)) continue;
    const known = knownSum(prices, own, range);
    comparison.isWithin(`${app.name} metered`, meteredOf(cost), known, own.length);
    const isUnknown = own.some(
      ({ gpuBy, container, begin, end }) =>
        gpuBy === "unknown" && container.hardware.gpu !== undefined && end.from > begin.to,
    );
    if (isUnknown)
      comparison.isEqual(
        `${app.name} of unknown GPU is a floor`,
        cost.metered?.known.isFloor,
        true,
      );
  }
}

function compareHours(one: Case): void {
  const { world, environment, lives, prices, reading, range, comparison } = one;
  for (const app of appsIn(world, environment)) {
    const own = ofApps(lives, [app.id]);
    if (own.length === 0 || isLeftOut(one, own)) continue;
    for (let from = hourOf(range.from); from < range.to; from += hourMs) {
      const hour = { from: Math.max(from, range.from), to: Math.min(from + hourMs, range.to) };
      const cost = costIn(reading, new Set([app.id]), hour.from, hour.to);
      const known = knownSum(prices, own, hour);
      const at = new Date(from).toISOString();
      comparison.isWithin(`${app.name} in ${at}`, meteredOf(cost), known, own.length);
    }
  }
}

function compareSessions(one: Case): void {
  const { world, environment, lives, prices, reading, range, comparison } = one;
  const here = new Set(appsIn(world, environment).map(({ id }) => id));
  for (const { id, appIds, fromMs, toMs } of world.sessions) {
    const own = ofApps(lives, appIds);
    if (!appIds.every((appId) => here.has(appId)) || isLeftOut(one, own)) continue;
    const session = { from: fromMs, to: Math.min(toMs, range.to) };
    if (session.from >= session.to) continue;
    const cost = costIn(reading, new Set(appIds), session.from, session.to);
    const known = knownSum(prices, own, session);
    comparison.isWithin(`${id} metered`, meteredOf(cost), known, own.length);
  }
}

/** Parts add up to their whole: apps, pieces of time, and what containers were doing. */
function compareParts({ reading, range, comparison, world }: Case): void {
  const whole = costIn(reading, null, range.from, range.to);
  const apps = costPerApp({ ...reading, fromMs: range.from, toMs: range.to });
  const ofAllApps = costIn(
    readingOfApps(reading, () => true),
    null,
    range.from,
    range.to,
  );
  comparison.isEqual(
    "apps add up",
    apps.reduce((sum, { bestKnown }) => sum + bestKnown, 0),
    ofAllApps.bestKnown,
  );
  for (const dimension of ["endpoint", "user"] as const)
    comparison.isEqual(
      `shares by ${dimension} add up`,
      costPer(dimension, { ...reading, fromMs: range.from, toMs: range.to }).reduce(
        (sum, { share }) => sum + share,
        0,
      ),
      apps.reduce((sum, { bestKnown }) => sum + bestKnown, 0),
    );
  const cuts = [
    range.from,
    ...[1, 2, 3].map((part) => world.fromMs + Math.floor(((range.to - world.fromMs) * part) / 4)),
    range.to,
  ].toSorted((a, b) => a - b);
  const pieces = cuts.slice(1).map((to, index) => costIn(reading, null, cuts[index] ?? to, to));
  comparison.isEqual(
    "pieces of time add up",
    pieces.reduce((sum, piece) => sum + meteredOf(piece), 0),
    meteredOf(whole),
  );
  if (pieces.every(({ bestTier }) => bestTier !== "reported"))
    comparison.isEqual(
      "pieces of the best add up",
      pieces.reduce((sum, { bestKnown }) => sum + bestKnown, 0),
      whole.bestKnown,
    );
  const { execution, coldStart, idle } = whole.metered?.byActivity ?? {};
  comparison.isEqual(
    "activities add up",
    (execution?.microUsd ?? 0) + (coldStart?.microUsd ?? 0) + (idle?.microUsd ?? 0),
    meteredOf(whole),
  );
}
