import { hourOf } from "../../src/cost/billed/billedRow.ts";
import type { CallRecord } from "../../src/cost/call.ts";
import { costLine } from "../../src/cost/reported/logLine.ts";
import { LogLineAssembler } from "../../src/cost/reported/logLineAssembler.ts";
import { LoggedContainers } from "../../src/cost/metered/loggedContainers.ts";
import { microUsd } from "../../src/cost/money.ts";
import { rateHistory } from "../../src/cost/rates/rates.ts";
import { withAppResources } from "../../src/cost/rates/resources.ts";
import type { TieredCost } from "../../src/cost/spending/sessionCost.ts";
import type { ContainerObservation } from "../../src/cost/span.ts";
import { appHints } from "../../src/session/watch/appHints.ts";
import { addNotes } from "../../src/session/logs/appNotes.ts";
import { costIn, CostReader } from "../../src/session/meter/costReader.ts";
import type { Listing } from "../../src/session/ledgerPort.ts";
import { LoggedCalls } from "../../src/session/logs/loggedCalls.ts";
import { LookBack, type LookBackSource } from "../../src/session/logs/lookBack.ts";
import type { AppInfo, LogChunk } from "../../src/session/modalControl.ts";
import { nextLookDelayMs } from "../../src/session/watch/pollPolicy.ts";
import { Failure } from "../../src/base/failure.ts";
import { gpuLabel } from "../../src/cost/rates/gpu.ts";
import { silentLog } from "../unit/silentLog.ts";
import type { App, Container, Input } from "../sim/model/entities.ts";
import { Random } from "../sim/model/random.ts";
import { Cloud } from "../sim/model/cloud.ts";
import { meteredWorld } from "../meteredWorld.ts";
import { DayLedger } from "./dayLedger.ts";
import { median, type Figure } from "./figure.ts";

const workloads = 240;
/** Days of which no one was looked into while the meter was made, to tell how often the goal is missed. */
const otherDays = { from: 10_001, count: 1000 };
const scope = "acme/main";
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const startMs = Date.UTC(2026, 10, 21, 9);
const gpuTypes = ["T4", "L4", "A10", "L40S", "A100-40GB", "A100-80GB", "H100", "H200", "B200"];

type Adapter = "sdk" | "cli";

/**
 * Random working days in Local Modal's virtual time, metered as the extension meters them, against
 * the exact bill; beside it, the sum of the cost headers of the same calls, each of them present and
 * at today's price, which is the best that a header can do.
 */
export async function bench(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const adapter of ["sdk", "cli"] as const) {
    const runs = await days({ adapter });
    const awake = runs.filter(({ slept }) => !slept);
    const slept = runs.filter(({ slept }) => slept);
    const unread = (await days({ adapter, isLogLost: true })).filter((day) => day.slept);
    const [typical, worst] = adapter === "sdk" ? ["0.1 %", "1 %"] : ["1 %", "5 %"];
    const name = `metering error, ${adapter.toUpperCase()} adapter,`;
    figures.push(
      figure(`${name} median`, runs, live, median, `<= ${typical}`),
      figure(`${name} worst, laptop awake`, awake, live, largest, `<= ${worst}`),
      figure(`${name} 95th percentile, laptop slept`, slept, live, highest, "none"),
      figure(`${name} worst, laptop slept`, slept, live, largest, `<= ${worst}`),
      figure(
        `${name} worst, laptop slept and the log cannot be read`,
        unread,
        live,
        largest,
        "none: shows what the log is worth",
      ),
      figure(`${name} worst, with the bill of whole hours`, runs, billed, largest, `<= ${worst}`),
      missed(name, worst, await days({ adapter }, otherDays.from, otherDays.count)),
    );
  }
  figures.push(
    figure(
      "metering error, SDK adapter, median, CPU and memory used up to 2 x the request (Modal tells no use)",
      await days({ adapter: "sdk", isHungry: true }),
      live,
      median,
      "none: a floor that the bill corrects",
    ),
    figure(
      "metering error, SDK adapter, median, app files not in the open folders (CPU and memory at Modal's minimum)",
      await days({ adapter: "sdk", isFileUnknown: true }),
      live,
      median,
      "none: a floor that the bill corrects",
    ),
  );
  return figures;
}

