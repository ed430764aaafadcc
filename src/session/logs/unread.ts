import * as z from "zod/mini";
import type { Ledger, TimeRange } from "../ledgerPort.ts";

/** What was left unread; none: no log could be read. */
export interface Unread extends TimeRange {
  readonly apps: readonly string[];
}

const stored = z.array(
  z.object({ fromMs: z.number(), toMs: z.number(), apps: z.array(z.string()) }),
);
/** The newest are kept. */
const maxGaps = 100;

/** The times of a scope that nobody looked at, and of which logs were left unread. */
export function unreadGaps(ledger: Pick<Ledger, "recall">, scope: string): readonly Unread[] {
  return ledger.recall(keyOf(scope), stored) ?? [];
}

/** Notes what was left unread of a time without a look. What was noted of that time before is over. */
export function noteUnread(
  ledger: Pick<Ledger, "recall" | "remember">,
  scope: string,
  { fromMs, toMs }: TimeRange,
  unread: readonly Unread[],
): void {
  const before = unreadGaps(ledger, scope);
  const others = before.filter((gap) => gap.toMs <= fromMs || gap.fromMs >= toMs);
  if (others.length === before.length && unread.length === 0) return;
  const byRange = Map.groupBy(unread, (gap) => `${gap.fromMs} ${gap.toMs}`);
  const joined = [...byRange.values()].flatMap(([first, ...more]): Unread[] =>
    first === undefined
      ? []
      : [{ ...first, apps: [...first.apps, ...more.flatMap(({ apps }) => apps)] }],
  );
  const gaps = [...others, ...joined].toSorted((a, b) => a.fromMs - b.fromMs).slice(-maxGaps);
  ledger.remember(keyOf(scope), JSON.stringify(gaps));
}

function keyOf(scope: string): string {
  return `unread ${scope}`; // not shown: a key of the ledger
}
