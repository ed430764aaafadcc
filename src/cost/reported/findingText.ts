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
      return t("What it said of its cost cannot be true, so it is not counted.");
    case "time-malformed":
    case "longer-than-request":
      return t("What it said of its execution time cannot be true, so it is not kept.");
    case "gpu-malformed":
      return t("What it said of its GPU cannot be read.");
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
