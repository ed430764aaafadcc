import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { build } from "esbuild";
import type { Suite } from "mocha";
import * as z from "zod/mini";
import { slimSdk } from "../../../scripts/slimSdk.ts";
import { systemClock } from "../../../src/base/systemClock.ts";
import { pidAlive } from "../../../src/guardian/pidAlive.ts";
import type { GuardianTimings } from "../../../src/guardian/timings.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import type { Ledger } from "../../../src/session/ledgerPort.ts";
import { until } from "../../host/until.ts";
import { skip } from "../../skip.ts";
import { meteredWorld } from "../../meteredWorld.ts";
import { startLocalModal } from "../../sim/localModal.ts";
import type { LocalModal } from "../../sim/localModal.ts";

const root = join(import.meta.dirname, "../../..");
/** Of this process alone: test files run side by side. */
const bundleFolder = mkdtempSync(join(tmpdir(), "guardian-bundle-"));
process.once("exit", () => rmSync(bundleFolder, { recursive: true, force: true }));
const windowFile = join(bundleFolder, "window.cjs");
const writerFile = join(bundleFolder, "writer.cjs");

/** The two files that the extension ships for the guardian, and a window, built from the sources as they are now. */
export async function buildGuardian(): Promise<readonly string[]> {
  const bundles = [
    { entry: "src/guardian/main.ts", outfile: join(bundleFolder, "guardian.cjs") },
    { entry: "src/modal/sdk/entry.ts", outfile: join(bundleFolder, "sdk.cjs") },
    { entry: "src/ledger/patient/writerThread.ts", outfile: writerFile },
    { entry: "test/integration/guardian/guardianWindow.ts", outfile: windowFile },
  ];
  for (const { entry, outfile } of bundles)
    await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile,
      bundle: true,
      minify: true,
      legalComments: "none",
      platform: "node",
      target: "node22",
      format: "cjs",
      logLevel: "error",
      plugins: [slimSdk(root)],
    });
  return bundles.slice(0, 2).map(({ outfile }) => outfile);
}

/** Waits in tenths of seconds where people wait in minutes. */
export const quickTimings: GuardianTimings = {
  tickMs: 100,
  aloneTickMs: 250,
  beatMs: 200,
  silentMs: 5_000,
  graceMs: 1_500,
  lookMs: 4_000,
  meterMs: 1_000,
  confirmMs: 300,
  leaseMs: 6_000,
  lifetimeMs: 600_000,
};

const message = z.union([
  z.object({ kind: z.literal("open"), windowId: z.string() }),
  z.object({
    kind: z.literal("polled"),
    rows: z.number(),
    written: z.number(),
    guardian: z.string(),
    trouble: z.nullable(z.string()),
    apps: z.number(),
    told: z.array(z.string()),
  }),
  z.object({ kind: z.literal("stopped"), verified: z.string(), receiptId: z.string() }),
  z.object({ kind: z.literal("measured"), blockMs: z.number(), bugs: z.array(z.string()) }),
  z.object({ kind: z.literal("bug"), text: z.string() }),
  z.object({ kind: z.literal("closed"), tookMs: z.number() }),
]);

/** One window as the test sees it. */
export class DeskWindow {
  readonly process: ChildProcess;
  windowId = "";
  /** How often it has looked and written. */
  polls = 0;
  /** Rows that the window says are in the ledger. */
  rows = 0;
  trouble: string | null = null;
  /** Scopes of which it told what a guardian had begun or could not show. */
  readonly told: string[] = [];
  /** How many apps it shows. */
  apps = 0;
  stopped: { readonly verified: string; readonly receiptId: string } | undefined;
  measured: { readonly blockMs: number; readonly bugs: readonly string[] } | undefined;
  closeMs: number | undefined;
  readonly environment: string | null;
  #gone = false;

