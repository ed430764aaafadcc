import type { World } from "../worlds/world.ts";
import { defaultWorld } from "../worlds/worlds.ts";
import { billOf, type BillRow } from "./bill.ts";
import type { DeployRequest, PublishRequest } from "./deployRequest.ts";
import { dressed } from "./dress.ts";
import {
  isDeployed,
  type App,
  type AppStateName,
  type Container,
  type Fn,
  type FunctionSpec,
  type Input,
  type LogEntry,
} from "./entities.ts";
import { Fleet, isOver, SCHEDULING, scheduling } from "./fleet.ts";
import { functionSpec } from "./functionSpec.ts";
import { LogBook, type LogRequest } from "./logBook.ts";
import { pricesIn, type PriceList } from "./priceList.ts";
import { publish } from "./publish.ts";
import { newId, Random } from "./random.ts";
import { usdPerHour, type RateCard } from "./rates.ts";
import { reckon, type BillRange, type CostPart } from "./reckoning.ts";
import { Sandboxes } from "./sandboxes.ts";
import { Timeline } from "./timeline.ts";

export interface CloudOptions {
  /** What Modal is like; default: the most likely world by what is known. */
  readonly world?: World;
  readonly seed?: number;
  readonly startMs?: number;
  readonly rates?: RateCard;
  /** Who deploys and stops when nobody is named. */
  readonly user?: string;
}

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
  readonly sandboxes: Sandboxes;
  readonly fleet: Fleet;
  readonly seed: number;
  readonly random: Random;
  readonly user: string;
  /** How long a stop takes: until then the app is "stopping" and its containers run and cost. */
  stopMs = 0;
  readonly prices: PriceList;
  readonly #timeline: Timeline;
  readonly #logs: LogBook;

  constructor(options: CloudOptions = {}) {
    this.world = options.world ?? defaultWorld;
    this.#timeline = new Timeline(options.startMs ?? 0);
    this.#logs = new LogBook(this.#timeline);
    this.seed = options.seed ?? 1;
    this.random = new Random(this.seed);
    const card = options.rates ?? { usdPerHour, billCpuAndMemory: true };
    this.prices = pricesIn(this.world, card, this.nowMs);
    this.user = options.user ?? "you";
    this.fleet = new Fleet({
      world: this.world,
      random: this.random,
      now: () => this.nowMs,
      schedule: (atMs, run) => this.schedule(atMs, run),
      versionOf: (appId) => this.apps.get(appId)?.deployments.at(-1)?.version ?? 0,
      // Not inside the loop that ended it: that loop may be walking the same set.
      containerEnded: ({ fn }) => this.schedule(this.nowMs, () => this.fleet.balance(fn)),
      phaseEntered: (container) => this.#logs.writeOfItself(this.app(container.appId), container),
      isServed: (fn) => {
        const app = this.apps.get(fn.appId);
        return app !== undefined && app.state !== "stopped" && app.functions.has(fn.id);
      },
    });
    this.sandboxes = new Sandboxes({
      random: this.random,
      timeline: this.#timeline,
      fleet: this.fleet,
      dressed: (appId, spec) => this.#dressed(this.app(appId), spec),
    });
  }

  get nowMs(): number {
    return this.#timeline.nowMs;
  }

  /** The prices in force now. */
  get rates(): RateCard {
    return this.prices.at(this.nowMs).card;
  }

  /** When something will happen by itself; null when nothing will. */
  nextEventMs(): number | null {
    return this.#timeline.nextEventMs();
  }

  /** Runs `run` when virtual time reaches `atMs`. */
  schedule(atMs: number, run: () => void): void {
    this.#timeline.schedule(atMs, run);
  }

  /** Lets time pass, in order, up to `ms`. Time never goes back. */
  advanceTo(ms: number): void {
    this.#timeline.advanceTo(ms);
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
      createdAtMs: this.nowMs,
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
    publish(app, request, {
      functions: this.functions,
      fleet: this.fleet,
      nowMs: this.nowMs,
      user: this.user,
      dressed: (spec) => this.#dressed(app, spec),
    });
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
      this.schedule(this.nowMs + this.stopMs, () => {
        // A deploy in the meantime has taken the app back into service.
        if (app.state === "stopping") this.#endApp(app);
      });
    }
    return true;
  }

  #endApp(app: App): void {
    const appId = app.id;
    app.state = "stopped";
    app.stoppedAtMs = this.nowMs;
    const ended = this.listContainers({ appId });
    for (const container of ended) this.fleet.end(container, "app-stopped");
    const functions = new Set([...app.functions.values(), ...ended.map((one) => one.fn)]);
    for (const fn of functions)
      for (const input of fn.queue.splice(0)) this.fleet.settle(input, "terminated");
    this.#logs.tell(appId);
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
        (app.stoppedAtMs === null || this.nowMs - app.stoppedAtMs < STOPPED_LISTED_MS),
    );
  }

  /** How many containers Modal counts for the app, pending ones included. */
  runningTasks(app: App): number {
    let count = 0;
    for (const container of this.fleet.live)
      if (container.appId === app.id && (container.sandbox?.taskFromMs ?? 0) <= this.nowMs)
        count += 1;
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
  scale(functionId: string, change: Fn["override"], by: string = this.user): FunctionSpec {
    const fn = this.functions.get(functionId);
    if (fn === undefined) throw new RangeError(`Function '${functionId}' not found`);
    fn.override = { ...fn.override, ...change };
    for (const key of SCHEDULING)
      if (change[key] !== undefined) fn.overriddenBy.set(key, { by, atMs: this.nowMs });
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

  // Money

  /** The exact bill at its finest: per container, phase, hour and price. */
  costs(range: BillRange = {}): CostPart[] {
    return [...this.fleet.containers.values()].flatMap((container) =>
      reckon(container, this.world, this.prices, this.nowMs, range),
    );
  }

  bill(options: BillRange & { readonly byAppHour?: boolean } = {}): BillRow[] {
    return billOf(this.costs(options), options);
  }

  // Logs

  log(appId: string, request: LogRequest): LogEntry {
    return this.#logs.write(this.app(appId), request);
  }

  /** Calls back whenever an app's log or its being done changes. Returns how to end it. */
  onLog(listener: (appId: string) => void): () => void {
    return this.#logs.listen(listener);
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

  #dressed(app: App, spec: FunctionSpec): FunctionSpec {
    const name = `${this.seed} ${app.description} ${spec.name}`;
    return dressed(spec, this.world, this.rates, name);
  }
}
