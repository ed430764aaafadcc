import { t } from "../../base/text.ts";
import { creditedClaim, type CreditedClaim, type Finding } from "../../cost/reported/audit.ts";
import type { CallRecord } from "../../cost/call.ts";
import { formatDuration, formatReported } from "../../cost/format.ts";
import { knownTiersText } from "../../cost/knownTiersText.ts";
import type { CostTiers } from "../../cost/tiers.ts";
import { headerValue, readCostHeaders } from "../../cost/reported/headers.ts";
import { costLine } from "../../cost/reported/logLine.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import { CallFailure, type CallOutcome } from "../../endpoints/callTypes.ts";
import { clockOffsetMs, functionCallIdIn } from "../../endpoints/call/identity.ts";
import type { Failure } from "../../base/failure.ts";

/** A call that has ended well. */
export interface Ended {
  readonly call: CallRecord;
  readonly findings: readonly Finding[];
}

/** What the headers of an answer are held against. */
export interface AuditBasis {
  readonly containerGpu: string | null;
  readonly rates: Rates;
}

/** The ledger's row of a call that has ended well, with the findings of its header audit. */
export function succeeded(call: CallRecord, outcome: CallOutcome, basis: AuditBasis): Ended {
  const { row, findings } = claimOf(call, outcome, basis);
  return {
    findings,
    call: {
      ...call,
      status: "succeeded",
      endedAtMs: outcome.endedAtMs,
      ...row,
      handoverUrl: null,
      resultPath: outcome.resultPath,
      functionCallId: functionCallIdIn(outcome.headers) ?? call.functionCallId,
      clockOffsetMs: clockOffsetMs(outcome.headers, outcome.answeredAtMs),
    },
  };
}

function claimOf(
  call: CallRecord,
  { headers, answeredAtMs }: Pick<CallOutcome, "headers" | "answeredAtMs">,
  basis: AuditBasis,
): CreditedClaim {
  const requestSeconds = (answeredAtMs - call.startedAtMs) / 1000;
  return creditedClaim(readCostHeaders(headers), {
    ...basis,
    status: "succeeded",
    // A clock that was set back meanwhile tells nothing.
    requestSeconds: requestSeconds < 0 ? null : requestSeconds,
  });
}

/**
 * The ledger's row of a call that brought no result. What it cost is not known; its container's
 * seconds are metered. Where only this machine could not keep the result, the app's word counts.
 */
export function failed(
  call: CallRecord,
  failure: Failure,
  nowMs: number,
  basis: AuditBasis,
): CallRecord {
  const facts = failure instanceof CallFailure ? failure.facts : undefined;
  const isCancelled = failure.reason === "cancelled";
  const isUnreached = facts?.reached === "no";
  return {
    ...call,
    // What reached no app kept none of its containers warm.
    ...(isUnreached ? { appId: null } : {}),
    status: isCancelled ? "cancelled" : "failed",
    endedAtMs: nowMs,
    ...(facts !== undefined && failure.reason === "disk" && facts.status !== null
      ? claimOf(call, { headers: facts.headers, answeredAtMs: nowMs }, basis).row
      : { audit: [isUnreached ? "not-reached" : "call-failed"] }),
    handoverUrl: facts?.handoverUrl ?? null,
    failure: `${failure.reason}: ${failure.message}`,
    functionCallId: functionCallIdIn(facts?.headers ?? {}) ?? call.functionCallId,
  };
}

/** The lines of the output channel about a call that has ended well. `sessionCost`: what its session has cost with it. */
export function callLines(
  { call, findings }: Ended,
  remarks: readonly string[],
  sessionCost: CostTiers | undefined,
): readonly string[] {
  const wallMs = (call.endedAtMs ?? call.startedAtMs) - call.startedAtMs;
  const line = costLine({
    microUsd: call.reportedMicroUsd,
    executionSeconds: call.executionSeconds,
    gpuType: call.gpuType,
  });
  const lines = [
    t("{0} | {1}, {2} in all", line, call.endpoint ?? t("call"), formatDuration(wallMs)),
  ];
  for (const { message } of findings) lines.push(`   🔎 ${message}`);
  if (call.resultPath !== null) lines.push(`   📄 ${call.resultPath}`);
  if (sessionCost !== undefined) lines.push(`   ${t("Session: {0}", knownTiersText(sessionCost))}`);
  for (const remark of remarks) lines.push(`   ${remark}`);
  return lines;
}

/** The lines of the output channel about a call that brought no result. */
export function failedLines(call: CallRecord, failure: Failure): readonly string[] {
  const facts = failure instanceof CallFailure ? failure.facts : undefined;
  const claimed = facts === undefined ? null : headerValue(readCostHeaders(facts.headers).cost);
  const endpoint = call.endpoint ?? t("call");
  const cost = (): string => {
    if (facts?.reached === "no") return t("none");
    if (call.reportedMicroUsd !== null) return formatReported(call.reportedMicroUsd);
    return claimed === null
      ? t("unknown")
      : t("unknown (its header claims {0})", formatReported(claimed));
  };
  const lines = [
    call.status === "cancelled"
      ? t("⏹️ Cancelled: {0}. {1}", endpoint, failure.message)
      : t("❌ Failed: {0}. {1}", endpoint, failure.message),
    `   ${t("Cost: {0}", [cost(), ...whereabouts(facts)].join("; "))}`,
  ];
  if (facts?.keptPath !== undefined && facts.keptPath !== null) {
    lines.push(`   ${t("What was received is kept as {0}", facts.keptPath)}`);
  }
  if (failure.reason === "disk" && call.handoverUrl !== null) {
    lines.push(`   ${t('"Follow Call Again…" fetches the result without paying twice')}`);
  }
  return lines;
}

function whereabouts(facts: CallFailure["facts"] | undefined): readonly string[] {
  if (facts === undefined) return [];
  if (facts.reached === "no") return [t("the request did not reach the app")];
  return facts.containerMayGoOn
    ? [t("the container may still work on it, and is billed")]
    : [t("its container's time is in the metered cost")];
}

/** The line of the output channel about somebody else's call. */
export function loggedLines(call: CallRecord): readonly string[] {
  const line = costLine({
    microUsd: call.reportedMicroUsd,
    executionSeconds: call.executionSeconds,
    gpuType: call.gpuType,
  });
  return [t("{0} | {1}, from its log", line, call.appName ?? t("app"))];
}
