import { t } from "../../base/text.ts";
import { hourMs, hourOf, isApp, type BilledRow } from "./billedRow.ts";
import { knownCost, knownPart, unknownCost, type KnownPart } from "../cost.ts";
import { addUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
import { metricsWithin, overlaps, type PricedSpan } from "../metered/pricedSpan.ts";

/**
 * How an app's hour stands: both sides known; billed, but no container was ever seen ("unseen": the
 * laptop was off, or it came and went between two looks); metered, but not on the bill; metered
 * at an unknown rate, so that only the bill tells; or no app at all (a volume), which is not metered.
 */
export type HourState = "both" | "unseen" | "unbilled" | "rate-unknown" | "not-an-app";

export interface ReconciledHour {
  readonly appId: string;
  readonly appName: string;
  readonly hourStartMs: number;
  readonly billed: MicroUsd;
  readonly metered: KnownPart;
  /** metered ÷ billed - 1: positive when we show more than Modal charges. null unless `state` is "both". */
  readonly drift: number | null;
  readonly state: HourState;
}

/** An app's hours in sum. */
export interface ReconciledApp {
  readonly appId: string;
  readonly appName: string;
  /** All that was billed, seen or not. */
  readonly billed: MicroUsd;
  readonly metered: KnownPart;
  /** Over the hours in state "both"; null: there is none. */
  readonly drift: number | null;
  /** Of `billed`. */
  readonly unseen: MicroUsd;
}

export interface Reconciliation {
  /** Oldest first. */
  readonly hours: readonly ReconciledHour[];
  /** Dearest first. */
  readonly apps: readonly ReconciledApp[];
  /** Exclusive; null while nothing is billed. */
  readonly billedThroughMs: number | null;
  /** Over the hours in state "both". */
  readonly billed: MicroUsd;
  readonly metered: MicroUsd;
  readonly drift: number | null;
  /** Billed for apps that were never seen. */
  readonly unseen: MicroUsd;
  /** Billed for what is no app. */
  readonly other: MicroUsd;
  /** Metered in hours that are through, without a row on the bill. */
  readonly unbilled: MicroUsd;
}

/** Less than this in an hour is not worth a row on the bill: 100 µ$. */
const negligible = 100;

/**
 * Billed beside metered, per app and hour, for the whole hours in [fromMs, throughMs) that the
 * report covers (cost/billedRow.ts tells until when). Later rows, and the hours at the edges that
 * are not whole, are left out: they are not wrong, they are not finished.
 */
export function reconcile(question: {
  readonly priced: readonly PricedSpan[];
  readonly billed: readonly BilledRow[];
  readonly fromMs: number;
  readonly throughMs: number | null;
}): Reconciliation {
  const { throughMs } = question;
  if (throughMs === null) return reconciliation([], null);
  const fromMs = Math.ceil(question.fromMs / hourMs) * hourMs;
  const toMs = hourOf(throughMs);
  const rows = new Map<string, BilledRow>();
  for (const row of question.billed) {
    if (row.intervalStartMs < fromMs || row.intervalStartMs >= toMs) continue;
    const key = `${row.objectId} ${hourOf(row.intervalStartMs)}`;
    const earlier = rows.get(key);
    // One app may have several rows in an hour (by environment or resource).
    rows.set(key, earlier === undefined ? row : { ...row, cost: addUsd(earlier.cost, row.cost) });
  }
  const hours: ReconciledHour[] = [];
  for (const [key, spans] of spansByHour(question.priced, fromMs, toMs)) {
    const row = rows.get(key);
    rows.delete(key);
    const hour = meteredHour(key, spans, row);
    if (hour !== undefined) hours.push(hour);
  }
  for (const row of rows.values()) if (row.cost > 0) hours.push(unmeteredHour(row));
  hours.sort((a, b) => a.hourStartMs - b.hourStartMs || (a.appId < b.appId ? -1 : 1));
  return reconciliation(hours, toMs);
}

function spansByHour(
  priced: readonly PricedSpan[],
  fromMs: number,
  toMs: number,
): ReadonlyMap<string, readonly PricedSpan[]> {
  const byHour = new Map<string, PricedSpan[]>();
  for (const one of priced) {
    const first = Math.max(fromMs, hourOf(one.interval.startMs));
    const last = Math.min(toMs, one.interval.countedToMs);
    for (let hour = first; hour < last; hour += hourMs) {
      if (!overlaps(one, hour, hour + hourMs)) continue;
      const key = `${one.span.appId} ${hour}`;
      const list = byHour.get(key);
      if (list === undefined) byHour.set(key, [one]);
      else list.push(one);
    }
  }
  return byHour;
}

function meteredHour(
  key: string,
  spans: readonly PricedSpan[],
  row: BilledRow | undefined,
): ReconciledHour | undefined {
  const [first] = spans;
  if (first === undefined) return undefined;
  const hourStartMs = Number(key.slice(key.lastIndexOf(" ") + 1));
  const metered = knownPart(
    spans.map((one) => metricsWithin(one, hourStartMs, hourStartMs + hourMs).total),
  );
  const billed = row?.cost ?? zeroUsd;
  const state: HourState = metered.isFloor ? "rate-unknown" : billed > 0 ? "both" : "unbilled";
  if (state === "unbilled" && metered.microUsd < negligible) return undefined;
  return {
    appId: first.span.appId,
    appName: first.span.appName,
    hourStartMs,
    billed,
    metered,
    drift: state === "both" ? metered.microUsd / billed - 1 : null,
    state,
  };
}

function unmeteredHour(row: BilledRow): ReconciledHour {
  return {
    appId: row.objectId,
    appName: row.description,
    hourStartMs: hourOf(row.intervalStartMs),
    billed: row.cost,
    metered: { microUsd: zeroUsd, isFloor: false, whys: [] },
    drift: null,
    state: isApp(row) ? "unseen" : "not-an-app",
  };
}

function reconciliation(
  hours: readonly ReconciledHour[],
  throughMs: number | null,
): Reconciliation {
  const apps = [...Map.groupBy(hours, ({ appId }) => appId).values()].map(reconciledApp);
  return {
    hours,
    apps: apps.toSorted((a, b) => b.billed - a.billed || (a.appId < b.appId ? -1 : 1)),
    billedThroughMs: throughMs,
    ...sumsOf(hours),
  };
}

function sumsOf(hours: readonly ReconciledHour[]) {
  const amount = (state: HourState, tier: (hour: ReconciledHour) => MicroUsd): MicroUsd =>
    sumUsd(hours.filter((hour) => hour.state === state).map(tier));
  const billed = amount("both", (hour) => hour.billed);
  const metered = amount("both", (hour) => hour.metered.microUsd);
  return {
    billed,
    metered,
    drift: billed > 0 ? metered / billed - 1 : null,
    unseen: amount("unseen", (hour) => hour.billed),
    other: amount("not-an-app", (hour) => hour.billed),
    unbilled: amount("unbilled", (hour) => hour.metered.microUsd),
  };
}

function reconciledApp(hours: readonly ReconciledHour[]): ReconciledApp {
  const [first] = hours;
  const { drift, unseen } = sumsOf(hours);
  return {
    appId: first?.appId ?? "",
    appName: hours.at(-1)?.appName ?? "",
    billed: sumUsd(hours.map(({ billed }) => billed)),
    metered: knownPart(
      hours.flatMap(({ metered: { microUsd, whys } }) => [
        knownCost(microUsd),
        ...whys.map(unknownCost),
      ]),
    ),
    drift,
    unseen,
  };
}

/** "billed through 14:00 UTC", with the day when it is not today's (UTC). */
export function billedThroughText(throughMs: number, nowMs: number): string {
  const iso = new Date(throughMs).toISOString();
  const isToday = iso.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10);
  const time = iso.slice(11, 16);
  return t("billed through {0} UTC", isToday ? time : `${iso.slice(0, 10)} ${time}`);
}
