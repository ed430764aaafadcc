import assert from "node:assert/strict";
import { clientPatience, WindowBeat } from "../../../src/guardian/windowBeat.ts";
import type { WindowRecord } from "../../../src/session/ledgerPort.ts";
import { silentLog } from "../silentLog.ts";
import { VirtualClock } from "../virtualClock.ts";

function setUp(change: { clientAlive?: () => Promise<boolean> } = {}) {
  const clock = new VirtualClock(1_000_000);
  const beats: WindowRecord[] = [];
  const closed: number[] = [];
  const seen: boolean[] = [];
  let broken = false;
  const beat = new WindowBeat({
    ledger: {
      beatWindow: (window) => {
        if (broken) throw new Error("disk full");
        beats.push(window);
      },
      closeWindow: (_, atMs) => {
        if (broken) throw new Error("disk full");
        closed.push(atMs);
      },
    },
    clock,
    log: silentLog,
    windowId: "w",
    pid: 42,
    beatMs: 5_000,
    probeMs: 30_000,
    lostAfterMs: 120_000,
    onClient: (present) => seen.push(present),
    ...change,
  });
  return { clock, beats, closed, seen, beat, break: () => (broken = true) };
}

describe("WindowBeat", () => {
  it("beats at once and then regularly, and notes the end once", async () => {
    const { clock, beats, closed, beat } = setUp();
    assert.equal(beats.length, 1);
    await clock.advance(20_000);
    assert.equal(beats.length, 5);
    assert.deepEqual(beats.at(-1), {
      windowId: "w",
      pid: 42,
      openedAtMs: 1_000_000,
      beatAtMs: 1_020_000,
      closedAtMs: null,
    });
    beat.dispose();
    beat.dispose();
    assert.deepEqual(closed, [1_020_000]);
    assert.equal(clock.pending, 0);
    await clock.advance(60_000);
    assert.equal(beats.length, 5);
  });

  it("counts a client that stays silent as a closed window, and opens it again when it answers", async () => {
    let answers = true;
    const { clock, beats, closed, seen, beat } = setUp({
      clientAlive: () => (answers ? Promise.resolve(true) : new Promise(() => undefined)),
    });
    await clock.advance(60_000);
    assert.deepEqual(seen, []);
    answers = false;
    await clock.advance(300_000);
    assert.deepEqual(seen, [false]);
    assert.equal(closed.length, 1);
    const before = beats.length;
    await clock.advance(60_000);
    assert.equal(beats.length, before, "a window that nobody sees does not beat");
    answers = true;
    await clock.advance(60_000);
    assert.ok(beats.length > before);
    assert.deepEqual(seen, [false, true]);
    beat.dispose();
    assert.equal(closed.length, 2);
  });

  it("takes a rejected question for no answer", async () => {
    const { clock, beat, seen } = setUp({
      clientAlive: () => Promise.reject(new Error("Canceled")),
    });
    await clock.advance(200_000);
    assert.deepEqual(seen, [false]);
    beat.dispose();
  });

  it("does not take a sleeping laptop for a lost client", async () => {
    const { clock, closed, seen, beat } = setUp({ clientAlive: () => Promise.resolve(true) });
    clock.jump(8 * 3_600_000);
    await clock.advance(1_000);
    assert.deepEqual(seen, []);
    assert.deepEqual(closed, []);
    beat.dispose();
  });

  it("survives a ledger that cannot be written, closing included", async () => {
    const { clock, beat, break: breakLedger } = setUp();
    breakLedger();
    await clock.advance(20_000);
    beat.dispose();
  });

  it("says what it watches at once, and counts for all that it ever watched", () => {
    const { beat, beats } = setUp();
    assert.equal(beats.at(-1)?.scopes, undefined);
    beat.watch("acme/main");
    assert.deepEqual(beats.at(-1)?.scopes, ["acme/main"]);
    const before = beats.length;
    beat.watch("acme/main");
    assert.equal(beats.length, before);
    beat.watch("acme/dev");
    assert.deepEqual(beats.at(-1)?.scopes, ["acme/main", "acme/dev"]);
    beat.dispose();
    beat.watch("acme/other");
    assert.deepEqual(
      beats.at(-1)?.scopes,
      ["acme/main", "acme/dev"],
      "a closed window stays closed",
    );
  });
});

describe("clientPatience", () => {
  it("is three minutes, or what the machine says, but never so short that a slow line is a lost client", () => {
    const patience = (value?: string) =>
      clientPatience(value === undefined ? {} : { MODAL_METER_LOST_CLIENT_SECONDS: value });
    const usual = { lostAfterMs: 180_000, probeMs: 30_000 };
    assert.deepEqual(patience(), usual);
    assert.deepEqual(patience("600"), { lostAfterMs: 600_000, probeMs: 100_000 });
    assert.deepEqual(patience("1"), { lostAfterMs: 15_000, probeMs: 2_500 });
    for (const odd of ["", "0", "-5", "soon", "NaN"]) assert.deepEqual(patience(odd), usual);
  });
});
