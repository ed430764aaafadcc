import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/systemClock.ts";
import { httpProbe } from "../../../src/endpoints/call/httpProbe.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import type { CliCommand } from "../../../src/modal/cli/command.ts";
import { CliDeployer } from "../../../src/modal/deploy/deployer.ts";
import type { Ledger } from "../../../src/session/ledgerPort.ts";
import { appAuthors } from "../../../src/session/appAuthors.ts";
import { liveApps } from "../../../src/session/liveApp.ts";
import { modesOf } from "../../../src/session/mode.ts";
import { Look } from "../../../src/session/watch/look.ts";
import type { ModalControl } from "../../../src/session/modalControl.ts";
import type { StopReceipt } from "../../../src/session/receipt.ts";
import type { Refresh } from "../../../src/session/refresh.ts";
import type { StartOptions, StartRequest } from "../../../src/session/start/start.ts";
import type { StartParts } from "../../../src/session/start/startSession.ts";
import { stopApps, type StopOptions } from "../../../src/session/stop/stopApps.ts";
import { planStop, type StopPlan, type StopWhat } from "../../../src/session/stop/stopPlan.ts";
import { meteredWorld } from "../../meteredWorld.ts";
import { startLocalModal, type LocalModal, type LocalModalOptions } from "../../sim/localModal.ts";
import { isolatedEnv, keeperProgram, KeptLog, testControl } from "../modal/controlAdapters.ts";

const sampleFolder = join(import.meta.dirname, "../../sample");
const scope = { workspace: "acme", environment: "main" };

type WindowParts = Omit<StartParts, "control" | "ledger"> & {
  readonly control: ModalControl;
  readonly ledger: Ledger;
};

/** One window: its own connection to Modal, and its own handle on the shared ledger. */
export class Window {
  readonly log = new KeptLog();
  readonly ledger: Ledger;
  readonly control: ModalControl;
  readonly refresh: Refresh;
  readonly parts: WindowParts;
  #receipts = 0;
  readonly #id: string;

  private constructor(id: string, ledger: Ledger, control: ModalControl, parts: WindowParts) {
    this.#id = id;
    this.ledger = ledger;
    this.control = control;
    this.refresh = parts.refresh;
    this.parts = parts;
  }

  static async open(
    id: string,
    file: string,
    local: LocalModal,
    cli: CliCommand | null,
    mode: "sdk" | "cli",
  ): Promise<Window> {
    const { ledger } = await openLedger(file);
    const log = new KeptLog();
    const control = testControl({ mode, cli, env: local.env, log });
    const look = new Look({ ledger, clock: systemClock });
    const refresh: Refresh = (options) => look.take({ control, scopeKey: "acme/main" }, options);
    const deployer = new CliDeployer({
      cli: cli ?? { command: "modal", prefixArgs: [], origin: "path", version: null },
      processEnv: isolatedEnv(local.env),
      choice: { profile: null, environment: null },
      environment: async () => "main",
      keeper: keeperProgram,
      clock: systemClock,
      log,
    });
    const probe = httpProbe({ clock: systemClock, proxyToken: async () => undefined });
    const productionModes = ["prod"];
    const clock = systemClock;
    const { pid } = process;
    const parts = { control, refresh, ledger, clock, log, pid, deployer, probe, productionModes };
    return new Window(id, ledger, control, parts);
  }

  async plan(what: StopWhat = { kind: "all" }): Promise<StopPlan> {
    const listing = await this.refresh();
    return planStop(
      {
        scope,
        listing,
        sessions: this.ledger.sessions({ scope: listing.scope }),
        folders: [sampleFolder],
        targets: [],
        username: "you",
        authors: await appAuthors(this.control, liveApps(listing), this.log),
        productionModes: ["prod"],
      },
      what,
    );
  }

  async stop(plan: StopPlan, options: Partial<StopOptions> = {}): Promise<StopReceipt> {
    this.#receipts += 1;
    const receiptId = `${this.#id}-${this.#receipts}`;
    return stopApps(this.parts, plan, { receiptId, by: "person", ...options });
  }

  request(some: Partial<StartRequest> = {}): StartRequest {
    return {
      sessionId: `${this.#id}-session`,
      scope,
      folder: sampleFolder,
      username: "you",
      mode: modesOf({}).named("dev"),
      how: "deploy",
      targets: [
        {
          target: {
            file: join(sampleFolder, "inference_app.py"),
            module: null,
            variable: null,
            name: null,
            nameInFile: "inference",
            environment: null,
            folder: sampleFolder,
          },
          healthUrl: null,
          warmUpUrl: null,
        },
      ],
      ...some,
    };
  }
}

/** Answers every question of a start with "go on". */
export const goOn: StartOptions = {
  ask: {
    alreadyRunning: async () => ({ kind: "start-anyway" }),
    confirmMode: async () => true,
  },
  onEvent: () => undefined,
};

/** Local Modal, a ledger file, and as many windows as a test wants. */
export class SessionWorld {
  readonly local: LocalModal;
  readonly #folder: string;
  readonly #windows: Window[] = [];

  private constructor(local: LocalModal, folder: string) {
    this.local = local;
    this.#folder = folder;
  }

  static async start(options: LocalModalOptions = {}): Promise<SessionWorld> {
    const folder = await mkdtemp(join(tmpdir(), "modal-meter-session-"));
    const timing = { queueMs: 0, gpuColdStartMs: 50, cpuColdStartMs: 50 };
    return new SessionWorld(
      await startLocalModal({ world: meteredWorld, speed: 1, timing, ...options }),
      folder,
    );
  }

  async window(cli: CliCommand | null = null, mode: "sdk" | "cli" = "sdk"): Promise<Window> {
    const file = join(this.#folder, "ledger.sqlite");
    const id = `w${this.#windows.length + 1}`;
    const window = await Window.open(id, file, this.local, cli, mode);
    this.#windows.push(window);
    return window;
  }

  /** Names of the apps that are not stopped. */
  get live(): readonly string[] {
    this.local.sync();
    return this.local.workspace.cloud
      .listApps()
      .filter(({ state }) => state !== "stopped")
      .map(({ description }) => description)
      .toSorted();
  }

  async end(): Promise<void> {
    for (const window of this.#windows) window.ledger.dispose();
    await this.local.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
