import type { PricedSpan } from "../../../src/cost/metered/pricedSpan.ts";
import type { Cloud } from "../../sim/model/cloud.ts";
import type { Container } from "../../sim/model/entities.ts";
import { usd } from "../../sim/model/rates.ts";

/** Longest that a container waits for a GPU where it does (test/sim/model/fleet.ts). */
const longestGpuQueueMs = 300_000;
/** The CLI cuts instants to seconds. */
const cutMs = 1000;

/** In USD. */
interface Estimate {
  readonly usd: number;
  readonly low: number;
  readonly high: number;
  /** The cost of containers that neither a look nor a log has shown: it is in no estimate. */
  readonly untoldUsd: number;
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What one could say who sees no more of the containers than the product does, but is told which world
 * it is in: from when containers are billed, between what their loads and waits lie, and what each of
 * them costs per hour. What is left open is what nobody can know by looking on.
 */
export function toldTheWorld(
  cloud: Cloud,
  priced: readonly PricedSpan[],
  { fromMs, toMs }: Range,
): Estimate {
  const containers = new Map(
    [...cloud.fleet.containers.values()].map((one) => [
      one.sandbox?.isUntimed === true ? one.sandbox.id : one.id,
      one,
    ]),
  );
  const usdPerMs = pricesOf(cloud);
  const known = new Set<string>();
  let [sum, low, high] = [0, 0, 0];
  for (const one of priced) {
    const container = containers.get(one.span.containerId);
    const price = container === undefined ? 0 : (usdPerMs.get(container.id) ?? 0);
    if (container === undefined || price === 0) continue;
    known.add(container.id);
    const { earliestEndMs, countedToMs, latestEndMs } = one.interval;
    const { fromMs: earliestMs, toMs: latestMs } = beginOf(cloud, container, one);
    const cost = (sinceMs: number, untilMs: number): number =>
      price * Math.max(0, Math.min(untilMs, toMs) - Math.max(sinceMs, fromMs));
    sum += cost((earliestMs + latestMs) / 2, countedToMs);
    low += cost(latestMs, earliestEndMs);
    high += cost(earliestMs, latestEndMs);
  }
  return { usd: sum, low, high, untoldUsd: untoldUsd(cloud, known, { fromMs, toMs }) };
}

function untoldUsd(cloud: Cloud, known: ReadonlySet<string>, { fromMs, toMs }: Range): number {
  let sum = 0;
  for (const part of cloud.costs()) {
    const { containerId, gpuUnits, cpuUnits, memoryUnits } = part;
    const appId = cloud.fleet.containers.get(containerId)?.appId;
    if (known.has(containerId) || appId === undefined) continue;
    if (cloud.app(appId).environment !== "main") continue;
    const ms = Math.min(part.toMs, toMs) - Math.max(part.fromMs, fromMs);
    if (ms > 0) sum += (usd(gpuUnits + cpuUnits + memoryUnits) * ms) / (part.toMs - part.fromMs);
  }
  return sum;
}

/** What each container cost on average. */
function pricesOf(cloud: Cloud): ReadonlyMap<string, number> {
  const sums = new Map<string, { usd: number; ms: number }>();
  for (const part of cloud.costs()) {
    const sum = sums.get(part.containerId) ?? { usd: 0, ms: 0 };
    sum.usd += usd(part.gpuUnits + part.cpuUnits + part.memoryUnits);
    sum.ms += part.toMs - part.fromMs;
    sums.set(part.containerId, sum);
  }
  return new Map([...sums].map(([id, sum]) => [id, sum.ms > 0 ? sum.usd / sum.ms : 0]));
}

/** Between what its billing began, by what is told of it. */
function beginOf({ world }: Cloud, container: Container, { span, interval }: PricedSpan): Range {
  const seen = { fromMs: interval.earliestStartMs, toMs: interval.latestStartMs };
  const load = loadOf(world.startupTimeTold === "load", container);
  const queue = {
    fromMs: container.spec.queueMs,
    toMs: container.spec.queueMs + (world.gpuQueue === "minutes" ? longestGpuQueueMs : 0),
  };
  const { startedAtMs, enqueuedAtMs } = span;
  const told = startedAtMs === null ? null : { fromMs: startedAtMs, toMs: startedAtMs + cutMs };
  const asked = enqueuedAtMs === null ? null : { fromMs: enqueuedAtMs, toMs: enqueuedAtMs };
  const toldBoot = told === null || world.startedAt === "boot" ? told : before(told, load);
  const boot = both(toldBoot, asked === null ? null : after(asked, queue)) ?? seen;
  const ready = world.startedAt === "ready" && told !== null ? told : after(boot, load);
  if (world.billedFrom === "ready") return ready;
  return world.billedFrom === "boot" ? boot : (asked ?? before(boot, queue));
}

function loadOf(isTold: boolean, { spec, bootedAtMs, readyAtMs }: Container): Range {
  if (isTold && bootedAtMs !== null && readyAtMs !== null)
    return { fromMs: readyAtMs - bootedAtMs, toMs: readyAtMs - bootedAtMs };
  return { fromMs: spec.coldStartMs, toMs: Math.max(spec.coldStartMs, spec.slowestColdStartMs) };
}

function after(range: Range, by: Range): Range {
  return { fromMs: range.fromMs + by.fromMs, toMs: range.toMs + by.toMs };
}

function before(range: Range, by: Range): Range {
  return { fromMs: range.fromMs - by.toMs, toMs: range.toMs - by.fromMs };
}

/** Where two bounds agree, what both allow. */
function both(first: Range | null, second: Range | null): Range | null {
  if (first === null || second === null) return first ?? second;
  const fromMs = Math.max(first.fromMs, second.fromMs);
  const toMs = Math.min(first.toMs, second.toMs);
  return fromMs <= toMs ? { fromMs, toMs } : first;
}
