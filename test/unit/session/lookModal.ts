import { Failure } from "../../../src/base/failure.ts";
import type { Gpu } from "../../../src/cost/span.ts";
import type { LookTarget } from "../../../src/session/watch/look.ts";
import type {
  AppFunction,
  AppInfo,
  ContainerDetails,
  ContainerInfo,
} from "../../../src/session/modalControl.ts";
import type { SandboxInfo, SandboxListing, SandboxUse } from "../../../src/session/sandboxInfo.ts";

interface Life extends ContainerDetails {
  readonly appName: string;
}

/** A service in memory, behind the port, that counts what it is asked. */
export class LookModal implements LookTarget {
  readonly scopeKey: string;
  readonly apps: AppInfo[] = [];
  readonly lives = new Map<string, Life>();
  readonly functions = new Map<string, readonly AppFunction[]>();
  /** Ids of functions to those of the containers that ran their calls. */
  readonly calls = new Map<string, readonly string[]>();
  sandboxes: SandboxInfo[] = [];
  sandboxKinds: SandboxListing["kinds"] = "both";
  isCut = false;
  /** Ids of sandboxes to what they have used. */
  readonly uses = new Map<string, SandboxUse>();
  /** When apps were deployed. */
  readonly deploys = new Map<string, readonly number[]>();
  readonly asked: string[] = [];
  /** Thrown by the operation of that name while set. */
  readonly trouble = new Map<string, Failure>();
  /** Called by each listing of apps; its promise delays the answer. */
  onList: () => Promise<void> | void = () => undefined;
  adapter: "cli" | "sdk" = "sdk";

  constructor(scopeKey = "acme/main") {
    this.scopeKey = scopeKey;
  }

  get control(): LookTarget["control"] {
    return {
      adapter: this.adapter,
      listApps: async () => {
        this.#ask("listApps");
        const apps = [...this.apps];
        await this.onList();
        return apps;
      },
      listContainers: async () => {
        this.#ask("listContainers");
        return [...this.lives.values()].filter((life) => life.finishedAtMs === null).map(infoOf);
      },
      containerDetails: async (containerId) => {
        this.#ask("containerDetails");
        const life = this.lives.get(containerId);
        if (life === undefined) throw new Failure("not-found", "No such container.");
        const { appName: _appName, ...details } = life;
        return details;
      },
      functionContainers: async (functionId) => {
        this.#ask("functionContainers");
        return this.calls.get(functionId) ?? [];
      },
      listSandboxes: async () => {
        this.#ask("listSandboxes");
        if (this.adapter === "cli") throw new Failure("unsupported", "No such command.");
        return {
          kinds: this.sandboxKinds,
          sandboxes: this.sandboxes,
          ...(this.isCut ? { isCut: true } : {}),
        };
      },
      sandboxUse: async (sandboxId) => {
        this.#ask("sandboxUse");
        return this.uses.get(sandboxId) ?? null;
      },
      deployments: async (appId) => {
        this.#ask("deployments");
        const deploys = this.deploys.get(appId) ?? [];
        return deploys.map((deployedAtMs, index) => ({
          version: index + 1,
          deployedAtMs,
          deployedBy: null,
          tag: null,
        }));
      },
      appFunctions: async (appId) => {
        this.#ask("appFunctions");
        return this.functions.get(appId) ?? [];
      },
    };
  }

  count(operation: string): number {
    return this.asked.filter((name) => name === operation).length;
  }

  start(containerId: string, startedAtMs: number | null, gpu: Gpu | null = null): void {
    this.lives.set(containerId, {
      containerId,
      appId: "ap-1",
      appName: "flux",
      enqueuedAtMs: startedAtMs ?? 1000,
      startedAtMs,
      finishedAtMs: null,
      gpu,
      isSandbox: false,
    });
  }

  finish(containerId: string, finishedAtMs: number): void {
    const life = this.lives.get(containerId);
    if (life !== undefined) this.lives.set(containerId, { ...life, finishedAtMs });
  }

  #ask(operation: string): void {
    this.asked.push(operation);
    const failure = this.trouble.get(operation);
    if (failure !== undefined) throw failure;
  }
}

function infoOf(life: Life): ContainerInfo {
  const { containerId, appId, appName, startedAtMs, enqueuedAtMs } = life;
  return { containerId, appId, appName, startedAtMs, enqueuedAtMs };
}
