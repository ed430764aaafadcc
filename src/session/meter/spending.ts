import * as z from "zod/mini";
import type { Clock } from "../../base/clock.ts";
import { periodOf, periodsBetween, type Period } from "../../cost/spending/calendar.ts";
import { knownCost, knownPart, unknownCost, type KnownPart } from "../../cost/cost.ts";
import { microUsd, type MicroUsd } from "../../cost/money.ts";
import { hourMs } from "../../cost/billed/billedRow.ts";
import { billAskedThroughMs } from "../watch/billAsked.ts";
import { costIn, type CostReading } from "./costReader.ts";
import type { Ledger } from "../ledgerPort.ts";

export interface SpendingParts {
  readonly ledger: Pick<Ledger, "remember" | "recall">;
  readonly clock: Clock;
  /** What the cost of a range is answered from, as if it were `toMs` now. */
  readonly read: (scope: string, fromMs: number, toMs: number) => CostReading;
  readonly timeZone: string;
}

export interface DaySpent {
  readonly day: Period;
  readonly spent: KnownPart;
}

/** The bill of a day has come by then, and the logs of a laptop that slept have been read. */
const finalAfterMs = 3 * 86_400_000;
/** What was asked for so long after a day's end has the whole day. */
const billedAfterMs = 3 * hourMs;
/** The bill, which changes a day that is over, comes by the hour. */
const recentForMs = 3_600_000;

const keptSchema = z.object({ microUsd: z.int(), whys: z.array(z.string()) });

/**
 * What a scope has cost per day, for budgets. Old days are worked out once and remembered, so that a
 * month of a busy workspace is not read every time; cost is additive over time, to the micro-dollar.
 */
export class Spending {
  readonly #parts: SpendingParts;
  /** Days that are over, but not for long. */
  readonly #recent = new Map<string, { readonly atMs: number; readonly spent: KnownPart }>();

  constructor(parts: SpendingParts) {
    this.#parts = parts;
  }

  /** Each day from the one that holds `fromMs` to today, oldest first. Throws `Failure("ledger")`. */
  days(scope: string, fromMs: number): readonly DaySpent[] {
    const { clock, timeZone } = this.#parts;
    const nowMs = clock.nowMs();
    return periodsBetween("day", periodOf("day", fromMs, timeZone).fromMs, nowMs, timeZone).map(
      (day) => ({ day, spent: this.#day(scope, day, nowMs) }),
    );
  }

  #day(scope: string, day: Period, nowMs: number): KnownPart {
    const { ledger, timeZone } = this.#parts;
    if (day.toMs > nowMs) return partOf(this.#workOut(scope, day.fromMs, nowMs));
    const key = `spent:${scope}:${day.key}:${timeZone}`;
    if (nowMs - day.toMs <= finalAfterMs || this.#isBillOwed(scope, day)) {
      const recent = this.#recent.get(key);
      if (recent !== undefined && nowMs - recent.atMs < recentForMs) return recent.spent;
      const spent = partOf(this.#workOut(scope, day.fromMs, day.toMs));
      this.#recent.set(key, { atMs: nowMs, spent });
      return spent;
    }
    const kept = ledger.recall(key, keptSchema);
    if (kept !== undefined) return partOf(kept);
    const spent = this.#workOut(scope, day.fromMs, day.toMs);
    ledger.remember(key, JSON.stringify(spent));
    return partOf(spent);
  }

  /** After an absence the bill comes late: a day that waits for it is not settled. */
  #isBillOwed(scope: string, day: Period): boolean {
    const throughMs = billAskedThroughMs(this.#parts.ledger, scope);
    return throughMs !== undefined && throughMs < day.toMs + billedAfterMs;
  }

  #workOut(scope: string, fromMs: number, toMs: number): z.output<typeof keptSchema> {
    // A row of the bill belongs to a whole hour of UTC, of which a day may have a part.
    const hourEndMs = Math.ceil(toMs / hourMs) * hourMs;
    const readToMs = Math.max(toMs, Math.min(hourEndMs, this.#parts.clock.nowMs()));
    const reading = this.#parts.read(scope, fromMs, readToMs);
    const { best, bestKnown } = costIn(reading, null, fromMs, toMs);
    return { microUsd: bestKnown, whys: best.known ? [] : [best.why] };
  }
}

/** The sum of some days. */
export function sumOf(days: readonly DaySpent[]): KnownPart {
  return knownPart(
    days.flatMap(({ spent }) => [knownCost(spent.microUsd), ...spent.whys.map(unknownCost)]),
  );
}

/** What the days cost between two instants; of a day that is cut, the part by the clock. */
export function spentBetween(
  days: readonly DaySpent[],
  fromMs: number,
  toMs: number,
  nowMs: number,
): MicroUsd {
  let sum = 0;
  for (const { day, spent } of days) {
    const endMs = Math.min(day.toMs, nowMs);
    const withinMs = Math.min(endMs, toMs) - Math.max(day.fromMs, fromMs);
    if (withinMs > 0) sum += (spent.microUsd * withinMs) / (endMs - day.fromMs);
  }
  return microUsd(sum);
}

function partOf({ microUsd: amount, whys }: z.output<typeof keptSchema>): KnownPart {
  return { microUsd: microUsd(amount), isFloor: whys.length > 0, whys };
}
