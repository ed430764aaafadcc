import type { CostReading } from "../../../src/session/meter/costReader.ts";
import { hourKnown, hourMs, hourOf, hourRange, type HourKnown } from "../../oracle/bill.ts";
import { callsHeard, leastReported } from "../../oracle/calls.ts";
import { rangeSum, type CostRange, type ExactCost } from "../../oracle/money.ts";
import { appsIn, type KnownLife, type Watching } from "../../oracle/observed.ts";
import { knownSum, ofApps, pricesKnown, type PricesKnown, type Window } from "../../oracle/sums.ts";
import type { AppOfWorld, World } from "../../oracle/world.ts";
import type { Comparison } from "./comparison.ts";
import type { Machine } from "./machine.ts";
import type { Plan } from "./plan.ts";

/** One environment of a world that a machine has lived through, as one of its windows tells it. */
export interface Case {
  readonly world: World;
  readonly plan: Plan;
  readonly machine: Machine;
  readonly comparison: Comparison;
  readonly environment: string;
  readonly range: Window;
  readonly lives: readonly KnownLife[];
  readonly prices: PricesKnown;
  readonly reading: CostReading;
}

export function pricesOf(world: World, machine: Machine, environment: string): PricesKnown {
  return pricesKnown(world, machine.modal.pricesAskedAtMs.get(environment) ?? []);
}

function isTold({ infos }: Watching): (life: KnownLife) => boolean {
  return ({ container: { id } }) =>
    infos.some(({ taskId, finishedMs }) => taskId === id && finishedMs !== undefined);
}

/** Whether nobody can tell when the apps' containers were there. */
export function isLeftOut({ machine, plan }: Case, lives: readonly KnownLife[]): boolean {
  // By a wrong clock only those can be known of which Modal told all times.
  return plan.clockOffsetMs !== 0 && !lives.every(isTold(machine.watching()));
}

export function rowOf({ machine }: Case, objectId: string, hour: number): HourKnown {
  return hourKnown(machine.modal.fetches, objectId, hour);
}

/** The environment's apps, and what else its bill names. */
export function objectsOf({ world, machine, environment }: Case): string[] {
  const rows = machine.modal.fetches.flatMap((fetch) => fetch.rows);
  return [
    ...new Set([
      ...appsIn(world, environment).map(({ id }) => id),
      ...rows.filter((row) => row.environment === environment).map(({ objectId }) => objectId),
    ]),
  ];
}

/** What objects cost, hour by hour: as the bill says it where it is final, else within what can be known. */
export function shownRange(
  one: Case,
  objectIds: readonly string[],
  { from, to }: Window,
): CostRange {
  const hours: CostRange[] = [];
  for (const objectId of objectIds) {
    const own = ofApps(one.lives, [objectId]);
    for (let hour = hourOf(from); hour < to; hour += hourMs) {
      const window = { from: Math.max(hour, from), to: Math.min(hour + hourMs, to) };
      const metered = knownSum(one.prices, own, window);
      const row = rowOf(one, objectId, hour);
      const shown = hourRange(row, metered);
      // Of an hour that is cut, nobody knows which part cost what.
      if (row.kind !== "none" && window.to - window.from < hourMs)
        hours.push({ low: 0n, high: shown.high });
      else hours.push(shown);
    }
  }
  return rangeSum(hours);
}

/** What the app cost at least by what its calls reported in hours of which the bill says nothing. */
export function reportedOutside(one: Case, app: AppOfWorld): ExactCost {
  return leastReported(
    callsHeard(app, one.machine.watching()).filter(({ startedMs, finishedMs }) =>
      [startedMs, finishedMs].every((atMs) => rowOf(one, app.id, hourOf(atMs)).kind === "none"),
    ),
  );
}
