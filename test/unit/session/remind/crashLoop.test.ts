import assert from "node:assert/strict";
import { priceSpans, type PricedSpan } from "../../../../src/cost/metered/pricedSpan.ts";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { crashLoopIn } from "../../../../src/session/remind/crashLoop.ts";
import { span, t0 } from "../../cost/arbitraries.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";

const nowMs = t0 + 300_000;
const rates = rateHistory([], { overrides: { L40S: 1.8 } });
const app = { appId: "ap-1", name: "flux" };
const open = sessionSample({ apps: [sessionApp(app)], scaledownSeconds: 120, endedAtMs: null });

/** Containers that start at these seconds and live so long. */
function lives(starts: readonly number[], seconds: number): readonly PricedSpan[] {
  return priceSpans(
    starts.map((at) =>
      span({
        containerId: `ta-${at}`,
        appId: app.appId,
        appName: app.name,
        gpu: { type: "L40S", count: 1 },
        gpuSource: "container",
        cpuCores: 0,
        memoryGib: 0,
        enqueuedAtMs: t0 + at * 1000,
        startedAtMs: t0 + at * 1000,
        finishedAtMs: t0 + (at + seconds) * 1000,
      }),
    ),
    rates,
    nowMs,
  );
}

describe("a crash loop", () => {
  it("is seen in containers that end one after the other, long before they would idle out", () => {
    const loop = crashLoopIn(lives([200, 209, 218, 227, 236], 9), [open], nowMs);
    assert.ok(loop);
    assert.deepEqual([loop.appName, loop.everyMs], ["flux", 9000]);
    // The GPU's rate, and Modal's minimum of CPU and memory.
    const near = (burn: number | null | undefined, dollars: number): boolean =>
      burn !== null && burn !== undefined && Math.abs(burn - usd(dollars)) < usd(0.01);
    assert.ok(near(loop.microUsdPerHour, 1.8), "it burns all the time");
    const half = crashLoopIn(lives([200, 210, 220, 230, 240], 5), [open], nowMs);
    assert.ok(near(half?.microUsdPerHour, 0.9), "it burns half of the time");
  });

  it("is not seen where few ended, where they lived long, or where several ran at once", () => {
    assert.equal(crashLoopIn(lives([200, 209, 218], 9), [open], nowMs), undefined);
    assert.equal(crashLoopIn(lives([10, 75, 140, 205], 62), [open], nowMs), undefined);
    assert.equal(crashLoopIn(lives([200, 203, 206, 209], 9), [open], nowMs), undefined);
  });

  it("is not seen where containers that idle out look the same, or the window is unknown", () => {
    const starts = [200, 209, 218, 227, 236];
    const short = { ...open, scaledownSeconds: 5 };
    assert.equal(crashLoopIn(lives(starts, 9), [short], nowMs), undefined);
    const fixed = { ...open, apps: [{ ...sessionApp(app), scaledownSeconds: 5 }] };
    assert.equal(crashLoopIn(lives(starts, 9), [fixed], nowMs), undefined, "by its file");
    assert.equal(crashLoopIn(lives(starts, 9), [], nowMs), undefined);
    assert.equal(crashLoopIn(lives(starts, 9), [{ ...open, endedAtMs: nowMs }], nowMs), undefined);
  });

  it("is over after some minutes", () => {
    const loop = lives([200, 209, 218, 227, 236], 9);
    assert.equal(crashLoopIn(loop, [open], nowMs + 300_000), undefined);
  });
});
