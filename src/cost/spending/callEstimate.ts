import { t } from "../../base/text.ts";
import type { CallRecord } from "../call.ts";
import { knownCost, knownPart, unknownCost, type Cost, type KnownPart } from "../cost.ts";
import { parseGpu } from "../rates/gpu.ts";
import { microUsd } from "../money.ts";
import { percentile } from "../percentile.ts";
import { gpuRate, unknownRateText, type Rates } from "../rates/rates.ts";
import type { ContainerSpan } from "../span.ts";

/** A range of seconds that calls of one endpoint take. */
export interface SecondsRange {
  readonly low: number;
  readonly high: number;
}

/** Whether a container of the app was up when the call began. */
export type Temperature = "cold" | "warm";

/** What a call will probably take and cost (the GPU while the request lasts), and how that is known. */
export type CallEstimate =
  | {
      readonly basis: "history";
      readonly temperature: Temperature | "any";
      readonly sample: number;
      /** Medians and 90th percentiles of the whole request, seconds. */
      readonly p50Seconds: number;
      readonly p90Seconds: number;
      readonly p50: Cost;
      readonly p90: Cost;
    }
  | {
      readonly basis: "typical";
      readonly seconds: SecondsRange;
      readonly low: Cost;
      readonly high: Cost;
    }
  | { readonly basis: "none" };

/** Fewer calls than this say nothing of a 90th percentile. */
const minimumSample = 5;
/** Calls of last year's model say nothing of today's. */
const recentCalls = 200;

/**
 * What a call of `endpoint` will cost at the rate in force: from the user's own successful calls
 * (those as cold or as warm as this one when there are enough of them, else all), else from
 * typical times. Times are request seconds, because a container is billed while a request waits in it.
 */
export function estimateCall(question: {
  readonly endpoint: string;
  /** What the endpoint's entry says that a warm call takes; null: nothing. */
  readonly typical: SecondsRange | null;
  /** "L40S", "H100:2"; null: not known. */
  readonly gpu: string | null;
  readonly rates: Rates;
  /** Calls of any endpoint, any order; and the spans that tell warm from cold. */
  readonly calls: readonly CallRecord[];
  readonly spans: readonly ContainerSpan[];
  readonly temperature: Temperature | null;
}): CallEstimate {
  const { endpoint, typical, gpu, rates, temperature } = question;
  const price = (seconds: number): Cost => gpuCost(seconds, gpu, rates);
  const past = question.calls
    .filter((call) => call.endpoint === endpoint && call.status === "succeeded")
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs)
    .slice(0, recentCalls);
  const alike = past.filter(
    (call) => temperature !== null && callTemperature(call, question.spans) === temperature,
  );
  const [sample, as] =
    temperature !== null && alike.length >= minimumSample
      ? ([alike, temperature] as const)
      : ([past, "any"] as const);
  const seconds = sample.flatMap((call) => requestSeconds(call) ?? []).sort((a, b) => a - b);
  if (seconds.length >= minimumSample) {
    const p50Seconds = percentile(seconds, 0.5);
    const p90Seconds = percentile(seconds, 0.9);
    return {
      basis: "history",
      temperature: as,
      sample: seconds.length,
      p50Seconds,
      p90Seconds,
      p50: price(p50Seconds),
      p90: price(p90Seconds),
    };
  }
  if (typical === null) return { basis: "none" };
  return {
    basis: "typical",
    seconds: typical,
    low: price(typical.low),
    high: price(typical.high),
  };
}

/**
 * What to expect at most of a call and of the idle tail after it, before it is sent. A part that is
 * not known leaves a floor: a tail that costs more than the limit is worth a question by itself.
 */
export function likelyCost(estimate: CallEstimate, idleTail: Cost): KnownPart {
  return knownPart([mostOf(estimate), idleTail]);
}

function mostOf(estimate: CallEstimate): Cost {
  switch (estimate.basis) {
    case "history":
      return estimate.p90;
    case "typical":
      return estimate.high;
    default:
      return unknownCost(t("Nothing is known of this endpoint yet."));
  }
}

/** undefined where no span of the app tells. */
export function callTemperature(
  call: CallRecord,
  spans: readonly ContainerSpan[],
): Temperature | undefined {
  const spansOfApp = spans.filter((span) => span.appId === call.appId && span.startedAtMs !== null);
  const endedAtMs = call.endedAtMs ?? call.startedAtMs;
  const ran = spansOfApp.some(
    (span) =>
      (span.startedAtMs ?? 0) <= call.startedAtMs &&
      (span.finishedAtMs ?? span.lastSeenAtMs) >= call.startedAtMs,
  );
  if (ran) return "warm";
  const started = spansOfApp.some(
    (span) => (span.startedAtMs ?? 0) > call.startedAtMs && (span.startedAtMs ?? 0) <= endedAtMs,
  );
  return started ? "cold" : undefined;
}

function requestSeconds(call: CallRecord): number | undefined {
  // A log line knows the handler's time alone, and when it was written.
  if (call.source === "log") return call.executionSeconds ?? undefined;
  if (call.endedAtMs === null || call.endedAtMs < call.startedAtMs) return undefined;
  return (call.endedAtMs - call.startedAtMs) / 1000;
}

function gpuCost(seconds: number, label: string | null, rates: Rates): Cost {
  const gpu = label === null ? undefined : parseGpu(label);
  if (gpu === undefined) return unknownCost(t("The GPU of this endpoint is not known yet."));
  const rate = gpuRate(rates, gpu.type);
  if (rate === undefined) return unknownCost(unknownRateText(gpu));
  return knownCost(microUsd((seconds * rate.usdPerHour * gpu.count * 1e6) / 3600));
}