interface Day {
  readonly exactUsd: number;
  readonly liveUsd: number;
  /** Once the report covers the whole hours of the day. */
  readonly withBillUsd: number;
  readonly headersUsd: number;
  readonly slept: boolean;
}

interface Conditions {
  readonly adapter: Adapter;
  /** Containers use more CPU and memory than they asked for. */
  readonly isHungry?: boolean;
  readonly isLogLost?: boolean;
  /** The apps' files are elsewhere: nobody tells the cores and the memory. */
  readonly isFileUnknown?: boolean;
}

async function days(conditions: Conditions, from = 1, count = workloads): Promise<readonly Day[]> {
  const runs: Day[] = [];
  for (let seed = from; seed < from + count; seed += 1) runs.push(await runDay(seed, conditions));
  return runs;
}

/** On how many days the worst that is allowed is exceeded. */
function missed(name: string, worst: string, runs: readonly Day[]): Figure {
  const above = (error: (day: Day) => number): number =>
    runs.filter((day) => error(day) * 100 > Number.parseFloat(worst)).length;
  const [ours, peer] = [above(live), above(headers)];
  return {
    name: `${name} days above ${worst}, of ${runs.length} others`,
    ours,
    peer,
    ratio: peer / ours,
    unit: "days",
    goal: "none",
    runs: runs.length,
  };
}

const live = (day: Day): number => offBy(day.liveUsd, day);
const billed = (day: Day): number => offBy(day.withBillUsd, day);
const headers = (day: Day): number => offBy(day.headersUsd, day);

/** As a fraction of the exact bill. On a day on which nothing ran, nothing is right. */
function offBy(usd: number, { exactUsd }: Day): number {
  if (exactUsd === 0) return usd === 0 ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(usd / exactUsd - 1);
}

function figure(
  name: string,
  runs: readonly Day[],
  error: (day: Day) => number,
  of: (values: readonly number[]) => number,
  goal: string,
): Figure {
  const ours = of(runs.map(error)) * 100;
  const peer = of(runs.map(headers)) * 100;
  return { name, ours, peer, ratio: peer / ours, unit: "% of the bill", goal, runs: runs.length };
}

function largest(values: readonly number[]): number {
  return Math.max(...values);
}

function highest(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;
}

