import type { Random } from "../model/random.ts";
import type { World } from "../worlds/world.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
const CLOCK_OFF_MS = 10 * MINUTE_MS;

/** While the lid is closed, on Modal's clock. */
export type Sleep = readonly [fromMs: number, toMs: number];

/** What the laptop's clock says at an instant of Modal's. */
export function laptopMs({ clock }: World, modalMs: number): number {
  if (clock === "in-step") return modalMs;
  return clock === "laptop-ahead" ? modalMs + CLOCK_OFF_MS : modalMs - CLOCK_OFF_MS;
}

/** What Modal's clock says at an instant of the laptop's. */
export function modalMs(world: World, atLaptopMs: number): number {
  return atLaptopMs - laptopMs(world, 0);
}

/** When the lid is closed between these instants: a nap on half of the days; in some worlds each night and on weekends too. */
export function planSleeps(
  world: World,
  randomFor: (purpose: string) => Random,
  fromMs: number,
  toMs: number,
): readonly Sleep[] {
  const sleeps: Sleep[] = [];
  const naps = randomFor("naps");
  const nights = randomFor("nights");
  for (let dayMs = fromMs; dayMs < toMs; dayMs += DAY_MS) {
    const endMs = Math.min(dayMs + 8 * HOUR_MS, toMs);
    if (naps.next() < 0.5 || endMs - dayMs < HOUR_MS) continue;
    const napMs = naps.between(dayMs + 10 * MINUTE_MS, endMs - 30 * MINUTE_MS);
    sleeps.push([napMs, Math.min(napMs + naps.between(2, 90) * MINUTE_MS, toMs - MINUTE_MS)]);
  }
  if (world.lid === "nights")
    for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs < toMs; dayMs += DAY_MS) {
      const eveningMs = dayMs + nights.between(17 * 60, 21 * 60) * MINUTE_MS;
      const morningMs = dayMs + DAY_MS + nights.between(7 * 60, 9 * 60) * MINUTE_MS;
      sleeps.push(isWeekend(dayMs) ? [dayMs, morningMs] : [eveningMs, morningMs]);
    }
  return merged(sleeps, fromMs, toMs);
}

export function isAsleep(sleeps: readonly Sleep[], atMs: number): boolean {
  return sleeps.some(([fromMs, toMs]) => atMs >= fromMs && atMs < toMs);
}

export function isWeekend(atMs: number): boolean {
  const day = new Date(atMs).getUTCDay();
  return day === 0 || day === 6;
}

function merged(sleeps: readonly Sleep[], fromMs: number, toMs: number): readonly Sleep[] {
  const out: Sleep[] = [];
  for (const [start, end] of sleeps.toSorted((a, b) => a[0] - b[0])) {
    const [from, to] = [Math.max(start, fromMs), Math.min(end, toMs)];
    if (to <= from) continue;
    const last = out.at(-1);
    if (last !== undefined && from <= last[1])
      out[out.length - 1] = [last[0], Math.max(last[1], to)];
    else out.push([from, to]);
  }
  return out;
}
