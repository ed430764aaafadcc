import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  auditHeaders,
  creditedClaim,
  type AuditContext,
  type FindingCode,
} from "../../../../src/cost/reported/audit.ts";
import { formatExactUsd } from "../../../../src/cost/format.ts";
import { readCostHeaders } from "../../../../src/cost/reported/headers.ts";
import { microUsd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";

const context: AuditContext = {
  status: "succeeded",
  requestSeconds: 2.5,
  containerGpu: "L40S",
  rates: ratesInForce(),
};

function headers(cost: string, time = "2.000", gpu = "L40S") {
  return readCostHeaders({
    "X-Cost-USD": cost,
    "X-Execution-Time-Sec": time,
    "X-GPU-Type": gpu,
  });
}

function codes(
  read: ReturnType<typeof headers>,
  over: Partial<AuditContext> = {},
): readonly FindingCode[] {
  return auditHeaders(read, { ...context, ...over }).map(({ code }) => code);
}

describe("the header audit", () => {
  it("has nothing to say when the cost is time × rate", () => {
    assert.deepEqual(codes(headers("0.001083")), []);
    assert.deepEqual(codes(headers("0.001084")), []);
    assert.deepEqual(codes(headers("0.000000", "0.000")), []);
  });

  it("recognises the old price for an L40S, and says what it should be", () => {
    const findings = auditHeaders(headers("0.001388"), context);
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["rate-out-of-date"],
    );
    assert.match(
      findings[0]?.message ?? "",
      /\$0\.000694\/s.*cost \$0\.001083 at \$0\.000542\/s, \+28\.\d %.*former price for L40S/,
    );
    assert.equal(creditedClaim(headers("0.001388"), context).row.reportedMicroUsd, 1388);
  });

  it("names what is missing, malformed, negative or absurd", () => {
    assert.deepEqual(codes(readCostHeaders({})), ["cost-missing"]);
    assert.deepEqual(codes(headers("free")), ["cost-malformed"]);
    assert.deepEqual(codes(headers("-0.001388")), ["cost-negative"]);
    assert.deepEqual(codes(headers("5000")), ["cost-absurd"]);
    assert.deepEqual(codes(headers("0.001083", "soon", "<gpu>")), [
      "time-malformed",
      "gpu-malformed",
    ]);
    assert.deepEqual(codes(readCostHeaders({ "x-cost-usd": "0.001" })), [
      "time-missing",
      "gpu-missing",
    ]);
    assert.equal(creditedClaim(headers("5000"), context).row.reportedMicroUsd, null);
  });

  it("compares with the container's GPU and the request's time", () => {
    assert.deepEqual(codes(headers("0.001389", "2.000", "A100-80GB")), ["gpu-differs"]);
    assert.deepEqual(codes(headers("0.001083"), { containerGpu: null }), []);
    assert.deepEqual(codes(headers("0.016250", "30.000")), ["longer-than-request"]);
    assert.equal(creditedClaim(headers("0.016250", "30.000"), context).row.executionSeconds, null);
    assert.deepEqual(codes(headers("0.016250", "30.000"), { requestSeconds: null }), []);
    assert.deepEqual(codes(headers("0.001", "2", "X900"), { containerGpu: null }), [
      "gpu-rate-unknown",
    ]);
  });

  it("does not know what a failed call cost", () => {
    const { row } = creditedClaim(headers("0.001083"), { ...context, status: "failed" });
    assert.deepEqual([row.audit, row.reportedMicroUsd], [["call-failed"], null]);
  });

  it("accepts every honest header, for any GPU, count and time", () => {
    const { rates } = context;
    const types = [...rates.gpus.keys()];
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 86_400_000 }),
        (type, count, ms) => {
          const perHour = (rates.gpus.get(type)?.usdPerHour ?? 0) * count;
          const cost = microUsd((perHour * ms) / 3.6);
          const gpu = count === 1 ? type : `${type}:${count}`;
          const read = headers(formatExactUsd(cost), (ms / 1000).toFixed(3), gpu);
          assert.deepEqual(codes(read, { requestSeconds: null, containerGpu: gpu }), []);
        },
      ),
    );
  });
});