/** One working day: some apps, some traffic, some accidents, one or two windows, a laptop that may sleep. */
async function runDay(seed: number, conditions: Conditions): Promise<Day> {
  const { isHungry = false, isLogLost = false } = conditions;
  const random = new Random(seed);
  const cloud = new Cloud({ world: meteredWorld, seed, startMs });
  const endMs = startMs + random.between(2, 6) * hour;
  const sleeps = planSleeps(random, endMs);
  const ledger = new DayLedger();
  const plans: AppPlan[] = [];
  for (let i = random.between(1, 4); i > 0; i -= 1) {
    const plan = { name: `app-${i}`, endMs, sleeps, isHungry, inputs: [], ownDeploys: [], ledger };
    plans.push({ ...plan, ...planApp(cloud, random, plan) });
  }
  const looks: Taken[] = [];
  const hint = hintOf(cloud, ledger, conditions);
  for (let window = random.between(1, 2); window > 0; window -= 1) {
    planLooks(cloud, random, { ...conditions, endMs, sleeps, looks, hint });
  }
  cloud.advanceTo(endMs);

  // Windows write when they get to it, not in the order in which they looked.
  for (const { listing } of looks.toSorted(() => random.next() - 0.5))
    ledger.recordListing(listing);
  for (const plan of plans) keepBooks(plan);
  if (!isLogLost) {
    follow(cloud, ledger, looks, sleeps);
    await lookBack(cloud, ledger, looks, conditions, hint);
  }
  const reader = new CostReader(ledger, {
    appHint: hint,
    lifeInFile: (appName) => ({
      scaledownSeconds: null,
      warmContainers: plans.some(({ name, isKeptWarm }) => name === appName && isKeptWarm) ? 1 : 0,
    }),
  });
  const cost = (): TieredCost =>
    costIn(reader.read({ scope, fromMs: startMs, nowMs: endMs, rates: history }), null, startMs);
  const withoutBill = cost();
  const inWholeHours = cloud.bill({ byAppHour: true, toMs: hourOf(endMs - 15 * minute) });
  ledger.billedRows = inWholeHours.map(({ appId, hourStartMs, usd }) => ({
    objectId: appId,
    description: "",
    intervalStartMs: hourStartMs,
    cost: microUsd(usd * 1e6),
    fetchedAtMs: endMs,
  }));
  ledger.remember("billed", "1");
  const inputs = plans.flatMap((plan) => plan.inputs);
  return {
    exactUsd: cloud.bill().reduce((sum, row) => sum + row.usd, 0),
    liveUsd: usdOf(withoutBill),
    withBillUsd: usdOf(cost()),
    headersUsd: inputs.reduce((sum, input) => sum + (headerOf(input)?.microUsd ?? 0), 0) / 1e6,
    slept: sleeps.length > 0,
  };
}

/** The rows that the product itself writes: its sessions, its calls, its stops. */
function keepBooks({ app, scaledownSeconds, inputs, isOwnTraffic, ledger }: AppPlan): void {
  ledger.sessionList.push({
    sessionId: `session-${app.id}`,
    scope,
    folder: "/work",
    username: "you",
    mode: "dev",
    scaledownSeconds,
    startedAtMs: startMs,
    endedAtMs: null,
    end: null,
    expiresAtMs: null,
    apps: [{ appId: app.id, appName: app.description, file: "app.py", urls: [] }],
  });
  if (!isOwnTraffic) return;
  for (const input of inputs) {
    const call = ownCall(input);
    if (call !== undefined) ledger.upsertCall(call);
  }
}

/** What each window reads of the logs of apps that have containers: from the look that shows them to the one that does not. */
function follow(
  cloud: Cloud,
  ledger: DayLedger,
  looks: readonly Taken[],
  sleeps: readonly Sleep[],
): void {
  for (const app of cloud.apps.values()) {
    const log = logOf(cloud, app);
    const read: LogChunk[] = [];
    const inOrder = looks.toSorted((a, b) => a.listing.observedAtMs - b.listing.observedAtMs);
    for (const [index, { listing }] of inOrder.entries()) {
      const next = inOrder[index + 1]?.listing;
      if (next === undefined || listing.containers.every(({ appId }) => appId !== app.id)) continue;
      // A laptop that sleeps reads nothing; what it missed is for looking back.
      const [fromMs, toMs] = [listing.observedAtMs, next.observedAtMs];
      if (sleeps.some(([asleepMs, awakeMs]) => asleepMs < toMs && awakeMs > fromMs)) continue;
      read.push(...log.filter(({ atMs }) => atMs !== null && atMs >= fromMs && atMs < toMs));
    }
    const known = { scope, appId: app.id, appName: app.description };
    const lines = new LogLineAssembler(app.id);
    const containers = new LoggedContainers(known);
    const parts = {
      ledger,
      clock: clockAt(cloud.nowMs),
      log: silentLog,
      rates: () => rates,
      onCall: () => {},
    };
    const calls = new LoggedCalls(known, parts);
    for (const chunk of read) {
      calls.add(lines.add(chunk));
      containers.add(chunk);
    }
    addNotes(ledger, known, { logged: containers.list() });
  }
}

