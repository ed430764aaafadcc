import assert from "node:assert/strict";
import { array, assert as check, asyncProperty, boolean, constantFrom, record } from "fast-check";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { GuardianWorld, type ShownReminder } from "../../unit/guardian/guardianWorld.ts";
import { VirtualClock } from "../../unit/virtualClock.ts";

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

const mainScope = "you/main";
const otherScope = "team/dev";

const plan = record({
  onClose: constantFrom("remind" as const, "stop" as const),
  stopAfterMinutes: constantFrom(0, 1, 5),
  both: boolean(),
  steps: array(
    record({
      step: constantFrom(...steps),
      // Two workspaces, each with windows and an app of its own; most happens in the first.
      scope: constantFrom(mainScope, mainScope, otherScope),
      pauseMs: constantFrom(...pauses),
    }),
    { minLength: 15, maxLength: 22, size: "max" },
  ),
});

type Step = (typeof steps)[number];

/** One stretch of time in which no window watches a scope. */
interface Alone {
  readonly sinceMs: number;
  readonly reminders: number;
  /** Nobody was left to act, or it was not sure for a while whether somebody watches. */
  disturbed: boolean;
  /**
   * The guardian was killed: nobody looks after the scope until a window of it is open, or a guardian
   * has seen that none is.
   */
  abandoned: boolean;
  offline: boolean;
  /** An app that costs money ran all the time until a reminder was due. */
  ran: boolean;
}

const enoughMs = 6_000;

/** `npm run test:long` plays more. */
const sequences = 22 * Number(process.env["MODAL_METER_SEQUENCES"] ?? "10");

/** Plays the steps and checks after each, and every three seconds in between, what the person can count on. */
class Play {
  readonly world: GuardianWorld;
  readonly #alone = new Map<string, Alone>();
  /** Since when no window is open while a guardian runs. */
  #emptySinceMs: number | undefined;

  constructor(world: GuardianWorld) {
    this.world = world;
  }

  async step(step: Step, scope: string): Promise<void> {
    const { world } = this;
    const window = world.windows.findLast((each) => each.scope === scope);
    const modal = world.modalOf(scope);
    const [appId] = modal.running;
    switch (step) {
      case "open":
        if (world.windows.length < 4) world.openWindow(scope);
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
        world.openWindow(scope);
        break;
      case "crash all":
        for (const each of world.windows.toReversed()) world.killWindow(each);
        break;
      case "quit all":
        for (const each of world.windows.toReversed()) world.closeWindow(each);
        break;
      case "kill guardian":
        world.killGuardian();
        for (const alone of this.#alone.values()) {
          alone.disturbed = true;
          alone.abandoned = true;
        }
        break;
      case "second guardian":
        world.startGuardian();
        break;
      case "start app":
        if (modal.offline) break;
        if (window === undefined) break;
        // Of two looks in one millisecond the ledger cannot tell which one is newer: the start is not in one of them.
        await world.advance(1);
        world.start(appOf(scope), 1, scope);
        await world.poll(window);
        break;
      case "person stops app":
        if (appId !== undefined) modal.end(appId);
        break;
      case "app gets idle":
        if (appId !== undefined) modal.scaleTo(appId, 0);
        break;
      case "press stop":
        this.#shown(scope).at(-1)?.answer({ kind: "pressed", actionId: "stop" });
        break;
      case "press keep":
        this.#shown(scope).at(-1)?.answer({ kind: "pressed", actionId: "keep" });
        break;
      case "dismiss":
        this.#shown(scope).at(-1)?.answer({ kind: "dismissed" });
        break;
      case "go offline":
        modal.offline = true;
        break;
      case "go online":
        modal.offline = false;
        break;
    }
    await this.pass(0);
  }

  async pass(byMs: number): Promise<void> {
    const untilMs = this.world.clock.nowMs() + byMs;
    do {
      const sliceMs = this.world.windows.length > 1 ? 10_000 : 3_000;
      await this.world.advance(Math.min(sliceMs, untilMs - this.world.clock.nowMs()));
      this.#check();
    } while (this.world.clock.nowMs() < untilMs);
  }

  /** What must be true when everything is over. */
  async finish(): Promise<void> {
    const { world } = this;
    const modals = [world.modal, world.otherModal];
    for (const window of world.windows.toReversed()) world.closeWindow(window);
    await this.pass(60_000);
    for (const scope of [mainScope, otherScope]) this.#endAlone(scope);
    for (const modal of modals) {
      modal.offline = false;
      for (const appId of modal.running) modal.end(appId);
    }
    await world.advance(2 * world.timings.meterMs);
    assert.equal(world.guardians.length, 0, "a guardian is left over");
    assert.equal(world.ledger.leaseHolder("guardian", world.clock.nowMs()), undefined);
    assert.equal(world.clock.pending, 0, "a timer is left over");
    const receipts = world.ledger.receipts({}).flatMap(({ stopped }) => stopped);
    assert.deepEqual(
      receipts.map(({ appId }) => appId).toSorted(),
      modals.flatMap(({ stopped }) => stopped).toSorted(),
      "each stop has one receipt",
    );
  }

