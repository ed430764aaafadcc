import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import { cancelled, isAborted } from "../../base/abort.ts";
import { within } from "../concurrent.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { Probe } from "../probe.ts";

/** How long a warm-up usually takes. */
export interface TypicalTime {
  readonly fromMs: number;
  readonly toMs: number;
  /** "default": nothing was ever measured here. */
  readonly source: "history" | "default";
}

/** 3 to 7 minutes: a large model's cold start, as long as nothing was measured. */
const defaultTypical: TypicalTime = { fromMs: 180_000, toMs: 420_000, source: "default" };
const kept = 10;
const durations = z.array(z.number().check(z.nonnegative()));

export interface WarmUpParts {
  readonly probe: Probe;
  readonly ledger: Pick<Ledger, "remember" | "recall">;
  readonly clock: Clock;
}

export interface WarmUpRequest {
  readonly scope: string;
  readonly appName: string;
  readonly url: string;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
  /** Skips the rest; the container keeps running. */
  readonly skip?: AbortSignal;
  /** Called at once, and then every second. */
  readonly onTick: (elapsedMs: number, typical: TypicalTime) => void;
}

export type WarmUpResult =
  | { readonly kind: "warm" }
  | { readonly kind: "skipped"; readonly elapsedMs: number };

/**
 * Sends one request that makes the app load its model, and waits for the answer. Rejects with a
 * `Failure`: "timed-out" after the limit, "endpoint-failed" for an error of the app, "cancelled", or
 * what the probe says.
 */
export async function warmUp(parts: WarmUpParts, request: WarmUpRequest): Promise<WarmUpResult> {
  const { probe, ledger, clock } = parts;
  const { url, limitMs, signal, skip, onTick } = request;
  const key = historyKey(request.scope, request.appName);
  const typical = typicalTime(ledger.recall(key, durations) ?? []);
  const startedAtMs = clock.nowMs();
  const elapsedMs = (): number => clock.nowMs() - startedAtMs;
  if (isAborted(skip)) return { kind: "skipped", elapsedMs: 0 };
  const ending = new AbortController();
  const end = (): void => ending.abort(cancelled());
  signal?.addEventListener("abort", end, { once: true });
  skip?.addEventListener("abort", end, { once: true });
  if (isAborted(signal)) end();
  const ticking = { timer: clock.after(1000, () => tick()) };
  const tick = (): void => {
    onTick(elapsedMs(), typical);
    ticking.timer = clock.after(1000, tick);
  };
  try {
    onTick(0, typical);
    const answer = await within(clock, limitMs, t("The warm-up"), ending.signal, (signal) =>
      probe(url, { timeoutMs: limitMs, signal }),
    );
    // 405: the route takes another method only, so the app was reached: it is up and loaded.
    if (answer.status >= 400 && answer.status !== 405)
      throw new Failure(
        "endpoint-failed",
        t("The warm-up request was answered with HTTP {0}. Look at the app's log.", answer.status),
      );
    const before = ledger.recall(key, durations) ?? [];
    ledger.remember(key, JSON.stringify([...before, elapsedMs()].slice(-kept)));
    return { kind: "warm" };
  } catch (error) {
    if (isAborted(skip) && !isAborted(signal)) return { kind: "skipped", elapsedMs: elapsedMs() };
    throw error;
  } finally {
    ticking.timer.dispose();
    signal?.removeEventListener("abort", end);
    skip?.removeEventListener("abort", end);
  }
}

/** The range of the measured warm-ups, without the outermost ones once there are enough. */
function typicalTime(measuredMs: readonly number[]): TypicalTime {
  const sorted = measuredMs.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length / 5);
  const fromMs = sorted[cut];
  const toMs = sorted[sorted.length - 1 - cut];
  if (fromMs === undefined || toMs === undefined) return defaultTypical;
  return { fromMs, toMs, source: "history" };
}

function historyKey(scope: string, appName: string): string {
  return `warm-up:${scope}:${appName}`;
}

/** Told when a person does without it. `windowSeconds`: the idle window in force; null: it is not known. */
export function skippedText(appName: string, windowSeconds: number | null): string {
  return windowSeconds === null
    ? t(
        "The warm-up of {0} was skipped. Its container keeps starting and is billed until it has been idle for its scaledown window.",
        appName,
      )
    : t(
        "The warm-up of {0} was skipped. Its container keeps starting and is billed until it has been idle for {1} s.",
        appName,
        windowSeconds,
      );
}