/** The product's own looking back, at each look that came after a gap. */
async function lookBack(
  cloud: Cloud,
  ledger: DayLedger,
  looks: readonly Taken[],
  { adapter }: Conditions,
  appHint: ReturnType<typeof appHints>,
): Promise<void> {
  let sinceMs: number | null = null;
  const state = { nowMs: startMs };
  const back = new LookBack({
    ledger,
    clock: { nowMs: () => state.nowMs, after: () => ({ dispose: () => {} }) },
    log: silentLog,
    holder: "window-1",
    pid: 1,
    rates: () => rates,
    appHint,
    onCall: () => {},
  });
  for (const { listing } of looks.toSorted(
    (a, b) => a.listing.observedAtMs - b.listing.observedAtMs,
  )) {
    state.nowMs = listing.observedAtMs;
    await back.update(sourceAt(cloud, adapter, state), { ...listing, sinceMs });
    sinceMs = listing.observedAtMs;
  }
}

/** Modal as it answered at that moment. */
function sourceAt(
  cloud: Cloud,
  adapter: Adapter,
  state: { readonly nowMs: number },
): LookBackSource {
  return {
    scopeKey: scope,
    control: {
      fetchLogs: async (appId, { sinceMs = 0, untilMs = state.nowMs }) =>
        logOf(cloud, cloud.app(appId)).filter(
          ({ atMs }) => atMs !== null && atMs >= sinceMs && atMs < Math.min(untilMs, state.nowMs),
        ),
      containerDetails: async (containerId) => {
        if (adapter === "cli") throw new Failure("unsupported", "The CLI does not tell.");
        const container = cloud.containerInfo(containerId);
        if (container === null) throw new Failure("not-found", "No such container.");
        const { finishedAtMs } = container;
        return {
          ...observe(container, adapter),
          finishedAtMs: finishedAtMs !== null && finishedAtMs <= state.nowMs ? finishedAtMs : null,
        };
      },
      deployments: async (appId) =>
        cloud
          .app(appId)
          .deployments.filter(({ deployedAtMs }) => deployedAtMs <= state.nowMs)
          .map(({ version, deployedAtMs }) => ({
            version,
            deployedAtMs,
            deployedBy: null,
            tag: null,
          })),
    },
  };
}

function hintOf(cloud: Cloud, ledger: DayLedger, { isFileUnknown = false }: Conditions) {
  const specs = (): ReadonlyMap<string, Container["fn"]["spec"]> =>
    new Map(
      [...cloud.apps.values()].flatMap(({ description, deployments }) =>
        [...(deployments[0]?.functions.values() ?? [])].map((spec) => [description, spec] as const),
      ),
    );
  return appHints({
    ledger,
    inFile: (appName) => {
      const spec = isFileUnknown ? undefined : specs().get(appName);
      return spec === undefined
        ? undefined
        : {
            gpu: spec.gpu === null ? null : gpuLabel(spec.gpu),
            cpuCores: spec.milliCpu / 1000,
            memoryGib: spec.memoryMib / 1024,
          };
    },
    inSettings: () => undefined,
    nowMs: () => cloud.nowMs,
  });
}

function clockAt(nowMs: number) {
  return { nowMs: () => nowMs, after: () => ({ dispose: () => {} }) };
}

/** Headers are no help to our side: what was neither metered nor billed counts as nothing. */
function usdOf({ best, bestTier }: TieredCost): number {
  if (!best.known) throw new Error(best.why);
  return bestTier === "reported" ? 0 : best.microUsd / 1e6;
}

const history = rateHistory([]);
const rates = history.now;

interface DayPlan {
  readonly name: string;
  readonly endMs: number;
  readonly isHungry: boolean;
  readonly sleeps: readonly Sleep[];
  readonly inputs: Input[];
  readonly ledger: DayLedger;
}

