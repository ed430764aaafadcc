import { DisposableStore } from "../../../src/base/disposable.ts";
import { buildWatching, type Watching } from "../../../src/app/watching.ts";
import type { ThisWindow } from "../../../src/app/thisWindow.ts";
import type { Log } from "../../../src/base/log.ts";
import { rateHistory } from "../../../src/cost/rates/rates.ts";
import type { ModalControl } from "../../../src/session/modalControl.ts";
import { TemporaryLedger } from "../ledger/temporaryLedger.ts";
import { controlThatOnly } from "../session/controlThatOnly.ts";
import { silentLog } from "../silentLog.ts";
import { VirtualClock } from "../virtualClock.ts";

export const nowMs = Date.UTC(2026, 10, 2, 9);
export const appId = `ap-${"1".padStart(22, "0")}`;

interface TestWindowOptions {
  readonly clock?: VirtualClock;
  readonly log?: Log;
  /** The ledger as this window has it; left out: the plain file. */
  readonly open?: (files: TemporaryLedger) => Promise<ThisWindow["ledger"]>;
}

/** One window without an editor: the product's own builders on a ledger file and on a clock that a test moves. */
export class TestWindow extends DisposableStore {
  readonly clock: VirtualClock;
  readonly window: ThisWindow;
  readonly watching: Watching;

  private constructor(
    files: TemporaryLedger,
    window: Omit<ThisWindow, "clock">,
    clock: VirtualClock,
    control: Partial<ModalControl>,
  ) {
    super();
    this.add(files);
    this.clock = clock;
    this.window = { ...window, clock };
    this.watching = buildWatching(this, {
      ...this.window,
      random: () => 0.5,
      control: () => Promise.resolve(controlThatOnly(control)),
      project: {
        currentFolder: () => "/project",
        factsInFile: () => undefined,
        gpuSetting: (name) => (name === "flux-api" ? "L40S" : undefined),
      },
      rates: () => rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } }),
      settingProblems: () => [],
    });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** A window that speaks to Modal through these answers. */
  static async open(
    control: Partial<ModalControl>,
    { clock = new VirtualClock(nowMs), log = silentLog, open }: TestWindowOptions = {},
  ): Promise<TestWindow> {
    const files = new TemporaryLedger();
    const ledger = await (open?.(files) ?? files.ledger());
    return new TestWindow(
      files,
      { ledger, log, windowId: "window-1", pid: process.pid, timeZone: "UTC" },
      clock,
      control,
    );
  }
}

/** One deployed app with one container that has run for ten minutes. */
export const oneApp: Partial<ModalControl> = {
  whoami: () =>
    Promise.resolve({ scope: { workspace: "acme", environment: "main" }, username: "you" }),
  listApps: () =>
    Promise.resolve([
      {
        appId,
        name: "flux-api",
        state: "deployed",
        containerCount: 1,
        createdAtMs: nowMs - 3_600_000,
        stoppedAtMs: null,
      },
    ]),
  listContainers: () =>
    Promise.resolve([
      {
        containerId: "ta-1",
        appId,
        appName: "flux-api",
        startedAtMs: nowMs - 600_000,
        enqueuedAtMs: nowMs - 600_000,
      },
    ]),
};
