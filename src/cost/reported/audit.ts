import { t } from "../../base/text.ts";
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
  | "call-failed"
  | "not-reached";

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
  if (context.status === "failed" || context.status === "cancelled") return [failed()];
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

function failed(): Finding {
  const message = t(
    "The call failed, so it reported no cost. The container was billed all the same: see the metered cost.",
  );
  return { code: "call-failed", message };
}

function auditCost(headers: CostHeaders, context: AuditContext): readonly Finding[] {
  const { cost } = headers;
  if (cost.state === "missing") {
    const message = t(
      "The response has no X-Cost-USD header. Check that cost_tracker.py is part of the image and that the app copies its headers whatever their case. The metered cost is not affected.",
    );
    return [{ code: "cost-missing", message }];
  }
  if (cost.state === "malformed") return [unreadableCost(cost.text)];
  if (isAbsurd(cost.value, headers, context)) {
    const message = t(
      "X-Cost-USD says {0}, more than any GPU can cost in that time. It is not counted.",
      formatAmount(cost.value),
    );
    return [{ code: "cost-absurd", message }];
  }
  return auditRate(headers, context.rates, cost.value);
}

function unreadableCost(text: string): Finding {
  return text.startsWith("-")
    ? {
        code: "cost-negative",
        message: t("X-Cost-USD is negative ({0}). It is not counted.", text),
      }
    : {
        code: "cost-malformed",
        message: t('X-Cost-USD is not an amount ("{0}"). It is not counted.', short(text)),
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
  const drift = expected === 0 ? "" : `, ${formatDrift(cost / expected - 1)}`;
  const message = [
    t(
      "X-Cost-USD says {0}, but {1} s of {2} cost {3}.",
      atRate(cost, claimed),
      executionSeconds.value,
      gpuType.value,
      `${atRate(expected, rate.usdPerHour / 3600)}${drift}`,
    ),
    ...former(gpu.type, claimed),
    t("Update the price in the app's cost tracker."),
  ].join(" ");
  return [{ code: "rate-out-of-date", message }];
}

function atRate(amount: MicroUsd, usdPerSecond: number | undefined): string {
  const usd = `$${formatExactUsd(amount)}`;
  return usdPerSecond === undefined ? usd : t("{0} at ${1}/s", usd, usdPerSecond.toFixed(6));
}

/** A sentence when the claim is a price that Modal had before. */
function former(gpuType: string, claimed: number | undefined): readonly string[] {
  const formerRate = formerRates.find(
    ({ gpu, usdPerSecond }) =>
      gpu === gpuType && claimed !== undefined && Math.abs(claimed / usdPerSecond - 1) < 0.005,
  );
  return formerRate === undefined ? [] : [t("That is a former price for {0}.", gpuType)];
}

function auditTime(headers: CostHeaders, context: AuditContext): readonly Finding[] {
  const { executionSeconds } = headers;
  if (executionSeconds.state === "missing") {
    // Without a cost nobody needs the time: one finding per missing tracker is enough.
    if (headers.cost.state === "missing") return [];
    return [
      {
        code: "time-missing",
        message: t("X-Execution-Time-Sec is missing: the cost cannot be checked."),
      },
    ];
  }
  if (executionSeconds.state === "malformed") {
    const message = t(
      'X-Execution-Time-Sec is not a number of seconds ("{0}").',
      short(executionSeconds.text),
    );
    return [{ code: "time-malformed", message }];
  }
  if (executionSeconds.value > maxSeconds) {
    const message = t(
      "X-Execution-Time-Sec says {0} s, but Modal ends a function after 24 h.",
      executionSeconds.value,
    );
    return [{ code: "time-malformed", message }];
  }
  const { requestSeconds } = context;
  if (requestSeconds === null || executionSeconds.value <= requestSeconds + timeToleranceSeconds) {
    return [];
  }
  const message = t(
    "X-Execution-Time-Sec says {0} s, but the whole request took {1} s.",
    executionSeconds.value,
    requestSeconds.toFixed(2),
  );
  return [{ code: "longer-than-request", message }];
}

function auditGpu(headers: CostHeaders, context: AuditContext): readonly Finding[] {
  const { gpuType } = headers;
  if (gpuType.state === "missing") {
    if (headers.cost.state === "missing") return [];
    return [
      { code: "gpu-missing", message: t("X-GPU-Type is missing: the price cannot be checked.") },
    ];
  }
  if (gpuType.state === "malformed") {
    return [
      {
        code: "gpu-malformed",
        message: t('X-GPU-Type is not a GPU ("{0}").', short(gpuType.text)),
      },
    ];
  }
  const { containerGpu } = context;
  if (containerGpu === null) return [];
  const claimed = parseGpu(gpuType.value);
  const actual = parseGpu(containerGpu);
  if (claimed === undefined || actual === undefined || claimed.type === actual.type) return [];
  const message = t(
    "X-GPU-Type says {0}, but the container runs on {1}. The metered cost uses {1}.",
    gpuType.value,
    containerGpu,
  );
  return [{ code: "gpu-differs", message }];
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
