import * as z from "zod/mini";
import { hourMs, hourOf, isLate } from "../../cost/billed/billedRow.ts";
import type { Ledger, TimeRange } from "../ledgerPort.ts";

const askedSchema = z.object({
  fromMs: z.number(),
  throughMs: z.number(),
  settledThroughMs: z.number(),
  late: z.array(z.object({ throughMs: z.number(), atMs: z.number() })),
  reports: z.int(),
});

/** What of a workspace's bill was asked for. All hours between `fromMs` and `throughMs` were. */
export type BillAsked = z.output<typeof askedSchema>;

/** What was asked for; undefined: nothing yet, or it may not be read. */
export function billAsked(
  ledger: Pick<Ledger, "recall">,
  workspace: string,
): BillAsked | undefined {
  return ledger.recall(keyOf(workspace), askedSchema);
}

export function noteBillAsked(
  ledger: Pick<Ledger, "remember">,
  workspace: string,
  asked: BillAsked,
): void {
  ledger.remember(keyOf(workspace), JSON.stringify(asked));
}

/** A round of reports: when the first and the last one were asked for, and how many they were. */
export interface ReportRound {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly reports: number;
}

/**
 * What was asked for after one more round of reports, which had all hours of `range`. An hour is settled once two reports
 * that come after all usual delays have had it, the second at least an hour after the first: then its
 * rows are final, or it has none (cost/billed/billedRow.ts).
 */
export function afterReport(
  earlier: BillAsked | undefined,
  range: TimeRange,
  asked: ReportRound,
): BillAsked {
  const { firstMs: askedAtMs } = asked;
  // With a hole between, only what comes after it is known to be whole.
  const before =
    earlier !== undefined && range.fromMs <= earlier.throughMs
      ? earlier
      : { fromMs: range.fromMs, throughMs: range.fromMs, settledThroughMs: range.fromMs, late: [] };
  const { throughMs } = before;
  // A clock that was ahead has noted what cannot be.
  const late = before.late.filter(({ atMs }) => atMs <= askedAtMs);
  let settledThroughMs = Math.min(before.settledThroughMs, hourOf(askedAtMs));
  for (const first of late)
    if (askedAtMs - first.atMs >= hourMs && range.fromMs <= settledThroughMs)
      settledThroughMs = Math.max(settledThroughMs, Math.min(first.throughMs, range.toMs));
  let lateThroughMs = range.toMs;
  while (lateThroughMs > range.fromMs && !isLate(lateThroughMs - hourMs, askedAtMs))
    lateThroughMs -= hourMs;
  const last = late.at(-1)?.throughMs ?? settledThroughMs;
  const isNext = range.fromMs <= last && lateThroughMs > last;
  return {
    fromMs: Math.min(before.fromMs, range.fromMs),
    throughMs: Math.max(Math.min(throughMs, hourOf(askedAtMs)), range.toMs),
    settledThroughMs,
    late: [...late, ...(isNext ? [{ throughMs: lateThroughMs, atMs: asked.lastMs }] : [])].filter(
      (one) => one.throughMs > settledThroughMs,
    ),
    reports: (earlier?.reports ?? 0) + asked.reports,
  };
}

function keyOf(workspace: string): string {
  return `bill-asked:${workspace}`;
}
