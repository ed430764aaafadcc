import { emptyCall, type CallRecord } from "../../../src/cost/call.ts";
import { usd } from "../../../src/cost/money.ts";
import type { ContainerObservation } from "../../../src/cost/span.ts";
import type { Listing } from "../../../src/session/ledgerPort.ts";
import type { LogChunk } from "../../../src/session/modalControl.ts";

export const logStartMs = Date.UTC(2026, 10, 21, 10);
export const scope = "acme/main";

/** A cost line as an app prints it. */
export function line(dollars: string, seconds = "2.00"): string {
  return `💰 Cost: $${dollars} | Time: ${seconds}s | GPU: L40S\n`;
}

/** A piece of a log: entry n, written n seconds after the start. */
export function chunk(n: number, text: string, some: Partial<LogChunk> = {}): LogChunk {
  return {
    text,
    containerId: "ta-1",
    functionCallId: null,
    atMs: logStartMs + n * 1000,
    entryId: `${n}-0`,
    ...some,
  };
}

export function appListing(observedAtMs: number, some: Partial<Listing> = {}): Listing {
  const app = {
    appId: "ap-1",
    name: "flux",
    state: "deployed",
    containerCount: 1,
    createdAtMs: 0,
    stoppedAtMs: null,
  } as const;
  return {
    scope,
    era: 0,
    observedAtMs,
    adapter: "sdk",
    apps: [app],
    containers: [],
    ended: [],
    ...some,
  };
}

/** A call of this editor's own. */
export function ownCall(some: Partial<CallRecord> = {}): CallRecord {
  return {
    ...emptyCall({
      callId: "own-1",
      scope,
      source: "editor",
      startedAtMs: logStartMs,
      status: "succeeded",
    }),
    appId: "ap-1",
    appName: "flux",
    endpoint: "flux",
    mode: "dev",
    endedAtMs: logStartMs + 10_000,
    reportedMicroUsd: usd(0.0011),
    executionSeconds: 2,
    gpuType: "L40S",
    ...some,
  };
}

/** A container as a listing or its details tell of it, ready as soon as it was asked for. */
export function container(some: Partial<ContainerObservation> = {}): ContainerObservation {
  return {
    containerId: "ta-1",
    appId: "ap-1",
    appName: "flux",
    enqueuedAtMs: some.startedAtMs ?? logStartMs + 1,
    startedAtMs: logStartMs + 1,
    finishedAtMs: null,
    gpu: { type: "L40S", count: 1 },
    gpuSource: "deploy-file",
    cpuCores: null,
    memoryGib: null,
    ...some,
  };
}
