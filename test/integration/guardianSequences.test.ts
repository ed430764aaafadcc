import assert from "node:assert/strict";
import { array, assert as check, asyncProperty, constantFrom, record } from "fast-check";
import { openLedger } from "../../src/ledger/openLedger.ts";
import { GuardianWorld } from "../unit/guardian/guardianWorld.ts";
import { VirtualClock } from "../unit/virtualClock.ts";

const steps = [
  "open",
  "open",
  "close",
  "close",
  "kill window",
  "reload",
  "crash all",
  "quit all",
  "kill guardian",
  "second guardian",
  "start app",
  "start app",
  "start app",
  "start app",
  "person stops app",
  "app gets idle",
  "press stop",
  "press keep",
  "dismiss",
  "go offline",
  "go online",
] as const;

/** How much time passes after a step: around every limit that the guardian knows. */
const pauses = [0, 300, 5_000, 19_000, 21_000, 40_000, 90_000, 700_000] as const;

const plan = record({
  onClose: constantFrom("remind" as const, "stop" as const),
  stopAfterMinutes: constantFrom(0, 1, 5),
  steps: array(record({ step: constantFrom(...steps), pauseMs: constantFrom(...pauses) }), {
    minLength: 15,
    maxLength: 22,
    size: "max",
  }),
});

type Step = (typeof steps)[number];

/** One stretch of time without any window. */
interface Alone {
  readonly sinceMs: number;
  readonly reminders: number;
  /** The guardian was killed, so that nobody was left to act. */
  disturbed: boolean;
  offline: boolean;
  /** An app that costs money ran all the time until a reminder was due. */
  ran: boolean;
}

const enoughMs = 6_000;

/** Plays the steps and checks after each, and every three seconds in between, what the person can count on. */
class Play {
  readonly world: GuardianWorld;
  #alone: Alone | undefined;
  /** The guardian was killed, and no window has looked since: nobody was left to start another. */
  #unreplaced = false;

  constructor(world: GuardianWorld) {
    this.world = world;
  }

  async step(step: Step): Promise<void> {
    const { world } = this;
    const window = world.windows.at(-1);
    const [appId] = world.modal.running;
    switch (step) {
      case "open":
        if (world.windows.length < 4) world.openWindow();
        break;
      case "close":
        if (window !== undefined) world.closeWindow(window);
        break;
      case "kill window":
        if (window !== undefined) world.killWindow(window);
        break;
      case "reload":
        if (window === undefined) break;
        world.closeWindow(window);
        await this.pass(1_500);
        world.openWindow();
        break;
      case "crash all":
        for (const each of world.windows.toReversed()) world.killWindow(each);
        break;
      case "quit all":
        for (const each of world.windows.toReversed()) world.closeWindow(each);
        break;
      case "kill guardian":
        this.#unreplaced ||= world.guardians.length > 0;
        world.killGuardian();
        break;
      case "second guardian":
        world.startGuardian();
        break;
      case "start app":
        if (world.modal.offline) break;
        if (window === undefined) break;
        world.modal.start("flux-api");
        await world.poll(window);
        break;
      case "person stops app":
        if (appId !== undefined) world.modal.end(appId);
        break;
      case "app gets idle":
        if (appId !== undefined) world.modal.scaleTo(appId, 0);
        break;
      case "press stop":
        world.reminders.at(-1)?.answer({ kind: "pressed", actionId: "stop" });
        break;
      case "press keep":
        world.reminders.at(-1)?.answer({ kind: "pressed", actionId: "keep" });
        break;
      case "dismiss":
        world.reminders.at(-1)?.answer({ kind: "dismissed" });
        break;
      case "go offline":
        world.modal.offline = true;
        break;
      case "go online":
        world.modal.offline = false;
        break;
    }
    await this.pass(0);
  }

  async pass(byMs: number): Promise<void> {
    const untilMs = this.world.clock.nowMs() + byMs;
    do {
      const sliceMs = this.world.windows.length > 0 ? 10_000 : 3_000;
      await this.world.advance(Math.min(sliceMs, untilMs - this.world.clock.nowMs()));
      this.#check();
    } while (this.world.clock.nowMs() < untilMs);
  }

