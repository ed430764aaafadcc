import assert from "node:assert/strict";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import type { ContainerObservation } from "../../../../src/cost/span.ts";
import type { AppInfo } from "../../../../src/session/modalControl.ts";
import { burnNow, runningApps } from "../../../../src/session/meter/runningApps.ts";

const rates = ratesInForce({ overrides: { L40S: 2, cpu: 0.08, memory: 0.08 } });
const nowMs = 1_000_000;

function app(appId: string, containerCount: number, state: AppInfo["state"] = "deployed"): AppInfo {
  return {
    appId,
    name: `name-${appId}`,
    state,
    containerCount,
    createdAtMs: null,
    stoppedAtMs: null,
  };
}

function container(
  appId: string,
  containerId: string,
  extra: Partial<ContainerObservation> = {},
): ContainerObservation {
  return {
    containerId,
    appId,
    appName: `name-${appId}`,
    enqueuedAtMs: null,
    startedAtMs: 900_000,
    finishedAtMs: null,
    gpu: { type: "L40S", count: 1 },
    gpuSource: "container",
    cpuCores: null,
    memoryGib: null,
    ...extra,
  };
}

const nobodyKnows = () => "unknown" as const;

describe("runningApps", () => {
  it("adds up what the running containers of an app burn, GPU, CPU and memory", () => {
    const [shown] = runningApps(
      { apps: [app("a", 2)], containers: [container("a", "1"), container("a", "2")] },
      rates,
      nowMs,
      () => null,
      nobodyKnows,
    );
    assert.equal(shown?.microUsdPerHour, 2 * (2_000_000 + 10_000 + 10_000));
    assert.equal(shown?.gpu, "L40S");
  });

  it("counts what a container burns that still loads", () => {
    const [shown] = runningApps(
      { apps: [app("a", 1)], containers: [container("a", "1", { startedAtMs: null })] },
      rates,
      nowMs,
      () => null,
      nobodyKnows,
    );
    assert.deepEqual([shown?.running, shown?.pending], [0, 1]);
    assert.equal(shown?.microUsdPerHour, 2_000_000 + 10_000 + 10_000);
  });

  it("does not call an unknown GPU free", () => {
    const [shown] = runningApps(
      {
        apps: [app("a", 1)],
        containers: [container("a", "1", { gpu: null, gpuSource: "unknown" })],
      },
      rates,
      nowMs,
      () => null,
      nobodyKnows,
    );
    assert.equal(shown?.microUsdPerHour, null);
    assert.equal(shown?.gpu, "unknown");
  });

  it("does not call containers free that Modal counts and does not list", () => {
    const [shown] = runningApps(
      { apps: [app("a", 3)], containers: [] },
      rates,
      nowMs,
      () => null,
      nobodyKnows,
    );
    assert.equal(shown?.microUsdPerHour, null);
    assert.equal(shown?.running, 3);
  });

  it("shows what is left of the idle tail in time and money", () => {
    const [shown] = runningApps(
      { apps: [app("a", 1)], containers: [container("a", "1")] },
      rates,
      nowMs,
      () => nowMs + 60_000,
      nobodyKnows,
    );
    assert.equal(shown?.warmUntilMs, nowMs + 60_000);
    assert.equal(shown?.tailMicroUsd, Math.round(2_020_000 / 60));
  });

  it("leaves out what is stopped and gone, and keeps what still has containers", () => {
    const shown = runningApps(
      { apps: [app("a", 0, "stopped"), app("b", 1, "stopped")], containers: [] },
      rates,
      nowMs,
      () => null,
      nobodyKnows,
    );
    assert.deepEqual(
      shown.map(({ appId }) => appId),
      ["b"],
    );
  });
});

describe("burnNow", () => {
  it("counts all that may be mine, and names what is someone else's", () => {
    const containers = [
      container("mine", "1"),
      container("mine", "2", { gpu: null, gpuSource: "container" }),
      container("nobody's", "3"),
      container("theirs", "4"),
      container("theirs", "5"),
      container("mine", "6", { startedAtMs: null }),
    ];
    const owner = (appId: string) =>
      appId === "theirs" ? "someone-else" : appId === "mine" ? "mine" : "unknown";
    const gpu = 2_000_000;
    const rest = 10_000 + 10_000;
    assert.deepEqual(burnNow({ containers }, rates, owner), {
      // One that loads costs like one that works.
      microUsdPerHour: 3 * gpu + 4 * rest,
      isFloor: false,
      others: ["name-theirs"],
    });
  });

  it("is a floor where a rate is unknown, so that a limit that is reached for sure is announced", () => {
    const containers = [
      container("a", "1"),
      container("a", "2", { gpu: { type: "X1", count: 1 } }),
    ];
    const { microUsdPerHour, isFloor } = burnNow({ containers }, rates, () => "mine");
    assert.equal(isFloor, true);
    assert.equal(microUsdPerHour, 2_020_000);
  });
});
