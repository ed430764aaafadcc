import type { World } from "../worlds/world.ts";
import { draw, drawBetween } from "./draw.ts";
import type { Container, Fn, FunctionSpec, Input, InputState, Phase } from "./entities.ts";
import { newId, type Random } from "./random.ts";

/** Waiting for a GPU where the world has that, and the exit handlers after a stop. */
const LONGEST_GPU_QUEUE_MS = 300_000;
const LONGEST_GRACE_MS = 30_000;

/** What the fleet needs of the cloud around it. */
export interface FleetHost {
  readonly world: World;
  readonly random: Random;
  now(): number;
  schedule(atMs: number, run: () => void): void;
  /** The version that new containers run. */
  versionOf(appId: string): number;
  containerEnded(container: Container): void;
  phaseEntered(container: Container): void;
  /** Whether the function is still part of a running app. */
  isServed(fn: Fn): boolean;
}

/** The containers of all functions, and the rules by which Modal starts and ends them. */
export class Fleet {
  readonly containers = new Map<string, Container>();
  readonly inputs = new Map<string, Input>();
  readonly live = new Set<Container>();
  readonly #host: FleetHost;
  /** Until when each idle container is already being watched, so that it is watched once. */
  readonly #watched = new Map<Container, number>();

  constructor(host: FleetHost) {
    this.#host = host;
  }

