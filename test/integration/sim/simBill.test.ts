import assert from "node:assert/strict";
import { Cloud } from "../../sim/model/cloud.ts";
import type { FunctionRequest } from "../../sim/model/functionSpec.ts";
import { COST_UNITS_PER_USD, priceOf, usd, usdPerHour } from "../../sim/model/rates.ts";
import { worldNamed } from "../../sim/worlds/worlds.ts";

const secondMs = 1000;
const hourMs = 3_600_000;
const card = { usdPerHour, billCpuAndMemory: true };
const l40s = { type: "L40S", count: 1 };

/** USD for an hour of these resources. */
function hourly(resources: Parameters<typeof priceOf>[1]): number {
  const { gpu, cpu, memory } = priceOf(card, resources);
  return (
    Number(((gpu + cpu + memory) * BigInt(hourMs) * 1_000_000_000n) / COST_UNITS_PER_USD) / 1e9
  );
}

function cloudWith(worldName: string, spec: Partial<FunctionRequest>) {
  const cloud = new Cloud({ world: worldNamed(worldName) });
  const app = cloud.deploy({ name: "flux", functions: [{ name: "web", ...spec }] });
  return { cloud, app };
}

describe("Local Modal's exact bill", () => {
  it("prices regions, disks, functions that are not preempted, and sandboxes", () => {
    const plain = { gpu: null, milliCpu: 1000, memoryMib: 1024 };
    assert.equal(hourly(plain), 0.0553);
    assert.equal(hourly({ ...plain, gpu: l40s }), 2.0053);
    assert.equal(hourly({ ...plain, gpu: l40s, region: "broad" }), 2.306095);
    assert.equal(hourly({ ...plain, gpu: l40s, region: "narrow" }), 3.509275);
    assert.equal(hourly({ ...plain, nonpreemptible: true }), 0.1659);
    assert.equal(
      hourly({ ...plain, gpu: l40s, nonpreemptible: true }),
      2.0053,
      "CPU functions alone",
    );
    assert.equal(hourly({ ...plain, isSandbox: true }), 0.1659);
    // 500 GiB raise the request to 25 GiB, if it is not higher already.
    assert.equal(hourly({ ...plain, ephemeralDiskMib: 500 * 1024 }), 0.2473);
    assert.equal(
      hourly({ ...plain, memoryMib: 32 * 1024, ephemeralDiskMib: 500 * 1024 }),
      hourly({ ...plain, memoryMib: 32 * 1024 }),
    );
  });

  it("rounds each container's life up to whole seconds where the world does", () => {
    for (const [world, billedMs] of [
      ["default", 41_501],
      ["rounding-seconds", 42_000],
    ] as const) {
      const spec = { gpu: l40s, queueMs: 100, coldStartMs: 40_000, scaledownMs: 1000 };
      const { cloud, app } = cloudWith(world, spec);
      cloud.request({ appId: app.id, functionName: "web", durationMs: 501 });
      cloud.advanceTo(hourMs);
      assert.equal(cloud.fleet.containers.size, 1);
      const [row] = cloud.bill();
      assert.equal(
        row?.gpuUnits,
        priceOf(card, { gpu: l40s, milliCpu: 0, memoryMib: 0 }).gpu * BigInt(billedMs),
      );
    }
  });

  it("lets a stopped container run, be listed and cost for up to 30 s where the world does", () => {
    const { cloud, app } = cloudWith("stop-grace-seconds", { gpu: l40s, minContainers: 3 });
    cloud.advanceTo(60 * secondMs);
    cloud.stopApp(app.id);
    assert.equal(cloud.listContainers().length, 3);
    const atStop = usd(cloud.bill()[0]?.gpuUnits ?? 0n);
    cloud.advanceTo(90 * secondMs);
    assert.equal(cloud.listContainers().length, 0);
    const grace = cloud.costs().filter(({ phase }) => phase === "grace");
    assert.equal(grace.length, 3);
    for (const { fromMs, toMs } of grace) {
      assert.equal(fromMs, 60 * secondMs);
      assert.ok(toMs > fromMs && toMs <= 90 * secondMs);
    }
    assert.ok(usd(cloud.bill()[0]?.gpuUnits ?? 0n) > atStop);
    const usual = cloudWith("default", { gpu: l40s, minContainers: 3 });
    usual.cloud.advanceTo(60 * secondMs);
    usual.cloud.stopApp(usual.app.id);
    assert.equal(usual.cloud.listContainers().length, 0);
  });

  it("starts the next container although the last one is in its grace", () => {
    const { cloud } = cloudWith("stop-grace-seconds", {
      gpu: l40s,
      minContainers: 1,
      queueMs: 0,
      coldStartMs: 0,
    });
    const [first] = cloud.listContainers();
    cloud.advanceTo(secondMs);
    assert.equal(cloud.stopContainer(first?.id ?? ""), true);
    assert.equal(cloud.stopContainer(first?.id ?? ""), false, "it is on its way already");
    cloud.advanceTo(secondMs + 1);
    assert.deepEqual(
      cloud.listContainers().map(({ state }) => state),
      ["stopping", "idle"],
    );
  });

  it("has real apps use 8 to 39 % of their bill above their request, idle as well as busy", () => {
    for (const type of ["T4", "L4", "L40S", "A100-80GB", "H100", "B200"]) {
      const spec = { gpu: { type, count: 1 }, minContainers: 1, queueMs: 0, coldStartMs: 0 };
      const always = cloudWith("use-above-always", spec);
      const busyAlone = cloudWith("use-above-while-busy", spec);
      for (const { cloud, app } of [always, busyAlone]) {
        cloud.request({ appId: app.id, functionName: "web", durationMs: 60_000 });
        cloud.advanceTo(120_000);
      }
      const share = ({ cloud }: typeof always, phase: string): number => {
        const parts = cloud.costs().filter((part) => part.phase === phase);
        const above = parts.reduce(
          (sum, { cpuUnits, memoryUnits }) => sum + cpuUnits + memoryUnits,
          0n,
        );
        const whole = parts.reduce((sum, { gpuUnits }) => sum + gpuUnits, above);
        return Number((above * 1_000_000n) / whole) / 1e6;
      };
      assert.ok(share(always, "busy") >= 0.08 && share(always, "busy") <= 0.39, type);
      assert.ok(share(always, "idle") > 0.02, type);
      assert.equal(share(busyAlone, "busy"), share(always, "busy"));
      assert.ok(share(busyAlone, "idle") < 0.02, type);
    }
  });

  it("draws a wait of up to five minutes for each GPU, and none for a CPU function", () => {
    const { cloud } = cloudWith("gpu-queue-minutes", {
      gpu: l40s,
      minContainers: 20,
      queueMs: 1000,
    });
    cloud.advanceTo(hourMs);
    const waits = cloud
      .listContainers()
      .map(({ enqueuedAtMs, bootedAtMs }) => (bootedAtMs ?? 0) - enqueuedAtMs);
    assert.ok(Math.max(...waits) > 120_000 && Math.max(...waits) <= 301_000, String(waits));
    assert.ok(new Set(waits).size > 10);
    const cpu = cloudWith("gpu-queue-minutes", { minContainers: 1, queueMs: 1000 });
    cpu.cloud.advanceTo(1000);
    assert.notEqual(cpu.cloud.listContainers()[0]?.bootedAtMs, null);
  });

  it("bills a crash loop from boot to crash, one container after another", () => {
    const { cloud, app } = cloudWith("default", {
      gpu: l40s,
      queueMs: 2000,
      coldStartMs: 60_000,
      crashAfterMs: 10_000,
    });
    cloud.request({ appId: app.id, functionName: "web", durationMs: 1000 });
    cloud.advanceTo(60_000);
    const lives = [...cloud.fleet.containers.values()].filter(({ state }) => state === "ended");
    assert.equal(lives.length, 5);
    assert.ok(
      lives.every(({ readyAtMs, endReason }) => readyAtMs === null && endReason === "crashed"),
    );
    const billedMs = cloud.costs().reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    assert.equal(billedMs, 50_000);
  });
});
