import assert from "node:assert/strict";
import * as fc from "fast-check";
import { formatExactUsd } from "../../../../src/cost/format.ts";
import { headerValue, readCostHeaders } from "../../../../src/cost/reported/headers.ts";
import { amounts } from "../arbitraries.ts";

describe("cost headers", () => {
  it("are read from records, pairs and Headers, in any case", () => {
    const expected = {
      cost: { state: "read", value: 1388 },
      executionSeconds: { state: "read", value: 2 },
      gpuType: { state: "read", value: "L40S" },
    };
    const record = {
      "X-Cost-USD": "0.001388",
      "x-execution-time-sec": "2.000",
      "X-GPU-TYPE": "l40s",
    };
    assert.deepEqual(readCostHeaders(record), expected);
    assert.deepEqual(readCostHeaders(new Headers(record)), expected);
    assert.deepEqual(readCostHeaders(Object.entries(record)), expected);
    assert.deepEqual(
      readCostHeaders({ "x-cost-usd": ["0.001388", "9"], "x-gpu-type": undefined }),
      {
        ...expected,
        executionSeconds: { state: "missing" },
        gpuType: { state: "missing" },
      },
    );
  });

  it("are optional, and what cannot be read is named", () => {
    assert.deepEqual(readCostHeaders({}).cost, { state: "missing" });
    const bad = readCostHeaders({
      "x-cost-usd": "free",
      "x-execution-time-sec": "-2",
      "x-gpu-type": "<none>",
    });
    assert.deepEqual(bad.cost, { state: "malformed", text: "free" });
    assert.deepEqual(bad.executionSeconds, { state: "malformed", text: "-2" });
    assert.deepEqual(bad.gpuType, { state: "malformed", text: "<none>" });
    assert.equal(headerValue(bad.cost), null);
    for (const cost of ["-0.5", "-0", "NaN", "1, 2", "1,000.5"]) {
      assert.equal(readCostHeaders({ "x-cost-usd": cost }).cost.state, "malformed", cost);
    }
  });

  it("take a header that was sent twice with one value for one", () => {
    const twice = readCostHeaders({ "x-cost-usd": "0.001388, 0.001388" });
    assert.equal(headerValue(twice.cost), 1388);
  });

  it("give back what a server wrote: parse(format(x)) = x", () => {
    fc.assert(
      fc.property(amounts, fc.nat(10_000_000), (cost, ms) => {
        const read = readCostHeaders({
          "X-Cost-USD": formatExactUsd(cost),
          "X-Execution-Time-Sec": (ms / 1000).toFixed(3),
        });
        assert.equal(headerValue(read.cost), cost);
        assert.equal(headerValue(read.executionSeconds), ms / 1000);
      }),
    );
  });

  it("never throw and never read NaN or a negative amount, whatever a server sends", () => {
    const text = fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom("-1", "1e400"));
    fc.assert(
      fc.property(text, text, text, (cost, time, gpu) => {
        const read = readCostHeaders([
          ["X-Cost-USD", cost],
          ["X-Execution-Time-Sec", time],
          ["X-GPU-Type", gpu],
        ]);
        assert.ok((headerValue(read.cost) ?? 0) >= 0);
        assert.ok((headerValue(read.executionSeconds) ?? 0) >= 0);
      }),
    );
  });
});
