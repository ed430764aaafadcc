import { Cloud } from "../model/cloud.ts";
import { draw } from "../model/draw.ts";
import { Random } from "../model/random.ts";
import type { World } from "../worlds/world.ts";
import { planApp } from "./appLife.ts";
import { laptopMs, planSleeps, type Sleep } from "./laptop.ts";
import { planSandboxes } from "./sandboxes.ts";
import { planShortLives } from "./shortLives.ts";
import type { WorkApp } from "./workApp.ts";

export interface WorkloadOptions {
  readonly world: World;
  /** The same seed gives the same lives. */
  readonly seed: number;
  /** On Modal's clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A stretch of time in a world: who runs what, when it is called, when the laptop sleeps. */
export interface Workload {
  readonly cloud: Cloud;
  readonly world: World;
  /** Grows as jobs begin. */
  readonly apps: readonly WorkApp[];
  /** While the lid is closed, on Modal's clock. */
  readonly sleeps: readonly Sleep[];
  readonly fromMs: number;
  readonly toMs: number;
  /** What the laptop's clock says now. */
  laptopNowMs(): number;
}

/**
 * Plans the lives of some apps in a Cloud of this world. Nothing has happened yet: let time pass
 * with `cloud.advanceTo`, and have things of your own happen with `cloud.schedule`.
 */
export function planWorkload(options: WorkloadOptions): Workload {
  const { world, seed, fromMs, toMs } = options;
  const randomFor = (purpose: string): Random =>
    new Random(Math.floor(draw(purpose, `seed ${seed}`) * 2 ** 32));
  const cloud = new Cloud({ world, seed, startMs: fromMs });
  const sleeps = planSleeps(world, randomFor, fromMs, toMs);
  const apps: WorkApp[] = [];
  const plan = { cloud, randomFor, sleeps, fromMs, toMs, apps };
  for (let i = randomFor("apps").between(1, 4); i > 0; i -= 1) planApp(plan, `app-${i}`);
  if (world.shortLives === "many") planShortLives(plan);
  if (world.sandboxes !== "none") planSandboxes(plan);
  return {
    cloud,
    world,
    apps,
    sleeps,
    fromMs,
    toMs,
    laptopNowMs: () => laptopMs(world, cloud.nowMs),
  };
}