  /** What must be true when everything is over. */
  async finish(): Promise<void> {
    const { world } = this;
    for (const window of world.windows.toReversed()) world.closeWindow(window);
    await this.pass(60_000);
    this.#endAlone();
    world.modal.offline = false;
    for (const appId of world.modal.running) world.modal.end(appId);
    await world.advance(2 * world.timings.meterMs);
    assert.equal(world.guardians.length, 0, "a guardian is left over");
    assert.equal(world.ledger.leaseHolder("guardian", world.clock.nowMs()), undefined);
    assert.equal(world.clock.pending, 0, "a timer is left over");
    const receipts = world.ledger.receipts({}).flatMap(({ stopped }) => stopped);
    assert.deepEqual(
      receipts.map(({ appId }) => appId).toSorted(),
      world.modal.stopped.toSorted(),
      "each stop has one receipt",
    );
  }

  #check(): void {
    const { guardians, windows, modal, clock, reminders, timings } = this.world;
    assert.ok(guardians.length <= 1, `${guardians.length} guardians`);
    assert.deepEqual(modal.stoppedTwice, [], "a stop reached an app that was stopped already");
    if (guardians.length > 0) this.#unreplaced = false;
    const runs = modal.costing.length > 0;
    if (windows.length > 0) {
      this.#endAlone();
      return;
    }
    if (runs && !this.#unreplaced)
      assert.equal(guardians.length, 1, "apps run, no window does, and no guardian either");
    this.#alone ??= {
      sinceMs: clock.nowMs(),
      reminders: reminders.length,
      disturbed: false,
      offline: false,
      ran: true,
    };
    this.#alone.disturbed ||= this.#unreplaced;
    this.#alone.offline ||= modal.offline;
    if (clock.nowMs() <= this.#alone.sinceMs + timings.graceMs + enoughMs) this.#alone.ran &&= runs;
  }

  /** A window is back: what should have happened meanwhile? */
  #endAlone(): void {
    const alone = this.#alone;
    if (alone === undefined) return;
    this.#alone = undefined;
    const { clock, timings, reminders, modal, onClose } = this.world;
    const shown = reminders.length - alone.reminders;
    const longEnough = clock.nowMs() - alone.sinceMs > timings.graceMs + 2 * enoughMs;
    assert.ok(shown <= 1, `${shown} reminders for one end of the last window`);
    if (!longEnough || alone.disturbed) return;
    if (onClose === "remind" && alone.ran) assert.equal(shown, 1, "no reminder");
    if (onClose === "stop" && !alone.offline)
      assert.deepEqual(modal.costing, [], "an app was left running");
  }
}

describe("windows, guardians and apps in any order", () => {
  it("never two guardians, never none, never a double stop, one reminder, every receipt (220 sequences)", async function () {
    this.timeout(300_000);
    const seen = { reminders: 0, stops: 0, guardians: 0 };
    await check(
      asyncProperty(plan, async ({ onClose, stopAfterMinutes, steps }) => {
        const { ledger } = await openLedger(":memory:");
        try {
          const world = new GuardianWorld(new VirtualClock(Date.UTC(2026, 10, 21, 9)), ledger);
          world.onClose = onClose;
          world.stopAfterMinutes = stopAfterMinutes;
          const play = new Play(world);
          await play.step("open");
          await play.step("start app");
          for (const { step, pauseMs } of steps) {
            await play.step(step);
            await play.pass(pauseMs);
          }
          await play.finish();
          seen.reminders += world.reminders.length;
          seen.stops += world.modal.stopped.length;
          seen.guardians += world.ends.length;
        } finally {
          ledger.dispose();
        }
      }),
      { numRuns: 220 },
    );
    // Sequences in which nothing happens would prove nothing.
    assert.ok(Math.min(...Object.values(seen)) > 100, JSON.stringify(seen));
    console.log(`      ${JSON.stringify(seen)}`);
  });
});
