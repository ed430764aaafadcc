import { formatAmount, formatDrift, formatExactUsd } from "../format.ts";
import { parseGpu } from "../rates/gpu.ts";
import { headerValue, type CostHeaders } from "./headers.ts";
import { microUsd, usd, type MicroUsd } from "../money.ts";
import { gpuRate, unknownRateText, type Rates } from "../rates/rates.ts";
import type { CallRecord, CallStatus } from "../call.ts";

/** What can be wrong with what a response says of its cost. */
export type FindingCode =
  | "cost-missing"
  | "cost-malformed"
  | "cost-negative"
  | "cost-absurd"
  | "time-missing"
  | "time-malformed"
  | "gpu-missing"
  | "gpu-malformed"
  | "gpu-differs"
  | "gpu-rate-unknown"
  | "rate-out-of-date"
  | "longer-than-request"
  | "call-failed";

export interface Finding {
  readonly code: FindingCode;
  /** What it means and what to do, in plain words. */
  readonly message: string;
}

/** What is known of a call besides its headers. */
export interface AuditContext {
  readonly status: CallStatus;
  /** How long the request took, wall clock; null while unknown. */
  readonly requestSeconds: number | null;
  /** The GPU of the container that answered, as Modal tells it ("L40S", "H100:2"); null where unknown. */
  readonly containerGpu: string | null;
  readonly rates: Rates;
}

/** Headers round to whole micro-dollars and milliseconds, rates to six decimals per second. */
const rateTolerance = 0.01;
/** Clocks and rounding: a handler that says 2.000 s in a request of 1.998 s is not lying. */
const timeToleranceSeconds = 0.25;
/** Modal ends a function after 24 h, a container has at most 8 GPUs, a region costs at most 2.5 ×. */
const maxSeconds = 86_400;
const maxGpus = 8;
const maxMultiplier = 2.5;

/**
 * Prices that were copied into cost trackers and are not what a GPU costs today. The L40S at an
 * A100-80GB's price is what early trackers for this kind of app carried (USD per second).
 */
const formerRates: readonly { readonly gpu: string; readonly usdPerSecond: number }[] = [
  { gpu: "L40S", usdPerSecond: 0.000694 },
  { gpu: "A100-80GB", usdPerSecond: 4 / 3600 },
];

/** Whether what the headers claim can be true. An empty list: it is time × rate, to a percent. */
export function auditHeaders(headers: CostHeaders, context: AuditContext): readonly Finding[] {
  if (context.status === "failed" || context.status === "cancelled") return [failed];
  return [
    ...auditCost(headers, context),
    ...auditTime(headers, context),
    ...auditGpu(headers, context),
  ];
}

/** What a call's row may say of a claim: what can be true of it, and what the audit found. */
export interface CreditedClaim {
  readonly row: Pick<CallRecord, "reportedMicroUsd" | "executionSeconds" | "gpuType" | "audit">;
  readonly findings: readonly Finding[];
}

/**
 * The only road from response headers and log lines into a call's row. An amount that cannot be
 * true is not counted, a time that cannot be true is not kept, and a call that failed claims nothing.
 */
export function creditedClaim(claim: CostHeaders, context: AuditContext): CreditedClaim {
  const findings = auditHeaders(claim, context);
  const has = (code: FindingCode): boolean => findings.some((finding) => finding.code === code);
  const audit = findings.map(({ code }) => code);
  if (has("call-failed")) {
    const row = { reportedMicroUsd: null, executionSeconds: null, gpuType: null, audit };
    return { row, findings };
  }
  return {
    row: {
      reportedMicroUsd: has("cost-absurd") ? null : headerValue(claim.cost),
      executionSeconds:
        has("longer-than-request") || has("time-malformed")
          ? null
          : headerValue(claim.executionSeconds),
      gpuType: headerValue(claim.gpuType),
      audit,
    },
    findings,
  };
}

/** The claim in USD per second and GPU; undefined where it cannot be told. */
function claimedUsdPerSecond(headers: CostHeaders): number | undefined {
  const { cost, executionSeconds, gpuType } = headers;
  if (cost.state !== "read" || executionSeconds.state !== "read") return undefined;
  if (executionSeconds.value <= 0) return undefined;
  const gpu = gpuType.state === "read" ? parseGpu(gpuType.value) : undefined;
  return cost.value / 1e6 / executionSeconds.value / (gpu?.count ?? 1);
}

const failed: Finding = {
  code: "call-failed",
  message:
    "The call failed, so nothing says what it cost. The container was billed all the same: see the metered cost.",
};

function auditCost(headers: CostHeaders, context: AuditContext): readonly Finding[] {
  const { cost } = headers;
  if (cost.state === "missing") {
    const message =
      "The response has no X-Cost-USD header. Check that cost_tracker.py is part of the image and that the app copies its headers whatever their case. The metered cost is not affected.";
    return [{ code: "cost-missing", message }];
  }
  if (cost.state === "malformed") return [unreadableCost(cost.text)];
  if (isAbsurd(cost.value, headers, context)) {
    const message = `X-Cost-USD says ${formatAmount(cost.value)}, more than any GPU can cost in that time. It is not counted.`;
    return [{ code: "cost-absurd", message }];
  }
  return auditRate(headers, context.rates, cost.value);
}

