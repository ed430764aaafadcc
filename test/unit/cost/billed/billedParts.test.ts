import assert from "node:assert/strict";
import { billedParts } from "../../../../src/cost/billed/billedParts.ts";
import type { CostByResource } from "../../../../src/cost/billed/billedRow.ts";
import { usd } from "../../../../src/cost/money.ts";
import { sampleRow } from "./sampleRow.ts";

const partsOf = (costByResource: CostByResource | undefined, cost = usd(6)) =>
  billedParts(
    sampleRow({
      objectId: "ap-1",
      description: "flux",
      intervalStartMs: 0,
      cost,
      fetchedAtMs: 1,
      costByResource,
    }),
  );

describe("what a row of the bill was paid for", () => {
  it("is read in either spelling", () => {
    const parts = { gpu: 3, cpu: 2, memory: 1 };
    for (const [cpu, memory, ...gpus] of [
      ["CPU", "Memory", "L40S"],
      ["cpu", "memory", "gpu_l40s"],
      ["CPU cores", "Memory GiB", "A100-80GB", "RTX PRO 6000"],
      ["cpu_core", "mem", "gpu_rtx_pro_6000", "gpu_new"],
    ] as const)
      assert.deepEqual(
        partsOf({
          [cpu]: usd(2),
          [memory]: usd(1),
          ...Object.fromEntries(gpus.map((gpu) => [gpu, usd(3 / gpus.length)])),
        }),
        parts,
      );
  });

  it("is unknown where something else is in it, a part is missing, or the bill is not split", () => {
    assert.equal(partsOf(undefined), null);
    assert.equal(partsOf({ CPU: usd(2), Memory: usd(1), L40S: usd(2.9), Egress: usd(0.1) }), null);
    assert.equal(partsOf({ CPU: usd(2), Memory: usd(1) }), null);
  });
});
