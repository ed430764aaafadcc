import assert from "node:assert/strict";
import { usd } from "../sim/model/rates.ts";
import type { World } from "../sim/worlds/world.ts";
import { answers, defaultWorld, namedWorlds, oddities, worldNamed } from "../sim/worlds/worlds.ts";
import { toldTaskInfo, toldTasks } from "../sim/told/containers.ts";
import { toldFunctions } from "../sim/told/functions.ts";
import { planWorkload, type Workload } from "../sim/workload/workload.ts";

const hourMs = 3_600_000;
const fromMs = Date.UTC(2026, 10, 20, 9);

/** Four days over a weekend. */
function livedIn(world: World, seed = 5): Workload {
  const workload = planWorkload({ world, seed, fromMs, toMs: fromMs + 96 * hourMs });
  workload.cloud.advanceTo(workload.toMs);
  return workload;
}

function billed({ cloud }: Workload): string {
  return cloud
    .bill({ byAppHour: true })
    .map(({ hourStartMs, usdText }) => `${hourStartMs} ${usdText}`)
    .join("\n");
}

/** What a client is told of every container that there was. */
function told({ cloud }: Workload): string {
  const infos = [...cloud.fleet.containers.keys()].map((id) => toldTaskInfo(cloud, id));
  const functions = [...cloud.apps.values()].map((app) => toldFunctions(cloud, app));
  return JSON.stringify([toldTasks(cloud), infos, functions]);
}

/** What a switch changes: the exact bill, or what is told while the bill stays. */
const changes: Partial<Record<keyof World, "bill" | "told containers">> = {
  startedAt: "told containers",
  billedFrom: "bill",
  gpuQueue: "bill",
  rounding: "bill",
  stopGrace: "bill",
  prices: "bill",
  gpuTold: "told containers",
  finishedAtTold: "told containers",
  use: "bill",
  regions: "bill",
  disks: "bill",
  preemption: "bill",
  shortLives: "bill",
  functionsPerApp: "bill",
  autoscaler: "bill",
  people: "bill",
  lid: "bill",
};

describe("Worlds of Local Modal", () => {
  it("have a name and a line each, and a random one for each number", () => {
    const names = namedWorlds.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, world } of namedWorlds) {
      assert.equal(worldNamed(name), world);
      assert.equal(oddities(world).length === 0, name === "default");
    }
    const perSwitch = Object.values(answers).flatMap((one) => Object.keys(one).slice(1));
    assert.equal(names.length, 1 + perSwitch.length + 4);
    const random = Array.from({ length: 20 }, (_, seed) => worldNamed(`random-${seed + 1}`));
    assert.equal(new Set(random.map((world) => JSON.stringify(world))).size, 20);
    assert.throws(() => worldNamed("nowhere"), RangeError);
  });

  it("give the same lives for the same seed, and others for another", () => {
    for (const name of ["default", "team", "worst-plausible"]) {
      const world = worldNamed(name);
      assert.equal(billed(livedIn(world)), billed(livedIn(world)));
      assert.notEqual(billed(livedIn(world)), billed(livedIn(world, 6)));
    }
  });

  for (const { name, world } of namedWorlds) {
    const [key, ...more] = switchesOff(world);
    const what = key === undefined || more.length > 0 ? undefined : changes[key];
    if (what === undefined) continue;
    it(`${name}: the ${what === "bill" ? "bill is another" : "same bill, but containers are told of otherwise"}`, () => {
      const [usual, flipped] = [livedIn(defaultWorld, 10), livedIn(world, 10)];
      if (what === "bill") assert.notEqual(billed(flipped), billed(usual));
      else {
        assert.equal(billed(flipped), billed(usual));
        assert.notEqual(told(flipped), told(usual));
      }
    });
  }

  it("bill the load and the queue as they say, to the millisecond", () => {
    const ofWorld = (name: string): number =>
      usd(
        livedIn(worldNamed(name))
          .cloud.bill()
          .reduce((sum, { units }) => sum + units, 0n),
      );
    const { cloud } = livedIn(defaultWorld);
    const inPhase = (phase: string): number =>
      usd(
        cloud
          .costs()
          .filter((part) => part.phase === phase)
          .reduce((sum, part) => sum + part.gpuUnits + part.cpuUnits + part.memoryUnits, 0n),
      );
    assert.equal(inPhase("queue"), 0);
    assert.ok(inPhase("boot") > 0);
    assert.ok(ofWorld("billed-from-enqueue") > ofWorld("default"));
    const difference = ofWorld("default") - ofWorld("billed-from-ready");
    assert.ok(Math.abs(difference - inPhase("boot")) < 1e-9);
  });
});

function switchesOff(world: World): readonly (keyof World)[] {
  return Object.keys(answers)
    .filter((key): key is keyof World => Object.hasOwn(answers, key))
    .filter((key) => world[key] !== defaultWorld[key]);
}
