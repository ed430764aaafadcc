import * as fc from "fast-check";
import { emptyCall, type CallRecord } from "../../../src/cost/call.ts";
import { microUsd, type MicroUsd } from "../../../src/cost/money.ts";
import { priceSpans, type PricedSpan } from "../../../src/cost/metered/pricedSpan.ts";
import type { RateHistory } from "../../../src/cost/rates/rates.ts";
import type {
  ContainerObservation,
  ContainerSpan,
  Gpu,
  GpuSource,
} from "../../../src/cost/span.ts";
import type { Look } from "./spanBook.ts";

/** 2026-11-21T09:00:00Z: a whole hour, so that tests can speak of hours. */
export const t0 = Date.UTC(2026, 10, 21, 9);
export const minute = 60_000;
export const hour = 3_600_000;

export const gpus: fc.Arbitrary<Gpu> = fc
  .record({
    type: fc.constantFrom("L40S", "H100", "A100-80GB", "T4", "B300"),
    count: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ type, count }) => ({ type, count }));

export const amounts: fc.Arbitrary<MicroUsd> = fc
  .integer({ min: 0, max: 5_000_000_000 })
  .map(microUsd);

/** A container that was ready as soon as it was asked for, so that its cost begins at one instant. */
export function observation(over: Partial<ContainerObservation> = {}): ContainerObservation {
  return {
    containerId: "ta-1",
    appId: "ap-1",
    appName: "flux-api",
    enqueuedAtMs: over.startedAtMs ?? t0,
    startedAtMs: t0,
    finishedAtMs: null,
    gpu: { type: "L40S", count: 1 },
    gpuSource: "container",
    cpuCores: null,
    memoryGib: null,
    ...over,
  };
}

export function span(over: Partial<ContainerSpan> = {}): ContainerSpan {
  return {
    ...observation(over),
    scope: "acme/main",
    gpuKnownAtMs: t0,
    firstSeenAtMs: t0,
    lastSeenAtMs: t0 + minute,
    firstAbsentAtMs: null,
    absentBeforeMs: null,
    ...over,
  };
}

interface Unpriced {
  readonly spans: readonly ContainerSpan[];
  readonly rates: Pick<RateHistory, "at" | "changedAtMs">;
  readonly nowMs: number;
}

/** The question with its spans at their price. */
export function priced<Q extends Unpriced>(
  question: Q,
): Omit<Q, "spans" | "rates"> & { readonly priced: readonly PricedSpan[] } {
  const { spans: list, rates, ...rest } = question;
  return { ...rest, priced: priceSpans(list, rates, question.nowMs) };
}

export function call(over: Partial<CallRecord> = {}): CallRecord {
  return {
    ...emptyCall({
      callId: "call-1",
      scope: "acme/main",
      source: "editor",
      startedAtMs: t0,
      status: "succeeded",
    }),
    appId: "ap-1",
    appName: "flux-api",
    endpoint: "flux",
    mode: "dev",
    endedAtMs: t0 + 2500,
    reportedMicroUsd: microUsd(1084),
    executionSeconds: 2,
    gpuType: "L40S",
    ...over,
  };
}

const gpuSources: fc.Arbitrary<GpuSource> = fc.constantFrom(
  "container",
  "app",
  "deploy-file",
  "setting",
  "unknown",
);

const nullable = (max: number): fc.Arbitrary<number | null> =>
  fc.option(fc.integer({ min: 0, max }), { nil: null });

/** A container's details that name no GPU are no answer. */
const told = (seen: ContainerObservation): ContainerObservation =>
  seen.gpu === null && seen.gpuSource === "container" ? { ...seen, gpuSource: "unknown" } : seen;

const observations = (containerIds: readonly string[]): fc.Arbitrary<ContainerObservation> =>
  fc
    .record({
      containerId: fc.constantFrom(...containerIds),
      appId: fc.constant("ap-1"),
      appName: fc.constantFrom("flux-api", "flux-api (v2)"),
      enqueuedAtMs: nullable(50),
      startedAtMs: nullable(100),
      finishedAtMs: nullable(400),
      gpu: fc.option(gpus, { nil: null }),
      gpuSource: gpuSources,
      cpuCores: nullable(8),
      memoryGib: nullable(64),
    })
    .map(told);

/** Looks at one scope as several windows and machines would have them: any times, any contradictions. */
export const looks: fc.Arbitrary<readonly Look[]> = fc.array(
  fc.record({
    scope: fc.constantFrom("acme/main", "acme/staging"),
    observedAtMs: fc.integer({ min: 0, max: 300 }),
    containers: fc.array(observations(["ta-1", "ta-2", "ta-3"]), { maxLength: 4 }),
    ended: fc.array(observations(["ta-1", "ta-2", "ta-4"]), { maxLength: 2 }),
  }),
  { maxLength: 12 },
);

/** Spans of a few apps over some hours after `t0`: ended exactly, bounded, open, pending, unknown. */
export const spans: fc.Arbitrary<readonly ContainerSpan[]> = fc
  .array(
    fc.record({
      appId: fc.constantFrom("ap-1", "ap-2", "ap-3"),
      startMs: fc.option(fc.integer({ min: 0, max: 3 * hour }), { nil: null }),
      seenMs: fc.integer({ min: 0, max: 2 * hour }),
      end: fc.constantFrom("exact", "absent", "open"),
      gapMs: fc.integer({ min: 1, max: hour }),
      gpu: fc.option(gpus, { nil: null }),
      isKnown: fc.boolean(),
      cpuCores: nullable(8),
    }),
    { maxLength: 8 },
  )
  .map((list) =>
    list.map(({ appId, startMs, seenMs, end, gapMs, gpu, isKnown, cpuCores }, index) => {
      const startedAtMs = startMs === null ? null : t0 + startMs;
      const lastSeenAtMs = (startedAtMs ?? t0) + seenMs;
      return span({
        containerId: `ta-${index}`,
        appId,
        gpu: isKnown ? gpu : null,
        gpuSource: isKnown ? "container" : "unknown",
        cpuCores,
        startedAtMs,
        firstSeenAtMs: startedAtMs ?? t0,
        lastSeenAtMs,
        finishedAtMs: end === "exact" ? lastSeenAtMs + gapMs : null,
        firstAbsentAtMs: end === "absent" ? lastSeenAtMs + gapMs : null,
      });
    }),
  );

/** Calls of the same apps and hours. */
export const calls: fc.Arbitrary<readonly CallRecord[]> = fc
  .array(
    fc.record({
      appId: fc.constantFrom("ap-1", "ap-2", "ap-3"),
      source: fc.constantFrom("editor" as const, "log" as const),
      endpoint: fc.constantFrom("flux", "wan2", null),
      sessionId: fc.constantFrom("s1", "s2", null),
      startMs: fc.integer({ min: 0, max: 5 * hour }),
      ms: fc.option(fc.integer({ min: 0, max: hour }), { nil: null }),
      executionSeconds: fc.option(fc.integer({ min: 0, max: 4000 }), { nil: null }),
      reportedMicroUsd: fc.option(amounts, { nil: null }),
    }),
    { maxLength: 12 },
  )
  .map((list) =>
    list.map(({ startMs, ms, ...rest }, index) =>
      call({
        ...rest,
        callId: `call-${index}`,
        startedAtMs: t0 + startMs,
        endedAtMs: ms === null ? null : t0 + startMs + ms,
      }),
    ),
  );
