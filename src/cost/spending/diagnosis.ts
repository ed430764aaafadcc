import { t } from "../../base/text.ts";
import type { Finding } from "../reported/audit.ts";
import type { CallRecord } from "../call.ts";
import { callTemperature } from "./callEstimate.ts";
import { formatDuration, formatMetered, formatReported } from "../format.ts";
import type { MicroUsd } from "../money.ts";
import type { ContainerSpan } from "../span.ts";

/** Why a call's cost is not what one expected: one plain sentence per reason, what is wrong first. */
export interface Diagnosis {
  readonly verdict: "agrees" | "explained" | "wrong" | "unknown";
  readonly reasons: readonly string[];
}

const harmless: ReadonlySet<Finding["code"]> = new Set(["gpu-missing", "time-missing"]);

/**
 * Explains a call's reported cost: what the audit found, then what headers leave out by nature.
 * `meteredMicroUsd` is what the app's containers cost from the call's start to the end of its idle
 * tail, where that is known.
 */
export function diagnoseCall(
  call: CallRecord,
  findings: readonly Finding[],
  spans: readonly ContainerSpan[],
  meteredMicroUsd: MicroUsd | null,
): Diagnosis {
  const reasons = findings.map(({ message }) => message);
  const isWrong = findings.some(({ code }) => !harmless.has(code));
  const requestMs = call.endedAtMs === null ? null : call.endedAtMs - call.startedAtMs;
  const outsideMs =
    requestMs === null || call.executionSeconds === null
      ? 0
      : requestMs - call.executionSeconds * 1000;
  if (callTemperature(call, spans) === "cold") {
    reasons.push(
      t(
        "The container started for this call: {0} of the request were outside of the handler. A cold start is billed, and headers leave it out.",
        formatDuration(outsideMs),
      ),
    );
  }
  if (meteredMicroUsd !== null && call.reportedMicroUsd !== null) {
    if (meteredMicroUsd > call.reportedMicroUsd * 1.1) {
      reasons.push(
        t(
          "The call reports {0}; with start-up, idle time, CPU and memory the container cost {1}.",
          formatReported(call.reportedMicroUsd),
          formatMetered(meteredMicroUsd),
        ),
      );
    }
  }
  if (isWrong) return { verdict: "wrong", reasons };
  if (reasons.length > 0) return { verdict: "explained", reasons };
  return { verdict: call.reportedMicroUsd === null ? "unknown" : "agrees", reasons };
}
