import { hourOf, type BilledRow } from "../../src/cost/billedRow.ts";
import { endHints } from "../../src/cost/endHints.ts";
import { inferredSpans, unseenContainerIds } from "../../src/cost/inferredSpans.ts";
import type { LoggedContainer } from "../../src/cost/loggedContainers.ts";
import { SpanBook, type Look } from "../../src/cost/meter.ts";
import type { CallRecord } from "../../src/cost/call.ts";
import { microUsd } from "../../src/cost/money.ts";
import { ratesInForce } from "../../src/cost/rates.ts";
import { costOf, type TieredCost } from "../../src/cost/sessionCost.ts";
import type { ContainerObservation } from "../../src/cost/span.ts";
import type { Container, Input } from "../sim/model/entities.ts";
import { Random } from "../sim/model/random.ts";
import { World } from "../sim/model/world.ts";
import { median, type Figure } from "./figure.ts";

const workloads = 240;
const scope = "acme/main";
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** The product's own poll. */
const pollMs = 15 * second;
const startMs = Date.UTC(2026, 10, 21, 9);
const gpuTypes = ["T4", "L4", "A10", "L40S", "A100-40GB", "A100-80GB", "H100", "H200", "B200"];

type Adapter = "sdk" | "cli";

/**
 * Random working days in Local Modal's virtual time, metered as the extension meters them, against
 * the exact bill; beside it, the sum of the cost headers of the same calls, each of them present and
 * at today's price, which is the best that a header can do.
 */
export function bench(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const adapter of ["sdk", "cli"] as const) {
    const runs = days({ adapter });
    const awake = runs.filter(({ slept }) => !slept);
    const slept = runs.filter(({ slept }) => slept);
    const [typical, worst] = adapter === "sdk" ? ["0.1 %", "1 %"] : ["1 %", "5 %"];
    const name = `metering error, ${adapter.toUpperCase()} adapter,`;
    figures.push(
      figure(`${name} median`, runs, live, median, `<= ${typical}`),
      figure(`${name} worst, laptop awake`, awake, live, largest, `<= ${worst}`),
      figure(`${name} worst, laptop slept`, slept, live, largest, `<= ${worst}`),
      figure(
        `${name} worst, laptop slept and the log cannot be read`,
        days({ adapter, isLogLost: true }).filter(({ slept }) => slept),
        live,
        largest,
        "none: shows what the log is worth",
      ),
      figure(`${name} worst, with the bill of whole hours`, runs, billed, largest, `<= ${worst}`),
    );
  }
  figures.push(
    figure(
      "metering error, SDK adapter, median, CPU and memory used up to 2 x the request (Modal tells no use)",
      days({ adapter: "sdk", isHungry: true }),
      live,
      median,
      "none: a floor that the bill corrects",
    ),
  );
  return Promise.resolve(figures);
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
}

