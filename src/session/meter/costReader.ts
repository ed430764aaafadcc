import { hourMs, hourOf, type BilledRow } from "../../cost/billed/billedRow.ts";
import type { CallRecord } from "../../cost/call.ts";
import { endHints } from "../../cost/metered/endHints.ts";
import type { EndKnowledge } from "../../cost/metered/endKnowledge.ts";
import { inferredSpans } from "../../cost/metered/inferredSpans.ts";
import { priceSpans, type HintsOf, type PricedSpan } from "../../cost/metered/pricedSpan.ts";
import { loggedContainerId } from "../../cost/reported/logLineAssembler.ts";
import type { RateHistory, Rates } from "../../cost/rates/rates.ts";
import { costOf, type TieredCost } from "../../cost/spending/sessionCost.ts";
import { withAppResources, type AppResources } from "../../cost/rates/resources.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import type { AppHint } from "../watch/appHints.ts";
import { notedApps, recallNotes, type AppNotes } from "../logs/appNotes.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { SessionRecord } from "../session.ts";

export type CostLedger = Pick<
  Ledger,
  "spans" | "calls" | "billed" | "sessions" | "receipts" | "recall" | "changeCounter"
>;

/** What an app's file tells of how long its containers stay. */
export interface AppLife {
  /** null: the file does not say it in plain numbers. */
  readonly scaledownSeconds: number | null;
  /** How many of them `min_containers` keeps; 0: none. */
  readonly warmContainers: number;
}

/** The life that the app's file gives to its containers; undefined where no file is known. */
export type LifeInFile = (appName: string) => AppLife | undefined;

/** What is known of apps besides what the ledger holds. */
export interface AppKnowledge {
  readonly lifeInFile?: LifeInFile;
  /** For containers of which nobody told the GPU, the cores or the memory when they were seen: the guardian does not read files. */
  readonly appHint?: AppHint;
}

/** The range and the rates that cost is asked for. */
export interface CostRange {
  readonly scope: string;
  readonly fromMs: number;
  readonly nowMs: number;
  readonly rates: RateHistory;
}

/** Everything that a question about cost in a range is answered from: one for all who ask, so that all say the same. */
export interface CostReading {
  /** Containers that were seen, and those that only a log names, each at the rates of its start. */
  readonly priced: readonly PricedSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
  /** The rates in force now. */
  readonly rates: Rates;
  readonly nowMs: number;
}

interface Kept {
  readonly key: string;
  readonly spans: readonly ContainerSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
  readonly knowledge: EndKnowledge;
  readonly hintsOf: HintsOf;
  inferred: { readonly ratesKey: string; readonly spans: readonly PricedSpan[] } | undefined;
}

/** A session may have been started long before the range, and its apps still run. */
const sessionsBackMs = 60 * 24 * hourMs;

/**
 * Reads from the ledger what cost is made from: spans, calls and billed rows, when containers
 * probably ended that nobody saw end, and containers that only a log names. While nothing is
 * written, the same range is not read twice.
 */
export class CostReader {
  readonly #ledger: CostLedger;
  readonly #known: AppKnowledge;
  #kept: Kept | undefined;

  constructor(ledger: CostLedger, known: AppKnowledge = {}) {
    this.#ledger = ledger;
    this.#known = known;
  }

