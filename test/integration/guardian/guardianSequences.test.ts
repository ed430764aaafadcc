import assert from "node:assert/strict";
import {
  array,
  assert as check,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  record,
} from "fast-check";
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
  "kill at a request",
  "kill at a request",
  "kill at a request",
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
  /** How long each answer of Modal takes. */
  slowMs: constantFrom(0, 0, 700),
  steps: array(
    record({
      step: constantFrom(...steps),
      // Two workspaces, each with windows and an app of its own; most happens in the first.
      scope: constantFrom(mainScope, mainScope, otherScope),
      pauseMs: constantFrom(...pauses),
      /** For a kill: before (odd) or after Modal does what which request asks. */
      halves: integer({ min: 1, max: 24 }),
    }),
    { minLength: 15, maxLength: 22, size: "max" },
  ),
});

type Step = (typeof steps)[number];

/** One stretch of time in which no window watches a scope. */
interface Alone {
  readonly sinceMs: number;
  readonly reminders: number;
  /** It was not sure for a while whether somebody watches, or the guardian came too late for it. */
  disturbed: boolean;
  /** Windows that may have been of this scope: those that never said what they watch, each of which may be one more end. */
  readonly unknown: Set<{ readonly knowsScope: boolean }>;
  /** Since when one guardian has been there without a break; undefined: none is. */
  guardedSinceMs: number | undefined;
  guardian: unknown;
  kills: number;
  /**
   * The guardian was killed: nobody looks after the scope until a window of it is open, or a guardian
   * has seen that none is.
   */
  abandoned: boolean;
  offline: boolean;
  /** An app that costs money ran all the time. */
  ran: boolean;
}

const enoughMs = 6_000;
const historyMs = 590_000;
/** A stop that a button asked for is tried again for so long. */
const askedMs = 660_000;

/** `npm run test:long` plays more. */
/** A failed run is played again with its seed. */
const seed = Number(process.env["MODAL_METER_SEED"] ?? Date.now() % 1_000_000);
const sequences = 22 * Number(process.env["MODAL_METER_SEQUENCES"] ?? "10");

/** Plays the steps and checks after each, and every three seconds in between, what the person can count on. */
class Play {
  readonly world: GuardianWorld;
  readonly #alone = new Map<string, Alone>();
  kills = 0;
  /** When a button that stops was pressed last. */
  #pressedAtMs = -Infinity;
  /** Since when no window is open while a guardian runs. */
  #emptySinceMs: number | undefined;

  constructor(world: GuardianWorld) {
    this.world = world;
    for (const scope of [mainScope, otherScope])
      world.modalOf(scope).onStop = () => {
        const isOpen = world.windows.some((each) => each.scope === scope && each.knowsScope);
        // What a button asked for just before a window came back is done all the same.
        const isAsked = world.clock.nowMs() - this.#pressedAtMs < askedMs;
        if (!isAsked) assert.ok(!isOpen, `a stop was sent while a window of ${scope} is open`);
      };
  }

