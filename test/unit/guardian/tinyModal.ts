import { delay } from "../../../src/base/clock.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { Failure } from "../../../src/base/failure.ts";
import { scopeKey } from "../../../src/session/scope.ts";
import type { Scope } from "../../../src/session/scope.ts";
import type { AppInfo, ContainerInfo, ModalControl } from "../../../src/session/modalControl.ts";

interface TinyApp {
  readonly appId: string;
  readonly name: string;
  readonly createdAtMs: number;
  containers: number;
  stoppedAtMs: number | null;
}

/** The outside world: a few apps that can be seen and stopped, with every stop counted. */
export class TinyModal {
  readonly scope: Scope;
  readonly #clock: Clock;
  readonly #apps: TinyApp[] = [];
  offline = false;
  /** How long each answer takes, in milliseconds. */
  slowMs = 0;
  looks = 0;
  /** Asked for the environments, it never answers. */
  isMuteOfEnvironments = false;
  /** Called when a process wants to stop an app, before anything is sent. */
  onStop = (): void => undefined;
  #killIn = Number.POSITIVE_INFINITY;
  #kill = (): void => undefined;
  /** Stops that reached an app that ran. */
  readonly stopped: string[] = [];
  /** Stops that reached an app that a stop had reached already. One that ended on its own may have done so just before. */
  readonly stoppedTwice: string[] = [];

  constructor(clock: Clock, scope: Scope = { workspace: "you", environment: "main" }) {
    this.#clock = clock;
    this.scope = scope;
  }

  start(name: string, containers = 1): string {
    const number = String(this.#apps.length).padStart(8, "0");
    const appId = `ap-${scopeKey(this.scope).replace(/\W/g, "").padStart(14, "0")}${number}`;
    this.#apps.push({
      appId,
      name,
      createdAtMs: this.#clock.nowMs(),
      containers,
      stoppedAtMs: null,
    });
    return appId;
  }

  /** Calls `kill` at the given request from now on: at odd numbers before Modal does what it asks, at even ones after it. */
  killAtRequest(halves: number, kill: () => void): void {
    this.#killIn = halves;
    this.#kill = kill;
  }

  #mayKill(): void {
    this.#killIn -= 1;
    if (this.#killIn === 0) this.#kill();
  }

  get running(): readonly string[] {
    return this.#apps.filter(({ stoppedAtMs }) => stoppedAtMs === null).map(({ appId }) => appId);
  }

  /** Apps with a container: they cost money now. */
  get costing(): readonly string[] {
    return this.#apps.filter(({ containers }) => containers > 0).map(({ appId }) => appId);
  }

  scaleTo(appId: string, containers: number): void {
    for (const app of this.#apps) if (app.appId === appId) app.containers = containers;
  }

  /** Stopped by somebody else, or by the person in a window. */
  end(appId: string): void {
    const app = this.#apps.find((candidate) => candidate.appId === appId);
    if (app === undefined || app.stoppedAtMs !== null) return;
    app.stoppedAtMs = this.#clock.nowMs();
    app.containers = 0;
  }

  /** The control plane as one process sees it; `alive` false: its answers never arrive. */
  control(alive: () => boolean = () => true): ModalControl {
    const answer = async <T>(value: () => T): Promise<T> => {
      if (!alive()) return new Promise(() => undefined);
      if (this.slowMs > 0) await delay(this.#clock, this.slowMs);
      if (this.offline) throw new Failure("offline", "No network.");
      this.#mayKill();
      const result = value();
      this.#mayKill();
      await Promise.resolve();
      return alive() ? result : new Promise(() => undefined);
    };
    const unsupported = (): Promise<never> =>
      Promise.reject(new Failure("unsupported", "Not in this little world."));
    return {
      adapter: "sdk",
      whoami: () => answer(() => ({ scope: this.scope, username: "you" })),
      listApps: () => answer(() => this.#list()),
      listContainers: () => answer(() => this.#containers()),
      stopApp: (appId) => {
        if (alive()) this.onStop();
        return answer(() => this.#stop(appId));
      },
      deployments: () => answer(() => []),
      listEnvironments: () =>
        this.isMuteOfEnvironments ? new Promise(() => undefined) : unsupported(),
      containerDetails: unsupported,
      appFunctions: unsupported,
      functionScaling: unsupported,
      functionContainers: unsupported,
      listSandboxes: unsupported,
      sandboxUse: unsupported,
      stopSandbox: unsupported,
      containerStats: unsupported,
      functionTerms: unsupported,
      stopContainer: unsupported,
      rollover: unsupported,
      fetchLogs: unsupported,
      followLogs: () => {
        throw new Failure("unsupported", "Not in this little world.");
      },
      rates: unsupported,
      billingReport: unsupported,
      billingSummary: unsupported,
      scale: unsupported,
      listFunctions: unsupported,
    };
  }

  #list(): readonly AppInfo[] {
    this.looks += 1;
    return this.#apps.map((app) => ({
      appId: app.appId,
      name: app.name,
      state: app.stoppedAtMs === null ? "deployed" : "stopped",
      containerCount: app.containers,
      createdAtMs: app.createdAtMs,
      stoppedAtMs: app.stoppedAtMs,
    }));
  }

  #containers(): readonly ContainerInfo[] {
    return this.#apps.flatMap((app) =>
      Array.from({ length: app.containers }, (_, index) => ({
        containerId: `ta-${app.appId.slice(3)}-${index}`,
        appId: app.appId,
        appName: app.name,
        startedAtMs: app.createdAtMs,
        enqueuedAtMs: app.createdAtMs,
      })),
    );
  }

  #stop(appId: string): "stopped" | "already-stopped" {
    const app = this.#apps.find((candidate) => candidate.appId === appId);
    if (app === undefined) throw new Failure("not-found", `App '${appId}' not found`);
    if (app.stoppedAtMs !== null) {
      if (this.stopped.includes(appId)) this.stoppedTwice.push(appId);
      return "already-stopped";
    }
    this.stopped.push(appId);
    this.end(appId);
    return "stopped";
  }
}
