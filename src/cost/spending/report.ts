import { isApp, type BilledRow } from "../billed/billedRow.ts";
import type { CallRecord } from "../call.ts";
import { distinctCalls } from "../reported/distinctCalls.ts";
import { microUsd, zeroUsd, addUsd, type MicroUsd } from "../money.ts";
import type { PricedSpan } from "../metered/pricedSpan.ts";
import { costOf, type TieredCost } from "./sessionCost.ts";

/** What a history is made from: everything the ledger has for the range, whole hours at its edges. */
export interface ReportQuestion {
  readonly priced: readonly PricedSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}

export interface AppCost extends TieredCost {
  readonly appId: string;
  readonly appName: string;
}

/** Cost of each app in the range, dearest first; an app that was only ever billed is one too. */
export function costPerApp(question: ReportQuestion): readonly AppCost[] {
  const before = costsOfApps.get(question);
  if (before !== undefined) return before;
  const costs = workedPerApp(question);
  costsOfApps.set(question, costs);
  return costs;
}

/** A page asks for the apps, and for what is shared out of them, of one question. */
const costsOfApps = new WeakMap<ReportQuestion, readonly AppCost[]>();

function workedPerApp(question: ReportQuestion): readonly AppCost[] {
  const names = new Map<string, string>();
  for (const { objectId, description } of question.billed.filter(isApp))
    names.set(objectId, description);
  for (const { appId, appName } of question.calls) {
    if (appId !== null) names.set(appId, appName ?? names.get(appId) ?? appId);
  }
  for (const { appId, appName } of question.priced.map(({ span }) => span)) {
    names.set(appId, appName);
  }
  const priced = Map.groupBy(question.priced, ({ span }) => span.appId);
  // Each once before they are taken apart: the line of a call may name another app, or none.
  const calls = Map.groupBy(distinctCalls(question.calls), ({ appId }) => appId);
  const billed = Map.groupBy(question.billed, ({ objectId }) => objectId);
  return [...names]
    .map(([appId, appName]) => ({
      appId,
      appName,
      ...costOf({
        ...question,
        appIds: new Set([appId]),
        priced: priced.get(appId) ?? [],
        calls: calls.get(appId) ?? [],
        billed: billed.get(appId) ?? [],
      }),
    }))
    .filter(
      (app) => app.metered !== null || app.billed !== null || app.bestKnown > 0 || hasCalls(app),
    )
    .toSorted((a, b) => amountOf(b) - amountOf(a) || (a.appId < b.appId ? -1 : 1));
}

/** Who or what a cost can be put down to. */
export type Dimension = "endpoint" | "model" | "user";

export interface SharedCost {
  /** null: nothing that we know of; idle hours without a call, calls without a user. */
  readonly name: string | null;
  readonly calls: number;
  readonly failedCalls: number;
  readonly executionSeconds: number;
  readonly reported: MicroUsd;
  /** The cost of the apps as `costPerApp` has it, cold starts and idle time included, shared out by execution time. The shares add up to the whole. */
  readonly share: MicroUsd;
  readonly shareIsFloor: boolean;
}

/** What calls are put down to, besides their own words. */
export interface NamesOfCalls {
  /** Whose session a call was made in, by session id. */
  readonly userOfSession?: ReadonlyMap<string, string>;
  /** The model behind an endpoint, by its name; one that is not here counts as its own. */
  readonly modelOfEndpoint?: ReadonlyMap<string, string>;
}

/** Cost per endpoint, model or user, dearest first. */
export function costPer(
  dimension: Dimension,
  question: ReportQuestion,
  { userOfSession, modelOfEndpoint }: NamesOfCalls = {},
): readonly SharedCost[] {
  const { fromMs, toMs } = question;
  const nameOf = (call: CallRecord): string | null => {
    if (dimension === "user") {
      return call.sessionId === null ? null : (userOfSession?.get(call.sessionId) ?? null);
    }
    if (call.endpoint === null || dimension === "endpoint") return call.endpoint;
    return modelOfEndpoint?.get(call.endpoint) ?? call.endpoint;
  };
  const costs = new Map<string | null, AppCost>(
    costPerApp(question).map((app) => [app.appId, app]),
  );
  const callsByApp = Map.groupBy(
    distinctCalls(question.calls).filter(
      (call) => call.startedAtMs >= fromMs && call.startedAtMs < toMs,
    ),
    (call) => call.appId,
  );
  const totals = new Map<string | null, SharedCost>();
  for (const appId of new Set([...costs.keys(), ...callsByApp.keys()]))
    shareOut(costs.get(appId), callsByApp.get(appId) ?? [], nameOf, totals);
  return [...totals.values()].toSorted(
    (a, b) => b.share - a.share || b.reported - a.reported || b.calls - a.calls,
  );
}

function shareOut(
  app: AppCost | undefined,
  calls: readonly CallRecord[],
  nameOf: (call: CallRecord) => string | null,
  totals: Map<string | null, SharedCost>,
): void {
  // As the app's own row has it: a whole and its parts are of one kind.
  const whole = { microUsd: app?.bestKnown ?? zeroUsd, isFloor: app?.best.known === false };
  if (calls.length === 0) {
    add(totals, { ...nothing(null), share: whole.microUsd, shareIsFloor: whole.isFloor });
    return;
  }
  const weights = calls.map(secondsOf);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let weighed = 0;
  let shared = 0;
  for (const [index, call] of calls.entries()) {
    weighed += sum > 0 ? (weights[index] ?? 0) / sum : 1 / calls.length;
    // The last share takes what is left, so that rounding loses nothing.
    const until =
      index === calls.length - 1 ? whole.microUsd : Math.round(whole.microUsd * weighed);
    add(totals, {
      name: nameOf(call),
      calls: 1,
      failedCalls: call.status === "failed" ? 1 : 0,
      executionSeconds: call.executionSeconds ?? 0,
      reported: call.reportedMicroUsd ?? zeroUsd,
      share: microUsd(until - shared),
      shareIsFloor: whole.isFloor,
    });
    shared = until;
  }
}

function secondsOf(call: CallRecord): number {
  if (call.executionSeconds !== null) return call.executionSeconds;
  return call.endedAtMs === null ? 0 : Math.max(0, call.endedAtMs - call.startedAtMs) / 1000;
}

function nothing(name: string | null): SharedCost {
  return {
    name,
    calls: 0,
    failedCalls: 0,
    executionSeconds: 0,
    reported: zeroUsd,
    share: zeroUsd,
    shareIsFloor: false,
  };
}

function add(totals: Map<string | null, SharedCost>, part: SharedCost): void {
  const before = totals.get(part.name) ?? nothing(part.name);
  totals.set(part.name, {
    name: part.name,
    calls: before.calls + part.calls,
    failedCalls: before.failedCalls + part.failedCalls,
    executionSeconds: before.executionSeconds + part.executionSeconds,
    reported: addUsd(before.reported, part.reported),
    share: addUsd(before.share, part.share),
    shareIsFloor: before.shareIsFloor || part.shareIsFloor,
  });
}

function hasCalls({ reported }: TieredCost): boolean {
  return reported.calls + reported.silentCalls > 0;
}

function amountOf({ best, metered, reported }: TieredCost): number {
  return best.known ? best.microUsd : (metered?.known.microUsd ?? reported.microUsd);
}
