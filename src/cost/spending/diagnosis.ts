import { t } from "../../base/text.ts";
import type { CallRecord } from "../call.ts";
import { callTemperature } from "./callEstimate.ts";
import { formatDuration, formatMetered, formatReported } from "../format.ts";
import type { MicroUsd } from "../money.ts";
import type { ContainerSpan } from "../span.ts";

/** Why a call's cost is not what one expected: one plain sentence per reason, what is wrong first. */
export interface CallDiagnosis {
  readonly verdict: "agrees" | "explained" | "wrong" | "unknown";
  readonly reasons: readonly string[];
}

/** What is missing, and does no harm to the figure. */
const harmless: ReadonlySet<string> = new Set(["gpu-missing", "time-missing"]);

/**
 * Explains a call's reported cost: what the audit found, then what headers leave out by nature.
 * `found` are its findings in words (cost/reported/findingText.ts), `meteredMicroUsd` is what came of
 * the call in all (cost/spending/callCost.ts), where that is known.
 */
export function diagnoseCall(
  call: CallRecord,
  found: readonly string[],
  spans: readonly ContainerSpan[],
  meteredMicroUsd: MicroUsd | null,
): CallDiagnosis {
  const reasons = [...found];
  const isWrong = call.audit.some((code) => !harmless.has(code));
  if (callTemperature(call, spans) === "cold") reasons.push(coldStartText(call));
  const { reportedMicroUsd } = call;
  if (meteredMicroUsd !== null && reportedMicroUsd !== null) {
    if (meteredMicroUsd > reportedMicroUsd * 1.1) {
      reasons.push(
        t(
          "The call reports {0}; with start-up, idle time, CPU and memory the container cost {1}.",
          formatReported(reportedMicroUsd),
          formatMetered(meteredMicroUsd),
        ),
      );
    }
  }
  if (isWrong) return { verdict: "wrong", reasons };
  if (reasons.length > 0) return { verdict: "explained", reasons };
  return { verdict: reportedMicroUsd === null ? "unknown" : "agrees", reasons };
}

function coldStartText({ startedAtMs, endedAtMs, executionSeconds }: CallRecord): string {
  if (endedAtMs === null || executionSeconds === null)
    return t(
      "The container started for this call. A cold start is billed, and headers leave it out.",
    );
  return t(
    "The container started for this call: {0} of the request were outside of the handler. A cold start is billed, and headers leave it out.",
    formatDuration(Math.max(0, endedAtMs - startedAtMs - executionSeconds * 1000)),
  );
}
