import { billAsked } from "../watch/billAsked.ts";
import { leftToRead } from "../logs/leftToRead.ts";
import { ranUnseen } from "../logs/ranUnseen.ts";
import { unreadGaps } from "../logs/unread.ts";
import type { Gap } from "../gap.ts";
import type { Ledger, TimeRange } from "../ledgerPort.ts";
import { workspaceIn } from "../scope.ts";

/** Less than this is no gap that a person wants to hear of. */
const leastMs = 60_000;

/**
 * The times in a range of which nothing tells what ran: nobody looked, logs were left unread, an app
 * ran of which nothing else told, and the bill has not told of those hours either. Sums over them are "at least".
 */
export function unknownTimes(
  ledger: Pick<Ledger, "recall">,
  scope: string,
  range: TimeRange,
): readonly Gap[] {
  const left = leftToRead(ledger, scope);
  const pending =
    left === null ? [] : [{ fromMs: left, toMs: range.toMs, apps: "not-yet" } as const];
  const ran = ranUnseen(ledger, scope).map(({ fromMs, toMs, appName }): Gap => {
    return { fromMs, toMs, apps: [appName], ran: appName };
  });
  const gaps: readonly Gap[] = [...unreadGaps(ledger, scope), ...pending, ...ran];
  if (gaps.length === 0) return [];
  const asked = billAsked(ledger, workspaceIn(scope));
  const billedRange =
    asked === undefined
      ? { fromMs: 0, toMs: 0 }
      : { fromMs: asked.fromMs, toMs: asked.late.at(-1)?.throughMs ?? asked.settledThroughMs };
  return gaps.flatMap((gap) => {
    const fromMs = Math.max(gap.fromMs, range.fromMs);
    const toMs = Math.min(gap.toMs, range.toMs);
    return [
      { ...gap, fromMs, toMs: Math.min(toMs, billedRange.fromMs) },
      { ...gap, fromMs: Math.max(fromMs, billedRange.toMs), toMs },
    ].filter((part, index) => {
      // With nothing told, the two halves are the same one.
      if (index === 0 && billedRange.fromMs >= billedRange.toMs) return false;
      return part.toMs - part.fromMs >= (gap.ran === undefined ? leastMs : 1);
    });
  });
}
