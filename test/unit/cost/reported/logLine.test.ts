import assert from "node:assert/strict";
import * as fc from "fast-check";
import { costLine, parseCostLine } from "../../../../src/cost/reported/logLine.ts";
import { gpuLabel } from "../../../../src/cost/rates/gpu.ts";
import { microUsd } from "../../../../src/cost/money.ts";
import { amounts, gpus } from "../arbitraries.ts";

const line = "💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S @ $0.001388";
const parsed = { microUsd: microUsd(1388), executionSeconds: 2, gpuType: "L40S" };

describe("the cost line", () => {
  it("has exactly this form", () => {
    assert.equal(costLine(parsed), line);
    assert.equal(
      costLine({ microUsd: null, executionSeconds: 2.004, gpuType: "H100:2" }),
      "💰 Cost: unknown | Time: 2.00s | GPU: H100:2 @ unknown",
    );
  });

  it("is found behind timestamps, ids, prefixes and colours", () => {
    const prefixes = [
      "",
      "2025-11-21 04:40:00+00:00 ta-01ABC fc-9 ",
      "[INFO] cost_tracker: ",
      "\u001B[32m",
      "🎨 flux | ",
    ];
    for (const prefix of prefixes) assert.deepEqual(parseCostLine(prefix + line), parsed, prefix);
    const coloured =
      "\u001B[2m💰\u001B[0m \u001B[1;33mCost: $0.001388\u001B[0m | Time: 2.00s | GPU: \u001B]8;;x\u0007L40S @ $0.001388\u001B[0m\r";
    assert.deepEqual(parseCostLine(coloured), parsed);
  });

  it("is read with or without its later parts", () => {
    assert.deepEqual(parseCostLine("💰 Cost: $0.001388, Time: 2.0s, GPU: L40S"), parsed);
    assert.deepEqual(parseCostLine("💰 Cost: $0.001388 | Time: 2.00s"), {
      ...parsed,
      gpuType: null,
    });
    assert.deepEqual(parseCostLine(`${line}  request 7`), parsed);
    assert.equal(parseCostLine("💰 Cost: unknown | Time: 2.00s | GPU: unknown")?.microUsd, null);
    assert.equal(parseCostLine("💰 Cost: $-1 | Time: 2.00s")?.microUsd, null);
  });

  it("is nothing else", () => {
    for (const other of [
      "💰 Cost savings activated!",
      "Cost: $0.001388 | Time: 2.00s",
      "💰 Cost: nothing | Time: never",
      "💰",
      "",
      "💰 Cost: " + "$".repeat(100_000) + " ".repeat(100_000) + "|",
    ]) {
      assert.equal(parseCostLine(other), undefined, other.slice(0, 50));
    }
  });

  it("gives back what it wrote: parse(format(x)) = x, also behind garbage", () => {
    const garbage = fc.string().filter((text) => !text.includes("💰") && !text.endsWith("\u001B"));
    fc.assert(
      fc.property(
        amounts,
        fc.nat(10_000_000),
        gpus,
        garbage,
        (amount, centiseconds, gpu, before) => {
          const original = {
            microUsd: amount,
            executionSeconds: centiseconds / 100,
            gpuType: gpuLabel(gpu),
          };
          assert.deepEqual(parseCostLine(before + costLine(original)), original);
        },
      ),
    );
  });
});