  constructor(process: ChildProcess, environment: string | null) {
    this.process = process;
    this.environment = environment;
    process.on("exit", () => (this.#gone = true));
    process.on("message", (raw) => {
      const parsed = z.parse(message, raw);
      if (parsed.kind === "open") this.windowId = parsed.windowId;
      if (parsed.kind === "polled") {
        this.polls = parsed.rows;
        this.rows = Math.max(this.rows, parsed.written);
        this.trouble = parsed.trouble;
        this.apps = parsed.apps;
        this.told.push(...parsed.told);
      }
      if (parsed.kind === "stopped") this.stopped = parsed;
      if (parsed.kind === "measured") this.measured = parsed;
      if (parsed.kind === "bug") throw new Error(parsed.text);
      if (parsed.kind === "closed") this.closeMs = parsed.tookMs;
    });
  }

  get isGone(): boolean {
    return this.#gone;
  }

  async close(): Promise<void> {
    this.process.send("close");
    await until("the window is closed", () => this.#gone);
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await until("the window is dead", () => this.#gone);
  }
}

/** A moment of a request: before Modal does what it asks, or after it and before the answer. */
export interface KillPoint {
  readonly rpc: "AppList" | "AppStop";
  readonly when: "before" | "after";
  /** So many such requests go through before. */
  readonly skip?: number;
}

export interface DeskOptions {
  readonly onClose?: "remind" | "stop" | "release" | "off";
  readonly stopAfterMinutes?: number;
  readonly timings?: Partial<GuardianTimings>;
  /** The windows' language: the texts of its bundle file. */
  readonly texts?: { readonly language: string; readonly bundle: Readonly<Record<string, string>> };
  /** Where `notify-send` is looked for first; by default a stand-in that the test answers. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Answers like libnotify 0.8: prints its id, waits for a button as long as the test wants. */
const standIn = `#!/bin/sh
case "$1" in
  --help) echo "--action --print-id"; exit 0;;
esac
asks=no
for argument in "$@"; do case "$argument" in --action=*) asks=yes;; esac; done
title=""; for argument in "$@"; do title="$body"; body="$argument"; done
if [ $asks = no ]; then printf '%s|%s\n' "$title" "$body" >> "$DESK/notices"; exit 0; fi
printf '%s|%s\n' "$title" "$body" >> "$DESK/reminders"
echo 1
trap 'echo 1 >> "$DESK/closed"; exit 0' INT TERM
while [ ! -e "$DESK/answer" ]; do [ -d "$DESK" ] || exit 1; sleep 0.05; done
cat "$DESK/answer"
`;

/**
 * A person's machine: windows and the guardian as real processes, a real ledger file, Local Modal,
 * and (unless the environment brings a desktop) a stand-in for `notify-send`.
 */
export class GuardianDesk {
  readonly folder: string;
  readonly modal: LocalModal;
  readonly ledger: Ledger;
  readonly windows: DeskWindow[] = [];
  readonly all: DeskWindow[] = [];
  readonly #bundleFiles: readonly string[];
  readonly #options: DeskOptions;

  private constructor(
    folder: string,
    modal: LocalModal,
    ledger: Ledger,
    bundleFiles: readonly string[],
    options: DeskOptions,
  ) {
    this.folder = folder;
    this.modal = modal;
    this.ledger = ledger;
    this.#bundleFiles = bundleFiles;
    this.#options = options;
  }

  static async open(bundles: readonly string[], options: DeskOptions = {}): Promise<GuardianDesk> {
    const folder = mkdtempSync(join(tmpdir(), "guardian-desk-"));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "notify-send"), standIn);
    chmodSync(join(folder, "bin", "notify-send"), 0o755);
    const { ledger } = await openLedger(join(folder, "ledger.db"));
    return new GuardianDesk(
      folder,
      await startLocalModal({ world: meteredWorld }),
      ledger,
      bundles,
      options,
    );
  }

  /** An app with warm GPU containers that stay. */
  startApp(name: string, containers = 1, environment = "main"): string {
    const fn = { name: "web", gpu: { type: "L40S", count: 1 }, scaledownMs: 3_600_000 };
    return this.modal.seedApp({ name, environment, functions: [fn] }, containers).id;
  }

  get runningApps(): readonly string[] {
    return [...this.modal.workspace.cloud.apps.values()]
      .filter(({ state }) => state === "deployed")
      .map(({ id }) => id);
  }

  /** Stops that reached Modal, by app. */
  get stops(): readonly string[] {
    return this.modal.journal.entries({ name: "AppStop" }).map(({ appId }) => appId);
  }

  /** A window of the default environment, or of another one. */
  async openWindow(environment: string | null = null): Promise<DeskWindow> {
    const { onClose = "remind", stopAfterMinutes = 0, timings, texts, env = {} } = this.#options;
    const textsFile = join(this.folder, "bundle.l10n.json");
    if (texts !== undefined) writeFileSync(textsFile, JSON.stringify(texts.bundle));
    const options = {
      bundleFiles: this.#bundleFiles,
      writer: writerFile,
      storageFolder: join(this.folder, "storage"),
      ledgerFile: join(this.folder, "ledger.db"),
      onClose,
      stopAfterMinutes,
      environment,
      texts: texts === undefined ? null : { language: texts.language, file: textsFile },
      timings: { ...quickTimings, ...timings },
    };
    const child = fork(windowFile, [JSON.stringify(options)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: {
        PATH: `${join(this.folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
        HOME: this.folder,
        DESK: this.folder,
        ...env,
        ...this.modal.env,
      },
    });
    const window = new DeskWindow(child, environment);
    this.windows.push(window);
    this.all.push(window);
    await until("the window has looked at Modal", () => window.polls > 0 || window.isGone);
    if (window.isGone) throw new Error("The window ended at once.");
    return window;
  }

  async close(window: DeskWindow): Promise<void> {
    this.windows.splice(this.windows.indexOf(window), 1);
    await window.close();
  }

  async kill(window: DeskWindow): Promise<void> {
    this.windows.splice(this.windows.indexOf(window), 1);
    await window.kill();
  }

  /** Guardians of this desk, as the system's process table shows them (Linux). */
  get guardianPids(): readonly number[] {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => Number.isInteger(pid))
      .filter((pid) => {
        try {
          const [, script = "", file = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split(
            "\0",
          );
          return script.endsWith("guardian.cjs") && file.startsWith(this.folder);
        } catch {
          return false;
        }
      });
  }

  /** The guardian that has the lease. */
  get leasePid(): number | undefined {
    return this.ledger.leaseHolder("guardian", systemClock.nowMs())?.pid;
  }

  /** Kills at this moment of a request of Modal's, of whatever process it is. */
  async killedAt(
    { rpc, when, skip = 0 }: KillPoint,
    pid: () => number | undefined,
  ): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    const run = (): void => {
      const victim = pid();
      // The lease of one that is dead already: the next such request finds its successor.
      if (victim === undefined || !pidAlive(victim)) return;
      this.modal.faults.remove(rule);
      process.kill(victim, "SIGKILL");
      resolve(victim);
    };
    const rule = this.modal.faults.addRpc({ rpc, skip, fault: { kind: "run", when, run } });
    return promise;
  }

  get reminders(): readonly string[] {
    return this.#lines("reminders");
  }

  /** How many reminders are on the screen, by the programs that show them. */
  get live(): number {
    return readdirSync("/proc").filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return (
          line.startsWith("/bin/sh\0") &&
          line.includes(`${this.folder}/bin/notify-send\0--app-name`)
        );
      } catch {
        return false;
      }
    }).length;
  }

  /** How many reminders were taken from the screen. */
  get closed(): number {
    return this.#lines("closed").length;
  }

  get notices(): readonly string[] {
    return this.#lines("notices");
  }

  answer(actionId: string): void {
    writeFileSync(join(this.folder, "answer"), `${actionId}\n`);
  }

  /** The button of the next reminder is not pressed yet. */
  clearAnswer(): void {
    rmSync(join(this.folder, "answer"), { force: true });
  }

  /** What the guardian wrote down, for a failed test. */
  log(): string {
    const file = join(this.folder, "storage", "guardian", "guardian.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "(no log)";
  }

  async dispose(): Promise<void> {
    for (const window of this.windows.splice(0)) await window.kill();
    for (const pid of this.guardianPids) process.kill(pid, "SIGKILL");
    await until("no guardian is left", () => this.guardianPids.length === 0);
    this.ledger.dispose();
    await this.modal.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  #lines(name: string): readonly string[] {
    const file = join(this.folder, name);
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  }
}

/** Opens a desk for a test of the suite: built before the first one, put away after each. */
export function desksOf(suite: Suite): (options?: DeskOptions) => Promise<GuardianDesk> {
  let bundles: readonly string[] = [];
  let desk: GuardianDesk | undefined;
  suite.beforeAll(async function () {
    if (process.platform !== "linux") skip(this, "desktop", "The test reads /proc: Linux only.");
    bundles = await buildGuardian();
  });
  suite.afterEach(async function () {
    if (this.currentTest?.state === "failed") console.log(desk?.log());
    await desk?.dispose();
    desk = undefined;
  });
  return async (options = {}) => {
    desk = await GuardianDesk.open(bundles, options);
    return desk;
  };
}
