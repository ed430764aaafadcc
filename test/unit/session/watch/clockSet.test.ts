import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { deriveState } from "../../../../src/session/meter/deriveState.ts";
import type { MeterState } from "../../../../src/session/meter/meterState.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { unknownAuthorship } from "../../../../src/session/owner.ts";
import type { Poller } from "../../../../src/session/watch/poller.ts";
import { statusView } from "../../../../src/ui/status/statusView.ts";
import { TemporaryLedger } from "../../ledger/temporaryLedger.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { LookModal } from "../lookModal.ts";
import { windowPoller } from "./windowPoller.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** 2026-11-02T10:00:00Z. */
const startMs = Date.UTC(2026, 10, 2, 10);
const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 0.002, memory: 0.0004 } });

/** A window on its own connection: the real poller, ledger and derived state, on one clock. */
class Window {
  readonly poller: Poller<LookModal>;
  readonly failed: Failure[] = [];
  readonly #ledger: Ledger;
  readonly #clock: VirtualClock;

  constructor(name: string, ledger: Ledger, clock: VirtualClock, modal: LookModal) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.poller = windowPoller(name, ledger, clock, modal);
    this.poller.onFailed((failure) => this.failed.push(failure));
    this.poller.start();
  }

  state(): MeterState {
    return deriveState(this.#ledger, {
      nowMs: this.#clock.nowMs(),
      health: { kind: "ok" },
      scope: { workspace: "acme", environment: "main" },
      activity: "none",
      folder: null,
      rates,
      settingProblems: [],
      authorship: unknownAuthorship,
      timeZone: "UTC",
    });
  }
}

describe("a clock that is set", () => {
  let files: TemporaryLedger;
  let clock: VirtualClock;
  let modal: LookModal;
  let windows: Window[];

  beforeEach(async () => {
    files = new TemporaryLedger();
    clock = new VirtualClock(startMs);
    modal = new LookModal();
    windows = [];
    for (const name of ["a", "b"]) {
      windows.push(new Window(name, await files.ledger(), clock, modal));
      await clock.advance(1_000);
    }
  });
  afterEach(() => {
    for (const { poller } of windows) poller.dispose();
    files.dispose();
  });

  /** Modal's clock goes its own way. */
  let modalAheadMs = 0;
  const modalNowMs = (): number => clock.nowMs() + modalAheadMs;
  const set = (byMs: number): void => {
    clock.set(byMs);
    modalAheadMs -= byMs;
  };
  beforeEach(() => {
    modalAheadMs = 0;
  });

  function startApp(): void {
    modal.apps.push({
      appId: "ap-1",
      name: "flux",
      state: "deployed",
      containerCount: 1,
      createdAtMs: modalNowMs(),
      stoppedAtMs: null,
    });
    modal.start("ta-1", modalNowMs(), { type: "L40S", count: 1 });
  }

  const apps = (): readonly (readonly string[])[] =>
    windows.map((window) => window.state().apps.map(({ name }) => name));

  it("ahead by two hours and back shows what runs with the next look, in every window", async () => {
    set(2 * hourMs);
    await clock.advance(3 * minuteMs);
    assert.deepEqual(apps(), [[], []]);
    startApp();
    set(-2 * hourMs);
    await clock.advance(10_000);
    assert.deepEqual(apps(), [["flux"], ["flux"]]);
    for (const window of windows) {
      const state = window.state();
      assert.ok(Math.abs(state.nowMs - (state.observedAtMs ?? 0)) <= 11_000, "is not stale");
      assert.doesNotMatch(statusView(state, { hasFolder: true }).text, /nothing running/);
    }
  });

  it("ahead and back meters the minutes that were, and no hour more", async () => {
    set(2 * hourMs);
    await clock.advance(minuteMs);
    startApp();
    await clock.advance(5 * minuteMs);
    set(-2 * hourMs);
    await clock.advance(5 * minuteMs);
    modal.lives.clear();
    modal.apps.splice(0);
    await clock.advance(2 * minuteMs);
    assert.deepEqual(apps(), [[], []]);
    const cost = (): number => windows[0]?.state().today.metered ?? NaN;
    // Ten minutes of an L40S at $3.60 an hour, and up to the look that missed it.
    const soonCost = cost();
    assert.ok(soonCost >= 590_000 && soonCost <= 640_000, `${soonCost} µ$`);
    await clock.advance(3 * hourMs);
    assert.equal(cost(), soonCost);
  });

  it("back while an app runs, whose end is seen at the next look and costs no hour", async () => {
    startApp();
    await clock.advance(5 * minuteMs);
    set(-hourMs);
    modal.lives.clear();
    modal.apps.splice(0);
    await clock.advance(minuteMs);
    assert.deepEqual(apps(), [[], []]);
    await clock.advance(2 * hourMs);
    assert.ok((windows[0]?.state().today.metered ?? 0) <= 330_000);
  });

  it("back while Modal cannot be reached reaches the windows that do not look", async () => {
    await clock.advance(2 * minuteMs);
    set(-hourMs);
    modal.trouble.set("listApps", new Failure("offline", "No network."));
    await clock.advance(2 * minuteMs);
    assert.deepEqual(
      windows.map(({ failed }) => failed[0]?.reason),
      ["offline", "offline"],
    );
    assert.equal(modal.count("listApps") < 20, true, "one window alone tries again");
  });

  it("back by hours makes no window look faster for hours", async () => {
    windows[0]?.poller.expectChange();
    set(-3 * hourMs);
    await clock.advance(minuteMs);
    modal.asked.length = 0;
    await clock.advance(10 * minuteMs);
    assert.ok(modal.count("listApps") <= 12, `${modal.count("listApps")} looks in ten minutes`);
  });
});
