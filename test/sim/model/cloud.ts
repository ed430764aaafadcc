import type { World } from "../worlds/world.ts";
import { defaultWorld } from "../worlds/worlds.ts";
import { dressed } from "./dress.ts";
import { billOf, type BillRow } from "./bill.ts";
import type {
  App,
  AppStateName,
  Container,
  Fn,
  FunctionSpec,
  Input,
  LogEntry,
} from "./entities.ts";
import { drawBetween } from "./draw.ts";
import { EventQueue } from "./eventQueue.ts";
import { functionSpec, type FunctionRequest } from "./functionSpec.ts";
import { Fleet, isOver, scheduling } from "./fleet.ts";
import { newId, Random } from "./random.ts";
import { PriceList } from "./priceList.ts";
import type { Sandbox, SandboxRequest } from "./sandbox.ts";
import { usdPerHour, type RateCard } from "./rates.ts";
import { reckon, type BillRange, type CostPart } from "./reckoning.ts";

export interface CloudOptions {
  /** What Modal is like; default: the most likely world by what is known. */
  readonly world?: World;
  readonly seed?: number;
  readonly startMs?: number;
  readonly rates?: RateCard;
  /** Who deploys and stops when nobody is named. */
  readonly user?: string;
}

export interface DeployRequest {
  readonly name: string;
  readonly environment?: string;
  readonly functions: readonly FunctionRequest[];
  readonly by?: string;
  readonly tag?: string;
  /** "recreate" ends the containers of the version before at once. */
  readonly strategy?: "rolling" | "recreate";
}

export interface PublishRequest {
  readonly state: AppStateName;
  readonly name?: string;
  readonly by?: string;
  readonly tag?: string;
  readonly clientVersion?: string;
  readonly rollbackVersion?: number;
  readonly commit?: {
    readonly hash: string;
    readonly branch: string;
    readonly dirty: boolean;
  } | null;
  readonly functions: ReadonlyMap<string, FunctionSpec>;
  readonly classIds?: ReadonlyMap<string, string>;
}

export interface LogRequest {
  readonly text: string;
  readonly source?: 1 | 2 | 3;
  readonly input?: Input;
  readonly container?: Container;
}

/** Where the world has changing prices: when after the beginning, and to how much of what they were. */
const PRICES_STAY_MS = 60 * 3_600_000;
const CHANGED_PRICE_PERCENT = 112;

/** Stopped apps stay in the listing this long. */
const STOPPED_LISTED_MS = 2 * 3_600_000;

/**
 * One workspace of Modal in virtual time: apps, containers, inputs, logs and the exact bill. It does
 * no IO and knows no wall clock; time passes only in `advanceTo`.
 */
export class Cloud {
  readonly world: World;
  readonly apps = new Map<string, App>();
  readonly functions = new Map<string, Fn>();
  readonly sandboxes = new Map<string, Sandbox>();
  readonly fleet: Fleet;
  readonly random: Random;
  readonly user: string;
  /** How long a stop takes: until then the app is "stopping" and its containers run and cost. */
  stopMs = 0;
  readonly prices: PriceList;
  readonly #events = new EventQueue();
  readonly #logWaiters = new Set<(appId: string) => void>();
  readonly #seed: number;
  #nowMs: number;
  #sequence = 0;

