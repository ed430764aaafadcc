import { Failure } from "../../../src/base/failure.ts";
import { delay, type Clock } from "../../../src/base/clock.ts";
import type { Gpu } from "../../../src/cost/span.ts";
import type { Listing } from "../../../src/session/ledgerPort.ts";
import type {
  AppDeployment,
  AppFunction,
  AppState,
  FunctionScaling,
  ModalControl,
  ScaleSettings,
} from "../../../src/session/modalControl.ts";
import type { SandboxSight } from "../../../src/session/sandboxInfo.ts";
import type { Refresh } from "../../../src/session/refresh.ts";

export interface PortApp {
  readonly appId: string;
  readonly name: string;
  state: AppState;
  containers: string[];
  createdAtMs: number;
  stoppedAtMs: number | null;
  history: AppDeployment[];
  functions: string[];
  /** Idle windows of functions whose file fixes one, in seconds. */
  fixedWindows: Record<string, number>;
  /** What was put in force since, in seconds. */
  putWindows: Record<string, number>;
  minContainers: number;
  /** What its last deploy gave to functions whose file follows the mode; null: Modal's own. */
  deployedWindow: number | null;
  gpu: Gpu | null;
}

type Used = Pick<
  ModalControl,
  | "stopApp"
  | "stopSandbox"
  | "stopContainer"
  | "rollover"
  | "deployments"
  | "scale"
  | "listFunctions"
  | "appFunctions"
  | "functionScaling"
>;

/** Modal's port in memory: apps that a test puts there, and hooks where a test makes trouble. */
export class PortModal implements Used {
  readonly scope = "acme/main";
  readonly apps = new Map<string, PortApp>();
  readonly stops: string[] = [];
  /** Sandboxes that run, by id. */
  readonly sandboxes = new Map<string, { readonly name: string; readonly appId: string }>();
  sandboxKinds: SandboxSight["kinds"] = "both";
  onStopSandbox: (sandboxId: string) => void = (sandboxId) => void this.sandboxes.delete(sandboxId);
  readonly scales: { readonly functionName: string; readonly settings: ScaleSettings }[] = [];
  /** false: what autoscalers have in force cannot be read. */
  canReadScaling = true;
  looks = 0;
  /** Called first by each operation; a throw is its answer. */
  onStop: (app: PortApp, time: number) => Promise<void> | void = () => undefined;
  onLook: (look: number) => Promise<void> | void = () => undefined;
  onScale: (functionName: string, settings: ScaleSettings) => Promise<void> | void = () =>
    undefined;
  onRollover: (app: PortApp) => Promise<void> | void = () => undefined;
  onStopContainer: (containerId: string, graceful: boolean) => Promise<void> | void = () =>
    undefined;
  /** What a stop makes of an app; the default stops it at once. */
  stopping: (app: PortApp) => void = (app) => this.end(app);
  readonly #clock: Clock;
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(name: string, some: Partial<PortApp> = {}): PortApp {
    const appId = some.appId ?? `ap-${String((this.#ids += 1)).padStart(22, "0")}`;
    const app: PortApp = {
      name,
      state: "deployed",
      containers: [],
      createdAtMs: this.#clock.nowMs(),
      stoppedAtMs: null,
      history: [],
      functions: ["web"],
      fixedWindows: {},
      putWindows: {},
      minContainers: 0,
      deployedWindow: null,
      gpu: { type: "L40S", count: 1 },
      ...some,
      appId,
    };
    this.apps.set(appId, app);
    return app;
  }

  end(app: PortApp): void {
    app.state = "stopped";
    app.containers = [];
    app.stoppedAtMs = this.#clock.nowMs();
  }

  get live(): readonly PortApp[] {
    return [...this.apps.values()].filter((app) => app.state !== "stopped");
  }

  readonly refresh: Refresh = async (options) => {
    this.looks += 1;
    const observedAtMs = this.#clock.nowMs();
    await this.onLook(this.looks);
    options?.signal?.throwIfAborted();
    return this.listing(observedAtMs);
  };

