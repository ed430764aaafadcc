import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import type { Poller, Seen } from "../../../../src/session/watch/poller.ts";
import { TemporaryLedger } from "../../ledger/temporaryLedger.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { LookModal } from "../lookModal.ts";
import { windowPoller } from "./windowPoller.ts";

const minuteMs = 60_000;

/** One window: its own ledger connection, the same file, the same service. */
class Window {
  readonly name: string;
  readonly poller: Poller<LookModal>;
  readonly seen: Seen<LookModal>[] = [];
  readonly failed: Failure[] = [];
  readonly #leader: () => string | undefined;

  constructor(name: string, ledger: Ledger, clock: VirtualClock, modal: LookModal) {
    this.name = name;
    this.#leader = () => ledger.leaseHolder(`poll ${modal.scopeKey}`, clock.nowMs())?.holder;
    this.poller = windowPoller(name, ledger, clock, modal);
    this.poller.onSeen((seen) => this.seen.push(seen));
    this.poller.onFailed((failure) => this.failed.push(failure));
  }

  get leads(): boolean {
    return this.#leader() === this.name;
  }
}

describe("Poller", () => {
  const files = new TemporaryLedger();
  let clock: VirtualClock;
  let modal: LookModal;
  let windows: Window[];
  let number = 0;

  beforeEach(() => {
    clock = new VirtualClock(1_800_000_000_000);
    modal = new LookModal(`acme/env-${(number += 1)}`);
    windows = [];
  });
  afterEach(() => {
    for (const { poller } of windows) poller.dispose();
    assert.equal(clock.pending, 0, "no timer outlives its window");
  });
  after(() => files.dispose());

  async function open(name: string): Promise<Window> {
    const window = new Window(name, await files.ledger(), clock, modal);
    windows.push(window);
    window.poller.start();
    await clock.advance(0);
    return window;
  }

  it("looks at once, then slowly while nothing runs", async () => {
    const { seen } = await open("a");
    assert.equal(seen.length, 1);
    await clock.advance(5 * minuteMs);
    assert.equal(modal.count("listApps"), 6);
  });

  it("looks seldom when nothing runs and nobody looks", async () => {
    const { poller } = await open("a");
    poller.setFocused(false);
    modal.asked.length = 0;
    await clock.advance(60 * minuteMs);
    assert.ok(modal.count("listApps") <= 31, `${modal.count("listApps")} looks in an hour`);
    assert.ok(modal.count("listApps") >= 25);
  });

  it("is fast while a session starts, and for a moment after", async () => {
    const { poller } = await open("a");
    const busy = poller.beBusy();
    modal.asked.length = 0;
    await clock.advance(20_000);
    const looks = modal.count("listApps");
    assert.ok(looks >= 8, `${looks} looks`);
    busy.dispose();
    busy.dispose();
    await clock.advance(minuteMs);
    modal.asked.length = 0;
    await clock.advance(5 * minuteMs);
    assert.ok(modal.count("listApps") <= 6);
  });

  it("looks right after a scaledown is due", async () => {
    modal.start("ta-1", clock.nowMs(), { type: "L40S", count: 1 });
    const { poller, seen } = await open("a");
    const dueAtMs = clock.nowMs() + 4000;
    poller.expectScaledown(dueAtMs);
    modal.finish("ta-1", dueAtMs);
    await clock.advance(6000);
    assert.deepEqual(seen.at(-1)?.listing.containers, []);
    assert.equal(seen.at(-1)?.listing.ended[0]?.finishedAtMs, dueAtMs);
  });

  it("leaves the looking to one window, and the others see what it sees", async () => {
    const a = await open("a");
    await clock.advance(2000);
    const b = await open("b");
    const c = await open("c");
    await clock.advance(5000);
    modal.asked.length = 0;
    await clock.advance(10 * minuteMs);
    assert.deepEqual(
      windows.map((window) => window.leads),
      [true, false, false],
    );
    assert.equal(modal.count("listApps"), 10);
    const last = a.seen.at(-1)?.listing.observedAtMs;
    for (const { seen } of [b, c]) {
      assert.equal(seen.at(-1)?.by, "another-window");
      assert.equal(seen.at(-1)?.listing.observedAtMs, last);
    }
  });

  it("hands over when the leading window closes or dies", async () => {
    const a = await open("a");
    await clock.advance(2000);
    const b = await open("b");
    await clock.advance(3000);
    a.poller.dispose();
    await clock.advance(20_000);
    assert.equal(b.leads, true);
    const before = modal.count("listApps");
    await clock.advance(2 * minuteMs);
    assert.ok(modal.count("listApps") > before);
  });

  it("gives the lead to the window that a person looks at", async () => {
    const a = await open("a");
    await clock.advance(2000);
    const b = await open("b");
    b.poller.setFocused(false);
    await clock.advance(6000);
    a.poller.setFocused(false);
    b.poller.setFocused(true);
    await clock.advance(2000);
    assert.deepEqual([a.leads, b.leads], [false, true]);
  });

  it("looks at once after sleep", async () => {
    const { poller } = await open("a");
    poller.setFocused(false);
    await clock.advance(6000);
    modal.asked.length = 0;
    clock.jump(8 * 60 * minuteMs);
    await clock.advance(5000);
    assert.equal(modal.count("listApps"), 1);
  });

  it("looks when a person comes back, also where the last look is one of the future", async () => {
    const { poller } = await open("a");
    await clock.advance(2000);
    poller.setFocused(false);
    await poller.refreshNow();
    clock.set(-5000);
    modal.asked.length = 0;
    poller.setFocused(true);
    await clock.advance(500);
    assert.equal(modal.count("listApps"), 1);
  });

  it("backs off while the service fails, and tells the other windows", async () => {
    await open("a");
    await clock.advance(2000);
    const b = await open("b");
    await clock.advance(minuteMs);
    modal.trouble.set("listApps", new Failure("offline", "no network"));
    modal.asked.length = 0;
    await clock.advance(30 * minuteMs);
    const asked = modal.count("listApps");
    assert.ok(asked >= 5 && asked <= 13, `asked ${asked} times in half an hour`);
    assert.equal(b.failed.at(-1)?.reason, "offline");
    modal.trouble.clear();
    await clock.advance(7 * minuteMs);
    assert.equal(b.seen.at(-1)?.by, "another-window");
    modal.asked.length = 0;
    await clock.advance(5 * minuteMs);
    assert.equal(modal.count("listApps"), 5, "steady again");
  });

  it("does not repeat a refusal, but asks again when a person comes back", async () => {
    modal.trouble.set("listApps", new Failure("permission-denied", "no"));
    const { poller, failed } = await open("a");
    await clock.advance(60 * minuteMs);
    assert.equal(modal.count("listApps"), 1);
    assert.equal(failed.length, 1);
    modal.trouble.clear();
    poller.setFocused(false);
    poller.setFocused(true);
    await clock.advance(1000);
    assert.equal(windows[0]?.seen.length, 1);
  });

  it("refreshNow begins a new look, shared by those who wait for it", async () => {
    const { poller } = await open("a");
    const open1 = Promise.withResolvers<void>();
    modal.asked.length = 0;
    modal.onList = () => open1.promise;
    const first = poller.refreshNow();
    await clock.advance(0);
    modal.onList = () => undefined;
    await clock.advance(1000);
    const second = poller.refreshNow();
    const third = poller.refreshNow();
    open1.resolve();
    const [one, two, three] = await Promise.all([first, second, third]);
    assert.ok(two.observedAtMs > one.observedAtMs);
    assert.equal(two, three);
    assert.equal(modal.count("listApps"), 2);
  });

  it("refreshNow fails with what happened, and can be given up", async () => {
    const { poller } = await open("a");
    modal.trouble.set("listContainers", new Failure("timed-out", "too slow"));
    await assert.rejects(poller.refreshNow(), { reason: "timed-out" });
    modal.trouble.clear();
    modal.onList = () => new Promise(() => undefined);
    const abort = new AbortController();
    const look = poller.refreshNow({ signal: abort.signal });
    abort.abort();
    await assert.rejects(look, { reason: "cancelled" });
  });

  it("looks at once where the basis of its figures has changed", async () => {
    const { poller, seen } = await open("a");
    const looks = seen.length;
    poller.lookAtOnce();
    await clock.advance(0);
    assert.equal(seen.length, looks + 1);
  });

  it("looks once more where that changed while a look was under way, also where the answer fails", async () => {
    for (const failure of [undefined, new Failure("timed-out", "too slow")]) {
      const { poller } = await open(`a${String(failure?.reason)}`);
      const answer = Promise.withResolvers<void>();
      modal.onList = () => answer.promise;
      const look = poller.refreshNow();
      await clock.advance(0);
      poller.lookAtOnce();
      await clock.advance(0);
      const looks = modal.count("listApps");
      modal.onList = () => undefined;
      if (failure === undefined) answer.resolve();
      else answer.reject(failure);
      await look.catch(() => undefined);
      await clock.advance(1000);
      assert.equal(modal.count("listApps"), looks + 1);
      await clock.advance(1000);
      assert.equal(modal.count("listApps"), looks + 1, "once");
      poller.dispose();
    }
  });

  it("starts anew after a change of the connection", async () => {
    const { poller, seen } = await open("a");
    const first = modal;
    modal.trouble.set("listApps", new Failure("permission-denied", "no"));
    await assert.rejects(poller.refreshNow(), { reason: "permission-denied" });
    first.trouble.clear();
    poller.reconnect();
    await clock.advance(0);
    assert.equal(seen.length, 2);
  });

  it("forgets a look that began under the connection before, whatever becomes of it", async () => {
    const { poller, seen, failed } = await open("a");
    const answer = Promise.withResolvers<void>();
    modal.onList = () => answer.promise;
    const look = poller.refreshNow();
    await clock.advance(0);
    modal.onList = () => undefined;
    poller.reconnect();
    modal.trouble.set("containerDetails", new Failure("cancelled", "the profile changed"));
    modal.start("ta-1", clock.nowMs());
    answer.resolve();
    await look.catch(() => undefined);
    modal.trouble.clear();
    assert.equal(seen.length, 1);
    assert.equal(failed.length, 0);
    await clock.advance(2000);
    assert.equal(seen.length, 2);
  });
});
