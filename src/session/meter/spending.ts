import { t } from "../../base/text.ts";
import * as z from "zod/mini";
import { textKey } from "../../base/textKey.ts";
import type { Clock } from "../../base/clock.ts";
import { periodOf, periodsBetween, type Period } from "../../cost/spending/calendar.ts";
import { addParts, type KnownPart } from "../../cost/cost.ts";
import { microUsd, type MicroUsd } from "../../cost/money.ts";
import { bestPart } from "../../cost/spending/sessionCost.ts";
import { hourMs, isApp } from "../../cost/billed/billedRow.ts";
import { costIn, type CostReading } from "./costReader.ts";
import { ofApps } from "./mine.ts";
import { environmentIn } from "../scope.ts";
import { gapText, type Gap } from "../gap.ts";
import type { Ledger, TimeRange } from "../ledgerPort.ts";

export interface SpendingParts {
  readonly ledger: Pick<Ledger, "remember" | "recall" | "scopes">;
  readonly clock: Clock;
  /** What the cost of a range is answered from, as if it were `toMs` now. */
  readonly read: (scope: string, fromMs: number, toMs: number) => CostReading;
  /** Keys of what `read` answers from (session/meter/readingKey.ts). */
  readonly keys: (scope: string) => (range: TimeRange) => string;
  /** The times of which nothing tells what ran in the scope (session/meter/unknownTimes.ts). */
  readonly unknownTimes: (scope: string, range: TimeRange) => readonly Gap[];
  /** The apps of the scope that are known to be mine. */
  readonly mine: (scope: string) => MyApps;
  readonly timeZone: string;
}

/** By id; "all" in a personal workspace. */
export type MyApps = "all" | ReadonlySet<string>;

export interface DaySpent {
  readonly day: Period;
  /** By the whole workspace: all environments, and what is no app. */
  readonly spent: KnownPart;
  /** Of it, what apps have cost that are known to be mine. */
  readonly mine: KnownPart;
}

/** A part of what the workspace has spent. `environment` null: storage, egress and all else that is no app. */
export interface SpentPart {
  readonly environment: string | null;
  readonly spent: KnownPart;
}

type Worked = Pick<DaySpent, "spent" | "mine">;
const partSchema = z.object({ microUsd: z.int(), whys: z.array(z.string()) });
const keptSchema = z.object({ key: z.string(), spent: partSchema, mine: partSchema });

/** A day that is over, as it was kept; `kept` is missing where it has to be cut anew. */
interface KeptDay {
  readonly name: string;
  readonly key: string;
  readonly kept?: Worked;
}

/** So long before today its reading begins, where no other day has to be worked out. */
const contextMs = 24 * hourMs;

/**
 * What a workspace has cost per day, for budgets. Days are cut from one reading, so that they add up
 * to what the range costs, to the micro-dollar: what tells of a container may be hours away from it,
 * and a reading of one day alone would take its begin or end for another one. Days that are over are
 * kept, and all of them are cut anew when anything that one of them is made from has changed.
 */
export class Spending {
  readonly #parts: SpendingParts;

  constructor(parts: SpendingParts) {
    this.#parts = parts;
  }

