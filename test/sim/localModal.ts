import { setTimeout as delay } from "node:timers/promises";
import { Faults } from "./admin/faults.ts";
import { Journal } from "./admin/journal.ts";
import { VirtualClock } from "./clock.ts";
import { ControlPlane } from "./control/controlPlane.ts";
import { EphemeralApps } from "./control/ephemeralApps.ts";
import { GrpcServer } from "./control/grpcServer.ts";
import { Driver } from "./driver.ts";
import { AdminServer } from "./admin/adminServer.ts";
import type { App } from "./model/entities.ts";
import { usdPerHour } from "./model/rates.ts";
import type { DeployRequest } from "./model/deployRequest.ts";
import { modalMs } from "./workload/laptop.ts";
import type { World } from "./worlds/world.ts";
import { defaultWorld } from "./worlds/worlds.ts";
import { WebServer } from "./web/webServer.ts";
import { Workspace, type Timing } from "./workspace.ts";

export interface LocalModalOptions {
  /** What Modal is like; default: the most likely world by what is known. */
  readonly world?: World;
  /** Virtual seconds per real second; 0 stops the time but for `clock.advance`. Default 1. */
  readonly speed?: number;
  /** Where virtual time starts; default: now, or what Modal's clock says now in a world where it is another. */
  readonly startMs?: number;
  /** Ports of the control plane, the web endpoints and the admin API; default: any free ones. */
  readonly port?: number;
  readonly webPort?: number;
  readonly adminPort?: number;
  readonly seed?: number;
  readonly workspace?: string;
  readonly environments?: readonly string[];
  readonly timing?: Partial<Timing>;
  /** Off: the bill is GPU time alone. Default on. */
  readonly billCpuAndMemory?: boolean;
  /** Real ms without a heartbeat after which an ephemeral app ends. Default 60 s. */
  readonly heartbeatTimeoutMs?: number;
}

/** Behaviour that tests switch while it runs. */
export interface Switches {
  /** A deploy that changes nothing is skipped, as newer servers may do. */
  skipUnchangedDeploys: boolean;
  /** A caller that goes away takes its call with it. */
  cancelOnDisconnect: boolean;
  /**
   * Answers name their call ("Modal-Function-Call-Id: fc-…"), as public programs that log Modal's
   * answers show; the log names it either way.
   */
  tellsCallId: boolean;
  /** Web requests per real second and workspace. */
  rateLimit: number;
  /** Only registered tokens are let in; otherwise an unknown token means the first workspace. */
  strictTokens: boolean;
}

