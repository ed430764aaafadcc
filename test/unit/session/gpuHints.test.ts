import assert from "node:assert/strict";
import type { ContainerSpan } from "../../../src/cost/span.ts";
import { gpuHints, type GpuHintSources } from "../../../src/session/gpuHints.ts";

function span(change: Partial<ContainerSpan>): ContainerSpan {
  return {
    containerId: "ta-1",
    scope: "acme/main",
    appId: "ap-1",
    appName: "flux",
    gpu: null,
    gpuSource: "unknown",
    gpuKnownAtMs: null,
    cpuCores: null,
    memoryGib: null,
    enqueuedAtMs: null,
    startedAtMs: 0,
    firstSeenAtMs: 0,
    lastSeenAtMs: 0,
    finishedAtMs: null,
    firstAbsentAtMs: null,
    lastAbsentAtMs: null,
    ...change,
  };
}

function hint(
  sources: Partial<Omit<GpuHintSources, "ledger">>,
  spans: readonly ContainerSpan[] = [],
) {
  return gpuHints({
    ledger: { spans: () => spans },
    inFile: () => undefined,
    inSettings: () => undefined,
    nowMs: () => 1000,
    ...sources,
  })("acme/main", { appId: "ap-1", appName: "flux" });
}

const l40s = { type: "L40S", count: 1 };

describe("gpuHints", () => {
  it("takes what Modal told of the app's newest container first", () => {
    const spans = [
      span({ gpu: l40s, gpuSource: "container", firstSeenAtMs: 5 }),
      span({ gpu: { type: "T4", count: 1 }, gpuSource: "container", firstSeenAtMs: 1 }),
      span({ gpu: { type: "H100", count: 1 }, gpuSource: "setting", firstSeenAtMs: 9 }),
    ];
    assert.deepEqual(hint({ inFile: () => "H200" }, spans), { gpu: l40s, gpuSource: "app" });
  });

  it("then what the app's file asks for, also when that is no GPU", () => {
    const inSettings = (): string => "T4";
    assert.deepEqual(hint({ inFile: () => "H100:2", inSettings }), {
      gpu: { type: "H100", count: 2 },
      gpuSource: "deploy-file",
    });
    assert.deepEqual(hint({ inFile: () => null, inSettings }), {
      gpu: null,
      gpuSource: "deploy-file",
    });
  });

  it("then the settings, and never a guess", () => {
    assert.deepEqual(hint({ inSettings: () => "l40s" }), { gpu: l40s, gpuSource: "setting" });
    assert.equal(hint({}), undefined);
    assert.equal(hint({ inSettings: () => "???" }), undefined);
  });
});