interface AppPlan extends DayPlan {
  readonly app: App;
  readonly scaledownSeconds: number;
  readonly isKeptWarm: boolean;
  /** Calls of this editor's; else of scripts and teammates. */
  readonly isOwnTraffic: boolean;
}

function planApp(
  cloud: Cloud,
  random: Random,
  plan: DayPlan,
): Pick<AppPlan, "app" | "scaledownSeconds" | "isKeptWarm" | "isOwnTraffic"> {
  const scaledown = pick(random, [60, 120, 120, 300, 600]);
  const isCpuOnly = random.next() < 0.1;
  const milliCpu = pick(random, [125, 1000, 2000, 8000]);
  const memoryMib = pick(random, [128, 4096, 16_384, 32_768]);
  const use = isHungry(plan, random);
  const spec = {
    name: plan.name,
    gpu: isCpuOnly ? null : { type: pick(random, gpuTypes), count: pick(random, [1, 1, 1, 2]) },
    milliCpu,
    memoryMib,
    usedMilliCpu: Math.round(milliCpu * use),
    usedMemoryMib: Math.round(memoryMib * use),
    scaledownMs: scaledown * second,
    minContainers: random.next() < 0.1 ? 1 : 0,
    concurrentInputs: pick(random, [1, 1, 4]),
    queueMs: random.between(500, 20_000),
    coldStartMs: random.between(5, 240) * second,
  };
  const deploy = () => cloud.deploy({ name: plan.name, functions: [spec] });
  const app = deploy();
  const isOwnTraffic = random.next() < 0.5;
  const request = (): void => {
    if (app.state !== "deployed") return;
    // Nobody calls from a laptop that sleeps; teammates and scripts go on.
    if (isOwnTraffic && isAsleep(plan.sleeps, cloud.nowMs)) return;
    const durationMs = random.between(500, 90_000);
    plan.inputs.push(cloud.request({ appId: app.id, functionName: plan.name, durationMs }));
  };
  // Bursts of work with pauses between them.
  for (let atMs = startMs; atMs < plan.endMs; atMs += random.between(1, 60) * minute) {
    for (let n = random.between(1, 12); n > 0; n -= 1) {
      atMs += random.between(0, 3 * minute);
      cloud.schedule(atMs, request);
    }
  }
  const someTime = () => random.between(startMs, plan.endMs);
  if (random.next() < 0.5)
    cloud.schedule(someTime(), () => {
      if (app.state !== "deployed" || isAsleep(plan.sleeps, cloud.nowMs)) return;
      deploy();
    });
  if (random.next() < 0.3) cloud.schedule(someTime(), () => crashOne(cloud, app.id));
  if (random.next() < 0.6) {
    cloud.schedule(someTime(), () => {
      if (isAsleep(plan.sleeps, cloud.nowMs) || !cloud.stopApp(app.id)) return;
      const stopped = { appId: app.id, name: plan.name };
      plan.ledger.receiptList.push({
        receiptId: `receipt-${app.id}-${cloud.nowMs}`,
        scope,
        atMs: cloud.nowMs + 2 * second,
        by: "person",
        planned: [stopped],
        stopped: [stopped],
        alreadyStopped: [],
        left: [],
        excluded: [],
        verified: "clear",
        savedMicroUsdPerHour: null,
      });
    });
  }
  const isKeptWarm = spec.minContainers > 0;
  return { app, scaledownSeconds: scaledown, isKeptWarm, isOwnTraffic };
}

function isHungry(plan: DayPlan, random: Random): number {
  return plan.isHungry ? 1 + random.next() : random.next();
}

function crashOne(cloud: Cloud, appId: string): void {
  const [container] = cloud.listContainers({ appId });
  if (container !== undefined) cloud.stopContainer(container.id, { reason: "crashed" });
}

type Sleep = readonly [fromMs: number, toMs: number];

