import { hourMs, hourOf } from "./bill.ts";
import { costOver, usdText } from "./money.ts";
import { gpuNames, rateAt, type Hardware, type PriceLevel } from "./prices.ts";
import { Random } from "./random.ts";
import type {
  AppOfWorld,
  BillingRule,
  CallOfWorld,
  ContainerOfWorld,
  FunctionOfApp,
  SessionOfWorld,
  World,
} from "./world.ts";

// Worlds that are small and nasty: containers that cross hours, midnights, changed clocks and changed
// prices, start in the same second, live for nothing, or end before they were ready.

const minute = 60_000;
const day = 24 * hourMs;

/** Places, and instants around which their clocks change (or a plain day). */
const places: readonly { readonly zone: string; readonly around: readonly string[] }[] = [
  { zone: "UTC", around: ["2026-11-12T00:00:00Z"] },
  { zone: "Europe/Berlin", around: ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"] },
  { zone: "America/New_York", around: ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"] },
  { zone: "America/Los_Angeles", around: ["2026-03-08T10:00:00Z", "2026-11-01T09:00:00Z"] },
  // Half an hour of summer time.
  { zone: "Australia/Lord_Howe", around: ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"] },
  // Days that begin at one in the morning, or that have midnight twice.
  { zone: "America/Santiago", around: ["2026-04-05T03:00:00Z", "2026-09-06T04:00:00Z"] },
  { zone: "Africa/Cairo", around: ["2026-04-23T22:00:00Z", "2026-10-29T21:00:00Z"] },
  { zone: "America/Havana", around: ["2026-03-08T05:00:00Z", "2026-11-01T05:00:00Z"] },
  { zone: "Asia/Kathmandu", around: ["2026-11-12T18:15:00Z"] },
  { zone: "Asia/Kolkata", around: ["2026-12-31T18:30:00Z"] },
  { zone: "Pacific/Chatham", around: ["2026-04-04T14:00:00Z", "2026-09-26T14:00:00Z"] },
  { zone: "Pacific/Kiritimati", around: ["2026-02-28T10:00:00Z"] },
];

function randomHardware(random: Random, regionPercent: number): Hardware {
  const gpu = random.chance(0.8)
    ? { name: random.pick(Object.keys(gpuNames)), count: random.pick([1, 1, 1, 2, 4, 8]) }
    : undefined;
  return {
    gpu,
    milliCpu: random.pick([125, 125, 500, 1000, 4000]),
    memoryMib: random.pick([128, 128, 1024, 4096, 32_768]),
    regionPercent,
  };
}

function randomFunctions(random: Random, regionPercent: number): FunctionOfApp[] {
  return Array.from({ length: random.pick([1, 1, 1, 2]) }, (_, index) => ({
    name: `fn${index}`,
    hardware: randomHardware(random, regionPercent),
  }));
}

function randomApps(
  random: Random,
  environments: readonly string[],
  fromMs: number,
  regionPercent: number,
): AppOfWorld[] {
  return Array.from({ length: random.whole(1, 4) }, (_, index) => ({
    id: random.id("ap"),
    name: `app-${index}`,
    environment: index === 0 ? "main" : random.pick(environments),
    startedBy: random.pick(["me", "me", "teammate"] as const),
    createdMs: fromMs - random.whole(minute, day),
    functions: randomFunctions(random, regionPercent),
    logsCosts: random.chance(0.6),
    sendsHeaders: random.chance(0.6),
  }));
}

/** An instant, often one at which something else happens too. */
function randomInstant(
  random: Random,
  fromMs: number,
  toMs: number,
  marks: readonly number[],
): number {
  const inside = marks.filter((mark) => mark > fromMs && mark < toMs);
  if (inside.length > 0 && random.chance(0.3))
    return random.pick(inside) + random.pick([-1000, -1, 0, 0, 1, 1000]);
  if (random.chance(0.2))
    return hourOf(random.whole(fromMs, toMs)) + random.pick([0, 0, -1, 1, 999]);
  const atMs = random.whole(fromMs, toMs);
  return random.chance(0.3) ? atMs - (atMs % 1000) : atMs;
}

function randomLifeMs(random: Random): number {
  return random.pick([
    random.whole(0, 3),
    random.whole(500, 2500),
    random.whole(10_000, 10 * minute),
    random.whole(10_000, 10 * minute),
    random.whole(20 * minute, 3 * hourMs),
    random.whole(3 * hourMs, 20 * hourMs),
  ]);
}

function randomContainer(
  random: Random,
  app: AppOfWorld,
  window: { readonly from: number; readonly to: number },
  marks: readonly number[],
): ContainerOfWorld {
  const enqueuedMs = Math.max(
    app.createdMs,
    randomInstant(random, window.from, window.to - minute, marks),
  );
  const bootMs = random.pick([
    0,
    random.whole(1, 999),
    random.whole(1000, 40_000),
    random.whole(minute, 9 * minute),
  ]);
  const crashes = random.chance(0.06);
  const lifeMs = randomLifeMs(random);
  return {
    id: random.id("ta"),
    appId: app.id,
    hardware: random.pick(app.functions).hardware,
    enqueuedMs,
    readyMs: crashes ? undefined : enqueuedMs + bootMs,
    finishedMs: enqueuedMs + bootMs + (crashes ? 1 : lifeMs),
    isGpuTold: random.chance(0.85),
    usedAbovePercent: random.chance(0.1) ? random.whole(1, 20) : 0,
  };
}

/** People and programs write a number of GPUs as they like. */
function spelled(random: Random, { name, count }: { name: string; count: number }): string {
  return count === 1 ? name : random.pick([`${name}:${count}`, `${count}x${name}`]);
}

function randomCall(
  random: Random,
  app: AppOfWorld,
  container: ContainerOfWorld,
  prices: readonly PriceLevel[],
): CallOfWorld[] {
  const { gpu } = container.hardware;
  const readyMs = container.readyMs;
  if (!gpu || readyMs === undefined || container.finishedMs - readyMs < 5000) return [];
  const executionMs = Math.min(
    random.whole(20, 12_000) * 10,
    Math.floor((container.finishedMs - readyMs) / 20) * 10,
  );
  const startedMs = random.whole(readyMs, container.finishedMs - executionMs - 1);
  const percent = prices.findLast(({ fromMs }) => fromMs <= startedMs)?.percent ?? 100;
  const gpuOnly = { ...container.hardware, milliCpu: 0, memoryMib: 0, regionPercent: 100 };
  const isAbsurd = random.chance(0.04);
  const exact = usdText(costOver(rateAt(gpuOnly, percent), executionMs));
  return [
    {
      appId: app.id,
      containerId: container.id,
      by: random.pick(["me", "teammate"] as const),
      startedMs,
      finishedMs: startedMs + executionMs,
      executionMs,
      claimedUsd: isAbsurd ? "1000000" : Number(exact).toFixed(6),
      isAbsurd,
      gpuName: spelled(random, gpu),
    },
  ];
}

/** Another call with equal figures, seconds away: a script calls in a loop, two people try one prompt. */
function twins(random: Random, call: CallOfWorld, container: ContainerOfWorld): CallOfWorld[] {
  const { readyMs = container.finishedMs, finishedMs } = container;
  return Array.from({ length: random.pick([0, 0, 0, 1, 2]) }, () => {
    const startedMs = call.startedMs + random.whole(-4000, 4000);
    const by = random.pick(["me", "teammate"] as const);
    return { ...call, by, startedMs, finishedMs: startedMs + call.executionMs };
  }).filter((twin) => twin.startedMs >= readyMs && twin.finishedMs < finishedMs);
}

function randomPrices(random: Random, fromMs: number, toMs: number): PriceLevel[] {
  const changes = random.chance(0.35)
    ? [{ fromMs: random.whole(fromMs, toMs), percent: random.pick([80, 90, 110, 125]) }]
    : [];
  return [{ fromMs: 0, percent: 100 }, ...changes];
}

function randomBilling(
  random: Random,
  apps: readonly AppOfWorld[],
  environments: readonly string[],
  fromMs: number,
  toMs: number,
): BillingRule {
  const hour = () => hourOf(random.whole(fromMs, toMs));
  return {
    bootPercent: random.pick([0, 100, 100, random.whole(0, 100)]),
    lagMs: random.whole(2, 45) * minute,
    corrections: random.chance(0.3)
      ? [
          {
            appId: random.pick(apps).id,
            hourMs: hour(),
            fromMs: random.whole(fromMs, toMs + random.pick([8, 100]) * hourMs),
            percent: random.pick([50, 97, 103, 150]),
          },
        ]
      : [],
    storage: Array.from({ length: random.whole(0, 4) }, (_, index) => ({
      objectId: index === 3 ? "" : `vo-${index}`,
      description: `storage ${index}`,
      environment: random.pick(environments),
      hourMs: hour() + index * hourMs,
      costUsd: (random.whole(1, 30_000) / 10_000).toFixed(4),
    })),
  };
}

function randomSessions(
  random: Random,
  apps: readonly AppOfWorld[],
  fromMs: number,
  toMs: number,
): SessionOfWorld[] {
  const own = apps.filter((app) => app.startedBy === "me");
  return own.slice(0, random.whole(0, own.length)).map((app, index) => {
    const startedMs = Math.max(app.createdMs, random.whole(fromMs, toMs - minute));
    return {
      id: `session-${index}`,
      appIds: [app.id],
      fromMs: startedMs,
      toMs: random.whole(startedMs + 1, toMs),
    };
  });
}

/** The world of a seed: the same one each time. */
export function randomWorld(seed: number): World {
  const random = new Random(seed);
  const place = random.pick(places);
  const around = Date.parse(random.pick(place.around));
  const fromMs = around - random.whole(2 * hourMs, 20 * hourMs);
  const toMs = around + random.whole(2 * hourMs, 40 * hourMs);
  const prices = randomPrices(random, fromMs, toMs);
  const environments = ["main", ...random.pick([[], ["dev"], ["dev", "staging"]])];
  const regionPercent = random.pick([100, 100, 115, 175]);
  const apps = randomApps(random, environments, fromMs, regionPercent);
  const marks = [around, ...prices.map((price) => price.fromMs)];
  const containers = Array.from({ length: random.whole(1, 8) }, () =>
    randomContainer(random, random.pick(apps), { from: fromMs, to: toMs }, marks),
  );
  const calls = containers.flatMap((container) =>
    apps
      .filter(({ id }) => id === container.appId)
      .flatMap((app) =>
        Array.from({ length: random.whole(0, 3) }, () =>
          randomCall(random, app, container, prices),
        ).flat(),
      )
      .flatMap((call) => [call, ...twins(random, call, container)]),
  );
  return {
    seed,
    zone: place.zone,
    fromMs,
    toMs,
    prices,
    apps,
    containers,
    calls,
    sessions: randomSessions(random, apps, fromMs, toMs),
    billing: randomBilling(random, apps, environments, fromMs, toMs),
  };
}
