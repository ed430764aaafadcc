import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { hourMs, hourOf, listedThroughMs } from "../../cost/billed/billedRow.ts";
import { formatAmount } from "../../cost/format.ts";
import { sumUsd, type MicroUsd } from "../../cost/money.ts";
import { reconcile, type ReconciledHour } from "../../cost/billed/reconcile.ts";
import type { CostReading } from "./costReader.ts";
import type { Ledger, TimeRange } from "../ledgerPort.ts";

/** Less than this is not worth a word: a cent. */
const leastMicroUsd = 10_000;
/** What is later than this is told when it is asked for: the report after an absence asks for all of it. */
const backMs = 48 * hourMs;

/** Hours that Modal billed, and in which nobody saw the app: no window was open, or the machine slept. */
export function unseenHours(
  { priced, billed }: Pick<CostReading, "priced" | "billed">,
  { fromMs, toMs }: TimeRange,
): readonly ReconciledHour[] {
  const throughMs = listedThroughMs(billed);
  return reconcile({ priced, billed, fromMs, throughMs }).hours.filter(
    ({ state, hourStartMs }) => state === "unseen" && hourStartMs < toMs,
  );
}

export interface UnseenBill {
  readonly hours: readonly ReconciledHour[];
  readonly billed: MicroUsd;
  /** For people: which apps, when, how much. */
  readonly text: string;
}

/**
 * What Modal billed and nobody saw, each hour of an app told once by one window. The bill comes
 * hours late, so it is asked for again after each report; hours before this machine first asked
 * are history, not news.
 */
export class UnseenBills {
  readonly #ledger: Pick<Ledger, "remember" | "recall" | "claimOnce" | "wasClaimed">;

  constructor(ledger: Pick<Ledger, "remember" | "recall" | "claimOnce" | "wasClaimed">) {
    this.#ledger = ledger;
  }

  /** Since when the reading must reach back. */
  fromMs(nowMs: number): number {
    return hourOf(nowMs) - backMs;
  }

  /** What nobody was told of yet. */
  news(
    scope: string,
    reading: CostReading,
    range: TimeRange = { fromMs: this.fromMs(reading.nowMs), toMs: reading.nowMs },
  ): readonly ReconciledHour[] {
    const fromMs = Math.max(hourOf(range.fromMs), this.#sinceMs(scope, reading.nowMs));
    return unseenHours(reading, { fromMs, toMs: range.toMs }).filter(
      (hour) => !this.#ledger.wasClaimed(keyOf(scope, hour)),
    );
  }

  /** Makes these hours old news; undefined: nothing worth a word, and they stay news. */
  take(scope: string, news: readonly ReconciledHour[], nowMs: number): UnseenBill | undefined {
    if (sumUsd(news.map(({ billed }) => billed)) < leastMicroUsd) return undefined;
    const hours = news.filter((hour) => this.#ledger.claimOnce(keyOf(scope, hour), nowMs));
    if (hours.length === 0) return undefined;
    const billed = sumUsd(hours.map((hour) => hour.billed));
    return { hours, billed, text: textOf(hours, billed) };
  }

  #sinceMs(scope: string, nowMs: number): number {
    const key = `bill:since:${scope}`;
    const saved = this.#ledger.recall(key, z.number());
    if (saved !== undefined) return saved;
    this.#ledger.remember(key, JSON.stringify(nowMs));
    return nowMs;
  }
}

function keyOf(scope: string, { appId, hourStartMs }: ReconciledHour): string {
  return `unseen:${scope}:${appId}:${hourStartMs}`;
}

function textOf(hours: readonly ReconciledHour[], billed: MicroUsd): string {
  const apps = [...Map.groupBy(hours, ({ appId }) => appId).values()].map((hoursOfApp) => {
    const starts = hoursOfApp.map(({ hourStartMs }) => hourStartMs);
    const name = hoursOfApp.at(-1)?.appName ?? "";
    return `${name} (${spanText(Math.min(...starts), Math.max(...starts) + hourMs)})`;
  });
  return t(
    "Modal billed {0} for hours when Modal Meter was not watching: {1}.",
    formatAmount(billed),
    apps.join(", "),
  );
}

/** "2026-11-21 02:00 to 05:00 UTC", with the second day where it is another. */
function spanText(fromMs: number, toMs: number): string {
  const [fromDay, from] = dayAndTime(fromMs);
  const [toDay, to] = dayAndTime(toMs);
  return t("{0} to {1} UTC", `${fromDay} ${from}`, toDay === fromDay ? to : `${toDay} ${to}`);
}

function dayAndTime(atMs: number): readonly [day: string, time: string] {
  const iso = new Date(atMs).toISOString();
  return [iso.slice(0, 10), iso.slice(11, 16)];
}