function days(conditions: Conditions): readonly Day[] {
  return Array.from({ length: workloads }, (_, index) => runDay(index + 1, conditions));
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

/** One working day: some apps, some traffic, some accidents, one or two windows, a laptop that may sleep. */
function runDay(seed: number, conditions: Conditions): Day {
  const { adapter, isHungry = false, isLogLost = false } = conditions;
  const random = new Random(seed);
  const world = new World({ seed, startMs });
  const endMs = startMs + random.between(2, 6) * hour;
  const sleeps = planSleeps(random, endMs);
  const inputs: Input[] = [];
  const ends = new Map<string, number[]>();
  const scaledownSeconds = new Map<string, number>();
  const keptWarm = new Set<string>();
  for (let i = random.between(1, 4); i > 0; i -= 1) {
    const name = `app-${i}`;
    const plan = { name, endMs, sleeps, isHungry, inputs, ends, scaledownSeconds, keptWarm };
    planApp(world, random, plan);
  }
  const looks: Look[] = [];
  for (let window = random.between(1, 2); window > 0; window -= 1) {
    planLooks(world, random, { adapter, endMs, sleeps, looks });
  }
  world.advanceTo(endMs);

  const book = new SpanBook();
  // Windows write when they get to it, not in the order in which they looked.
  for (const look of looks.toSorted(() => random.next() - 0.5)) book.record(look);
  // After a gap, the log of the gap names the containers that came and went in it.
  const logged = isLogLost ? [] : containersInLogs(world);
  if (adapter === "sdk") {
    const ids = logged.map(({ containerId }) => containerId);
    const unseen = unseenContainerIds(book.spans(), ids);
    const ended = unseen.flatMap((id) => details(world, id));
    book.tell({ scope, observedAtMs: endMs, ended });
  }
  const spans = book.spans();
  const calls = inputs.flatMap((input) => loggedCall(input) ?? []);
  const knowledge = {
    calls: isLogLost ? [] : calls,
    logged,
    scaledownSecondsOf: (appId: string) => scaledownSeconds.get(appId) ?? null,
    isKeptWarm: (appId: string) => keptWarm.has(appId),
    endedOnPurposeAtMsOf: (appId: string) => ends.get(appId) ?? [],
  };
  const cost = (rows: readonly BilledRow[]) =>
    costOf({
      appIds: null,
      fromMs: startMs,
      toMs: endMs,
      nowMs: endMs,
      spans,
      calls,
      billed: rows,
      rates,
      hintsOf: endHints(spans, knowledge),
      inferred: inferredSpans(spans, knowledge, rates),
    });
  const inWholeHours = world.bill({ byAppHour: true, toMs: hourOf(endMs - 15 * minute) });
  const rows = inWholeHours.map(({ appId, hourStartMs, usd }) => ({
    objectId: appId,
    description: "",
    intervalStartMs: hourStartMs,
    cost: microUsd(usd * 1e6),
  }));
  const withoutBill = cost([]);
  return {
    exactUsd: world.bill().reduce((sum, row) => sum + row.usd, 0),
    liveUsd: usdOf(withoutBill),
    withBillUsd: usdOf(cost(rows)),
    headersUsd: withoutBill.reported.microUsd / 1e6,
    slept: sleeps.length > 0,
  };
}

/** Headers are no help to our side: what was neither metered nor billed counts as nothing. */
function usdOf({ best, bestTier }: TieredCost): number {
  if (!best.known) throw new Error(best.why);
  return bestTier === "reported" ? 0 : best.microUsd / 1e6;
}

const rates = ratesInForce();

interface AppPlan {
  readonly name: string;
  readonly endMs: number;
  readonly isHungry: boolean;
  readonly sleeps: readonly Sleep[];
  readonly inputs: Input[];
  /** When this machine's person stopped or deployed, by app. */
  readonly ends: Map<string, number[]>;
  readonly scaledownSeconds: Map<string, number>;
  readonly keptWarm: Set<string>;
}

function planApp(world: World, random: Random, plan: AppPlan): void {
  const scaledown = pick(random, [60, 120, 120, 300, 600]);
  const isCpuOnly = random.next() < 0.1;
  const milliCpu = pick(random, [125, 1000, 2000, 8000]);
  const memoryMib = pick(random, [128, 4096, 16_384, 32_768]);
  const use = isHungry(plan, random);
  const spec = {
    name: "serve",
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
  const deploy = () => world.deploy({ name: plan.name, functions: [spec] });
  const app = deploy();
  plan.scaledownSeconds.set(app.id, scaledown);
  if (spec.minContainers > 0) plan.keptWarm.add(app.id);
  const own: number[] = [];
  plan.ends.set(app.id, own);
  const isOwnTraffic = random.next() < 0.5;
  const request = (): void => {
    if (app.state !== "deployed") return;
    // Nobody calls from a laptop that sleeps; teammates and scripts go on.
    if (isOwnTraffic && isAsleep(plan.sleeps, world.nowMs)) return;
    const durationMs = random.between(500, 90_000);
    plan.inputs.push(world.request({ appId: app.id, functionName: "serve", durationMs }));
  };
  // Bursts of work with pauses between them.
  for (let atMs = startMs; atMs < plan.endMs; atMs += random.between(1, 60) * minute) {
    for (let n = random.between(1, 12); n > 0; n -= 1) {
      atMs += random.between(0, 3 * minute);
      world.schedule(atMs, request);
    }
  }
  const someTime = () => random.between(startMs, plan.endMs);
  if (random.next() < 0.5)
    world.schedule(someTime(), () => {
      if (app.state !== "deployed" || isAsleep(plan.sleeps, world.nowMs)) return;
      deploy();
      own.push(world.nowMs);
    });
  if (random.next() < 0.3) world.schedule(someTime(), () => crashOne(world, app.id));
  if (random.next() < 0.6) {
    world.schedule(someTime(), () => {
      if (!isAsleep(plan.sleeps, world.nowMs) && world.stopApp(app.id))
        own.push(Math.floor(world.nowMs / second) * second);
    });
  }
}

function isHungry(plan: AppPlan, random: Random): number {
  return plan.isHungry ? 1 + random.next() : random.next();
}

function crashOne(world: World, appId: string): void {
  const [container] = world.listContainers({ appId });
  if (container !== undefined) world.stopContainer(container.id, { reason: "crashed" });
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

interface LookPlan {
  readonly adapter: Adapter;
  readonly endMs: number;
  readonly sleeps: readonly Sleep[];
  readonly looks: Look[];
}

/** One window that looks at each poll, unless the laptop sleeps or the network is away. */
function planLooks(world: World, random: Random, plan: LookPlan): void {
  let before = new Set<string>();
  let atMs = startMs + random.between(0, pollMs);
  while (atMs <= plan.endMs) {
    const at = atMs;
    if (!isAsleep(plan.sleeps, at) && random.next() > 0.01) {
      world.schedule(at, () => {
        const live = world.listContainers();
        const now = new Set(live.map(({ id }) => id));
        const gone = [...before].filter((id) => !now.has(id));
        before = now;
        plan.looks.push({
          scope,
          observedAtMs: world.nowMs,
          containers: live.map((container) => observe(container, plan.adapter)),
          ended: plan.adapter === "sdk" ? gone.flatMap((id) => details(world, id)) : [],
        });
      });
    }
    atMs += pollMs + random.between(-500, 1500);
  }
}

/** A container says something when it is up, and with each call. One that ended before that left no line. */
function containersInLogs(world: World): readonly LoggedContainer[] {
  return [...world.fleet.containers.values()].flatMap((container) => {
    const { id: containerId, appId, fn, startedAtMs, finishedAtMs } = container;
    if (startedAtMs === null) return [];
    const upAtMs = startedAtMs + fn.spec.coldStartMs;
    if (upAtMs > (finishedAtMs ?? world.nowMs)) return [];
    const line = { firstLineMs: upAtMs, lastLineMs: upAtMs };
    return [{ containerId, scope, appId, appName: fn.spec.name, ...line }];
  });
}

function details(world: World, containerId: string): readonly ContainerObservation[] {
  const container = world.containerInfo(containerId);
  return container === null
    ? []
    : [{ ...observe(container, "sdk"), finishedAtMs: container.finishedAtMs }];
}

/** What an adapter tells of a container: the CLI neither the end nor the GPU, and whole seconds. Cores and memory are the deploy file's. */
function observe(container: Container, adapter: Adapter): ContainerObservation {
  const { spec } = container.fn;
  const startedAtMs = container.startedAtMs;
  return {
    containerId: container.id,
    appId: container.appId,
    appName: spec.name,
    enqueuedAtMs: container.enqueuedAtMs,
    startedAtMs:
      startedAtMs === null || adapter === "sdk"
        ? startedAtMs
        : Math.floor(startedAtMs / second) * second,
    finishedAtMs: null,
    gpu: container.gpu,
    gpuSource: adapter === "sdk" ? "container" : "deploy-file",
    cpuCores: spec.milliCpu / 1000,
    memoryGib: spec.memoryMib / 1024,
  };
}

/** The `💰` line that a call leaves in the app's log; none for a call that did not get through. */
function loggedCall(input: Input): CallRecord | undefined {
  const { container, startedAtMs, finishedAtMs, fn } = input;
  if (input.state !== "success" || container === null) return undefined;
  if (startedAtMs === null || finishedAtMs === null) return undefined;
  const seconds = (finishedAtMs - startedAtMs) / second;
  const { gpu } = fn.spec;
  const usdPerHour = gpu === null ? 0 : (rates.gpus.get(gpu.type)?.usdPerHour ?? 0) * gpu.count;
  return {
    callId: ["log", container.appId, container.id, input.id].join("/"),
    scope,
    source: "log",
    sessionId: null,
    appId: container.appId,
    appName: fn.spec.name,
    endpoint: null,
    mode: null,
    startedAtMs,
    endedAtMs: finishedAtMs,
    status: "succeeded",
    reportedMicroUsd: microUsd((usdPerHour * seconds * 1e6) / 3600),
    executionSeconds: seconds,
    gpuType: gpu?.type ?? null,
    audit: [],
    handoverUrl: null,
    resultPath: null,
    inputJson: null,
    failure: null,
  };
}

function pick<T>(random: Random, from: readonly [T, ...T[]] | readonly T[]): T {
  const chosen = from[random.between(0, from.length - 1)];
  if (chosen === undefined) throw new RangeError("Nothing to pick from.");
  return chosen;
}