  request(fn: Fn, durationMs: number): Input {
    const input: Input = {
      id: newId(this.#host.random, "in"),
      callId: newId(this.#host.random, "fc"),
      fn,
      durationMs: Math.max(0, Math.round(durationMs)),
      createdAtMs: this.#host.now(),
      startedAtMs: null,
      finishedAtMs: null,
      state: "queued",
      container: null,
      moves: 0,
      onSettled: [],
    };
    this.inputs.set(input.callId, input);
    fn.queue.push(input);
    this.balance(fn);
    return input;
  }

  /** Gives waiting inputs to containers, starts what is missing, and keeps the minimum alive. */
  balance(fn: Fn): void {
    if (!this.#host.isServed(fn)) return;
    const spec = scheduling(fn);
    while (fn.queue.length > 0) {
      const free = this.#free(fn, spec.concurrentInputs);
      const input = free === null ? undefined : fn.queue.shift();
      if (free === null || input === undefined) break;
      this.#begin(input, free);
    }
    const coming = [...fn.live].filter(
      (container) =>
        !container.draining && (container.state === "pending" || container.state === "starting"),
    ).length;
    const wanted = Math.ceil(fn.queue.length / spec.concurrentInputs);
    const busy = fn.queue.length > 0 || [...fn.live].some((c) => c.state === "busy");
    const buffer = busy ? spec.bufferContainers : 0;
    const serving = [...fn.live].filter((container) => !container.draining).length;
    const idle = [...fn.live].filter((c) => !c.draining && c.state === "idle").length;
    const missing = Math.max(
      wanted - coming,
      buffer - idle - Math.max(0, coming - wanted),
      spec.minContainers - serving,
    );
    for (let i = 0; i < missing; i += 1) {
      if (fn.live.size >= spec.maxContainers) break;
      this.start(fn);
    }
    for (const container of fn.live) if (container.state === "idle") this.#watchIdle(container);
  }

  /** A container that is up and idle at once. */
  startWarm(fn: Fn): Container {
    const container = this.#create(fn);
    container.bootedAtMs = this.#host.now();
    this.#becomeIdle(container);
    this.balance(fn);
    return container;
  }

  start(fn: Fn, sandbox: Container["sandbox"] = null): Container {
    const container = this.#create(fn, sandbox);
    this.#after(this.#queueMs(container), () => this.#boot(container));
    return container;
  }

  #create(fn: Fn, sandbox: Container["sandbox"] = null): Container {
    const now = this.#host.now();
    const container: Container = {
      id: newId(this.#host.random, "ta"),
      appId: fn.appId,
      fn,
      spec: fn.spec,
      version: this.#host.versionOf(fn.appId),
      gpu: fn.spec.gpu,
      sandbox,
      enqueuedAtMs: now,
      bootedAtMs: null,
      readyAtMs: null,
      finishedAtMs: null,
      state: "pending",
      draining: false,
      idleSinceMs: null,
      inputs: new Set(),
      phases: [],
      endReason: "",
    };
    this.#enter(container, "queue");
    this.containers.set(container.id, container);
    fn.live.add(container);
    this.live.add(container);
    return container;
  }

  /** Ends a container. Inputs that it runs go back to the queue, as Modal does. */
  end(container: Container, reason: Container["endReason"]): void {
    if (isOver(container)) return;
    const fn = container.fn;
    const orphans = [...container.inputs];
    container.inputs.clear();
    container.endReason = reason;
    container.idleSinceMs = null;
    fn.live.delete(container);
    this.#watched.delete(container);
    const graceMs = this.#graceMs(container);
    if (graceMs > 0) {
      container.state = "stopping";
      this.#enter(container, "grace");
    }
    this.#after(graceMs, () => {
      container.state = "ended";
      container.finishedAtMs = this.#host.now();
      this.live.delete(container);
    });
    for (const input of orphans.reverse()) {
      input.container = null;
      input.state = "queued";
      input.startedAtMs = null;
      input.moves += 1;
      fn.queue.unshift(input);
    }
    this.#host.containerEnded(container);
    if (this.#host.isServed(fn)) return;
    // Nothing will take them up again.
    for (const input of orphans) this.settle(input, "terminated");
  }

  /** Takes no new input; ends now when it runs none. */
  drain(container: Container, reason: Container["endReason"]): void {
    if (isOver(container)) return;
    container.draining = true;
    container.endReason = reason;
    if (container.inputs.size === 0) this.end(container, reason);
  }

  /** Ends an input that has not been answered, and frees its container. */
  settle(input: Input, state: Exclude<InputState, "queued" | "running">): void {
    if (input.state !== "queued" && input.state !== "running") return;
    const container = input.container;
    input.state = state;
    input.finishedAtMs = this.#host.now();
    const waiting = input.fn.queue.indexOf(input);
    if (waiting >= 0) input.fn.queue.splice(waiting, 1);
    if (container !== null && container.inputs.delete(input) && container.inputs.size === 0) {
      this.#becomeIdle(container);
    }
    for (const tell of input.onSettled.splice(0)) tell(input);
    this.balance(input.fn);
  }

  #boot(container: Container): void {
    if (container.state !== "pending") return;
    const { spec } = container;
    container.state = "starting";
    container.bootedAtMs = this.#host.now();
    this.#enter(container, "boot");
    if (spec.crashAfterMs !== null)
      this.#after(spec.crashAfterMs, () => this.end(container, "crashed"));
    this.#after(loadMs(container), () => {
      if (container.state !== "starting") return;
      if (container.sandbox !== null) return this.#beginSandbox(container);
      this.#becomeIdle(container);
      this.balance(container.fn);
    });
  }

  /** A sandbox works from its being ready to its end; nothing is sent to it. */
  #beginSandbox(container: Container): void {
    container.state = "busy";
    container.readyAtMs = this.#host.now();
    this.#enter(container, "busy");
  }

  #becomeIdle(container: Container): void {
    if (isOver(container)) return;
    container.state = "idle";
    container.idleSinceMs = this.#host.now();
    container.readyAtMs ??= this.#host.now();
    this.#enter(container, "idle");
    if (container.draining) {
      this.end(container, container.endReason);
      return;
    }
    this.#watchIdle(container);
  }

  #watchIdle(container: Container): void {
    const since = container.idleSinceMs;
    if (since === null) return;
    const due = Math.max(since + scheduling(container.fn).scaledownMs, this.#host.now());
    if (this.#watched.get(container) === due && due > this.#host.now()) return;
    this.#watched.set(container, due);
    const check = (): void => {
      if (this.#watched.get(container) === due) this.#watched.delete(container);
      if (container.state !== "idle" || container.idleSinceMs !== since) return;
      const spec = scheduling(container.fn);
      if (this.#host.now() < since + spec.scaledownMs) return;
      const serving = [...container.fn.live].filter((other) => !other.draining);
      if (serving.length <= spec.minContainers) return;
      const busy = serving.some((other) => other.state === "busy");
      const idle = serving.filter((other) => other.state === "idle").length;
      if (busy && idle <= spec.bufferContainers) return;
      this.end(container, "scaledown");
    };
    this.#host.schedule(due, check);
  }

  #begin(input: Input, container: Container): void {
    const now = this.#host.now();
    input.state = "running";
    input.container = container;
    input.startedAtMs = now;
    container.inputs.add(input);
    container.state = "busy";
    container.idleSinceMs = null;
    this.#enter(container, "busy");
    const move = input.moves;
    const timesOut = input.durationMs > container.fn.spec.timeoutMs;
    this.#after(timesOut ? container.fn.spec.timeoutMs : input.durationMs, () => {
      if (input.state !== "running" || input.moves !== move) return;
      this.settle(input, timesOut ? "timeout" : "success");
    });
  }

  #free(fn: Fn, concurrent: number): Container | null {
    let best: Container | null = null;
    for (const container of fn.live) {
      if (container.draining || container.inputs.size >= concurrent) continue;
      if (container.state === "busy") return container;
      if (container.state !== "idle") continue;
      // The one that was used last, so that the others can scale down.
      if (best === null || (container.idleSinceMs ?? 0) > (best.idleSinceMs ?? 0)) best = container;
    }
    return best;
  }

  #enter(container: Container, phase: Phase): void {
    const { spec } = container;
    const used =
      phase === "busy"
        ? { milliCpu: spec.usedMilliCpu, memoryMib: spec.usedMemoryMib }
        : { milliCpu: spec.idleUsedMilliCpu, memoryMib: spec.idleUsedMemoryMib };
    const milliCpu = Math.max(spec.milliCpu, used.milliCpu);
    const memoryMib = Math.max(spec.memoryMib, used.memoryMib);
    const last = container.phases.at(-1);
    if (last?.phase === phase && last.milliCpu === milliCpu && last.memoryMib === memoryMib) return;
    container.phases.push({ fromMs: this.#host.now(), phase, milliCpu, memoryMib });
    this.#host.phaseEntered(container);
  }

  /** Waiting for a machine and the image; where the world has it, also for a GPU that nobody has free. */
  #queueMs(container: Container): number {
    const waits = this.#host.world.gpuQueue === "minutes" && container.gpu !== null;
    const forGpuMs = waits ? drawBetween(container.id, "gpu-queue", 0, LONGEST_GPU_QUEUE_MS) : 0;
    return container.spec.queueMs + forGpuMs;
  }

  /** How long a container goes on after it was told to stop. One that has not booted, or has crashed, ends at once. */
  #graceMs(container: Container): number {
    if (this.#host.world.stopGrace === "none" || container.endReason === "crashed") return 0;
    if (container.bootedAtMs === null) return 0;
    return drawBetween(container.id, "grace", 1000, LONGEST_GRACE_MS);
  }

  #after(ms: number, run: () => void): void {
    if (ms <= 0) run();
    else this.#host.schedule(this.#host.now() + ms, run);
  }
}

/** Ended, or on its way there and of no use any more. */
export function isOver({ state }: Container): boolean {
  return state === "ended" || state === "stopping";
}

function loadMs({ id, spec }: Container): number {
  const { coldStartMs, slowestColdStartMs } = spec;
  const extraMs = Math.max(0, slowestColdStartMs - coldStartMs);
  return coldStartMs + Math.round(extraMs * draw(id, "load"));
}

/** What can be changed of a function without a deploy. */
export const SCHEDULING = [
  "minContainers",
  "maxContainers",
  "bufferContainers",
  "scaledownMs",
] as const;

export function scheduling(fn: Fn): FunctionSpec {
  return { ...fn.spec, ...fn.override };
}
