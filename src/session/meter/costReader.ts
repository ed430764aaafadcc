import { hourMs, hourOf, type BilledRow } from "../../cost/billed/billedRow.ts";
import type { CallRecord } from "../../cost/call.ts";
import type { Lessons } from "../../cost/learned/lessons.ts";
import { taughtSpans } from "../../cost/learned/taught.ts";
import { endHints } from "../../cost/metered/endHints.ts";
import { idleOutHints } from "../../cost/metered/idleOut.ts";
import { withSigns, type SignedKnowledge } from "../../cost/metered/signedKnowledge.ts";
import { startHints } from "../../cost/metered/startHints.ts";
import { inferredSpans } from "../../cost/metered/inferredSpans.ts";
import {
  endedBy,
  isOver,
  priceSpans,
  pricedAt,
  type HintsOf,
  type PricedSpan,
} from "../../cost/metered/pricedSpan.ts";
import { median } from "../../cost/percentile.ts";
import { loggedContainerId } from "../../cost/reported/logLineAssembler.ts";
import type { RateHistory, Rates } from "../../cost/rates/rates.ts";
import { costOf, type TieredCost } from "../../cost/spending/sessionCost.ts";
import { withAppResources, type AppResources } from "../../cost/rates/resources.ts";
import type { IntervalHints } from "../../cost/metered/spanInterval.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import type { AppHint } from "../watch/appHints.ts";
import { logReadOf } from "../logs/logsRead.ts";
import { notedApps, recallNotes, type AppNotes } from "../logs/appNotes.ts";
import { callByModal, spanByModal } from "./byModal.ts";
import type { Ledger } from "../ledgerPort.ts";
import { modalOffsetMs } from "../watch/modalTime.ts";
import { keptIn, scaledownWindows } from "./sessionWindows.ts";
import { isKeptWarm, lifeInApp, type AppLife, type LifeInApp } from "./containerLife.ts";
import { functionsByContainer, recallTerms } from "../notedTerms.ts";
import type { ContainerOfApp } from "../../cost/metered/endKnowledge.ts";
import { recallLessons } from "./lessonBook.ts";
import { notesByContainer, type Noted } from "./notesByContainer.ts";
import type { SessionRecord } from "../session.ts";

export type CostLedger = Pick<
  Ledger,
  "spans" | "looks" | "calls" | "billed" | "sessions" | "receipts" | "recall" | "costVersion"
>;

/** The life that the app's file gives to its containers; undefined where no file is known. */
export type LifeInFile = (appName: string) => AppLife | undefined;

/** What is known of apps besides what the ledger holds. */
export interface AppKnowledge {
  readonly lifeInFile?: LifeInFile;
  /** For containers of which nobody told the GPU, the cores or the memory when they were seen: the guardian does not read files. */
  readonly appHint?: AppHint;
}

/** The range and the rates that cost is asked for. Its instants are this machine's. */
export interface CostRange {
  readonly scope: string;
  readonly fromMs: number;
  readonly nowMs: number;
  readonly rates: RateHistory;
}

/** Everything that a question about cost in a range is answered from: one for all who ask, so that all say the same. */
export interface CostReading {
  /** Containers that were seen, and those that only a log names, each at the rates in force while it ran. */
  readonly priced: readonly PricedSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
  /** The rates in force now. */
  readonly rates: Rates;
  /** By Modal's clock, as all instants of a reading are. */
  readonly nowMs: number;
  /** Modal's clock minus this machine's. */
  readonly offsetMs: number;
}

interface Kept {
  readonly key: string;
  readonly spans: readonly ContainerSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
  readonly knowledge: SignedKnowledge;
  readonly hintsOf: HintsOf;
  lessons: Lessons | undefined;
  priced: PricedByKey | undefined;
}

/** What does not change while nothing is written and the rates stay the same. */
interface PricedByKey {
  readonly ratesKey: string;
  readonly rates: RateHistory;
  readonly inferred: readonly PricedSpan[];
  /** Spans that are over: their cost grows no more. */
  readonly over: ReadonlyMap<ContainerSpan, PricedSpan>;
}

/** A page asks for the days of the month and for the last week, by turns. */
const keptReadings = 2;
const largeRows = 30_000;

/** A session may have been started long before the range, and its apps still run. */
const sessionsBackMs = 60 * 24 * hourMs;

/**
 * Reads from the ledger what cost is made from: spans, calls and billed rows, when containers
 * probably ended that nobody saw end, and containers that only a log names. While nothing is
 * written, the same range is not read twice.
 */
export class CostReader {
  readonly #ledger: CostLedger;
  readonly #appKnowledge: AppKnowledge;
  /** What was read last. A month of a large workspace is kept while nobody needs the memory. */
  #recent: readonly (Kept | WeakRef<Kept>)[] = [];