  #check(): void {
    const { guardians, windows, clock, modal, otherModal } = this.world;
    assert.ok(guardians.length <= 1, `${guardians.length} guardians`);
    if (windows.length > 0 || guardians.length === 0) this.#emptySinceMs = undefined;
    else this.#emptySinceMs ??= clock.nowMs();
    for (const { stoppedTwice } of [modal, otherModal])
      assert.deepEqual(stoppedTwice, [], "a stop reached an app that was stopped already");
    for (const scope of [mainScope, otherScope]) this.#checkScope(scope);
  }

  #checkScope(scope: string): void {
    const { guardians, windows, clock, timings } = this.world;
    if (windows.some((window) => window.scope === scope)) {
      this.#endAlone(scope);
      return;
    }
    const modal = this.world.modalOf(scope);
    const runs = modal.costing.length > 0;
    let alone = this.#alone.get(scope);
    if (alone === undefined) {
      alone = {
        sinceMs: clock.nowMs(),
        reminders: this.#shown(scope).length,
        disturbed: guardians.length === 0,
        abandoned: guardians.length === 0,
        offline: false,
        ran: true,
      };
      this.#alone.set(scope, alone);
    }
    const emptyMs = clock.nowMs() - (this.#emptySinceMs ?? clock.nowMs());
    if (emptyMs > timings.tickMs) alone.abandoned = false;
    if (runs && !alone.abandoned)
      assert.equal(
        guardians.length,
        1,
        "apps run, no window of theirs does, and no guardian either",
      );
    // A window that has not looked yet may be one of this scope; nobody acts unasked meanwhile.
    alone.disturbed ||= windows.some(({ knowsScope }) => !knowsScope);
    alone.offline ||= modal.offline;
    if (clock.nowMs() <= alone.sinceMs + timings.graceMs + enoughMs) alone.ran &&= runs;
  }

  /** A window of the scope is back: what should have happened meanwhile? */
  #endAlone(scope: string): void {
    const alone = this.#alone.get(scope);
    if (alone === undefined) return;
    this.#alone.delete(scope);
    const { clock, timings, onClose } = this.world;
    const shown = this.#shown(scope).length - alone.reminders;
    const longEnough = clock.nowMs() - alone.sinceMs > timings.graceMs + 2 * enoughMs;
    if (!alone.disturbed) assert.ok(shown <= 1, `${shown} reminders for one end of ${scope}`);
    if (!longEnough || alone.disturbed) return;
    if (onClose === "remind" && alone.ran) assert.equal(shown, 1, `no reminder of ${scope}`);
    if (onClose === "stop" && !alone.offline)
      assert.deepEqual(this.world.modalOf(scope).costing, [], "an app was left running");
  }

  #shown(scope: string): readonly ShownReminder[] {
    return this.world.reminders.filter(({ reminder }) => reminder.body.includes(appOf(scope)));
  }
}

function appOf(scope: string): string {
  return scope === mainScope ? "flux-api" : "comfy";
}

describe("windows, guardians and apps in any order", () => {
  it("never two guardians, never none, never a double stop, one reminder, every receipt", async function () {
    this.timeout(300_000);
    const seen = { reminders: 0, others: 0, stops: 0, guardians: 0 };
    await check(
      asyncProperty(plan, async ({ onClose, stopAfterMinutes, both, steps }) => {
        const { ledger } = await openLedger(":memory:");
        try {
          const world = new GuardianWorld(new VirtualClock(Date.UTC(2026, 10, 21, 9)), ledger);
          world.onClose = onClose;
          world.stopAfterMinutes = stopAfterMinutes;
          const play = new Play(world);
          for (const scope of both ? [mainScope, otherScope] : [mainScope]) {
            await play.step("open", scope);
            await play.step("start app", scope);
          }
          for (const { step, scope, pauseMs } of steps) {
            await play.step(step, scope);
            await play.pass(pauseMs);
          }
          await play.finish();
          seen.reminders += world.reminders.length;
          seen.others += world.reminders.filter(({ reminder }) =>
            reminder.body.includes("window of "),
          ).length;
          seen.stops += world.modal.stopped.length + world.otherModal.stopped.length;
          seen.guardians += world.ends.length;
        } finally {
          ledger.dispose();
        }
      }),
      { numRuns: sequences },
    );
    // Sequences in which nothing happens would prove nothing.
    assert.ok(Math.min(...Object.values(seen)) > 5, JSON.stringify(seen));
    console.log(`      ${sequences} sequences: ${JSON.stringify(seen)}`);
  });
});
