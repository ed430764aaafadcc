import type { Container, FunctionSpec } from "./entities.ts";
import { isOver, type Fleet } from "./fleet.ts";
import { functionSpec } from "./functionSpec.ts";
import { newFunction } from "./publish.ts";
import { newId, type Random } from "./random.ts";
import type { GpuSpec } from "./rates.ts";
import type { Timeline } from "./timeline.ts";

/** What a sandbox is asked for with. */
interface SandboxRequest {
  readonly appId: string;
  readonly name?: string;
  readonly gpu?: GpuSpec | null;
  readonly milliCpu?: number;
  readonly memoryMib?: number;
  /** It ends by itself after this much virtual time. */
  readonly timeoutMs?: number;
  readonly queueMs?: number;
  readonly bootMs?: number;
  /** A v2 sandbox, which since 1.6 a CPU sandbox may be: it is not a task, and reports no times. */
  readonly isUntimed?: boolean;
  /** So long after it was made, Modal tells of no task of it. */
  readonly taskAfterMs?: number;
}

/** A sandbox: a container that runs until it is terminated, at three times the CPU and memory rates. */
export interface Sandbox {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly timeoutMs: number;
  readonly isUntimed: boolean;
  readonly container: Container;
}

interface Parts {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly fleet: Fleet;
  /** A function as it is in this world. */
  readonly dressed: (appId: string, spec: FunctionSpec) => FunctionSpec;
}

/** All sandboxes of a workspace, those that have ended too. */
export class Sandboxes {
  readonly #parts: Parts;
  readonly #sandboxes = new Map<string, Sandbox>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get(id: string): Sandbox | undefined {
    return this.#sandboxes.get(id);
  }

  /** In the order in which they were created. */
  all(): readonly Sandbox[] {
    return [...this.#sandboxes.values()];
  }

  /** A sandbox of an app; it runs until it is terminated, its time is over, or its app is stopped. */
  create(request: SandboxRequest): Sandbox {
    const { random, timeline, fleet } = this.#parts;
    const asked = functionSpec({
      name: request.name ?? "sandbox",
      gpu: request.gpu ?? null,
      milliCpu: request.milliCpu ?? 125,
      memoryMib: request.memoryMib ?? 128,
      queueMs: request.queueMs ?? 500,
      coldStartMs: request.bootMs ?? 1000,
    });
    const isUntimed = request.isUntimed ?? false;
    const taskAfterMs = isUntimed ? Number.POSITIVE_INFINITY : (request.taskAfterMs ?? 0);
    const taskFromMs = timeline.nowMs + taskAfterMs;
    // v2 sandboxes have ids of another form.
    const id = isUntimed ? `${newId(random, "sb")}02` : newId(random, "sb");
    // A function of its own, which no deploy knows and nobody can call.
    const spec = { ...this.#parts.dressed(request.appId, asked), nonpreemptible: false };
    const fn = newFunction("", request.appId, spec);
    const sandbox: Sandbox = {
      id,
      appId: request.appId,
      name: request.name ?? "",
      createdAtMs: timeline.nowMs,
      timeoutMs: request.timeoutMs ?? 300_000,
      isUntimed,
      container: fleet.start(fn, { id, isUntimed, taskFromMs }),
    };
    this.#sandboxes.set(id, sandbox);
    timeline.schedule(timeline.nowMs + sandbox.timeoutMs, () => this.terminate(id));
    return sandbox;
  }

  /** Ends a sandbox. Returns false when it had ended before. Throws on an id that never was. */
  terminate(id: string): boolean {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) throw new RangeError(`Sandbox '${id}' not found`);
    if (isOver(sandbox.container)) return false;
    this.#parts.fleet.end(sandbox.container, "stopped");
    return true;
  }
}
