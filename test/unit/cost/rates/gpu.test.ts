import assert from "node:assert/strict";
import * as fc from "fast-check";
import { gpuLabel, gpuTypes, normaliseGpuType, parseGpu } from "../../../../src/cost/rates/gpu.ts";
import { gpus } from "../arbitraries.ts";

describe("GPU names", () => {
  it("reads Modal's spellings", () => {
    const cases: Record<string, string> = {
      l40s: "L40S",
      A10G: "A10",
      a10: "A10",
      A100: "A100-40GB",
      "a100-80gb": "A100-80GB",
      a100_80gb: "A100-80GB",
      a100_40gb: "A100-40GB",
      "H100!": "H100",
      "B200+": "B200",
      "RTX-PRO-6000": "RTX-PRO-6000",
      rtx6000: "RTX-PRO-6000",
      "H100:2": "H100:2",
      " h100! : 8 ": "H100:8",
      "2xH100": "H100:2",
      "8 × a100-80gb": "A100-80GB:8",
      "H100 x4": "H100:4",
      H100x2: "H100:2",
    };
    for (const [text, label] of Object.entries(cases)) {
      const gpu = parseGpu(text);
      assert.equal(gpu === undefined ? undefined : gpuLabel(gpu), label, text);
    }
  });

  it("reads the names that CUDA gives to devices", () => {
    assert.equal(normaliseGpuType("NVIDIA L40S"), "L40S");
    assert.equal(normaliseGpuType("NVIDIA H100 80GB HBM3"), "H100");
    assert.equal(normaliseGpuType("NVIDIA A100-SXM4-80GB"), "A100-80GB");
    assert.equal(normaliseGpuType("NVIDIA A100 80GB PCIe"), "A100-80GB");
    assert.equal(normaliseGpuType("NVIDIA A100-SXM4-40GB"), "A100-40GB");
    assert.equal(normaliseGpuType("Tesla T4"), "T4");
    assert.equal(normaliseGpuType("NVIDIA RTX PRO 6000 Blackwell Server Edition"), "RTX-PRO-6000");
  });

  it("keeps a name that it does not know, and refuses what is none", () => {
    assert.deepEqual(parseGpu("x900:2"), { type: "X900", count: 2 });
    assert.deepEqual(parseGpu("gb10x2"), { type: "GB10X2", count: 1 });
    for (const text of [
      "",
      ":2",
      "H100:0",
      "H100:9",
      "H100:x",
      "9xH100",
      "2",
      "💰",
      "CPU",
      "none",
    ]) {
      assert.equal(parseGpu(text), undefined, text);
    }
  });

  it("reads its own labels, and normalises once and for all", () => {
    fc.assert(fc.property(gpus, (gpu) => assert.deepEqual(parseGpu(gpuLabel(gpu)), gpu)));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...gpuTypes)), (name) => {
        const once = normaliseGpuType(name);
        assert.equal(normaliseGpuType(once), once);
      }),
    );
    assert.equal(gpuLabel(null), "CPU");
  });
});