function planSleeps(random: Random, endMs: number): readonly Sleep[] {
  if (random.next() < 0.5) return [];
  const fromMs = random.between(startMs + 10 * minute, endMs - 30 * minute);
  return [[fromMs, Math.min(fromMs + random.between(2, 90) * minute, endMs - minute)]];
}

function isAsleep(sleeps: readonly Sleep[], atMs: number): boolean {
  return sleeps.some(([fromMs, toMs]) => atMs >= fromMs && atMs < toMs);
}

/** One look, as the product records it. */
interface Taken {
  readonly listing: Listing;
}

interface LookPlan extends Conditions {
  readonly endMs: number;
  readonly sleeps: readonly Sleep[];
  readonly looks: Taken[];
  readonly hint: ReturnType<typeof appHints>;
}

/** One focused window that looks as its policy says, unless the laptop sleeps or the network is away. */
function planLooks(cloud: Cloud, random: Random, plan: LookPlan): void {
  const { adapter } = plan;
  let before: readonly ContainerObservation[] = [];
  let failures = 0;
  const again = (): void => {
    const situation = {
      nowMs: cloud.nowMs,
      adapter,
      focused: true,
      busy: false,
      liveContainers: before.length,
      // Worse than the product, which also looks when a call has ended or a scaledown is due.
      restlessUntilMs: 0,
      dueAtMs: null,
      failures,
      failure: failures > 0 ? ("offline" as const) : null,
    };
    const delayMs = nextLookDelayMs(situation, random.next()) ?? minute;
    // A look takes time itself: the CLI starts two Pythons.
    const takesMs = adapter === "cli" ? random.between(1000, 3000) : random.between(20, 500);
    if (cloud.nowMs + delayMs <= plan.endMs) cloud.schedule(cloud.nowMs + delayMs + takesMs, look);
  };
  const look = (): void => {
    if (isAsleep(plan.sleeps, cloud.nowMs)) {
      const wakesAtMs = plan.sleeps.find(([, toMs]) => toMs > cloud.nowMs)?.[1] ?? plan.endMs;
      cloud.schedule(wakesAtMs + 1000, look);
      return;
    }
    if (random.next() < 0.01) failures += 1;
    else {
      failures = 0;
      const listing = listingOf(cloud, plan, before);
      before = listing.containers;
      plan.looks.push({ listing });
    }
    again();
  };
  cloud.schedule(startMs + random.between(0, 15 * second), look);
}

function listingOf(
  cloud: Cloud,
  { adapter, hint }: LookPlan,
  before: readonly ContainerObservation[],
): Listing {
  const hinted = (container: Container): ContainerObservation => {
    const seen = observe(container, adapter);
    return withAppResources(seen, hint(scope, seen));
  };
  const live = cloud.listContainers();
  const ids = new Set(live.map(({ id }) => id));
  const gone = before.filter(({ containerId }) => !ids.has(containerId));
  return {
    scope,
    observedAtMs: cloud.nowMs,
    adapter,
    apps: cloud.listApps().map(appInfo),
    containers: live.map(hinted),
    ended:
      adapter === "cli"
        ? []
        : gone.flatMap(({ containerId }) => {
            const container = cloud.containerInfo(containerId);
            return container === null
              ? []
              : [{ ...hinted(container), finishedAtMs: container.finishedAtMs }];
          }),
  };
}

function appInfo({ id, description, state, createdAtMs, stoppedAtMs }: App): AppInfo {
  return {
    appId: id,
    name: description,
    state,
    containerCount: 0,
    createdAtMs,
    // Both adapters tell it; the CLI in whole seconds.
    stoppedAtMs: stoppedAtMs === null ? null : Math.floor(stoppedAtMs / second) * second,
  };
}

