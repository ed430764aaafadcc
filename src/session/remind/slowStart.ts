import type { MicroUsd } from "../../cost/money.ts";

/** An app, and since when the first of its containers that are not ready costs; null: all are. */
interface StartingApp {
  readonly appId: string;
  readonly name: string;
  readonly booting: {
    readonly sinceMs: number;
    readonly microUsd: MicroUsd | null;
    /** "L40S", "CPU"; null: not known, or several. */
    readonly gpu: string | null;
  } | null;
}

/** An app with a container that is not ready long after it should be: it loads, and that is billed. */
export interface SlowStart {
  readonly appId: string;
  readonly appName: string;
  /** Since when it costs. */
  readonly sinceMs: number;
  readonly forMs: number;
  readonly usualMs: number;
  /** What has not become ready has cost so far; null: a rate is unknown. */
  readonly microUsd: MicroUsd | null;
}

const factor = 3;
/** Less is over before anybody has read of it. */
const shortestMs = 60_000;

/**
 * The app that is the furthest beyond its usual start; undefined: none takes above three times as
 * long, and a minute.
 * @param usualMsOf how long an app's containers take to start, in milliseconds; undefined: not known, so nothing is said of it
 */
export function slowStartIn(
  apps: readonly StartingApp[],
  usualMsOf: (appName: string, gpu: string | null) => number | undefined,
  nowMs: number,
): SlowStart | undefined {
  const slow = apps.flatMap(({ appId, name, booting }): readonly SlowStart[] => {
    const forMs = booting === null ? 0 : nowMs - booting.sinceMs;
    if (booting === null || forMs < shortestMs) return [];
    const usualMs = usualMsOf(name, booting.gpu);
    if (usualMs === undefined || forMs <= factor * usualMs) return [];
    const { sinceMs, microUsd } = booting;
    return [{ appId, appName: name, sinceMs, forMs, usualMs, microUsd }];
  });
  return slow.toSorted((a, b) => b.forMs / b.usualMs - a.forMs / a.usualMs)[0];
}