  constructor(ledger: CostLedger, appKnowledge: AppKnowledge = {}) {
    this.#ledger = ledger;
    this.#appKnowledge = appKnowledge;
  }

  /** For every instant from `fromMs` to `nowMs`, as the bill has taught to count. Throws `Failure("ledger")`. */
  read(range: CostRange): CostReading {
    const kept = this.#keptOf(range);
    const reading = this.#priced(kept, range);
    kept.lessons ??= recallLessons(this.#ledger, range.scope);
    const { priced, calls, nowMs } = reading;
    const isStartupKnown = (span: ContainerSpan): boolean =>
      kept.knowledge.startupMsOf?.(span.containerId) !== undefined;
    return {
      ...reading,
      priced: taughtSpans(priced, kept.lessons, { calls, nowMs, isStartupKnown }),
    };
  }

  /** The same without what the bill has taught: what it is taught from. */
  readUntaught(range: CostRange): CostReading {
    return this.#priced(this.#keptOf(range), range);
  }

  #priced(kept: Kept, range: CostRange): CostReading {
    const offsetMs = this.#offsetMs(range);
    const nowMs = range.nowMs + offsetMs;
    const ofRates = this.#pricedBy(kept, range);
    const { spans, calls, billed, hintsOf } = kept;
    // The same rates, as they were at first: what was worked out from them is kept beside them.
    const pricedNow = (span: ContainerSpan): PricedSpan =>
      ofRates.over.get(span) ?? pricedAt(span, ofRates.rates, nowMs, hintsOf);
    const priced = [
      ...spans.map(pricedNow),
      ...ofRates.inferred.map((span) => endedBy(span, nowMs)),
    ];
    return { priced, calls, billed, rates: ofRates.rates.now, nowMs, offsetMs };
  }

  #pricedBy(kept: Kept, { scope, nowMs, rates }: CostRange): PricedByKey {
    if (kept.priced?.ratesKey === rates.key) return kept.priced;
    const { spans, knowledge, hintsOf } = kept;
    const inferred = inferredSpans(spans, knowledge, hintsOf, rates, this.#completer(scope));
    const over = priceSpans(spans.filter(isOver), rates, nowMs, hintsOf);
    const bySpan = new Map(over.map((one) => [one.span, one]));
    kept.priced = { ratesKey: rates.key, rates, inferred, over: bySpan };
    return kept.priced;
  }

  #offsetMs({ scope, nowMs }: CostRange): number {
    return modalOffsetMs(this.#ledger, scope, nowMs);
  }

  #keptOf(asked: CostRange): Kept {
    const ledger = this.#ledger;
    const { scope } = asked;
    const offsetMs = this.#offsetMs(asked);
    // Rows are by either clock: both ranges are read.
    const fromMs = hourOf(asked.fromMs + Math.min(0, offsetMs)) - hourMs;
    const toMs = hourOf(asked.nowMs + Math.max(0, offsetMs)) + 2 * hourMs;
    // Asked first: a write that falls in between is read twice rather than never.
    const key = `${ledger.costVersion()} ${scope} ${fromMs} ${toMs} ${offsetMs}`;
    const recent = this.#recent
      .map((one) => (one instanceof WeakRef ? one.deref() : one))
      .find((one) => one?.key === key);
    if (recent !== undefined) return recent;
    const range = { scope, fromMs, toMs };
    const spans = ledger
      .spans(range)
      .map(this.#completer(scope))
      .map((span) => spanByModal(span, offsetMs));
    const calls = ledger
      .calls({ ...range, isOngoingToo: true })
      .map((call) => callByModal(call, offsetMs));
    const knowledge = this.#knowledge(range, spans, calls, offsetMs);
    const startOf = startHints(spans, knowledge);
    const endOf = endHints(spans, knowledge);
    const idleOutOf = idleOutHints(spans, knowledge);
    const hints = new Map<ContainerSpan, IntervalHints>();
    const hintsOf: HintsOf = (span) => {
      const spanHints = hints.get(span) ?? {
        ...startOf(span),
        ...endOf(span),
        ...idleOutOf(span),
      };
      hints.set(span, spanHints);
      return spanHints;
    };
    const billed = ledger.billed(range);
    const kept: Kept = {
      key,
      spans,
      calls,
      billed,
      knowledge,
      hintsOf,
      priced: undefined,
      lessons: undefined,
    };
    const isLarge = spans.length + calls.length > largeRows;
    this.#recent = [isLarge ? new WeakRef(kept) : kept, ...this.#recent].slice(0, keptReadings);
    return kept;
  }