  constructor(options: CloudOptions = {}) {
    this.world = options.world ?? defaultWorld;
    this.#nowMs = Math.floor(options.startMs ?? 0);
    this.#seed = options.seed ?? 1;
    this.random = new Random(this.#seed);
    this.prices = new PriceList(options.rates ?? { usdPerHour, billCpuAndMemory: true });
    if (this.world.prices === "changing")
      this.prices.change(this.#nowMs + PRICES_STAY_MS, CHANGED_PRICE_PERCENT);
    this.user = options.user ?? "you";
    this.fleet = new Fleet({
      world: this.world,
      random: this.random,
      now: () => this.#nowMs,
      schedule: (atMs, run) => this.schedule(atMs, run),
      versionOf: (appId) => this.apps.get(appId)?.deployments.at(-1)?.version ?? 0,
      containerEnded: (container) => this.#refill(container),
      phaseEntered: (container) => this.#print(container),
      isServed: (fn) => {
        const app = this.apps.get(fn.appId);
        return app !== undefined && app.state !== "stopped" && app.functions.has(fn.id);
      },
    });
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The prices in force now. */
  get rates(): RateCard {
    return this.prices.at(this.#nowMs).card;
  }

  /** When something will happen by itself; null when nothing will. */
  nextEventMs(): number | null {
    return this.#events.nextMs();
  }

  /** Runs `run` when virtual time reaches `atMs`. */
  schedule(atMs: number, run: () => void): void {
    this.#events.add(Math.max(Math.ceil(atMs), this.#nowMs), run);
  }

  /** Lets time pass, in order, up to `ms`. Time never goes back. */
  advanceTo(ms: number): void {
    const target = Math.floor(ms);
    for (;;) {
      const next = this.#events.nextMs();
      if (next === null || next > target) break;
      const event = this.#events.take();
      if (event === null) break;
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      event.run();
    }
    this.#nowMs = Math.max(this.#nowMs, target);
  }

  // Apps

  createApp(request: {
    readonly description: string;
    readonly environment?: string;
    readonly state: AppStateName;
    readonly by?: string;
    readonly id?: string;
  }): App {
    const app: App = {
      id: request.id ?? newId(this.random, "ap"),
      name: "",
      description: request.description,
      environment: request.environment ?? "main",
      state: request.state,
      createdAtMs: this.#nowMs,
      createdBy: request.by ?? this.user,
      stoppedAtMs: null,
      stoppedBy: "",
      deployments: [],
      functions: new Map(),
      classIds: new Map(),
      logs: [],
      refusesToStop: false,
    };
    this.apps.set(app.id, app);
    return app;
  }

  /** Deploys, or redeploys the app of that name: the state that `modal deploy` leaves behind. */
  deploy(request: DeployRequest): App {
    const environment = request.environment ?? "main";
    const app =
      this.deployedApp(request.name, environment) ??
      this.createApp({
        description: request.name,
        environment,
        state: "initializing",
        ...(request.by === undefined ? {} : { by: request.by }),
      });
    const functions = new Map<string, FunctionSpec>();
    for (const one of request.functions) {
      const known = [...app.functions.values()].find((fn) => fn.spec.name === one.name);
      functions.set(known?.id ?? newId(this.random, "fu"), functionSpec(one));
    }
    const before = this.listContainers({ appId: app.id });
    this.publish(app, {
      state: "deployed",
      name: request.name,
      functions,
      ...(request.by === undefined ? {} : { by: request.by }),
      ...(request.tag === undefined ? {} : { tag: request.tag }),
    });
    if (request.strategy === "recreate")
      for (const container of before) this.stopContainer(container.id);
    return app;
  }

  /** A new version of the app goes live; containers of the old one finish what they run. */
  publish(app: App, request: PublishRequest): void {
    if (request.name !== undefined) {
      app.name = request.name;
      app.description = request.name;
    }
    for (const [id, asked] of request.functions) {
      const spec = this.#dressed(app, asked);
      const known = app.functions.get(id);
      if (known === undefined) {
        const fn: Fn = { id, appId: app.id, spec, override: {}, queue: [], live: new Set() };
        app.functions.set(id, fn);
        this.functions.set(id, fn);
      } else {
        known.spec = spec;
        known.override = {};
      }
    }
    app.state = request.state;
    app.classIds = request.classIds ?? app.classIds;
    if (request.state === "deployed") {
      app.deployments.push({
        version: app.deployments.length + 1,
        deployedAtMs: this.#nowMs,
        deployedBy: request.by ?? this.user,
        clientVersion: request.clientVersion ?? "",
        tag: request.tag ?? "",
        rollbackVersion: request.rollbackVersion ?? 0,
        commit: request.commit ?? null,
        functions: request.functions,
        classIds: app.classIds,
      });
    }
    for (const fn of app.functions.values()) {
      for (const container of fn.live) this.fleet.drain(container, "replaced");
      if (!request.functions.has(fn.id)) {
        app.functions.delete(fn.id);
        for (const input of fn.queue.splice(0)) this.fleet.settle(input, "terminated");
      } else this.fleet.balance(fn);
    }
  }

  /** The deployment again, with new containers. */
  rollover(app: App, by?: string): void {
    const last = app.deployments.at(-1);
    if (last === undefined) return;
    this.#republish(app, last, { rollbackVersion: 0, by });
  }

  /** An earlier version again. Returns false when there is none. */
  rollback(app: App, version: number, by?: string): boolean {
    const wanted = version < 0 ? app.deployments.length - 1 : version;
    const earlier = app.deployments.find((one) => one.version === wanted);
    if (earlier === undefined) return false;
    this.#republish(app, earlier, { rollbackVersion: earlier.version, by });
    return true;
  }

  /** Ends the app and all it runs. Returns false when it was stopped before. */
  stopApp(appId: string, by: string = this.user): boolean {
    const app = this.app(appId);
    if (app.state === "stopped") return false;
    if (app.refusesToStop) {
      app.state = "stopping";
      return true;
    }
    app.stoppedBy = by;
    if (this.stopMs === 0) this.#endApp(app);
    else if (app.state !== "stopping") {
      app.state = "stopping";
      this.schedule(this.#nowMs + this.stopMs, () => {
        // A deploy in the meantime has taken the app back into service.
        if (app.state === "stopping") this.#endApp(app);
      });
    }
    return true;
  }

  #endApp(app: App): void {
    const appId = app.id;
    app.state = "stopped";
    app.stoppedAtMs = this.#nowMs;
    const ended = this.listContainers({ appId });
    for (const container of ended) this.fleet.end(container, "app-stopped");
    const functions = new Set([...app.functions.values(), ...ended.map((one) => one.fn)]);
    for (const fn of functions)
      for (const input of fn.queue.splice(0)) this.fleet.settle(input, "terminated");
    this.#tellLogs(appId);
  }

  app(appId: string): App {
    const app = this.apps.get(appId);
    if (app === undefined) throw new RangeError(`App '${appId}' not found`);
    return app;
  }

  deployedApp(name: string, environment = "main"): App | null {
    for (const app of this.apps.values())
      if (app.name === name && app.environment === environment && isDeployed(app)) return app;
    return null;
  }

  /** Running apps, and those stopped in the last two hours. All environments when none is named. */
  listApps(environment?: string): App[] {
    return [...this.apps.values()].filter(
      (app) =>
        (environment === undefined || app.environment === environment) &&
        (app.stoppedAtMs === null || this.#nowMs - app.stoppedAtMs < STOPPED_LISTED_MS),
    );
  }

  /** How many containers Modal counts for the app, pending ones included. */
  runningTasks(app: App): number {
    let count = 0;
    for (const container of this.fleet.live)
      if (container.appId === app.id && container.sandbox?.isUntimed !== true) count += 1;
    return count;
  }

  // Functions and inputs

  functionOf(appId: string, functionName: string): Fn {
    for (const fn of this.app(appId).functions.values())
      if (fn.spec.name === functionName) return fn;
    throw new RangeError(`App '${appId}' has no function '${functionName}'`);
  }

  /** A call reaches a function: it waits for a container, or starts one. */
  request(request: {
    readonly appId: string;
    readonly functionName: string;
    readonly durationMs: number;
    readonly onSettled?: (input: Input) => void;
  }): Input {
    const fn = this.functionOf(request.appId, request.functionName);
    const input = this.fleet.request(fn, request.durationMs);
    if (request.onSettled !== undefined) this.whenSettled(input, request.onSettled);
    return input;
  }

  /** Calls back when the input is answered or given up; at once when it is already. */
  whenSettled(input: Input, tell: (input: Input) => void): void {
    if (input.state === "queued" || input.state === "running") input.onSettled.push(tell);
    else tell(input);
  }

  /** Changes scheduling without a deploy, as `update_autoscaler` does. */
  scale(functionId: string, change: Fn["override"]): FunctionSpec {
    const fn = this.functions.get(functionId);
    if (fn === undefined) throw new RangeError(`Function '${functionId}' not found`);
    fn.override = { ...fn.override, ...change };
    this.fleet.balance(fn);
    return scheduling(fn);
  }

  // Containers

  listContainers(
    filter: { readonly environment?: string; readonly appId?: string } = {},
  ): Container[] {
    return [...this.fleet.live].filter(
      (container) =>
        (filter.appId === undefined || container.appId === filter.appId) &&
        (filter.environment === undefined ||
          this.app(container.appId).environment === filter.environment),
    );
  }

  /** A container, live or ended; null when there never was one of that id. */
  containerInfo(containerId: string): Container | null {
    return this.fleet.containers.get(containerId) ?? null;
  }

  /** A container that is up at once, without waiting and without a cold start. */
  startWarm(fn: Fn): Container {
    return this.fleet.startWarm(fn);
  }

  /** Ends a container; what it ran starts again elsewhere, unless `graceful` lets it finish. */
  stopContainer(
    containerId: string,
    options: { readonly graceful?: boolean; readonly reason?: "stopped" | "crashed" } = {},
  ): boolean {
    const container = this.containerInfo(containerId);
    if (container === null || isOver(container)) return false;
    const reason = options.reason ?? "stopped";
    if (options.graceful === true) this.fleet.drain(container, reason);
    else this.fleet.end(container, reason);
    return true;
  }

  // Sandboxes

  /** A sandbox of an app; it runs until it is terminated, its time is over, or its app is stopped. */
  createSandbox(request: SandboxRequest): Sandbox {
    const spec = this.#dressed(
      this.app(request.appId),
      functionSpec({
        name: request.name ?? "sandbox",
        gpu: request.gpu ?? null,
        milliCpu: request.milliCpu ?? 125,
        memoryMib: request.memoryMib ?? 128,
        queueMs: request.queueMs ?? 500,
        coldStartMs: request.bootMs ?? 1000,
      }),
    );
    const isUntimed = request.isUntimed ?? false;
    const id = isUntimed ? `sb-${newId(this.random, "sb").slice(3)}02` : newId(this.random, "sb");
    // A function of its own, which no deploy knows and nobody can call.
    const fn: Fn = {
      id: "",
      appId: request.appId,
      spec: { ...spec, nonpreemptible: false },
      override: {},
      queue: [],
      live: new Set(),
    };
    const sandbox: Sandbox = {
      id,
      appId: request.appId,
      name: request.name ?? "",
      createdAtMs: this.#nowMs,
      timeoutMs: request.timeoutMs ?? 300_000,
      isUntimed,
      container: this.fleet.start(fn, { id, isUntimed }),
    };
    this.sandboxes.set(id, sandbox);
    this.schedule(this.#nowMs + sandbox.timeoutMs, () => this.terminateSandbox(id));
    return sandbox;
  }

  /** Ends a sandbox. Returns false when it had ended before. Throws on an id that never was. */
  terminateSandbox(id: string): boolean {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) throw new RangeError(`Sandbox '${id}' not found`);
    return this.stopContainer(sandbox.container.id);
  }

  // Money

  /** The exact bill at its finest: per container, phase, hour and price. */
  costs(range: BillRange & { readonly environment?: string } = {}): CostPart[] {
    const parts: CostPart[] = [];
    for (const container of this.fleet.containers.values()) {
      const { environment } = range;
      if (environment !== undefined && this.app(container.appId).environment !== environment)
        continue;
      parts.push(...reckon(container, this.world, this.prices, this.#nowMs, range));
    }
    return parts;
  }

  bill(options: BillRange & { readonly byAppHour?: boolean } = {}): BillRow[] {
    return billOf(this.costs(options), options);
  }

  // Logs

  log(appId: string, request: LogRequest): LogEntry {
    const app = this.app(appId);
    this.#sequence += 1;
    const container = request.container ?? request.input?.container ?? null;
    const entry: LogEntry = {
      sequence: this.#sequence,
      entryId: `${this.#nowMs}-${this.#sequence}`,
      atMs: this.#nowMs,
      source: request.source ?? 1,
      text: request.text,
      functionId: request.input?.fn.id ?? container?.fn.id ?? "",
      containerId: container?.id ?? "",
      callId: request.input?.callId ?? "",
      inputId: request.input?.id ?? "",
    };
    app.logs.push(entry);
    this.#tellLogs(appId);
    return entry;
  }

  /** Calls back whenever an app's log or its being done changes. Returns how to end it. */
  onLog(listener: (appId: string) => void): () => void {
    this.#logWaiters.add(listener);
    return () => this.#logWaiters.delete(listener);
  }

  #tellLogs(appId: string): void {
    for (const listener of this.#logWaiters) listener(appId);
  }

  #republish(
    app: App,
    from: App["deployments"][number],
    with_: { readonly rollbackVersion: number; readonly by: string | undefined },
  ): void {
    this.publish(app, {
      state: "deployed",
      functions: from.functions,
      classIds: from.classIds,
      clientVersion: from.clientVersion,
      tag: from.tag,
      commit: from.commit,
      rollbackVersion: with_.rollbackVersion,
      ...(with_.by === undefined ? {} : { by: with_.by }),
    });
  }

  /** What an app says by itself: that it loads, a while after its boot began, and that it is ready. */
  #print(container: Container): void {
    if (!container.fn.spec.prints) return;
    if (container.state === "starting") {
      this.schedule(this.#nowMs + drawBetween(container.id, "first line", 500, 4000), () => {
        if (container.state !== "starting") return;
        this.log(container.appId, { container, text: "Loading the model\n" });
      });
    } else if (container.state === "idle" && container.readyAtMs === this.#nowMs)
      this.log(container.appId, { container, text: "Ready\n" });
  }

  #dressed(app: App, spec: FunctionSpec): FunctionSpec {
    const name = `${this.#seed} ${app.description} ${spec.name}`;
    return dressed(spec, this.world, this.rates, name);
  }

  #refill(container: Container): void {
    // Not inside the loop that ended it: that loop may be walking the same set.
    this.schedule(this.#nowMs, () => this.fleet.balance(container.fn));
  }
}

export function isDeployed(app: App): boolean {
  return app.state === "deployed" || (app.state === "stopping" && app.deployments.length > 0);
}