  async step(step: Step, scope: string, halves = 1): Promise<void> {
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
        this.#kill();
        break;
      case "kill at a request":
        modal.killAtRequest(halves, () => this.#kill());
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
        void world.poll(window);
        await world.advance(3 * modal.slowMs + 1);
        break;
      case "person stops app":
        if (appId !== undefined) modal.end(appId);
        break;
      case "app gets idle":
        if (appId !== undefined) modal.scaleTo(appId, 0);
        break;
      case "press stop":
        if (this.#shown(scope).at(-1)?.isLive === true) this.#pressedAtMs = world.clock.nowMs();
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

  #kill(): void {
    this.kills += this.world.guardians.length;
    this.world.killGuardian();
    for (const alone of this.#alone.values()) {
      alone.abandoned = true;
      alone.kills += 1;
    }
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
    for (const modal of modals) modal.killAtRequest(Infinity, () => undefined);
    for (const window of world.windows.toReversed()) world.closeWindow(window);
    await this.pass(60_000);
    for (const scope of [mainScope, otherScope]) this.#endAlone(scope);
    for (const modal of modals) modal.offline = false;
    // Somebody looks at each scope once more: what was begun and not done is closed.
    for (const scope of [mainScope, otherScope]) world.openWindow(scope);
    await this.pass(130_000);
    for (const modal of modals) for (const appId of modal.running) modal.end(appId);
    await this.pass(30_000);
    for (const window of world.windows.toReversed()) world.closeWindow(window);
    await world.advance(2 * world.timings.meterMs);
    assert.equal(world.guardians.length, 0, "a guardian is left over");
    assert.equal(world.ledger.leaseHolder("guardian", world.clock.nowMs()), undefined);
    assert.equal(world.clock.pending, 0, "a timer is left over");
    const receipts = world.ledger.receipts({});
    assert.ok(
      receipts.every(({ verified }) => verified !== "unverified"),
      "a stop that was begun was never closed",
    );
    const told = receipts.flatMap(({ stopped }) => stopped).map(({ appId }) => appId);
    assert.equal(
      new Set(told).size,
      told.length,
      "two receipts say that they stopped the same app",
    );
    for (const appId of modals.flatMap(({ stopped }) => stopped))
      assert.ok(told.includes(appId), `${appId} was stopped, and no receipt says so`);
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
        disturbed: false,
        unknown: new Set(),
        guardedSinceMs: undefined,
        guardian: undefined,
        kills: 0,
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
    const unknown = windows.filter(({ knowsScope }) => !knowsScope);
    for (const window of unknown) alone.unknown.add(window);
    alone.disturbed ||= unknown.length > 0;
    alone.offline ||= modal.offline;
    alone.ran &&= runs;
    const [guardian] = guardians;
    if (guardian !== alone.guardian) {
      alone.guardian = guardian;
      alone.guardedSinceMs = guardian === undefined ? undefined : clock.nowMs();
      // Of an end that lies back so long a new guardian knows nothing, unless one before it had begun.
      if (clock.nowMs() - alone.sinceMs > historyMs) alone.disturbed = true;
    }
    this.#checkAlone(scope, alone);
    const live = this.#shown(scope).filter(({ isLive }) => isLive).length;
    assert.ok(live <= 1, `${live} reminders of ${scope} on the screen`);
  }

  /** A window of the scope is back: what has happened meanwhile? */
  #endAlone(scope: string): void {
    const alone = this.#alone.get(scope);
    if (alone === undefined) return;
    this.#alone.delete(scope);
    const shown = this.#shown(scope).slice(alone.reminders);
    const { kills } = alone;
    if (!alone.disturbed)
      assert.ok(shown.length <= 1 + kills, `${shown.length} reminders for one end of ${scope}`);
    // What a killed guardian was asked for long ago is asked for again.
    const ends = 1 + kills + [...alone.unknown].filter(({ knowsScope }) => !knowsScope).length;
    const answered = shown.filter(({ said }) => said !== undefined).length;
    assert.ok(answered <= ends, `${answered} reminders of one end of ${scope} were answered`);
  }

  /** While no window of the scope is open: is there what should have happened by now? */
  #checkAlone(scope: string, alone: Alone): void {
    const { clock, timings, onClose, stopAfterMinutes } = this.world;
    const { sinceMs, guardedSinceMs } = alone;
    // What is missing is missing when one guardian had the time for it: all else may still come.
    if (alone.disturbed || alone.offline || guardedSinceMs === undefined) return;
    const beganMs = Math.max(sinceMs + timings.graceMs, guardedSinceMs);
    if (clock.nowMs() - beganMs <= 2 * enoughMs + timings.confirmMs) return;
    if (onClose === "remind" && alone.ran)
      assert.ok(
        this.#shown(scope)
          .slice(alone.reminders)
          .some(({ isLive, said }) => isLive || said !== undefined),
        `no reminder of ${scope}`,
      );
    if (onClose === "stop")
      assert.deepEqual(this.world.modalOf(scope).costing, [], "an app was left running");
    const last = this.#shown(scope).slice(alone.reminders).at(-1);
    const isOver = last?.isLive === true || last?.said?.kind === "dismissed";
    if (last === undefined || !isOver || stopAfterMinutes === 0) return;
    const stopMs = Math.max(last.atMs + stopAfterMinutes * 60_000, guardedSinceMs);
    if (clock.nowMs() > stopMs + 3 * enoughMs)
      assert.deepEqual(this.world.modalOf(scope).costing, [], "the second stage did not come");
  }

  #shown(scope: string): readonly ShownReminder[] {
    return this.world.reminders.filter(({ reminder }) => reminder.body.includes(appOf(scope)));
  }
}

function appOf(scope: string): string {
  return scope === mainScope ? "flux-api" : "comfy";
}

describe("windows, guardians and apps in any order", () => {
  it("never two guardians, never none, each act once and none missing, none while a window is open, every receipt closed", async function () {
    this.timeout(900_000);
    const seen = { reminders: 0, others: 0, stops: 0, guardians: 0, kills: 0 };
    await check(
      asyncProperty(plan, async ({ onClose, stopAfterMinutes, both, slowMs, steps }) => {
        const { ledger } = await openLedger(":memory:");
        try {
          const world = new GuardianWorld(new VirtualClock(Date.UTC(2026, 10, 21, 9)), ledger);
          world.onClose = onClose;
          world.stopAfterMinutes = stopAfterMinutes;
          world.modal.slowMs = slowMs;
          world.otherModal.slowMs = slowMs;
          const play = new Play(world);
          for (const scope of both ? [mainScope, otherScope] : [mainScope]) {
            await play.step("open", scope);
            await play.step("start app", scope);
          }
          for (const { step, scope, pauseMs, halves } of steps) {
            await play.step(step, scope, halves);
            await play.pass(pauseMs);
          }
          await play.finish();
          seen.reminders += world.reminders.length;
          seen.others += world.reminders.filter(({ reminder }) =>
            reminder.body.includes("window of "),
          ).length;
          seen.stops += world.modal.stopped.length + world.otherModal.stopped.length;
          seen.guardians += world.ends.length;
          seen.kills += play.kills;
        } finally {
          ledger.dispose();
        }
      }),
      { numRuns: sequences, seed },
    );
    // Sequences in which nothing happens would prove nothing.
    assert.ok(Math.min(...Object.values(seen)) > 5, JSON.stringify(seen));
    console.log(`      ${sequences} sequences, seed ${seed}: ${JSON.stringify(seen)}`);
  });
});
