import { functionSpec, type FunctionRequest } from "../model/functionSpec.ts";
import { newId, type Random } from "../model/random.ts";
import { call } from "./appLife.ts";
import { burstsOfCalls, momentsOf, pick } from "./traffic.ts";
import { factsOf, type Plan, type WorkApp } from "./workApp.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** How often a day each kind of short life comes. */
const PER_DAY = { run: 24, map: 6, crashLoop: 2 };

/** Containers that live for seconds: jobs, a window of 2 s, bursts of `.map`, crash loops. */
export function planShortLives(plan: Plan): void {
  const { cloud } = plan;
  const runs = plan.randomFor("modal run");
  for (const atMs of momentsOf(runs, PER_DAY.run, plan))
    cloud.schedule(atMs, () => runJob(plan, runs));
  planBriefApp(plan);
  const loops = plan.randomFor("crash loops");
  for (const [index, atMs] of momentsOf(loops, PER_DAY.crashLoop, plan).entries())
    cloud.schedule(atMs, () => beginCrashLoop(plan, loops, `broken-${index + 1}`));
}

/** `modal run job.py`: an ephemeral app, one call of 10-90 s in all, and its end. */
function runJob(plan: Plan, random: Random): void {
  const { cloud } = plan;
  const app = cloud.createApp({ description: "job.py", state: "ephemeral" });
  const loadMs = random.between(2, 30) * SECOND_MS;
  const spec = functionSpec({
    name: "main",
    gpu: { type: pick(random, ["T4", "L4", "A10", "H100"]), count: 1 },
    queueMs: random.between(500, 4000),
    coldStartMs: loadMs,
    scaledownMs: 60 * SECOND_MS,
    prints: true,
  });
  cloud.publish(app, { state: "ephemeral", functions: new Map([[newId(random, "fu"), spec]]) });
  const work = workOf(plan, app.id, "job.py", "run");
  const input = call(plan, work, "main", random.between(8, 60) * SECOND_MS);
  cloud.whenSettled(input, () => cloud.stopApp(app.id));
}

/** A deployed app whose function idles for 2 s alone, called in bursts and by `.map`. */
function planBriefApp(plan: Plan): void {
  const { cloud } = plan;
  const random = plan.randomFor("brief");
  const app = cloud.deploy({ name: "brief", functions: [brief(random)] });
  const work = workOf(plan, app.id, "brief", "deployed");
  for (const atMs of burstsOfCalls(random, plan)) {
    const durationMs = random.between(500, 8000);
    cloud.schedule(atMs, () => call(plan, work, "brief", durationMs));
  }
  for (const atMs of momentsOf(random, PER_DAY.map, plan))
    cloud.schedule(atMs, () => {
      for (let n = random.between(20, 80); n > 0; n -= 1)
        call(plan, work, "brief", random.between(1000, 10_000));
    });
}

function brief(random: Random): FunctionRequest {
  return {
    name: "brief",
    gpu: { type: pick(random, ["T4", "L4", "A10"]), count: 1 },
    queueMs: random.between(500, 3000),
    coldStartMs: random.between(2, 8) * SECOND_MS,
    scaledownMs: 2 * SECOND_MS,
    maxContainers: 12,
    prints: true,
  };
}

/** Each container dies 8-12 s after its boot began, and the next one starts, until somebody deploys a cure. */
function beginCrashLoop(plan: Plan, random: Random, name: string): void {
  const { cloud } = plan;
  const broken: FunctionRequest = {
    name: "model",
    gpu: { type: pick(random, ["A10", "L40S", "H100"]), count: 1 },
    queueMs: random.between(500, 3000),
    coldStartMs: 60 * SECOND_MS,
    crashAfterMs: random.between(8, 12) * SECOND_MS,
    prints: random.next() < 0.5,
  };
  const app = cloud.deploy({ name, functions: [broken] });
  const work = workOf(plan, app.id, name, "deployed");
  call(plan, work, "model", random.between(1, 20) * SECOND_MS);
  cloud.schedule(cloud.nowMs + random.between(2, 20) * MINUTE_MS, () => {
    if (app.state !== "deployed") return;
    cloud.deploy({ name, functions: [{ ...broken, crashAfterMs: null }] });
    cloud.schedule(cloud.nowMs + 15 * MINUTE_MS, () => cloud.stopApp(app.id));
  });
}

function workOf(
  { cloud, apps }: Plan,
  appId: string,
  name: string,
  kind: WorkApp["kind"],
): WorkApp {
  const work: WorkApp = {
    appId,
    name,
    environment: "main",
    by: cloud.user,
    kind,
    isCalledFromEditor: false,
    file: factsOf([...cloud.app(appId).functions.values()].map((fn) => fn.spec)),
    inputs: [],
    stoppedAtMs: [],
  };
  apps.push(work);
  return work;
}
