import { hourMs, hourOf } from "../../oracle/bill.ts";
import { Random } from "../../oracle/random.ts";
import { randomWorld } from "../../oracle/randomWorld.ts";
import type { World } from "../../oracle/world.ts";
import { costIn } from "../../../src/session/meter/costReader.ts";
import { compare } from "./compare.ts";
import { Comparison } from "./comparison.ts";
import { Machine } from "./machine.ts";
import { randomPlan, type Plan } from "./plan.ts";

/** What was found in a case: how many sums were compared, and what was wrong. */
export interface Outcome {
  readonly sums: number;
  readonly faults: readonly string[];
}

/**
 * A seed's world, lived through in two windows, and its looks once more in another order, some of
 * them twice, on a machine whose windows are closed and opened in between.
 */
export async function runSeed(seed: number): Promise<Outcome> {
  const world = randomWorld(seed);
  const plan = randomPlan(world);
  const outcome = await runCase(world, plan);
  if (outcome.faults.length === 0) return outcome;
  const smallest = await shrunk({ world, plan }, kindOf(outcome.faults[0]));
  return { ...outcome, faults: [...outcome.faults, "", await described(smallest)] };
}

interface OneCase {
  readonly world: World;
  readonly plan: Plan;
}

async function runCase(world: World, plan: Plan): Promise<Outcome> {
  const comparison = new Comparison();
  using machine = await Machine.started(world, plan);
  await machine.live();
  compare(world, plan, machine, 0, comparison);
  const sums = sumsOf(world, plan, machine, 0);
  comparison.isEqual("the other window", sumsOf(world, plan, machine, 1), sums);
  using other = await Machine.started(world, plan);
  const random = new Random(world.seed ^ 0xb00c);
  const twice = machine.listings.filter(() => random.chance(0.2));
  await other.replay(random.shuffled([...machine.listings, ...twice]), () => random.chance(0.1));
  other.learnClock(machine);
  comparison.isEqual("another order", sumsOf(world, plan, other, 1), sums);
  return comparison;
}

/** Every sum that a window tells, to be compared to the micro-dollar. */
function sumsOf(world: World, plan: Plan, machine: Machine, window: 0 | 1): unknown {
  const range = { from: hourOf(world.fromMs) - 24 * hourMs, to: plan.askedMs };
  return machine.environments().map((environment) => {
    const reading = machine.reading(window, environment, range);
    const apps = world.apps.filter((app) => app.environment === environment);
    return apps.map(({ id, name }) => {
      const ofHours: number[] = [];
      for (let from = range.from; from < range.to; from += hourMs) {
        const { metered } = costIn(reading, new Set([id]), from, Math.min(from + hourMs, range.to));
        ofHours.push(metered?.known.microUsd ?? 0);
      }
      const whole = costIn(reading, new Set([id]), range.from, range.to);
      const { reported, best, bestKnown, figure, billed } = whole;
      return { name, ofHours, reported, best, bestKnown, figure, billed };
    });
  });
}

/** The case with as little as still goes wrong: containers, calls and steps are taken out one by one. */
async function shrunk({ world, plan }: OneCase, kind: string): Promise<OneCase> {
  let best: OneCase = { world, plan };
  const attempt = async (smaller: OneCase): Promise<void> => {
    const { faults } = await runCase(smaller.world, smaller.plan);
    if (faults.some((fault) => kindOf(fault) === kind)) best = smaller;
  };
  for (const container of world.containers) await attempt(withoutContainer(best, container.id));
  for (const call of world.calls)
    await attempt({
      world: { ...best.world, calls: best.world.calls.filter((one) => one !== call) },
      plan: withoutSteps(best.plan, (step) => "call" in step && step.call === call),
    });
  for (const step of plan.steps)
    await attempt({ ...best, plan: withoutSteps(best.plan, (one) => one === step) });
  return best;
}

/** What of a case a fault is about: another fault is no smaller case of it. */
function kindOf(fault = ""): string {
  return fault.slice(0, fault.indexOf(": "));
}

function withoutContainer({ world, plan }: OneCase, containerId: string): OneCase {
  return {
    world: {
      ...world,
      containers: world.containers.filter(({ id }) => id !== containerId),
      calls: world.calls.filter((call) => call.containerId !== containerId),
    },
    plan: withoutSteps(plan, (step) => "call" in step && step.call.containerId === containerId),
  };
}

function withoutSteps(plan: Plan, isOut: (step: Plan["steps"][number]) => boolean): Plan {
  return { ...plan, steps: plan.steps.filter((step) => !isOut(step)) };
}

/** The case in a few lines, with what is wrong in it. */
async function described({ world, plan }: OneCase): Promise<string> {
  const { faults } = await runCase(world, plan);
  const at = (ms: number | undefined): string =>
    ms === undefined ? "-" : new Date(ms).toISOString().slice(5, 23);
  const used = new Set(world.containers.map(({ appId }) => appId));
  return [
    `The smallest case (${plan.adapters.join(" and ")}, ${world.zone}, asked ${at(plan.askedMs)}):`,
    `prices ${world.prices.map(({ fromMs, percent }) => `${percent} % from ${at(fromMs)}`).join(", ")}`,
    ...world.apps
      .filter(({ id }) => used.has(id))
      .map((app) => {
        const functions = app.functions.map(({ hardware }) => JSON.stringify(hardware)).join(" ");
        const file = plan.filesOf.has(app.id) ? "" : ", no file";
        return `${app.name} in ${app.environment}${file}: ${functions}`;
      }),
    ...world.containers.map((one) => {
      const name = world.apps.find(({ id }) => id === one.appId)?.name;
      const times = [one.enqueuedMs, one.readyMs, one.finishedMs].map(at).join(" → ");
      return `container ${one.id} of ${name}: ${times}, ${JSON.stringify(one.hardware)}`;
    }),
    ...world.calls.map(
      (call) =>
        `call in ${call.containerId} by ${call.by}: ${at(call.startedMs)} → ${at(call.finishedMs)}, ${call.claimedUsd} ${call.gpuName}`,
    ),
    ...plan.steps.map((step) => `${at(step.atMs)} window ${step.window}: ${step.do}`),
    ...faults,
  ].join("\n");
}