/** A running Local Modal. */
export interface LocalModal {
  readonly serverUrl: string;
  readonly webUrl: string;
  readonly adminUrl: string;
  /** What a CLI or an SDK needs in its environment to talk to the first workspace. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: VirtualClock;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly switches: Switches;
  /** The first workspace. */
  readonly workspace: Workspace;
  readonly workspaces: ReadonlyMap<string, Workspace>;
  /** Another workspace; returns the environment variables of a token for it. */
  addWorkspace(
    name: string,
    environments?: readonly string[],
  ): { readonly workspace: Workspace; readonly env: Readonly<Record<string, string>> };
  /** A token of another member of the first workspace; what it deploys and stops bears that name. */
  addUser(user: string): Readonly<Record<string, string>>;
  /** Brings the clouds to the clock's now: after `clock.advance`, and around direct changes. */
  sync(): void;
  /** Lets virtual time pass at once. */
  advance(ms: number): void;
  /** An app that is deployed and already has this many warm containers, for benches and tests. */
  seedApp(request: DeployRequest, containers: number): App;
  /** Drops every connection; new ones are accepted. */
  dropConnections(): void;
  /** The control plane refuses connections until `restore`. */
  offline(): Promise<void>;
  restore(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Local Modal on loopback. */
export async function startLocalModal(options: LocalModalOptions = {}): Promise<LocalModal> {
  const world = options.world ?? defaultWorld;
  const clock = new VirtualClock(options.startMs ?? modalMs(world, Date.now()), options.speed ?? 1);
  const driver = new Driver(clock);
  const faults = new Faults();
  const journal = new Journal();
  const ephemeral = new EphemeralApps(options.heartbeatTimeoutMs ?? 60_000);
  const workspaces = new Map<string, Workspace>();
  const switches: Switches = {
    skipUnchangedDeploys: false,
    cancelOnDisconnect: false,
    tellsCallId: true,
    rateLimit: 200,
    strictTokens: false,
  };
  const create = (name: string, environments: readonly string[]): Workspace => {
    const workspace = new Workspace({
      name,
      environments,
      seed: (options.seed ?? 1) + workspaces.size * 7919,
      startMs: clock.nowMs(),
      world,
      rates: { usdPerHour, billCpuAndMemory: options.billCpuAndMemory ?? true },
    });
    workspace.timing = { ...workspace.timing, ...options.timing };
    workspace.tokens.set(`ak-${name}`, { secret: `as-${name}`, user: workspace.cloud.user });
    workspaces.set(name, workspace);
    driver.add(workspace.cloud);
    return workspace;
  };
  const first = create(options.workspace ?? "acme", options.environments ?? ["main", "staging"]);
  const web = new WebServer({
    driver,
    faults,
    journal,
    workspaces: () => workspaces.values(),
    rateLimit: () => switches.rateLimit,
    cancelOnDisconnect: () => switches.cancelOnDisconnect,
    tellsCallId: () => switches.tellsCallId,
  });
  const plane = new ControlPlane({
    driver,
    faults,
    journal,
    ephemeral,
    webBase: () => web.base,
    skipUnchangedDeploys: () => switches.skipUnchangedDeploys,
    workspaceOf: (id, secret) => {
      for (const workspace of workspaces.values()) {
        const known = workspace.tokens.get(id);
        if (known === undefined) continue;
        return known.secret === secret || !switches.strictTokens ? workspace : null;
      }
      return switches.strictTokens || id === "" ? null : first;
    },
  });
  let grpc = new GrpcServer(plane);
  const port = await grpc.listen(options.port ?? 0);
  await web.listen(options.webPort ?? 0);
  const serverUrl = `http://127.0.0.1:${port}`;
  const envOf = (workspace: Workspace): Readonly<Record<string, string>> => ({
    MODAL_SERVER_URL: serverUrl,
    MODAL_TOKEN_ID: `ak-${workspace.name}`,
    MODAL_TOKEN_SECRET: `as-${workspace.name}`,
  });
  const local: LocalModal = {
    serverUrl,
    webUrl: web.base,
    get adminUrl() {
      return admin.base;
    },
    env: envOf(first),
    clock,
    faults,
    journal,
    switches,
    workspace: first,
    workspaces,
    addWorkspace: (name, environments = ["main"]) => {
      const workspace = create(name, environments);
      return { workspace, env: envOf(workspace) };
    },
    addUser: (user) => {
      const id = `ak-${first.name}-${user}`;
      const secret = `as-${first.name}-${user}`;
      first.tokens.set(id, { secret, user });
      return { ...envOf(first), MODAL_TOKEN_ID: id, MODAL_TOKEN_SECRET: secret };
    },
    sync: () => driver.sync(),
    advance: (ms) => {
      clock.advance(ms);
      driver.sync();
    },
    seedApp: (request, containers) => {
      driver.sync();
      const { cloud } = first;
      const app = cloud.deploy(request);
      const fns = [...app.functions.values()];
      for (let index = 0; index < containers; index += 1) {
        const fn = fns[index % fns.length];
        if (fn !== undefined) cloud.startWarm(fn);
      }
      first.label(app);
      driver.sync();
      return app;
    },
    dropConnections: () => {
      grpc.dropConnections();
      web.dropConnections();
    },
    offline: async () => {
      await grpc.close();
    },
    restore: async () => {
      grpc = new GrpcServer(plane);
      await listenAgain(() => grpc.listen(port));
    },
    stop: async () => {
      driver.stop();
      ephemeral.stop();
      await Promise.all([grpc.close(), web.close(), admin.close()]);
    },
  };
  const admin = new AdminServer(local);
  await admin.listen(options.adminPort ?? 0);
  return local;
}

/** A port that was given up may be lent to a connection of another process for a moment. */
async function listenAgain(listen: () => Promise<number>): Promise<void> {
  for (let triesLeft = 100; ; triesLeft -= 1) {
    try {
      await listen();
      return;
    } catch (error) {
      const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      if (!isTaken || triesLeft === 0) throw error;
      await delay(100);
    }
  }
}
