import { momentsOf, pick } from "./traffic.ts";
import type { Plan } from "./workApp.ts";

const MINUTE_MS = 60_000;
const GIB = 1024;
const PER_DAY = 8;

/** Sandboxes of an app that has no functions, as agents and notebooks start them. */
export function planSandboxes(plan: Plan): void {
  const { cloud } = plan;
  const random = plan.randomFor("sandboxes");
  const app = cloud.deploy({ name: "sandboxes", functions: [] });
  plan.apps.push({
    appId: app.id,
    name: "sandboxes",
    environment: "main",
    by: cloud.user,
    kind: "deployed",
    isCalledFromEditor: false,
    file: [],
    inputs: [],
    stoppedAtMs: [],
  });
  for (const atMs of momentsOf(random, PER_DAY, plan)) {
    const hasGpu = random.next() < 0.3;
    const isOfSecondKind = random.next() < 0.5;
    const request = {
      appId: app.id,
      gpu: hasGpu ? { type: pick(random, ["T4", "A10", "L40S"]), count: 1 } : null,
      milliCpu: pick(random, [125, 1000, 4000]),
      memoryMib: pick(random, [128, 2 * GIB, 8 * GIB]),
      timeoutMs: random.between(1, 40) * MINUTE_MS,
      isUntimed: cloud.world.sandboxes === "both-kinds" && isOfSecondKind && !hasGpu,
    };
    cloud.schedule(atMs, () => cloud.sandboxes.create(request));
  }
}
