import { hourMs, hourOf, isFinal, type BilledRow } from "../billed/billedRow.ts";
import type { CallRecord } from "../call.ts";
import { executionsIn, startedUpSinceMs, type Execution } from "../metered/attribution.ts";
import { metricsWithin, type PricedSpan } from "../metered/pricedSpan.ts";
import { microUsd, type MicroUsd } from "../money.ts";
import { distinctCalls } from "../reported/distinctCalls.ts";
import { editorCallId } from "../reported/logLineAssembler.ts";

/** What one call cost with all that came of it: cold start, execution, idle tail. null: not known (yet). */
export interface CallCost {
  readonly metered: MicroUsd | null;
  readonly billed: MicroUsd | null;
}

/** Everything that the ledger has for the time of the calls and of their containers. */
export interface CallCostQuestion {
  readonly priced: readonly PricedSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
  readonly nowMs: number;
}

/** A time of a container. */
interface Piece {
  readonly priced: PricedSpan;
  readonly fromMs: number;
  readonly toMs: number;
  /** How many calls share it. */
  readonly shares: number;
}

/** Modal's largest scaledown window: a container that idles for longer does so for another reason. */
const longestTailMs = 3_600_000;

/**
 * What each call of these containers cost, by the call's id. Every moment of a container belongs to
 * the calls that run in it, or to the last one that did; its start to the first one. So the calls of a
 * container add up to it, but for time in which it idled for nobody. A cost is known when nothing can
 * be added to it any more: the tail is over, and for `billed`, all of its hours are on the bill.
 */
export function callCosts(question: CallCostQuestion): ReadonlyMap<string, CallCost> {
  const { priced, calls, nowMs } = question;
  const byCall = new Map<string, Piece[]>();
  for (const [one, executions] of executionsIn(priced, distinctCalls(calls), nowMs))
    cut(one, executions, (callId, piece) => {
      if (piece.toMs <= piece.fromMs) return;
      const pieces = byCall.get(callId);
      if (pieces === undefined) byCall.set(callId, [piece]);
      else pieces.push(piece);
    });
  const bill = billOf(question);
  const costs = new Map<string, CallCost>();
  for (const [callId, pieces] of byCall) {
    const isOver = !pieces.some(mayGrow);
    costs.set(editorCallId(callId), {
      metered: isOver ? roundedUsd(moneyIn(pieces)) : null,
      billed: isOver ? roundedUsd(bill(pieces)) : null,
    });
  }
  return costs;
}

/** Cuts a container's time into pieces, and tells which call each belongs to. */
function cut(
  priced: PricedSpan,
  executions: readonly Execution[],
  give: (callId: string, piece: Piece) => void,
): void {
  const [first] = executions;
  if (first === undefined) return;
  const { countedToMs } = priced.interval;
  const startedUpMs = startedUpSinceMs(priced, first) ?? first.fromMs;
  give(first.callId, { priced, fromMs: startedUpMs, toMs: first.fromMs, shares: 1 });
  const edges = new Set(executions.flatMap(({ fromMs, toMs }) => [fromMs, toMs]));
  const times = [...edges, countedToMs].toSorted((a, b) => a - b);
  let running: readonly Execution[] = [];
  let last = first;
  let next = 0;
  for (const [at, fromMs] of times.entries()) {
    last = running.findLast(({ toMs }) => toMs <= fromMs) ?? last;
    running = running.filter(({ toMs }) => toMs > fromMs);
    for (let one = executions[next]; one !== undefined && one.fromMs <= fromMs;) {
      running = [...running, one];
      next += 1;
      one = executions[next];
    }
    const toMs = times[at + 1] ?? fromMs;
    for (const { callId } of running)
      give(callId, { priced, fromMs, toMs, shares: running.length });
    const tailToMs = Math.min(toMs, last.toMs + longestTailMs);
    if (running.length === 0) give(last.callId, { priced, fromMs, toMs: tailToMs, shares: 1 });
  }
}

/** The container still runs, and what it does now may be this call's tail. */
function mayGrow({ priced: { interval }, toMs }: Piece): boolean {
  return interval.endMs === null && toMs >= interval.countedToMs;
}

type Weight = (pieces: readonly Piece[]) => number | null;

/** In micro-dollars; null where a rate is not known. */
function moneyIn(pieces: readonly Piece[]): number | null {
  let sum = 0;
  for (const { priced, fromMs, toMs, shares } of pieces) {
    const { total } = metricsWithin(priced, fromMs, toMs);
    if (!total.known) return null;
    sum += total.microUsd / shares;
  }
  return sum;
}

function timeIn(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { fromMs, toMs, shares }) => {
    return sum + Math.max(0, toMs - fromMs) / shares;
  }, 0);
}

/**
 * The part of the bill that is these pieces', as cost/billed/billedCost.ts splits an hour: by what was
 * metered in it, by container time where a rate is not known. null: some hour is not on the bill yet.
 */
function billOf({ billed, priced }: CallCostQuestion): Weight {
  const rows = Map.groupBy(billed, ({ objectId, intervalStartMs }) =>
    hourKey(objectId, hourOf(intervalStartMs)),
  );
  const spans = Map.groupBy(priced, ({ span }) => span.appId);
  return (pieces) => {
    let sum = 0;
    for (const [key, ofHour] of Map.groupBy(pieces.flatMap(byHour), ({ key }) => key)) {
      const [{ appId, hour } = { appId: "", hour: 0 }] = ofHour;
      const row = rows.get(key);
      if (row === undefined || !row.every(isFinal)) return null;
      const all = (spans.get(appId) ?? []).map((one) => within(wholeOf(one), hour));
      const weigh: Weight = (moneyIn(all) ?? 0) > 0 ? moneyIn : timeIn;
      const cost = row.reduce((total, one) => total + one.cost, 0);
      const whole = weigh(all) ?? 0;
      if (whole <= 0) return null;
      sum += (cost * (weigh(ofHour.map(({ piece }) => piece)) ?? 0)) / whole;
    }
    return sum;
  };
}

function byHour(piece: Piece) {
  const { appId } = piece.priced.span;
  const hours = [];
  for (let hour = hourOf(piece.fromMs); hour < piece.toMs; hour += hourMs)
    hours.push({ key: hourKey(appId, hour), appId, hour, piece: within(piece, hour) });
  return hours;
}

function within(piece: Piece, hour: number): Piece {
  const fromMs = Math.max(piece.fromMs, hour);
  return { ...piece, fromMs, toMs: Math.max(fromMs, Math.min(piece.toMs, hour + hourMs)) };
}

function wholeOf(priced: PricedSpan): Piece {
  const { startMs, countedToMs } = priced.interval;
  return { priced, fromMs: startMs, toMs: countedToMs, shares: 1 };
}

function hourKey(appId: string, hour: number): string {
  return `${appId} ${hour}`;
}

function roundedUsd(amount: number | null): MicroUsd | null {
  return amount === null ? null : microUsd(amount);
}
