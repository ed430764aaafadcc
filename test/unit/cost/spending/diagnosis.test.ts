import assert from "node:assert/strict";
import { creditedClaim } from "../../../../src/cost/reported/audit.ts";
import { findingTexts } from "../../../../src/cost/reported/findingText.ts";
import { readCostHeaders } from "../../../../src/cost/reported/headers.ts";
import type { CallRecord } from "../../../../src/cost/call.ts";
import { microUsd, usd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { diagnoseCall } from "../../../../src/cost/spending/diagnosis.ts";
import { call, span, t0 } from "../arbitraries.ts";

const warm = [span({ startedAtMs: t0 - 60_000, finishedAtMs: t0 + 60_000 })];
const rates = ratesInForce();

/** A call as it stands in the ledger after its headers were audited. */
function answered(headers: Record<string, string>, over: Partial<CallRecord> = {}): CallRecord {
  const one = call(over);
  const { row } = creditedClaim(readCostHeaders(headers), {
    status: "succeeded",
    requestSeconds: ((one.endedAtMs ?? t0) - one.startedAtMs) / 1000,
    containerGpu: "L40S",
    rates,
  });
  return { ...one, ...row };
}

const claim = (cost: string, gpu = "L40S") => ({
  "x-cost-usd": cost,
  "x-execution-time-sec": "2.000",
  "x-gpu-type": gpu,
});

describe("the diagnosis of a cost", () => {
  const diagnose = (one: CallRecord, spans = warm, metered = microUsd(1100)) =>
    diagnoseCall(one, findingTexts(one, "L40S", rates), spans, metered);

  it("agrees when nothing is to be said", () => {
    assert.deepEqual(diagnose(answered(claim("0.001084"))), { verdict: "agrees", reasons: [] });
  });

  it("finds an out-of-date rate, and a GPU that differs, from the ledger's row", () => {
    const { verdict, reasons } = diagnose(answered(claim("0.001388")));
    assert.equal(verdict, "wrong");
    assert.match(reasons.join(" "), /former price for L40S/);
    const other = diagnose(answered(claim("0.0022", "H100")));
    assert.equal(other.verdict, "wrong");
    assert.match(other.reasons.join(" "), /X-GPU-Type says H100, but the container runs on L40S/);
  });

  it("says of a claim that was not credited that it is not, though its figure is gone", () => {
    const absurd = answered(claim("5000"));
    assert.equal(absurd.reportedMicroUsd, null);
    const { verdict, reasons } = diagnose(absurd);
    assert.equal(verdict, "wrong");
    assert.match(reasons[0] ?? "", /cannot be true, so it is not counted/);
    assert.doesNotMatch(reasons.join(" "), /no X-Cost-USD header/);
  });

  it("names headers that are missing", () => {
    const { verdict, reasons } = diagnose(answered({}));
    assert.equal(verdict, "wrong");
    assert.match(reasons[0] ?? "", /no X-Cost-USD header/);
  });

  it("explains a cold start and an idle tail, which headers leave out", () => {
    const cold = answered(claim("0.001084"), { endedAtMs: t0 + 46_000 });
    const started = [span({ startedAtMs: t0 + 2000, finishedAtMs: t0 + 200_000 })];
    const { verdict, reasons } = diagnose(cold, started, usd(0.09));
    assert.equal(verdict, "explained");
    assert.match(reasons[0] ?? "", /44\.0 s of the request were outside of the handler/);
    assert.match(reasons[1] ?? "", /reports \$0\.0011.*cost ≈ \$0\.09/);
    const untimed = { ...cold, executionSeconds: null };
    assert.match(
      diagnose(untimed, started).reasons[0] ?? "",
      /^The container started for this call\. /,
    );
  });

  it("does not call a call without a figure right", () => {
    const silent = call({ reportedMicroUsd: null });
    assert.equal(diagnose(silent).verdict, "unknown");
  });
});
