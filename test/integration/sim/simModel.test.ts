import assert from "node:assert/strict";
import * as fc from "fast-check";
import { COST_UNITS_PER_USD, priceOf, usdPerHour, usdText } from "../../sim/model/rates.ts";
import { Cloud } from "../../sim/model/cloud.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;
const card = { usdPerHour, billCpuAndMemory: true };

const gpu = fc.constantFrom("T4", "L40S", "A100-80GB", "H100", "H100!", "B200+");
const workload = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  startMs: fc.integer({ min: 0, max: 10 * HOUR }),
  gpu: fc.option(gpu, { nil: null }),
  gpuCount: fc.integer({ min: 1, max: 8 }),
  usedMilliCpu: fc.integer({ min: 0, max: 4000 }),
  scaledownMs: fc.integer({ min: 2000, max: 20 * MINUTE }),
  coldStartMs: fc.integer({ min: 0, max: 2 * MINUTE }),
  minContainers: fc.integer({ min: 0, max: 2 }),
  concurrentInputs: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(
    fc.record({
      waitMs: fc.integer({ min: 0, max: 2 * HOUR }),
      what: fc.constantFrom("request", "request", "request", "kill", "redeploy", "scale", "stop"),
      durationMs: fc.integer({ min: 0, max: 6 * MINUTE }),
    }),
    { minLength: 1, maxLength: 40 },
  ),
});

describe("Local Modal's model", () => {
  it("bills exactly its containers' lives, hour by hour, whatever happens", () => {
    fc.assert(
      fc.property(workload, (plan) => {
        const cloud = play(plan);
        const byHour = cloud.bill({ byAppHour: true });
        const whole = cloud.bill();
        // The same money, however it is cut.
        assert.equal(sum(byHour), sum(whole));
        const middle = cloud.nowMs >> 1;
        assert.equal(
          sum(cloud.bill({ toMs: middle })) + sum(cloud.bill({ fromMs: middle })),
          sum(whole),
        );
        for (const row of byHour) assert.equal(row.hourStartMs % HOUR, 0);
        // And the same as adding up start to end by hand, at the price of what was requested.
        const fn = { gpu: plan.gpu === null ? null : { type: plan.gpu, count: plan.gpuCount } };
        const gpuPrice = priceOf(card, { ...fn, milliCpu: 125, memoryMib: 128 }).gpu;
        let expected = 0n;
        for (const one of cloud.fleet.containers.values())
          if (one.bootedAtMs !== null)
            expected += gpuPrice * BigInt((one.finishedAtMs ?? cloud.nowMs) - one.bootedAtMs);
        assert.equal(
          whole.reduce((total, row) => total + row.gpuUnits, 0n),
          expected,
        );
      }),
      { numRuns: 300 },
    );
  });

  it("never loses an input, and never runs more than a container may", () => {
    fc.assert(
      fc.property(workload, (plan) => {
        const cloud = play(plan);
        const isStopped = [...cloud.apps.values()].every((app) => app.state === "stopped");
        for (const input of cloud.fleet.inputs.values()) {
          if (isStopped) assert.ok(["success", "timeout", "terminated"].includes(input.state));
          if (input.state !== "success") continue;
          assert.equal((input.finishedAtMs ?? 0) - (input.startedAtMs ?? 0), input.durationMs);
        }
        for (const container of cloud.fleet.containers.values()) {
          assert.ok(container.inputs.size <= plan.concurrentInputs);
          if (isStopped) assert.equal(container.state, "ended");
        }
      }),
      { numRuns: 200 },
    );
  });

  it("plays the same plan the same way", () => {
    fc.assert(
      fc.property(workload, (plan) => {
        assert.deepEqual(
          play(plan).bill({ byAppHour: true }),
          play(plan).bill({ byAppHour: true }),
        );
      }),
      { numRuns: 50 },
    );
  });

  it("goes through pending, starting, busy, idle and its end at the moments that were set", () => {
    const cloud = new Cloud({ rates: { usdPerHour, billCpuAndMemory: false } });
    const app = cloud.deploy({
      name: "flux",
      functions: [
        {
          name: "web",
          gpu: { type: "L40S", count: 1 },
          queueMs: 3000,
          coldStartMs: 40_000,
          scaledownMs: 120_000,
        },
      ],
    });
    cloud.request({ appId: app.id, functionName: "web", durationMs: 4000 });
    const [container] = cloud.listContainers();
    assert.ok(container);
    const states: [number, string][] = [];
    for (const atMs of [0, 2999, 3000, 42_999, 43_000, 46_999, 47_000, 166_999, 167_000]) {
      cloud.advanceTo(atMs);
      states.push([atMs, container.state]);
    }
    assert.deepEqual(states, [
      [0, "pending"],
      [2999, "pending"],
      [3000, "starting"],
      [42_999, "starting"],
      [43_000, "busy"],
      [46_999, "busy"],
      [47_000, "idle"],
      [166_999, "idle"],
      [167_000, "ended"],
    ]);
    // 40 s cold start, 4 s of work, 120 s idle, at $1.95 an hour.
    assert.equal(cloud.bill()[0]?.usdText, "0.088833333333");
    assert.equal(container.bootedAtMs, 3000);
    assert.equal(container.finishedAtMs, 167_000);
  });

  it("bills the larger of request and use while an input runs", () => {
    const cloud = new Cloud();
    const app = cloud.deploy({
      name: "cpu",
      functions: [
        {
          name: "f",
          milliCpu: 1000,
          usedMilliCpu: 3000,
          memoryMib: 1024,
          usedMemoryMib: 512,
          queueMs: 0,
          coldStartMs: 0,
          scaledownMs: 1_800_000,
          timeoutMs: 7_200_000,
        },
      ],
    });
    cloud.request({ appId: app.id, functionName: "f", durationMs: HOUR });
    cloud.advanceTo(2 * HOUR);
    const [row] = cloud.bill();
    // An hour at three cores, half an hour at one; memory as requested all along.
    assert.equal(row && usdText(row.cpuUnits), "0.16555");
    assert.equal(row && usdText(row.memoryUnits), "0.012");
  });

  it("prices a million hours without rounding", () => {
    const price = priceOf(card, { gpu: { type: "B300", count: 8 }, milliCpu: 0, memoryMib: 0 });
    assert.equal((price.gpu * BigInt(HOUR) * 1_000_000n) / COST_UNITS_PER_USD, 56_800_000n);
  });

  it("keeps a minimum alive, and lets it go when the minimum falls", () => {
    const cloud = new Cloud();
    const app = cloud.deploy({
      name: "warm",
      functions: [{ name: "f", minContainers: 2, scaledownMs: 60_000 }],
    });
    cloud.advanceTo(HOUR);
    assert.equal(cloud.listContainers().length, 2);
    const fn = cloud.functionOf(app.id, "f");
    cloud.scale(fn.id, { minContainers: 0, scaledownMs: 2000 });
    cloud.advanceTo(HOUR + 1);
    assert.equal(cloud.listContainers().length, 0);
    cloud.deploy({ name: "warm", functions: [{ name: "f", minContainers: 1 }] });
    assert.equal(cloud.listContainers().length, 1);
  });
});