/** An app's log: a container says something when it is up, and with each call. One that ended before that left no line. */
function logOf(cloud: Cloud, app: App): readonly LogChunk[] {
  const known = logs.get(app);
  if (known?.atMs === cloud.nowMs) return known.chunks;
  const chunks: LogChunk[] = [];
  for (const {
    id: containerId,
    appId,
    readyAtMs,
    finishedAtMs,
  } of cloud.fleet.containers.values()) {
    if (readyAtMs === null || appId !== app.id) continue;
    if (readyAtMs > (finishedAtMs ?? cloud.nowMs)) continue;
    chunks.push({
      text: "up\n",
      containerId,
      functionCallId: null,
      atMs: readyAtMs,
      entryId: null,
    });
  }
  for (const input of cloud.fleet.inputs.values()) {
    const header = headerOf(input);
    if (header === undefined || input.container?.appId !== app.id) continue;
    chunks.push({
      text: `${costLine(header)}\n`,
      containerId: input.container.id,
      atMs: input.finishedAtMs,
      functionCallId: null,
      entryId: null,
    });
  }
  chunks.sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  logs.set(app, { atMs: cloud.nowMs, chunks });
  return chunks;
}

const logs = new WeakMap<App, { readonly atMs: number; readonly chunks: readonly LogChunk[] }>();

/** What an adapter tells of a container: the CLI neither the end nor the GPU, and whole seconds; neither of them cores and memory. */
function observe(container: Container, adapter: Adapter): ContainerObservation {
  // In the world believed-2025, the start that Modal tells is the beginning of the boot.
  const startedAtMs = container.bootedAtMs;
  return {
    containerId: container.id,
    appId: container.appId,
    appName: container.fn.spec.name,
    enqueuedAtMs: container.enqueuedAtMs,
    startedAtMs:
      startedAtMs === null || adapter === "sdk"
        ? startedAtMs
        : Math.floor(startedAtMs / second) * second,
    finishedAtMs: null,
    gpu: adapter === "sdk" ? container.gpu : null,
    gpuSource: adapter === "sdk" ? "container" : "unknown",
    cpuCores: null,
    memoryGib: null,
  };
}

/** What a cost tracker in the app says of a call: GPU x handler time, at today's price. undefined for a call that did not get through. */
function headerOf(input: Input) {
  const { container, startedAtMs, finishedAtMs, fn } = input;
  if (input.state !== "success" || container === null) return undefined;
  if (startedAtMs === null || finishedAtMs === null) return undefined;
  const executionSeconds = (finishedAtMs - startedAtMs) / second;
  const { gpu } = fn.spec;
  const usdPerHour = gpu === null ? 0 : (rates.gpus.get(gpu.type)?.usdPerHour ?? 0) * gpu.count;
  return {
    microUsd: microUsd((usdPerHour * executionSeconds * 1e6) / 3600),
    executionSeconds,
    gpuType: gpu === null ? null : gpuLabel(gpu),
  };
}

/** A call that this editor made: it knows no container, but when the request began. */
function ownCall(input: Input): CallRecord | undefined {
  const header = headerOf(input);
  const { container, finishedAtMs, createdAtMs } = input;
  if (header === undefined || container === null) return undefined;
  return {
    callId: `own-${input.id}`,
    scope,
    source: "editor",
    sessionId: null,
    appId: container.appId,
    appName: null,
    endpoint: "serve",
    mode: "dev",
    startedAtMs: createdAtMs,
    endedAtMs: finishedAtMs,
    status: "succeeded",
    reportedMicroUsd: header.microUsd,
    executionSeconds: header.executionSeconds,
    gpuType: header.gpuType,
    audit: [],
    handoverUrl: null,
    resultPath: null,
    inputJson: null,
    failure: null,
    functionCallId: null,
    logLineId: null,
    clockOffsetMs: null,
  };
}

function pick<T>(random: Random, from: readonly [T, ...T[]] | readonly T[]): T {
  const chosen = from[random.between(0, from.length - 1)];
  if (chosen === undefined) throw new RangeError("Nothing to pick from.");
  return chosen;
}
