import { plural, sentences, t } from "../../base/text.ts";
import { formatAmount } from "../format.ts";
import type { MicroUsd } from "../money.ts";

/** What an environment may spend in a billing cycle, and has spent, as Modal says. */
export interface SpendLimit {
  readonly environment: string;
  readonly used: MicroUsd;
  readonly limit: MicroUsd;
}

export interface LimitOutlook extends SpendLimit {
  readonly percent: number;
  /** When it is reached at the pace of this cycle; null: not in this one, or nothing was used. */
  readonly reachedAtMs: number | null;
}

export interface LimitNotice {
  readonly message: string;
  /** Told with it, each once a cycle in every window: claim them all (Ledger.claimOnce). */
  readonly keys: readonly string[];
}

const dayMs = 86_400_000;
const thresholds: readonly number[] = [50, 75, 90, 100];
/** A limit that is reached within this is told of once more, whatever its percent. */
const soonMs = 2 * dayMs;
/** So much of a cycle is no pace yet. */
const leastPaceMs = dayMs;

/** How each limit stands, the tightest first. Cycles are calendar months in UTC (`modal billing summary`). */
export function limitOutlooks(
  limits: readonly SpendLimit[],
  nowMs: number,
): readonly LimitOutlook[] {
  const { fromMs, toMs } = cycleOf(nowMs);
  return limits
    .filter(({ limit }) => limit > 0)
    .map((one): LimitOutlook => {
      const { used, limit } = one;
      const perMs = used / Math.max(nowMs - fromMs, leastPaceMs);
      const atMs = used >= limit ? nowMs : perMs > 0 ? nowMs + (limit - used) / perMs : Infinity;
      return { ...one, percent: (100 * used) / limit, reachedAtMs: atMs < toMs ? atMs : null };
    })
    .toSorted((a, b) => b.percent - a.percent);
}

/** One notice for all limits that have passed a threshold which nobody was told of; undefined: none has. */
export function limitNotice(
  outlooks: readonly LimitOutlook[],
  nowMs: number,
  wasTold: (key: string) => boolean,
): LimitNotice | undefined {
  const passed = outlooks.map((one) => ({ one, keys: keysOf(one, nowMs) }));
  const fresh = passed.filter(({ keys }) => keys.some((key) => !wasTold(key)));
  const [tightest, ...more] = fresh.map(({ one }) => one);
  if (tightest === undefined) return undefined;
  return {
    message: sentences(
      limitText(tightest, nowMs),
      more.length === 0
        ? ""
        : t(
            "Also: {0}.",
            more
              .map(({ environment, percent }) => t("{0} {1} %", environment, Math.floor(percent)))
              .join(", "),
          ),
    ),
    keys: fresh.flatMap(({ keys }) => keys),
  };
}

/** "main has used $92.00 of the $100.00 that Modal lets it spend this month (92 %). At this pace …" */
export function limitText(
  { environment, used, limit, percent, reachedAtMs }: LimitOutlook,
  nowMs: number,
): string {
  const amounts = [formatAmount(used), formatAmount(limit)] as const;
  if (used >= limit)
    return t(
      "{0} has used {1} of the {2} that Modal lets it spend this month: Modal starts nothing there any more.",
      environment,
      ...amounts,
    );
  return sentences(
    t(
      "{0} has used {1} of the {2} that Modal lets it spend this month ({3} %).",
      environment,
      ...amounts,
      Math.floor(percent),
    ),
    reachedAtMs === null ? "" : reachedText(reachedAtMs, nowMs),
  );
}

function reachedText(atMs: number, nowMs: number): string {
  const days = Math.floor((atMs - nowMs) / dayMs);
  return days === 0
    ? t("At this pace the rest is gone within a day.")
    : plural(days, {
        one: "At this pace the rest is gone in {0} day.",
        other: "At this pace the rest is gone in {0} days.",
      });
}

/** Of all thresholds that it has passed: the highest says what the lower ones would. */
function keysOf({ environment, limit, percent, reachedAtMs }: LimitOutlook, nowMs: number) {
  const { key } = cycleOf(nowMs);
  const names = thresholds.filter((one) => percent >= one).map(String);
  const isSoon = reachedAtMs !== null && reachedAtMs - nowMs <= soonMs;
  if (isSoon) names.push("soon"); // not shown: part of a key
  return names.map((name) => `limit/${environment}/${key}/${limit}/${name}`);
}

function cycleOf(nowMs: number): {
  readonly fromMs: number;
  readonly toMs: number;
  readonly key: string;
} {
  const now = new Date(nowMs);
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  return {
    fromMs: Date.UTC(year, month, 1),
    toMs: Date.UTC(year, month + 1, 1),
    key: now.toISOString().slice(0, 7),
  };
}