  /** Each day from the one that holds `fromMs` to today, oldest first. Throws `Failure("ledger")`. */
  days(workspace: string, fromMs: number): readonly DaySpent[] {
    const { clock, ledger } = this.#parts;
    const nowMs = clock.nowMs();
    const days = this.#periods(fromMs, nowMs);
    const firstMs = days[0]?.fromMs ?? fromMs;
    const ofScopes = ledger
      .scopes({ workspace, fromMs: firstMs, toMs: nowMs })
      .map((scope) => this.#daysOf(scope, days, nowMs));
    return days.map((day, index) => ({
      day,
      ...sumOf(ofScopes.flatMap((worked) => worked[index] ?? [])),
    }));
  }

  /**
   * What each environment spent in the last of the days that hold the range from `fromMs` to now, and
   * what is no app. Adds up to those days, to the micro-dollar: it is made from them.
   *
   * @param count so many days.
   */
  parts(workspace: string, fromMs: number, count: number): readonly SpentPart[] {
    const { clock, ledger, read } = this.#parts;
    const nowMs = clock.nowMs();
    const days = this.#periods(fromMs, nowMs);
    const firstMs = days.at(-count)?.fromMs ?? fromMs;
    const other: KnownPart[] = [];
    const scopes = ledger.scopes({ workspace, fromMs: days[0]?.fromMs ?? fromMs, toMs: nowMs });
    const environments = scopes.map((scope) => {
      const reading = read(scope, firstMs, nowMs);
      const noApps = {
        ...reading,
        priced: [],
        calls: [],
        billed: reading.billed.filter((row) => !isApp(row)),
      };
      const ofNoApp = partIn(noApps, firstMs, reading.nowMs);
      other.push(ofNoApp);
      const { spent } = sumOf(this.#daysOf(scope, days, nowMs).slice(-count));
      const microUsdOfApps = microUsd(spent.microUsd - ofNoApp.microUsd);
      return { environment: environmentIn(scope), spent: { ...spent, microUsd: microUsdOfApps } };
    });
    return [...environments, { environment: null, spent: addParts(other) }].filter(
      ({ spent }) => spent.microUsd > 0 || spent.isFloor,
    );
  }

  #periods(fromMs: number, nowMs: number): readonly Period[] {
    const { timeZone } = this.#parts;
    return periodsBetween("day", periodOf("day", fromMs, timeZone).fromMs, nowMs, timeZone);
  }

  /** @param days the last one is today. */
  #daysOf(scope: string, days: readonly Period[], nowMs: number): readonly Worked[] {
    const { ledger, read, mine } = this.#parts;
    const keyOf = this.#parts.keys(scope);
    const over = days.slice(0, -1).map((day) => this.#keptDay(scope, day, keyOf));
    const kept = over.flatMap((one) => one.kept ?? []);
    const isKept = kept.length === over.length;
    const today = days.at(-1)?.fromMs ?? nowMs;
    const reading = read(scope, isKept ? today - contextMs : (days[0]?.fromMs ?? nowMs), nowMs);
    const myApps = mine(scope);
    const myReading = ofApps(reading, (appId) => myApps === "all" || myApps.has(appId));
    const cut = ({ fromMs, toMs: endMs }: Period): Worked => {
      // Until now is until Modal's now.
      const toMs = endMs >= nowMs ? reading.nowMs : endMs;
      const whys = this.#gapsIn(scope, { fromMs, toMs });
      return {
        spent: withGaps(partIn(reading, fromMs, toMs), whys),
        mine: withGaps(partIn(myReading, fromMs, toMs), whys),
      };
    };
    if (isKept) return [...kept, ...days.slice(-1).map(cut)];
    const worked = days.map(cut);
    for (const [index, { name, key }] of over.entries()) {
      ledger.remember(name, JSON.stringify({ key, ...worked[index] }));
    }
    return worked;
  }

  #keptDay(scope: string, day: Period, keyOf: (range: TimeRange) => string): KeptDay {
    const { ledger, timeZone, mine, unknownTimes } = this.#parts;
    const name = `day:${scope}:${day.key}:${timeZone}`;
    const myApps = mine(scope);
    const whose = myApps === "all" ? myApps : [...myApps].toSorted();
    const key = textKey(JSON.stringify([keyOf(day), whose, unknownTimes(scope, day)]));
    const kept = ledger.recall(name, keptSchema);
    if (kept?.key !== key) return { name, key };
    return { name, key, kept: { spent: partOf(kept.spent), mine: partOf(kept.mine) } };
  }

  #gapsIn(scope: string, range: TimeRange): readonly string[] {
    const { unknownTimes, timeZone } = this.#parts;
    return unknownTimes(scope, range).map((gap) => t("Not known: {0}.", gapText(gap, timeZone)));
  }
}

/** What is not known makes a sum a floor. */
function withGaps(part: KnownPart, whys: readonly string[]): KnownPart {
  return whys.length === 0 ? part : { ...part, isFloor: true, whys: [...part.whys, ...whys] };
}

function partIn(reading: CostReading, fromMs: number, toMs: number): KnownPart {
  return bestPart(costIn(reading, null, fromMs, toMs));
}

/** The sum of some days, or of one day's scopes. */
export function sumOf(worked: readonly Worked[]): Worked {
  return {
    spent: addParts(worked.map(({ spent }) => spent)),
    mine: addParts(worked.map(({ mine }) => mine)),
  };
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

function partOf({ microUsd: amount, whys }: z.output<typeof partSchema>): KnownPart {
  return { microUsd: microUsd(amount), isFloor: whys.length > 0, whys };
}
