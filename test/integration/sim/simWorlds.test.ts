import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { usd, usdText } from "../../sim/model/rates.ts";
import { toldApps } from "../../sim/told/apps.ts";
import { toldCalls } from "../../sim/told/calls.ts";
import { toldReport } from "../../sim/told/report.ts";
import { toldSandboxes } from "../../sim/told/sandboxes.ts";
import { toldStats } from "../../sim/told/stats.ts";
import type { World } from "../../sim/worlds/world.ts";
import {
  answers,
  defaultWorld,
  namedWorlds,
  oddities,
  worldNamed,
} from "../../sim/worlds/worlds.ts";
import { toldTaskInfo, toldTasks } from "../../sim/told/containers.ts";
import { toldFunctions } from "../../sim/told/functions.ts";
import { planWorkload, type Workload } from "../../sim/workload/workload.ts";

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

/** What can be seen of a world from outside, part by part. */
const views = {
  bill: billed,
  containers: ({ cloud }: Workload) => [
    toldTasks(cloud),
    [...cloud.fleet.containers.keys()].map((id) => toldTaskInfo(cloud, id)),
    [...cloud.apps.values()].map((app) => toldFunctions(cloud, app)),
  ],
  calls: ({ cloud }: Workload) =>
    [...cloud.functions.values()].map((fn) => toldCalls(cloud, fn, { tail: 1000 })),
  stats: ({ cloud }: Workload) =>
    [...cloud.functions.values()].map((fn) => {
      const { containers } = toldStats(cloud, fn, { fromMs, toMs: cloud.nowMs });
      return [...containers];
    }),
  listing: ({ cloud }: Workload) => toldApps(cloud),
  report: ({ cloud, toMs }: Workload) => {
    const report = toldReport(cloud, { fromMs, toMs });
    if (report.kind !== "rows") return report.kind;
    return report.rows.map(({ hourStartMs, units, unitsByResource }) => [
      hourStartMs,
      usdText(units),
      [...unitsByResource].map(([name, part]) => [name, usdText(part)]),
    ]);
  },
  sandboxes: ({ cloud }: Workload) =>
    toldSandboxes(cloud, { bothKinds: true, includeFinished: true }).map(
      ({ createdAtMs, task }) => [createdAtMs, task !== null],
    ),
  files: ({ apps }: Workload) => apps.map(({ file }) => file),
  laptop: (workload: Workload) => workload.laptopNowMs() - workload.cloud.nowMs,
} satisfies Record<string, (workload: Workload) => unknown>;
type View = keyof typeof views;

/** Where a switch is seen. "bill" is the exact bill; where it is not named, it must not change. */
const changes: Readonly<Record<Exclude<keyof World, "reportLimit">, readonly View[]>> = {
  startedAt: ["containers"],
  billedFrom: ["bill", "report"],
  gpuQueue: ["bill"],
  rounding: ["bill", "report"],
  stopGrace: ["bill"],
  prices: ["bill", "report"],
  gpuTold: ["containers"],
  finishedAtTold: ["containers"],
  startupTimeTold: ["calls", "stats"],
  useTold: ["stats"],
  authorTold: ["listing"],
  report: ["report"],
  reportLag: ["report"],
  costByResource: ["report"],
  use: ["bill", "stats"],
  regions: ["bill", "files"],
  disks: ["bill", "files"],
  preemption: ["bill", "files"],
  shortLives: ["bill"],
  sandboxes: ["sandboxes"],
  functionsPerApp: ["bill"],
  appFile: ["files"],
  autoscaler: ["bill"],
  people: ["bill", "listing"],
  clock: ["laptop"],
  lid: ["bill"],
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

  it("are listed and run by name on the command line", async () => {
    const main = join(import.meta.dirname, "../../sim/main.ts");
    const listed = await promisify(execFile)(process.execPath, [main, "--list-worlds"]);
    for (const { name, line } of namedWorlds)
      assert.match(
        listed.stdout,
        new RegExp(`^${name} +${line.replaceAll(/[()?.*+]/g, ".")}$`, "m"),
      );
    await assert.rejects(
      promisify(execFile)(process.execPath, [main, "--world", "nowhere"]),
      /No world is named "nowhere"/,
    );
    const child = spawn(process.execPath, [main, "--world", "silent-service", "--speed", "0"]);
    let printed = "";
    for await (const chunk of child.stdout) {
      printed += String(chunk);
      if (printed.includes("Admin API")) break;
    }
    assert.match(printed, /in the world "silent-service"\.\n(- .+\n)+/);
    const adminUrl = /Admin API:\s+(\S+)/.exec(printed)?.[1] ?? "";
    const world: unknown = await (await fetch(new URL("/world", adminUrl))).json();
    assert.deepEqual(world, worldNamed("silent-service"));
    child.kill("SIGTERM");
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
    if (key === undefined || key === "reportLimit" || more.length > 0) continue;
    const seen: readonly View[] = changes[key];
    it(`${name}: is seen in ${seen.join(" and ")}`, () => {
      const [usual, flipped] = [livedIn(defaultWorld, 10), livedIn(world, 10)];
      for (const view of seen)
        assert.notDeepEqual(views[view](flipped), views[view](usual), `${view} stays as it was`);
      // More sandboxes are more money; the two kinds of them are not told apart by it.
      if (!seen.includes("bill") && key !== "sandboxes")
        assert.equal(billed(flipped), billed(usual));
    });
  }

  it("tell the exact bill in the end, whatever the report said before", () => {
    for (const name of ["default", "report-late", "report-in-parts", "report-corrected"]) {
      const { cloud } = livedIn(worldNamed(name));
      const endMs = Math.floor(cloud.nowMs / hourMs) * hourMs;
      const lastHour = { fromMs: endMs - hourMs, toMs: endMs };
      const told = (): string => {
        const report = toldReport(cloud, lastHour);
        assert.ok(report.kind === "rows");
        return usdText(report.rows.reduce((sum, { units }) => sum + units, 0n));
      };
      const exact = usdText(cloud.bill(lastHour).reduce((sum, { units }) => sum + units, 0n));
      cloud.advanceTo(endMs + hourMs / 2);
      if (name === "default") assert.equal(told(), exact);
      else assert.notEqual(told(), exact, name);
      cloud.advanceTo(endMs + 4 * hourMs);
      assert.equal(told(), exact, name);
    }
  });

  it("withdraw a row and give it back", () => {
    const { cloud } = livedIn(worldNamed("report-withdrawn"));
    const rowsAt = (atMs: number, hourStartMs: number): number => {
      cloud.advanceTo(atMs);
      const report = toldReport(cloud, { fromMs: hourStartMs, toMs: hourStartMs + hourMs });
      assert.ok(report.kind === "rows");
      return report.rows.length;
    };
    const firstMs = Math.floor(cloud.nowMs / hourMs) * hourMs - 24 * hourMs;
    // Only hours that are whole: one that has just ended, one that is away, one that is back.
    const hours = Array.from({ length: 24 }, (_, index) => firstMs + index * hourMs);
    const before = cloud.nowMs;
    const counts = hours.map((hour) => [hour, rowsAt(before, hour)] as const);
    const later = counts.map(([hour]) => rowsAt(before + 4 * hourMs, hour));
    assert.ok(
      counts.some(([, count], index) => count < (later[index] ?? 0)),
      "none came back",
    );
  });

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