  listing(observedAtMs = this.#clock.nowMs()): Listing {
    const apps = [...this.apps.values()];
    return {
      scope: this.scope,
      era: 0,
      observedAtMs,
      adapter: "sdk",
      sandboxes: {
        kinds: this.sandboxKinds,
        listedAtMs: this.sandboxKinds === "none" ? null : observedAtMs,
        sandboxes: [...this.sandboxes].map(([sandboxId, { name, appId }]) => ({
          sandboxId,
          appId,
          name,
          containerId: sandboxId,
          isListedAlone: true,
          createdAtMs: 0,
          endsByMs: null,
        })),
      },
      apps: apps.map((app) => ({ ...app, containerCount: app.containers.length })),
      containers: [
        ...apps.flatMap((app) =>
          app.containers.map((containerId) => ({
            containerId,
            appId: app.appId,
            appName: app.name,
            enqueuedAtMs: app.createdAtMs,
            startedAtMs: app.createdAtMs,
            finishedAtMs: null,
            gpu: app.gpu,
            gpuSource: "container" as const,
            cpuCores: 0.125,
            memoryGib: 1,
          })),
        ),
        ...[...this.sandboxes].map(([containerId, { appId }]) => ({
          containerId,
          appId,
          appName: this.apps.get(appId)?.name ?? appId,
          enqueuedAtMs: 0,
          startedAtMs: 0,
          finishedAtMs: null,
          gpu: null,
          gpuSource: "container" as const,
          cpuCores: null,
          memoryGib: null,
        })),
      ],
      ended: [],
    };
  }

  async stopApp(appId: string): Promise<"stopped" | "already-stopped"> {
    this.stops.push(appId);
    const app = this.#app(appId);
    await this.onStop(app, this.stops.filter((id) => id === appId).length);
    if (app.state === "stopped") return "already-stopped";
    this.stopping(app);
    return "stopped";
  }

  async stopSandbox(sandboxId: string): Promise<"stopped" | "already-stopped"> {
    this.stops.push(sandboxId);
    if (!this.sandboxes.has(sandboxId)) return "already-stopped";
    this.onStopSandbox(sandboxId);
    return "stopped";
  }

  async stopContainer(
    containerId: string,
    options?: { readonly graceful?: boolean },
  ): Promise<"stopped" | "already-stopped"> {
    await this.onStopContainer(containerId, options?.graceful === true);
    for (const app of this.apps.values())
      if (app.containers.includes(containerId)) {
        app.containers = app.containers.filter((id) => id !== containerId);
        return "stopped";
      }
    return "already-stopped";
  }

  async rollover(appId: string): Promise<void> {
    const app = this.#app(appId);
    await this.onRollover(app);
    app.containers = [];
  }

  async deployments(appId: string): Promise<readonly AppDeployment[]> {
    return [...this.#app(appId).history];
  }

  async scale(
    { appName, functionName }: { readonly appName: string; readonly functionName: string },
    settings: ScaleSettings,
  ): Promise<void> {
    const app = this.live.find(({ name }) => name === appName);
    if (app === undefined) throw notFound(appName);
    await this.onScale(functionName, settings);
    this.scales.push({ functionName, settings });
    const { scaledownWindowSeconds: seconds } = settings;
    if (seconds !== undefined) app.putWindows[functionName] = seconds;
  }

  async appFunctions(appId: string): Promise<readonly AppFunction[]> {
    return this.#app(appId).functions.map((name) => ({
      functionId: `${appId}/${name}`,
      name,
      gpus: [],
    }));
  }

  async functionScaling(functionId: string): Promise<FunctionScaling> {
    const [appId = "", name = ""] = functionId.split("/");
    if (!this.canReadScaling) throw new Failure("unsupported", "No such command.");
    const { fixedWindows, putWindows, minContainers, deployedWindow } = this.#app(appId);
    const own = fixedWindows[name] ?? deployedWindow;
    return {
      scaledownSeconds: putWindows[name] ?? own ?? 60,
      ownScaledownSeconds: own,
      minContainers,
    };
  }

  async listFunctions(appId: string): Promise<readonly string[]> {
    return this.#app(appId).functions;
  }

  /** A promise that the clock resolves. */
  later(delayMs: number): Promise<void> {
    return delay(this.#clock, delayMs);
  }

  #app(appId: string): PortApp {
    const app = this.apps.get(appId);
    if (app === undefined) throw notFound(appId);
    return app;
  }
}

export function deployedBy(name: string, version = 1, deployedAtMs = 0): AppDeployment {
  return { version, deployedAtMs, deployedBy: name, tag: null };
}

function notFound(what: string): Failure {
  return new Failure("not-found", `App '${what}' not found`);
}
