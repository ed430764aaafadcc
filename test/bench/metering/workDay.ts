import type { Bounds } from "../../../src/cost/bounds.ts";
import { hourOf } from "../../../src/cost/billed/billedRow.ts";
import type { BillCheck } from "../../../src/cost/learned/billCheck.ts";
import { LoggedContainers } from "../../../src/cost/metered/loggedContainers.ts";
import type { PricedSpan } from "../../../src/cost/metered/pricedSpan.ts";
import { microUsd } from "../../../src/cost/money.ts";
import { hourlyRate } from "../../../src/cost/rates/costMetrics.ts";
import { rateHistory, type DatedRates } from "../../../src/cost/rates/rates.ts";
import { LogLineAssembler } from "../../../src/cost/reported/logLineAssembler.ts";
import type { ContainerObservation, ContainerSpan } from "../../../src/cost/span.ts";
import type { TieredCost } from "../../../src/cost/spending/sessionCost.ts";
import type { Listing } from "../../../src/session/ledgerPort.ts";
import { addNotes } from "../../../src/session/logs/appNotes.ts";
import { BriefLives } from "../../../src/session/logs/briefLives.ts";
import { LoggedCalls } from "../../../src/session/logs/loggedCalls.ts";
import { LookBack } from "../../../src/session/logs/lookBack.ts";
import { StartTimes } from "../../../src/session/logs/startTimes.ts";
import {
  costIn,
  CostReader,
  type CostRange,
  type CostReading,
} from "../../../src/session/meter/costReader.ts";
import { appHints } from "../../../src/session/watch/appHints.ts";
import { Look } from "../../../src/session/watch/look.ts";
import { billCheckOf, learnFromBill } from "../../../src/session/meter/lessonBook.ts";
import { unknownTimes } from "../../../src/session/meter/unknownTimes.ts";
import { nextLookDelayMs } from "../../../src/session/watch/pollPolicy.ts";
import { Random } from "../../sim/model/random.ts";
import { laptopMs } from "../../sim/workload/laptop.ts";
import { planWorkload, type Workload } from "../../sim/workload/workload.ts";
import type { World } from "../../sim/worlds/world.ts";
import { silentLog } from "../../unit/silentLog.ts";
import { DayLedger } from "../dayLedger.ts";
import { inFile } from "./fileFacts.ts";
import { finalBill } from "./finalBill.ts";
import { OwnBooks } from "./ownBooks.ts";
import { toldControl, type Adapter } from "./toldControl.ts";

export interface Conditions {
  readonly adapter: Adapter;
  readonly world: World;
  readonly isFocused?: boolean;
  readonly isLogLost?: boolean;
  /** No session was started here, and no app's file is in the folders that are open. */
  readonly isBare?: boolean;
}

export interface Day {
  readonly exactUsd: number;
  readonly liveUsd: number;
  /** Once the report covers the whole hours of the day. */
  readonly withBillUsd: number;
  readonly headersUsd: number;
  /** By the start that Modal tells, without all that came later. */
  readonly asItWasUsd: number;
  /** In micro-dollars. */
  readonly bounds: Bounds;
  readonly slept: boolean;
  /** The part of jobs, of an app with a window of 2 s and of crash loops. */
  readonly brief: { readonly exactUsd: number; readonly liveUsd: number };
}

type Found = readonly ContainerObservation[];

const scope = "acme/main";
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const saturdayMs = Date.UTC(2026, 10, 21, 9);
const mondayMs = Date.UTC(2026, 10, 23, 9);
const fridayMs = Date.UTC(2026, 10, 20, 12);
/** Rates are asked for so often. */
const ratesEveryMs = 12 * hour;

/** From when to when: some hours of work, but a weekend or some days where the world shows itself only then. */
function rangeOf({ lid, prices }: World, random: Random): readonly [number, number] {
  const hours = random.between(2, 6);
  if (prices === "changing") return [mondayMs, mondayMs + (66 + hours) * hour];
  // Until somebody has looked again.
  if (lid === "nights") return [fridayMs, mondayMs + hours * hour];
  return [saturdayMs, saturdayMs + hours * hour];
}

/**
 * One stretch of work in a world in virtual time, watched by the parts of the product that watch it:
 * its own looks on its own pace, its looking back, what it asks of logs and stats, its books. Only the
 * wire is missing, and the ledger is one in memory.
 */
