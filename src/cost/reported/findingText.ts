import { t } from "../../base/text.ts";
import type { CallRecord } from "../call.ts";
import type { Rates } from "../rates/rates.ts";
import { auditHeaders } from "./audit.ts";
import type { CostHeaders, HeaderField } from "./headers.ts";

/**
 * What the audit of a call found, from its row in the ledger: with the figures where the row still has
 * them, else in general words. `containerGpu` as in the audit's context.
 */
export function findingTexts(
  call: CallRecord,
  containerGpu: string | null,
  rates: Rates,
): readonly string[] {
  const { endedAtMs, startedAtMs } = call;
  const again = auditHeaders(claimOf(call), {
    status: call.status,
    requestSeconds: endedAtMs === null ? null : (endedAtMs - startedAtMs) / 1000,
    containerGpu,
    rates,
  });
  return call.audit.map(
    (code) => again.find((finding) => finding.code === code)?.message ?? generalText(code),
  );
}

/** "2 failed, 1 at another price than Modal's": the most frequent first. */
export function countedFindings(codes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .map(([code, count]) => countedText(code, count))
    .join(", ");
}

/** Whether it is a fault of what the endpoint says of its cost: a call that failed has none. */
export function isAboutHeaders(code: string): boolean {
  return code !== "not-reached" && code !== "call-failed";
}

function countedText(code: string, count: number): string {
  switch (code) {
    case "cost-missing":
      return t("{0} without a cost", count);
    case "cost-malformed":
    case "cost-negative":
    case "cost-absurd":
      return t("{0} with a cost that cannot be true", count);
    case "time-missing":
      return t("{0} without an execution time", count);
    case "time-malformed":
    case "longer-than-request":
      return t("{0} with an execution time that cannot be true", count);
    case "gpu-missing":
      return t("{0} without a GPU", count);
    case "gpu-malformed":
      return t("{0} with a GPU that cannot be read", count);
    case "gpu-differs":
      return t("{0} with another GPU than the container's", count);
    case "gpu-rate-unknown":
      return t("{0} with a GPU whose price is not known", count);
    case "rate-out-of-date":
      return t("{0} at another price than Modal's", count);
    case "not-reached":
      return t("{0} did not reach the app", count);
    case "call-failed":
      return t("{0} failed", count);
    default:
      return `${code}: ${count}`;
  }
}

function claimOf(call: CallRecord): CostHeaders {
  const field = <T>(value: T | null): HeaderField<T> =>
    value === null ? { state: "missing" } : { state: "read", value };
  return {
    cost: field(call.reportedMicroUsd),
    executionSeconds: field(call.executionSeconds),
    gpuType: field(call.gpuType),
  };
}

function generalText(code: string): string {
  switch (code) {
    case "cost-malformed":
    case "cost-negative":
    case "cost-absurd":
      return t("The cost that it reported cannot be true, so it is not counted.");
    case "time-malformed":
    case "longer-than-request":
      return t("The execution time that it reported cannot be true, so it is not kept.");
    case "gpu-malformed":
      return t("The GPU that it reported cannot be read.");
    case "gpu-differs":
      return t("It named another GPU than its container has.");
    case "gpu-rate-unknown":
      return t("The price of its GPU is not known.");
    case "rate-out-of-date":
      return t("It was counted at another price than Modal's.");
    case "not-reached":
      return t("It did not reach the app, so it cost nothing.");
    case "call-failed":
      return t("It failed. Its container was billed all the same.");
    default:
      return code;
  }
}