type Plan = typeof workload extends fc.Arbitrary<infer Value> ? Value : never;

function play(plan: Plan): Cloud {
  const cloud = new Cloud({ seed: plan.seed, startMs: plan.startMs });
  const request = {
    name: "app",
    functions: [
      {
        name: "f",
        gpu: plan.gpu === null ? null : { type: plan.gpu, count: plan.gpuCount },
        usedMilliCpu: plan.usedMilliCpu,
        scaledownMs: plan.scaledownMs,
        coldStartMs: plan.coldStartMs,
        minContainers: plan.minContainers,
        concurrentInputs: plan.concurrentInputs,
      },
    ],
  };
  const app = cloud.deploy(request);
  for (const step of plan.steps) {
    cloud.advanceTo(cloud.nowMs + step.waitMs);
    const { what } = step;
    if (app.state === "stopped") break;
    if (what === "request")
      cloud.request({ appId: app.id, functionName: "f", durationMs: step.durationMs });
    else if (what === "kill") {
      const [first] = cloud.listContainers();
      if (first !== undefined)
        cloud.stopContainer(first.id, { graceful: step.durationMs % 2 === 0 });
    } else if (what === "redeploy") cloud.deploy(request);
    else if (what === "scale")
      cloud.scale(cloud.functionOf(app.id, "f").id, { scaledownMs: step.durationMs + 2000 });
    else cloud.stopApp(app.id);
  }
  cloud.advanceTo(cloud.nowMs + HOUR);
  return cloud;
}

function sum(rows: readonly { readonly units: bigint }[]): bigint {
  return rows.reduce((total, row) => total + row.units, 0n);
}