  /** For every instant from `fromMs` to `nowMs`. Throws `Failure("ledger")`. */
  read({ scope, fromMs, nowMs, rates }: CostRange): CostReading {
    const kept = this.#read(scope, hourOf(fromMs) - hourMs, hourOf(nowMs) + 2 * hourMs);
    if (kept.inferred?.ratesKey !== rates.key) {
      const spans = inferredSpans(kept.spans, kept.knowledge, rates, this.#completer());
      kept.inferred = { ratesKey: rates.key, spans };
    }
    const { spans, calls, billed, hintsOf, inferred } = kept;
    const priced = [...priceSpans(spans, rates, nowMs, hintsOf), ...inferred.spans];
    return { priced, calls, billed, rates: rates.now, nowMs };
  }

  #read(scope: string, fromMs: number, toMs: number): Kept {
    const ledger = this.#ledger;
    // Asked first: a write that falls in between is read twice rather than never.
    const key = `${ledger.changeCounter()} ${scope} ${fromMs} ${toMs}`;
    if (this.#kept?.key === key) return this.#kept;
    const range = { scope, fromMs, toMs };
    const spans = ledger.spans(range).map(this.#completer());
    const calls = ledger.calls(range);
    const knowledge = this.#knowledge(range, spans, calls);
    const hintsOf = endHints(spans, knowledge);
    const billed = ledger.billed(range);
    this.#kept = { key, spans, calls, billed, knowledge, hintsOf, inferred: undefined };
    return this.#kept;
  }

  /** A span with what else is known of its app's containers, where Modal or a look told nothing. */
  #completer(): (span: ContainerSpan) => ContainerSpan {
    const { appHint } = this.#known;
    if (appHint === undefined) return (span) => span;
    const hints = new Map<string, AppResources>();
    return (span) => {
      const { scope, appId, gpuSource, cpuCores, memoryGib } = span;
      if (gpuSource !== "unknown" && cpuCores !== null && memoryGib !== null) return span;
      const key = `${appId} ${gpuSource}`;
      const hint = hints.get(key) ?? appHint(scope, span);
      hints.set(key, hint);
      const { gpu, ...told } = withAppResources(span, hint);
      return {
        ...span,
        gpu,
        gpuSource: told.gpuSource,
        cpuCores: told.cpuCores,
        memoryGib: told.memoryGib,
      };
    };
  }

  #knowledge(
    range: { readonly scope: string; readonly fromMs: number; readonly toMs: number },
    spans: readonly ContainerSpan[],
    calls: readonly CallRecord[],
  ): EndKnowledge {
    const { scope, fromMs } = range;
    const sessions = this.#ledger.sessions({ ...range, fromMs: fromMs - sessionsBackMs });
    const receipts = this.#ledger.receipts(range);
    const names = appNames(spans, calls, sessions, notedApps(this.#ledger, scope));
    const notes = new Map<string, AppNotes>();
    for (const appId of names.keys()) notes.set(appId, recallNotes(this.#ledger, { scope, appId }));
    const ends = new Map<string, readonly number[]>();
    for (const [appId, { endedOnPurposeAtMs }] of notes) {
      const byReceipt = receipts.flatMap(({ stopped, atMs }) =>
        stopped.some((app) => app.appId === appId) ? [atMs] : [],
      );
      ends.set(appId, [...endedOnPurposeAtMs, ...byReceipt]);
    }
    const lives = new Map(
      [...names].map(([appId, name]) => [appId, this.#known.lifeInFile?.(name)]),
    );
    const windows = scaledownWindows(sessions);
    return {
      calls: calls.map(inItsContainer),
      // A container with no later line than this ended before the range, listed or not.
      logged: [...notes.values()].flatMap(({ logged }) =>
        logged.filter(({ lastLineMs }) => lastLineMs >= fromMs),
      ),
      scaledownSecondsOf: (appId) =>
        windows.get(appId) ?? lives.get(appId)?.scaledownSeconds ?? null,
      isKeptWarm: (appId) => (lives.get(appId)?.warmContainers ?? 0) > 0,
      endedOnPurposeAtMsOf: (appId) => ends.get(appId) ?? [],
    };
  }
}

/** The same reading as if these apps had never been. */
export function withoutApps(reading: CostReading, appIds: ReadonlySet<string>): CostReading {
  if (appIds.size === 0) return reading;
  return {
    ...reading,
    priced: reading.priced.filter(({ span }) => !appIds.has(span.appId)),
    calls: reading.calls.filter(({ appId }) => appId === null || !appIds.has(appId)),
    billed: reading.billed.filter(({ objectId }) => !appIds.has(objectId)),
  };
}

/** What some apps (null: all) cost in a part of the range that was read. */
export function costIn(
  reading: CostReading,
  appIds: ReadonlySet<string> | null,
  fromMs: number,
  toMs: number = reading.nowMs,
): TieredCost {
  return costOf({ ...reading, appIds, fromMs, toMs });
}

/**
 * The call under the id of its log line, where that is known to be its: then its container, and no
 * other of the app, is known to have been busy with it.
 */
function inItsContainer(call: CallRecord): CallRecord {
  const { appId, callId, logLineId, source } = call;
  if (appId === null || logLineId === null || source === "log") return call;
  const containerId = loggedContainerId(logLineId);
  if (containerId === null) return call;
  return { ...call, source: "log", callId: ["log", appId, containerId, "own", callId].join("/") };
}

function appNames(
  spans: readonly ContainerSpan[],
  calls: readonly CallRecord[],
  sessions: readonly SessionRecord[],
  noted: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const names = new Map(noted);
  for (const { apps } of sessions) for (const app of apps) names.set(app.appId, app.appName);
  for (const { appId, appName } of calls) {
    if (appId !== null) names.set(appId, appName ?? names.get(appId) ?? appId);
  }
  for (const { appId, appName } of spans) names.set(appId, appName);
  return names;
}

/** The scaledown window that the newest session gave to each app. */
function scaledownWindows(sessions: readonly SessionRecord[]): ReadonlyMap<string, number> {
  const windows = new Map<string, number>();
  for (const session of sessions.toSorted((a, b) => a.startedAtMs - b.startedAtMs)) {
    for (const { appId } of session.apps) windows.set(appId, session.scaledownSeconds);
  }
  return windows;
}
