import assert from "node:assert/strict";
import { auditHeaders } from "../../../../src/cost/reported/audit.ts";
import { diagnoseCall } from "../../../../src/cost/spending/diagnosis.ts";
import { readCostHeaders } from "../../../../src/cost/reported/headers.ts";
import { microUsd, usd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { call, span, t0 } from "../arbitraries.ts";

const warm = [span({ startedAtMs: t0 - 60_000, finishedAtMs: t0 + 60_000 })];
const audited = (cost: string) =>
  auditHeaders(
    readCostHeaders({
      "x-cost-usd": cost,
      "x-execution-time-sec": "2.000",
      "x-gpu-type": "L40S",
    }),
    { status: "succeeded", requestSeconds: 2.5, containerGpu: "L40S", rates: ratesInForce() },
  );

describe("the diagnosis of a cost", () => {
  it("agrees when nothing is to be said", () => {
    const diagnosis = diagnoseCall(call(), audited("0.001084"), warm, microUsd(1100));
    assert.deepEqual(diagnosis, { verdict: "agrees", reasons: [] });
  });

  it("finds an out-of-date rate", () => {
    const { verdict, reasons } = diagnoseCall(call(), audited("0.001388"), warm, null);
    assert.equal(verdict, "wrong");
    assert.match(reasons.join(" "), /former price for L40S/);
  });

  it("explains a cold start and an idle tail, which headers leave out", () => {
    const cold = call({ endedAtMs: t0 + 46_000 });
    const started = [span({ startedAtMs: t0 + 2000, finishedAtMs: t0 + 200_000 })];
    const { verdict, reasons } = diagnoseCall(cold, audited("0.001084"), started, usd(0.09));
    assert.equal(verdict, "explained");
    assert.match(reasons[0] ?? "", /44\.0 s of the request were outside of the handler/);
    assert.match(reasons[1] ?? "", /reports \$0\.0011.*cost ≈ \$0\.09/);
  });

  it("does not call a call without a figure right", () => {
    const silent = call({ reportedMicroUsd: null });
    assert.equal(diagnoseCall(silent, [], warm, null).verdict, "unknown");
  });
});
