import type { Random } from "../model/random.ts";
import { isWeekend } from "./laptop.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * When a service is called: bursts of work with pauses between them, and outside of working hours
 * (9 to 18 on weekdays, UTC) only now and then.
 */
export function burstsOfCalls(random: Random, { fromMs, toMs }: Stretch): readonly number[] {
  const times: number[] = [];
  let atMs = fromMs;
  while (atMs < toMs) {
    for (let n = random.between(1, 12); n > 0; n -= 1) {
      atMs += random.between(0, 3 * MINUTE_MS);
      if (atMs < toMs) times.push(atMs);
    }
    atMs += isWorkingHour(atMs)
      ? random.between(1, 60) * MINUTE_MS
      : random.between(30, 300) * MINUTE_MS;
  }
  return times;
}

function isWorkingHour(atMs: number): boolean {
  const hour = new Date(atMs).getUTCHours();
  return hour >= 9 && hour < 18 && !isWeekend(atMs);
}

/** About `perDay` moments a day, at random. */
export function momentsOf(random: Random, perDay: number, stretch: Stretch): readonly number[] {
  const days = (stretch.toMs - stretch.fromMs) / (24 * HOUR_MS);
  const whole = Math.floor(perDay * days);
  const count = whole + (random.next() < perDay * days - whole ? 1 : 0);
  return Array.from({ length: count }, () => random.between(stretch.fromMs, stretch.toMs - 1));
}

export function pick<T>(random: Random, from: readonly [T, ...T[]]): T {
  return from[random.between(0, from.length - 1)] ?? from[0];
}
