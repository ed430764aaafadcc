import assert from "node:assert/strict";
import type { BillCheck } from "../../../src/cost/learned/billCheck.ts";
import { Watch } from "../../bench/metering/workDay.ts";
import type { Adapter } from "../../bench/metering/toldControl.ts";
import { planWorkload, type Workload } from "../../sim/workload/workload.ts";
import { worldNamed } from "../../sim/worlds/worlds.ts";
import type { World } from "../../sim/worlds/world.ts";

const hour = 3_600_000;
const day = 24 * hour;
const mondayMs = Date.UTC(2026, 10, 23, 9);
/** Lives of which none was looked into while the check was made; nor were the worlds. */
const firstSeed = 90_001;
const billedHours = 48;
const mostDays = 7;

interface Checked {
  readonly name: string;
  readonly world: World;
  readonly check: BillCheck;
}

async function checked(number: number, adapter: Adapter): Promise<Checked> {
  const name = `random-${number}`;
  const world = worldNamed(name);
  const seed = firstSeed + number;
  const toMs = mondayMs + mostDays * day;
  const work = planWorkload({ world, seed, fromMs: mondayMs, toMs });
  const watch = new Watch(work, seed, { adapter, world });
  let billedToMs = mondayMs;
  while (hoursOf(work) < billedHours && billedToMs < toMs) {
    billedToMs += 2 * hour;
    await watch.until(billedToMs);
  }
  return { name: `${name}, ${adapter}`, world, check: watch.checkBill(billedToMs) };
}

function hoursOf({ cloud }: Workload): number {
  return new Set(cloud.bill({ byAppHour: true }).map(({ hourStartMs }) => hourStartMs)).size;
}

function truthOf({ billedFrom }: World) {
  return billedFrom === "enqueue" ? "asked" : billedFrom;
}

/** All that is ruled out is wrong, and what is left holds the truth. */
function isRight({ world, check }: Checked): boolean {
  return check.begin.includes(truthOf(world)) && check.toldStart.includes(world.startedAt);
}

function textOf({ world, check: { begin, toldStart, price, missed } }: Checked): string {
  return `${begin.join("/")} (${truthOf(world)}); the start told is ${toldStart.join("/")} (${world.startedAt}); ${price.join("/")}; ${JSON.stringify([...missed])}`;
}

/** Nothing in it is dearer than what is asked for. */
function isPlain({ use, regions, disks, preemption, appFile }: World): boolean {
  return (
    use === "within-request" &&
    regions === "unset" &&
    disks === "usual" &&
    preemption === "usual" &&
    appFile === "as-deployed"
  );
}

/** How many worlds: each takes seconds of work, so the usual list looks at a share, and the long one at all. */
const share = Number(process.env["MODAL_METER_BILL_WORLDS"] ?? "2") / 20;

for (const [adapter, inAll, leastNamed] of [
  ["sdk", 20, 5],
  // It never tells when a container was asked for, and hardly anything can be named.
  ["cli", 10, 0],
] as const)
  describe(`which Modal 48 billed hours fit, through the ${adapter.toUpperCase()}`, () => {
    const worlds = Math.ceil(share * inAll);
    const all: Checked[] = [];

    for (let number = 1; number <= worlds; number += 1)
      it(`random-${number}: it is no wrong one alone`, async function () {
        this.timeout(400_000);
        const one = await checked(number, adapter);
        all.push(one);
        const { begin, toldStart, price } = one.check;
        if (begin.length === 1 || toldStart.length === 1) assert.ok(isRight(one), textOf(one));
        if (isPlain(one.world)) assert.ok(price.includes("as-asked"), textOf(one));
      });

    if (share < 1) return;
    it("is named, or left open beside others, in nine of ten, and named in some", () => {
      const told = all.map((one) => `${one.name}: ${textOf(one)}`).join("\n");
      const named = all.filter(({ check }) => check.begin.length === 1);
      assert.ok(all.filter(isRight).length >= 0.9 * worlds, told);
      assert.ok(named.length >= leastNamed, told);
      console.log(`      named in ${named.length} of ${all.length}`);
    });
  });