function unreadableCost(text: string): Finding {
  return text.startsWith("-")
    ? { code: "cost-negative", message: `X-Cost-USD is negative (${text}). It is not counted.` }
    : {
        code: "cost-malformed",
        message: `X-Cost-USD is not an amount ("${short(text)}"). It is not counted.`,
      };
}

function isAbsurd(
  cost: MicroUsd,
  { executionSeconds }: CostHeaders,
  { rates, requestSeconds }: AuditContext,
): boolean {
  let highest = 0;
  for (const rate of rates.gpus.values()) highest = Math.max(highest, rate.usdPerHour);
  const claimed = executionSeconds.state === "read" ? executionSeconds.value : maxSeconds;
  // No handler runs for longer than the request that waits for it, whatever it claims.
  const possible = requestSeconds === null ? maxSeconds : requestSeconds + timeToleranceSeconds;
  // A handler of a few milliseconds may round its cost up: allow it one second.
  const seconds = Math.max(1, Math.min(claimed, possible, maxSeconds));
  return cost > usd((highest * maxGpus * maxMultiplier * seconds) / 3600);
}

function auditRate(headers: CostHeaders, rates: Rates, cost: MicroUsd): readonly Finding[] {
  const { executionSeconds, gpuType } = headers;
  if (executionSeconds.state !== "read" || gpuType.state !== "read") return [];
  const gpu = parseGpu(gpuType.value);
  if (gpu === undefined) return [];
  const rate = gpuRate(rates, gpu.type);
  if (rate === undefined) return [{ code: "gpu-rate-unknown", message: unknownRateText(gpu) }];
  const expected = microUsd((executionSeconds.value * rate.usdPerHour * gpu.count * 1e6) / 3600);
  const offBy = Math.abs(cost - expected);
  if (offBy <= Math.max(2, expected * rateTolerance)) return [];
  const claimed = claimedUsdPerSecond(headers);
  const perSecond = claimed === undefined ? "" : ` at $${claimed.toFixed(6)}/s`;
  const drift = expected === 0 ? "" : `, ${formatDrift(cost / expected - 1)}`;
  const message =
    `X-Cost-USD says $${formatExactUsd(cost)}${perSecond}, but ${executionSeconds.value} s of ${gpuType.value} ` +
    `cost $${formatExactUsd(expected)} at $${(rate.usdPerHour / 3600).toFixed(6)}/s${drift}. ` +
    `${former(gpu.type, claimed)}Update the price in the app's cost tracker.`;
  return [{ code: "rate-out-of-date", message }];
}

function former(gpuType: string, claimed: number | undefined): string {
  const known = formerRates.find(
    ({ gpu, usdPerSecond }) =>
      gpu === gpuType && claimed !== undefined && Math.abs(claimed / usdPerSecond - 1) < 0.005,
  );
  return known === undefined ? "" : `That is a former price for ${gpuType}. `;
}

function auditTime(headers: CostHeaders, context: AuditContext): readonly Finding[] {
  const { executionSeconds } = headers;
  if (executionSeconds.state === "missing") {
    // Without a cost nobody needs the time: one finding per missing tracker is enough.
    if (headers.cost.state === "missing") return [];
    return [
      {
        code: "time-missing",
        message: "X-Execution-Time-Sec is missing: the cost cannot be checked.",
      },
    ];
  }
  if (executionSeconds.state === "malformed") {
    const message = `X-Execution-Time-Sec is not a number of seconds ("${short(executionSeconds.text)}").`;
    return [{ code: "time-malformed", message }];
  }
  if (executionSeconds.value > maxSeconds) {
    const message = `X-Execution-Time-Sec says ${executionSeconds.value} s, but Modal ends a function after 24 h.`;
    return [{ code: "time-malformed", message }];
  }
  const { requestSeconds } = context;
  if (requestSeconds === null || executionSeconds.value <= requestSeconds + timeToleranceSeconds) {
    return [];
  }
  const message = `X-Execution-Time-Sec says ${executionSeconds.value} s, but the whole request took ${requestSeconds.toFixed(2)} s.`;
  return [{ code: "longer-than-request", message }];
}

function auditGpu(headers: CostHeaders, context: AuditContext): readonly Finding[] {
  const { gpuType } = headers;
  if (gpuType.state === "missing") {
    if (headers.cost.state === "missing") return [];
    return [
      { code: "gpu-missing", message: "X-GPU-Type is missing: the price cannot be checked." },
    ];
  }
  if (gpuType.state === "malformed") {
    return [
      { code: "gpu-malformed", message: `X-GPU-Type is not a GPU ("${short(gpuType.text)}").` },
    ];
  }
  const { containerGpu } = context;
  if (containerGpu === null) return [];
  const claimed = parseGpu(gpuType.value);
  const actual = parseGpu(containerGpu);
  if (claimed === undefined || actual === undefined || claimed.type === actual.type) return [];
  const message = `X-GPU-Type says ${gpuType.value}, but the container runs on ${containerGpu}. The metered cost uses ${containerGpu}.`;
  return [{ code: "gpu-differs", message }];
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
