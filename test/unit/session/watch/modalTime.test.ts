import assert from "node:assert/strict";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import type { Ledger, Listing } from "../../../../src/session/ledgerPort.ts";
import {
  boundsOfLook,
  ModalTime,
  modalOffsetMs,
  noteDate,
} from "../../../../src/session/watch/modalTime.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { appListing, container, logStartMs, scope } from "../logSample.ts";

const second = 1000;
const minute = 60 * second;

describe("Modal's clock and this machine's", () => {
  let ledger: Ledger;
  let time: ModalTime;
  let last: Listing | undefined;
  beforeEach(async () => {
    ({ ledger } = await openLedger(":memory:", { clock: new VirtualClock(logStartMs) }));
    time = new ModalTime(ledger);
    last = undefined;
  });

  /** A look at an instant of this machine's clock; the answer takes a second. */
  function look(atMs: number, some: Partial<Listing> = {}): void {
    const listing = appListing(atMs, { apps: [], ...some });
    time.add(boundsOfLook(listing, atMs + second, last), listing);
    last = listing;
  }
  const offset = (atMs = logStartMs): number => modalOffsetMs(ledger, scope, atMs);
  /** Asked for when Modal's clock said so. */
  const begun = (atMs: number, containerId = "ta-1") =>
    container({ containerId, enqueuedAtMs: atMs, startedAtMs: atMs });

  it("are in step as long as nothing shows otherwise", () => {
    look(logStartMs);
    look(logStartMs + 10 * second, { containers: [begun(logStartMs + 3 * second)] });
    assert.equal(offset(), 0);
  });

  it("differ where a start lies in the future: this one is behind", () => {
    look(logStartMs);
    look(logStartMs + 10 * second, { containers: [begun(logStartMs + 10 * minute)] });
    assert.ok(Math.abs(offset() - 10 * minute) < 10 * second, String(offset()));
  });

  it("differ where what is new began before the look that did not show it: this one is ahead", () => {
    look(logStartMs);
    look(logStartMs + 10 * second, { containers: [begun(logStartMs - 10 * minute)] });
    assert.ok(Math.abs(offset() + 10 * minute) < 15 * second, String(offset()));
  });

  it("say nothing by what was there at the first look, however old", () => {
    look(logStartMs, { containers: [begun(logStartMs - 60 * minute)] });
    look(logStartMs + 10 * second, { containers: [begun(logStartMs - 60 * minute)] });
    assert.equal(offset(), 0);
  });

  it("are distinguished better with each sample", () => {
    look(logStartMs);
    const errors = [15, 30, 45, 60, 75].map((atSeconds, index) => {
      const atMs = logStartMs + atSeconds * second;
      const askedMs = atMs + 10 * minute - (10 - 2 * index) * second;
      look(atMs, { containers: [begun(askedMs, `ta-${index}`)] });
      return Math.abs(offset() - 10 * minute);
    });
    assert.ok((errors.at(-1) ?? Infinity) < 3 * second, String(errors));
    assert.ok((errors.at(-1) ?? Infinity) <= (errors[0] ?? 0));
  });

  it("are in step again after the clock was set right, forwards or back", () => {
    look(logStartMs);
    look(logStartMs + 10 * second, { containers: [begun(logStartMs + 10 * minute)] });
    // Forwards: what begins now contradicts it.
    const rightMs = logStartMs + 11 * minute;
    look(rightMs);
    look(rightMs + 10 * second, { containers: [begun(rightMs + 5 * second, "ta-2")] });
    assert.equal(offset(), 0);
    // Ahead, and back: the era of looks tells at once.
    look(rightMs + 20 * second, { containers: [begun(rightMs - 60 * minute, "ta-3")] });
    assert.ok(offset() < -50 * minute);
    look(rightMs - 60 * minute, { era: 1 });
    assert.equal(offset(), 0);
  });

  it("are as far apart as the date of an answer says, as long as looks allow it", () => {
    look(logStartMs);
    look(logStartMs + 10 * second, { containers: [begun(logStartMs + 10 * minute)] });
    noteDate(ledger, scope, 10 * minute - 300, { era: 0, observedAtMs: logStartMs });
    look(logStartMs + 20 * second, { containers: [begun(logStartMs + 10 * minute)] });
    assert.equal(offset(), 10 * minute - 300);
    assert.equal(offset(logStartMs + 25 * 60 * minute), 0, "a day later nobody knows");
    assert.equal(modalOffsetMs(ledger, "other/main", logStartMs), 0);
  });
});