  /** A span with what else is known of its app's containers, where Modal or a look told nothing. */
  #completer(scope: string): (span: ContainerSpan) => ContainerSpan {
    const { appHint = () => ({}) } = this.#appKnowledge;
    const hints = new Map<string, AppResources>();
    const noted = new Map<string, (containerId: string) => Noted>();
    return (span) => {
      const { appId, containerId, gpuSource } = span;
      const key = `${appId} ${gpuSource}`;
      const hint = hints.get(key) ?? appHint(scope, span);
      hints.set(key, hint);
      const notesOf = noted.get(appId) ?? notesByContainer(this.#ledger, { scope, appId });
      noted.set(appId, notesOf);
      const { gpuAmong, endsByMs, ...notes } = notesOf(containerId);
      const { gpu, ...resources } = withAppResources(span, { ...hint, ...notes });
      return {
        ...span,
        gpu,
        gpuSource: resources.gpuSource,
        cpuCores: resources.cpuCores,
        memoryGib: resources.memoryGib,
        terms: resources.terms,
        ...(endsByMs === undefined ? {} : { endsByMs }),
        // A sandbox has a GPU of its own.
        gpuAmong: resources.terms?.isSandbox === false ? gpuAmong : undefined,
      };
    };
  }

  /** How long each container stays, as the files of the apps say. */
  #lives(
    names: ReadonlyMap<string, string>,
    functionOf: (containerId: string) => string | undefined,
  ): (container: ContainerOfApp) => LifeInApp | undefined {
    const { lifeInFile } = this.#appKnowledge;
    const lives = new Map([...names].map(([appId, name]) => [appId, lifeInFile?.(name)]));
    return (container) => {
      const life = lives.get(container.appId);
      const functionName = functionOf(container.containerId);
      return life === undefined ? undefined : lifeInApp(life, { ...container, functionName });
    };
  }

  /** The function that a container runs, where Modal told. */
  #functionNames(
    scope: string,
    appIds: Iterable<string>,
  ): (containerId: string) => string | undefined {
    const functionNames = new Map(
      [...appIds].flatMap((appId) => [
        ...functionsByContainer(recallTerms(this.#ledger, { scope, appId })),
      ]),
    );
    return (containerId) => functionNames.get(containerId);
  }

  #knowledge(
    range: { readonly scope: string; readonly fromMs: number; readonly toMs: number },
    spans: readonly ContainerSpan[],
    calls: readonly CallRecord[],
    offsetMs: number,
  ): SignedKnowledge {
    const { scope, fromMs } = range;
    const sessions = this.#ledger.sessions({ ...range, fromMs: fromMs - sessionsBackMs });
    const receipts = this.#ledger.receipts(range);
    const names = appNames(spans, calls, sessions, notedApps(this.#ledger, scope));
    const notes = new Map<string, AppNotes>();
    for (const appId of names.keys()) notes.set(appId, recallNotes(this.#ledger, { scope, appId }));
    const ends = new Map<string, readonly number[]>();
    for (const [appId, { endedOnPurposeAtMs }] of notes) {
      const byReceipt = receipts.flatMap(({ stopped, atMs }) =>
        stopped.some((app) => app.appId === appId) ? [atMs + offsetMs] : [],
      );
      ends.set(appId, [...endedOnPurposeAtMs, ...byReceipt]);
    }
    const startups = new Map(
      [...notes.values()].flatMap((note) =>
        note.startups.map(({ containerId, startupMs }) => [containerId, startupMs]),
      ),
    );
    const usual = new Map(
      [...notes].flatMap(([appId, note]) =>
        note.startups.length === 0
          ? []
          : [[appId, median(note.startups.map(({ startupMs }) => startupMs))] as const],
      ),
    );
    const functionOf = this.#functionNames(scope, names.keys());
    const lifeOf = this.#lives(names, functionOf);
    const windowAt = scaledownWindows(this.#ledger, sessions, offsetMs);
    return withSigns({
      calls: calls.map(inItsContainer),
      lookedAtMs: this.#ledger.looks(range).map((atMs) => atMs + offsetMs),
      startupMsOf: (containerId) => startups.get(containerId),
      usualStartupMsOf: (appId) => usual.get(appId),
      // A container with no later line than this ended before the range, listed or not.
      logged: [...notes.values()].flatMap(({ logged }) =>
        logged.filter(({ lastLineMs }) => lastLineMs >= fromMs),
      ),
      scaledownSecondsOf: (container, atMs) => {
        const { appId, containerId } = container;
        const inForce = windowAt({ appId, functionName: functionOf(containerId) }, atMs);
        return inForce ?? lifeOf(container)?.scaledownSeconds ?? null;
      },
      isKeptWarm: (container) => {
        const kept = keptIn(sessions, container.appId);
        return isKeptWarm(lifeOf(container), kept);
      },
      endedOnPurposeAtMsOf: (appId) => ends.get(appId) ?? [],
      isLogRead: logReadOf(this.#ledger, scope, offsetMs),
    });
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

/** What some apps (null: all) cost in a part of the range that was read, by Modal's clock: days and hours are its. */
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
  return { ...call, callId: ["log", appId, containerId, "own", callId].join("/") };
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
