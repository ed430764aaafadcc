import type { World } from "../worlds/world.ts";
import { draw, drawBetween } from "./draw.ts";
import type { FunctionSpec } from "./entities.ts";
import { priceOf, type RateCard, type Region } from "./rates.ts";

const GIB = 1024;

/** What real apps use above their request, as a share of what they cost (MODAL.md 00 and issue reports). */
const USE_SHARE = { from: 0.08, to: 0.39 };

/**
 * A function as it is in this world: what its containers really use, and on which terms they run.
 * What the deploy says itself stays. The same name is always dressed alike.
 */
export function dressed(
  spec: FunctionSpec,
  world: World,
  card: RateCard,
  name: string,
): FunctionSpec {
  let out = spec;
  if (world.use !== "within-request") {
    const use = useOf(spec, card, name);
    const always = world.use === "above-always";
    out = {
      ...out,
      usedMilliCpu: Math.max(spec.usedMilliCpu, use.milliCpu),
      usedMemoryMib: Math.max(spec.usedMemoryMib, use.memoryMib),
      // The weights stay in memory; the cores have little to do.
      idleUsedMilliCpu: always ? Math.max(spec.idleUsedMilliCpu, use.idleMilliCpu) : 0,
      idleUsedMemoryMib: always ? Math.max(spec.idleUsedMemoryMib, use.memoryMib) : 0,
    };
  }
  if (world.regions === "pinned" && spec.region === "any") out = { ...out, region: regionOf(name) };
  if (world.disks === "large" && spec.ephemeralDiskMib === 0)
    out = { ...out, ephemeralDiskMib: drawBetween(name, "disk", 1, 4) * 512 * GIB };
  if (world.preemption === "never" && spec.gpu === null) out = { ...out, nonpreemptible: true };
  return out;
}

function regionOf(name: string): Region {
  return draw(name, "region") < 0.5 ? "broad" : "narrow";
}

interface Use {
  readonly milliCpu: number;
  readonly idleMilliCpu: number;
  readonly memoryMib: number;
}

function useOf(spec: FunctionSpec, card: RateCard, name: string): Use {
  if (spec.gpu === null) {
    const milliCpu = drawBetween(name, "cores", 500, 4000);
    return { milliCpu, idleMilliCpu: 150, memoryMib: drawBetween(name, "memory", 1, 16) * GIB };
  }
  let use: Use = { milliCpu: 4000, idleMilliCpu: 200, memoryMib: 32 * GIB };
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const milliCpu = drawBetween(name, `cores ${attempt}`, 1, 16) * 1000;
    const memoryMib = drawBetween(name, `memory ${attempt}`, 24, 100) * GIB;
    use = { milliCpu, idleMilliCpu: drawBetween(name, "idle", 100, 500), memoryMib };
    const price = priceOf(card, { gpu: spec.gpu, milliCpu, memoryMib });
    const above = price.cpu + price.memory;
    const share = Number(above) / Number(above + price.gpu);
    if (share >= USE_SHARE.from && share <= USE_SHARE.to) break;
  }
  return use;
}