export async function workDay(seed: number, conditions: Conditions): Promise<Day> {
  const { world } = conditions;
  const [fromMs, toMs] = rangeOf(world, new Random(seed));
  const workload = planWorkload({ world, seed, fromMs, toMs });
  const watch = new Watch(workload, seed, conditions);
  await watch.until(toMs);
  return watch.day();
}

/** The parts of the product that watch a stretch of work. */
export class Watch {
  readonly #work: Workload;
  readonly #conditions: Conditions;
  readonly #ledger = new DayLedger();
  readonly #random: Random;
  readonly #books: OwnBooks;
  readonly #told: DatedRates[] = [];
  readonly #logs = new Map<string, (fromMs: number) => void>();
  readonly #reader: CostReader;
  readonly #watchers: readonly ((listing: Listing) => Promise<void>)[];
  readonly #take: () => Promise<Listing>;
  #failures = 0;
  #live = 0;
  #last: Listing | undefined;
  #lastModalMs = 0;

  constructor(work: Workload, seed: number, conditions: Conditions) {
    this.#work = work;
    this.#conditions = conditions;
    this.#random = new Random(seed ^ 0x5eed);
    const { cloud, apps } = work;
    const { adapter, isBare = false, isLogLost = false } = conditions;
    const ledger = this.#ledger;
    this.#books = new OwnBooks(ledger, work, isBare);
    const clock = { nowMs: () => work.laptopNowMs(), after: () => ({ dispose: () => {} }) };
    const facts = (name: string) =>
      isBare ? undefined : inFile(apps.findLast((app) => app.name === name)?.file ?? []);
    const appHint = appHints({
      inFile: facts,
      inSettings: () => undefined,
    });
    this.#reader = new CostReader(ledger, { appHint, lifeInFile: facts });
    const control = toldControl(cloud, adapter, { isLogLost });
    const source = { control, scopeKey: scope };
    const parts = {
      ledger,
      clock,
      log: silentLog,
      holder: "window-1",
      pid: 1,
      rates: () => this.#history().now,
      appHint,
      onCall: () => {},
    };
    const look = new Look(parts);
    const slowly: typeof control = {
      ...control,
      // The CLI starts a Python for each question.
      listContainers: async (options) => {
        const takesMs =
          adapter === "cli" ? this.#random.between(1000, 3000) : this.#random.between(20, 500);
        cloud.advanceTo(cloud.nowMs + takesMs);
        return control.listContainers(options);
      },
    };
    this.#take = async () => look.take({ control: slowly, scopeKey: scope });
    const starts = new StartTimes(parts);
    const logParts = { ...parts, onFound: (of: string, found: Found) => starts.found(of, found) };
    const back = new LookBack(logParts);
    const windowInFile = (name: string): number | null => facts(name)?.scaledownSeconds ?? null;
    const brief = new BriefLives({ ...logParts, windowInFile });
    this.#watchers = isLogLost
      ? []
      : [
          async (listing) => this.#follow(listing),
          (listing) => back.update(source, listing),
          (listing) => brief.update(source, listing),
          (listing) => starts.update(source, listing),
        ];
  }

