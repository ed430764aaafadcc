import type { FunctionRequest } from "../model/functionSpec.ts";
import type { Random } from "../model/random.ts";
import type { App, FunctionSpec, Input } from "../model/entities.ts";
import { costLine, costOf } from "../web/costHeaders.ts";
import { isAsleep } from "./laptop.ts";
import { burstsOfCalls, momentsOf, pick } from "./traffic.ts";
import { factsOf, type FileFacts, type Plan, type WorkApp } from "./workApp.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
const GPUS = ["T4", "L4", "A10", "L40S", "A100-40GB", "A100-80GB", "H100", "H200", "B200"] as const;
/** Accidents and changes per app and day; of short stretches some have none. */
const PER_DAY = { deploy: 2, crash: 1, stop: 1, scale: 2 };

/** A deployed app: called, deployed again, crashed, scaled, stopped and started again now and then. */
export function planApp(plan: Plan, name: string): void {
  const { cloud, sleeps } = plan;
  const random = plan.randomFor(`${name}, its life`);
  const isTeam = cloud.world.people === "team" && random.next() < 0.5;
  const by = isTeam ? pick(random, ["ana", "bo"]) : cloud.user;
  const environment = isTeam && random.next() < 0.4 ? "staging" : "main";
  const isCalledFromEditor = !isTeam && random.next() < 0.5;
  const functions = functionsOf(plan, name);
  const isAtDesk = (): boolean => isTeam || !isAsleep(sleeps, cloud.nowMs);
  const deploy = (): App => cloud.deploy({ name, environment, functions, by });
  const begin = (): WorkApp => {
    const app = deploy();
    const work: WorkApp = {
      appId: app.id,
      name,
      environment,
      by,
      kind: "deployed",
      isCalledFromEditor,
      file: isTeam ? [] : fileOf(plan, app),
      inputs: [],
      stoppedAtMs: [],
    };
    plan.apps.push(work);
    return work;
  };
  let work = begin();
  const app = (): App => cloud.app(work.appId);
  const isUp = (): boolean => app().state === "deployed";

  for (const one of functions) {
    const traffic = plan.randomFor(`calls of ${one.name}`);
    for (const atMs of burstsOfCalls(traffic, plan)) {
      const durationMs = traffic.between(500, 90_000);
      cloud.schedule(atMs, () => {
        // Nobody calls from a laptop that sleeps; teammates and scripts go on.
        if (isUp() && (!isCalledFromEditor || isAtDesk())) call(plan, work, one.name, durationMs);
      });
    }
  }
  const often = (what: keyof typeof PER_DAY, run: (moment: Random) => void): void => {
    const moments = plan.randomFor(`${what} of ${name}`);
    for (const atMs of momentsOf(moments, PER_DAY[what], plan))
      cloud.schedule(atMs, () => run(moments));
  };
  often("deploy", () => {
    if (isUp() && isAtDesk()) deploy();
  });
  often("crash", () => {
    const [container] = cloud.listContainers({ appId: work.appId });
    if (container !== undefined) cloud.stopContainer(container.id, { reason: "crashed" });
  });
  if (cloud.world.autoscaler === "set-live")
    often("scale", (moment) => {
      const fns = [...app().functions.values()];
      const fn = fns[moment.between(0, fns.length - 1)];
      if (fn === undefined || !isUp()) return;
      const isKept = moment.next() < 0.3;
      const scaledownMs = pick(moment, [2, 30, 600]) * SECOND_MS;
      cloud.scale(fn.id, { minContainers: isKept ? 1 : 0, scaledownMs });
    });
  often("stop", (moment) => {
    if (!isUp() || !isAtDesk()) return;
    cloud.stopApp(work.appId, by);
    if (!isTeam) work.stoppedAtMs.push(cloud.nowMs);
    const startAgain = (): void => {
      if (!isAtDesk()) cloud.schedule(cloud.nowMs + HOUR_MS, startAgain);
      else if (!isUp()) work = begin();
    };
    cloud.schedule(cloud.nowMs + moment.between(30, 16 * 60) * 60 * SECOND_MS, startAgain);
  });
}

/** One call; its cost line comes into the log, as the app's own cost tracker writes it. */
export function call(
  { cloud }: Plan,
  work: WorkApp,
  functionName: string,
  durationMs: number,
): Input {
  const input = cloud.request({ appId: work.appId, functionName, durationMs });
  work.inputs.push(input);
  cloud.whenSettled(input, () => {
    if (input.state !== "success") return;
    cloud.log(work.appId, { input, text: costLine(costOf(input, cloud.rates)) });
  });
  return input;
}

function functionsOf(plan: Plan, name: string): readonly FunctionRequest[] {
  const { cloud } = plan;
  const random = plan.randomFor(`functions of ${name}`);
  const count = cloud.world.functionsPerApp === "one" ? 1 : random.between(2, 3);
  return Array.from({ length: count }, (_, index) =>
    functionOf(plan, index === 0 ? name : `${name}-${index + 1}`),
  );
}

function functionOf({ cloud, randomFor }: Plan, name: string): FunctionRequest {
  const random = randomFor(`function ${name}`);
  const isCpuOnly = random.next() < 0.1;
  // What nothing is asked for is what real apps use more of.
  const asksForNothing = cloud.world.use !== "within-request";
  const asked = {
    milliCpu: pick(random, [125, 1000, 2000, 8000]),
    memoryMib: pick(random, [128, 4096, 16_384, 32_768]),
  };
  const milliCpu = asksForNothing ? 125 : asked.milliCpu;
  const memoryMib = asksForNothing ? 128 : asked.memoryMib;
  const coldStartMs = random.between(5, 240) * SECOND_MS;
  return {
    name,
    gpu: isCpuOnly ? null : { type: pick(random, GPUS), count: pick(random, [1, 1, 1, 2]) },
    milliCpu,
    memoryMib,
    usedMilliCpu: Math.round(milliCpu * random.next()),
    usedMemoryMib: Math.round(memoryMib * random.next()),
    scaledownMs: pick(random, [60, 120, 120, 300, 600]) * SECOND_MS,
    minContainers: random.next() < 0.1 ? 1 : 0,
    concurrentInputs: pick(random, [1, 1, 4]),
    queueMs: random.between(500, 20_000),
    coldStartMs,
    slowestColdStartMs: Math.round(coldStartMs * (1 + random.next() / 2)),
    prints: true,
  };
}

/** What the app's file says: what is deployed, or what it will be after the next deploy. */
function fileOf({ cloud, randomFor }: Plan, app: App): readonly FileFacts[] {
  const random = randomFor(`file of ${app.name}`);
  const specs = [...app.functions.values()].map((fn) => fn.spec);
  if (cloud.world.appFile === "as-deployed") return factsOf(specs);
  return factsOf(
    specs.map((spec): FunctionSpec => {
      const gpu = spec.gpu === null ? null : { ...spec.gpu, type: pick(random, GPUS) };
      return {
        ...spec,
        gpu,
        scaledownMs: 240_000,
        memoryMib: spec.memoryMib * 4,
        minContainers: 0,
      };
    }),
  );
}