  /** Looks as the policy says, unless the laptop sleeps or the network is away. */
  async until(toMs: number): Promise<void> {
    const { cloud, sleeps } = this.#work;
    const { adapter, isFocused = true } = this.#conditions;
    let nextMs = this.#work.fromMs + this.#random.between(0, 15 * second);
    while (nextMs < toMs) {
      cloud.advanceTo(Math.max(nextMs, cloud.nowMs));
      const wakesMs = sleeps.find(([from, to]) => cloud.nowMs >= from && cloud.nowMs < to)?.[1];
      if (wakesMs !== undefined) {
        nextMs = wakesMs + second;
        continue;
      }
      this.#askRates();
      if (this.#random.next() < 0.01) this.#failures += 1;
      else await this.#look();
      const delayMs = nextLookDelayMs(
        {
          nowMs: this.#work.laptopNowMs(),
          adapter,
          focused: isFocused,
          busy: false,
          liveContainers: this.#live,
          // Worse than the product, which also looks when a call has ended or a scaledown is due.
          restlessUntilMs: 0,
          dueAtMs: null,
          failures: this.#failures,
          failure: this.#failures > 0 ? "offline" : null,
        },
        this.#random.next(),
      );
      nextMs = cloud.nowMs + (delayMs ?? minute);
    }
    cloud.advanceTo(toMs);
  }

  /** The instant, or a minute after the laptop wakes if it sleeps then: nobody can ask before. */
  whenAwake(atMs: number): number {
    const wakesMs = this.#work.sleeps.find(([from, to]) => atMs >= from && atMs < to)?.[1];
    return wakesMs === undefined ? atMs : wakesMs + minute;
  }

  day(): Day {
    const { cloud, fromMs, apps, sleeps } = this.#work;
    this.#books.write();
    const nowMs = this.#work.laptopNowMs();
    const beginMs = laptopMs(this.#work.world, fromMs);
    const rates = this.#history();
    const cost = (appIds: ReadonlySet<string> | null = null): TieredCost =>
      costIn(this.#reader.read({ scope, fromMs: beginMs, nowMs, rates }), appIds, fromMs);
    const bill = cloud.bill({ byAppHour: true }).filter(({ appId }) => this.#isHere(appId));
    const isBrief = (appId: string): boolean => !cloud.app(appId).description.startsWith("app-");
    const briefIds = new Set([...cloud.apps.keys()].filter(isBrief));
    const sum = (rows: typeof bill): number => rows.reduce((usd, row) => usd + row.usd, 0);
    const live = cost();
    const day = {
      exactUsd: sum(bill),
      liveUsd: usdOf(live),
      headersUsd: apps.reduce((usd, app) => usd + this.#books.headersUsd(app), 0),
      asItWasUsd: this.#asItWas(this.#ledger.spans({}), nowMs),
      bounds: this.boundsOf(live, fromMs),
      slept: sleeps.length > 0,
      brief: {
        exactUsd: sum(bill.filter(({ appId }) => briefIds.has(appId))),
        liveUsd: briefIds.size === 0 ? 0 : usdOf(cost(briefIds)),
      },
    };
    this.#bill(cloud.nowMs - 15 * minute);
    return { ...day, withBillUsd: usdOf(cost()) };
  }

  /** Modal bills the hours before, and the product learns from them. */
  learnFromBill(toMs: number): void {
    this.#bill(toMs);
    const read = (fromMs: number): CostReading => this.#reader.readUntaught(this.#since(fromMs));
    learnFromBill(this.#ledger, scope, { nowMs: this.#work.laptopNowMs(), read });
  }

  /** Which Modal the hours fit that are billed by then. */
  checkBill(toMs: number): BillCheck {
    this.#bill(toMs);
    const read = (fromMs: number): CostReading => this.#reader.readUntaught(this.#since(fromMs));
    return billCheckOf(this.#ledger, scope, { nowMs: this.#work.laptopNowMs(), read });
  }

  /** What was metered since an instant of Modal's clock and is not billed, as the bill has taught and without that. */
  meteredSince(modalMs: number): { readonly taught: TieredCost; readonly untaught: TieredCost } {
    const fromMs = laptopMs(this.#work.world, modalMs);
    const range = this.#since(fromMs);
    const costOf = (reading: CostReading): TieredCost =>
      costIn({ ...reading, billed: [] }, null, modalMs);
    return {
      taught: costOf(this.#reader.read(range)),
      untaught: costOf(this.#reader.readUntaught(range)),
    };
  }

  /** As the product says them since then: over a time of which it names what it does not know, a sum is "at least". */
  boundsOf({ figure }: TieredCost, modalMs: number): Bounds {
    const { low, high } = figure?.bounds ?? { low: microUsd(0), high: microUsd(0) };
    const range = {
      fromMs: laptopMs(this.#work.world, modalMs),
      toMs: this.#work.laptopNowMs(),
    };
    const isOpen = unknownTimes(this.#ledger, scope, range).length > 0;
    return { low, high: isOpen ? null : high };
  }

  /** The containers that were seen or inferred since then. */
  pricedSince(modalMs: number): readonly PricedSpan[] {
    const range = this.#since(laptopMs(this.#work.world, modalMs));
    return this.#reader.readUntaught(range).priced;
  }

  /** What Modal bills between two of its instants. */
  billedUsd(fromMs: number, toMs: number): number {
    const rows = this.#work.cloud.bill({ fromMs, toMs });
    return rows.reduce((sum, { appId, usd }) => sum + (this.#isHere(appId) ? usd : 0), 0);
  }

  #since(fromMs: number): CostRange {
    return { scope, fromMs, nowMs: this.#work.laptopNowMs(), rates: this.#history() };
  }

  /** The hours before are on the bill for good. */
  #bill(toMs: number): void {
    const { cloud } = this.#work;
    this.#ledger.billedRows = finalBill(cloud, hourOf(toMs), this.#work.laptopNowMs()).filter(
      ({ objectId }) => this.#isHere(objectId),
    );
    this.#ledger.remember("billed", "1");
  }

  async #look(): Promise<void> {
    this.#failures = 0;
    this.#books.write();
    const modalMs = this.#work.cloud.nowMs;
    const listing = await this.#take();
    this.#live = listing.containers.length;
    for (const update of this.#watchers) await update(listing);
    this.#last = listing;
    this.#lastModalMs = modalMs;
  }

  /** What a window reads of the logs of apps that have containers: from the look that shows them to the one that does not. */
  #follow({ scope: of }: Listing): void {
    const { cloud, sleeps } = this.#work;
    const last = this.#last;
    // A laptop that sleeps reads nothing; what it missed is for looking back.
    if (last === undefined || sleeps.some(([, to]) => to > this.#lastModalMs && to <= cloud.nowMs))
      return;
    for (const appId of new Set(last.containers.map((one) => one.appId))) {
      const read = this.#logs.get(appId) ?? this.#logReader(of, appId);
      this.#logs.set(appId, read);
      read(this.#lastModalMs);
    }
  }

  #logReader(of: string, appId: string): (fromMs: number) => void {
    const { cloud } = this.#work;
    const app = cloud.app(appId);
    const known = { scope: of, appId, appName: app.description };
    const lines = new LogLineAssembler(appId);
    const containers = new LoggedContainers(known);
    const calls = new LoggedCalls(known, {
      ledger: this.#ledger,
      clock: { nowMs: () => this.#work.laptopNowMs(), after: () => ({ dispose: () => {} }) },
      log: silentLog,
      rates: () => this.#history().now,
      onCall: () => {},
    });
    let readToMs = 0;
    return (fromMs) => {
      calls.settle();
      const sinceMs = Math.max(fromMs, readToMs);
      readToMs = cloud.nowMs;
      for (const { text, atMs, containerId, callId, entryId } of app.logs) {
        if (atMs < sinceMs || atMs >= readToMs) continue;
        const functionCallId = callId === "" ? null : callId;
        const chunk = { text, atMs, containerId, functionCallId, entryId };
        calls.add(lines.add(chunk));
        containers.add(chunk);
      }
      addNotes(this.#ledger, known, { logged: containers.list() });
    };
  }

  #isHere(appId: string): boolean {
    return this.#work.cloud.app(appId).environment === "main";
  }

  #askRates(): void {
    const nowMs = this.#work.laptopNowMs();
    const last = this.#told.at(-1);
    if (last !== undefined && nowMs - last.fetchedAtMs < ratesEveryMs) return;
    const { usdPerHour } = this.#work.cloud.rates;
    const usdPerHourByKey = new Map(
      Object.entries(usdPerHour).map(([key, text]) => [key, Number(text)]),
    );
    this.#told.push({ usdPerHourByKey, sinceMs: nowMs, fetchedAtMs: nowMs });
  }

  #history() {
    return rateHistory(this.#told);
  }

  /** The meter before it knew that boot is money: the start that Modal tells, the middle of an unseen end, no GPU where none is told. */
  #asItWas(spans: readonly ContainerSpan[], endMs: number): number {
    const rates = this.#history().now;
    let usd = 0;
    for (const span of spans) {
      const { startedAtMs, finishedAtMs, firstAbsentAtMs, lastSeenAtMs, gpuSource } = span;
      if (startedAtMs === null) continue;
      const middleMs = ((firstAbsentAtMs ?? endMs) + lastSeenAtMs) / 2;
      const untilMs = finishedAtMs ?? Math.max(startedAtMs, middleMs);
      const gpu = gpuSource === "unknown" ? null : span.gpu;
      const rate = hourlyRate({ ...span, gpu, gpuSource: "container" }, rates);
      const perHour = (rate.gpu.known ? rate.gpu.usdPerHour : 0) + rate.cpu + rate.memory;
      usd += (perHour * Math.max(0, untilMs - startedAtMs)) / hour;
    }
    return usd;
  }
}

/** Headers are no help to our side: what was neither metered nor billed counts as nothing. */
export function usdOf({ bestKnown, bestTier }: TieredCost): number {
  return bestTier === "reported" ? 0 : bestKnown / 1e6;
}
