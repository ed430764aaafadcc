import assert from "node:assert/strict";
import * as z from "zod/mini";
import { microUsd } from "../../../src/cost/money.ts";
import { openLedger, type OpenedLedger } from "../../../src/ledger/openLedger.ts";
import type { BillingRow } from "../../../src/session/modalControl.ts";
import type { StopReceipt } from "../../../src/session/receipt.ts";
import { silentLog } from "../silentLog.ts";
import { mondayMs, scope, session, inTwoWindows } from "./temporaryLedger.ts";

const hourMs = 3_600_000;

describe("tables of the ledger", () => {
  let a: OpenedLedger["ledger"];
  let b: OpenedLedger["ledger"];
  inTwoWindows((first, second) => ([a, b] = [first, second]));

  describe("sessions", () => {
    it("gives the open session of a folder, and none after its end", () => {
      const open = session({ scope: "s1", expiresAtMs: mondayMs + hourMs });
      a.upsertSession(open);
      assert.deepEqual(b.openSession("s1", "/project"), open);
      assert.equal(b.openSession("s1", "/other"), undefined);
      a.upsertSession({ ...open, endedAtMs: mondayMs + 10, end: "stopped" });
      assert.equal(b.openSession("s1", "/project"), undefined);
    });

    it("stays ended and keeps its apps when a window that knows less writes late", () => {
      const second = { appId: "ap-2", appName: "wan2-api", file: "/project/wan2.py", urls: [] };
      const open = session({ sessionId: "late", scope: "s2" });
      const both = { ...open, apps: [...open.apps, second] };
      const ended = { ...both, endedAtMs: mondayMs + 10, end: "guardian" as const };
      a.upsertSession(both);
      a.upsertSession(ended);
      b.upsertSession(open);
      assert.deepEqual(b.sessions({ scope: "s2" }), [ended]);
    });

    it("lists the sessions that overlap a range, newest first", () => {
      const own = (sessionId: string, startedAtMs: number, endedAtMs: number | null): void =>
        a.upsertSession(session({ sessionId, scope: "s3", startedAtMs, endedAtMs }));
      own("x", 0, 10);
      own("y", 20, 30);
      own("z", 40, null);
      const ids = (fromMs?: number, toMs?: number): readonly string[] =>
        b
          .sessions({
            scope: "s3",
            ...(fromMs === undefined ? {} : { fromMs }),
            ...(toMs === undefined ? {} : { toMs }),
          })
          .map(({ sessionId }) => sessionId);
      assert.deepEqual(ids(), ["z", "y", "x"]);
      assert.deepEqual(ids(10, 40), ["y"]);
      assert.deepEqual(ids(9, 41), ["z", "y", "x"]);
      assert.deepEqual(ids(1000), ["z"]);
    });
  });

  it("keeps receipts, and no unverified one over a verified one", () => {
    const receipt: StopReceipt = {
      receiptId: "r1",
      scope,
      atMs: mondayMs,
      by: "person",
      planned: [{ appId: "ap-1", name: "flux-api" }],
      stopped: [{ appId: "ap-1", name: "flux-api" }],
      alreadyStopped: [],
      left: [{ appId: "ap-2", name: "wan2-api", reason: "offline" }],
      excluded: [{ appId: "ap-3", name: "prod-api", reason: "production" }],
      verified: "left",
      savedMicroUsdPerHour: microUsd(1_950_000),
    };
    a.recordReceipt(receipt);
    b.recordReceipt({ ...receipt, verified: "unverified", left: [] });
    assert.deepEqual(b.receipts({}), [receipt]);
    b.recordReceipt({
      ...receipt,
      receiptId: "r2",
      atMs: mondayMs + 5,
      savedMicroUsdPerHour: null,
    });
    assert.deepEqual(
      a.receipts({ scope, fromMs: mondayMs, toMs: mondayMs + 6 }).map(({ receiptId }) => receiptId),
      ["r2", "r1"],
    );
    assert.deepEqual(a.receipts({ toMs: mondayMs }), []);
  });

  describe("billed rows", () => {
    const row = (objectId: string, hour: number, cost: number): BillingRow => ({
      objectId,
      description: objectId,
      environment: "main",
      intervalStartMs: mondayMs + hour * hourMs,
      cost: microUsd(cost),
    });
    const range = { fromMs: mondayMs, toMs: mondayMs + 24 * hourMs };
    const costs = (of: string): readonly (readonly [string, number])[] =>
      b.billed({ scope: of, ...range }).map((each) => [each.objectId, each.cost] as const);

    it("is written once however often it is fetched, and the latest report counts", () => {
      a.upsertBilled("b1", [row("ap-1", 1, 100)], { atMs: 1000, report: 0 });
      b.upsertBilled("b1", [row("ap-1", 1, 130)], { atMs: 2000, report: 0 });
      a.upsertBilled("b1", [row("ap-1", 1, 100)], { atMs: 1000, report: 0 });
      assert.deepEqual(costs("b1"), [["ap-1", 130]]);
    });

    it("adds up rows of one object and interval in one report", () => {
      a.upsertBilled("b2", [row("ap-1", 1, 100), row("ap-1", 1, 20)], { atMs: 1000, report: 0 });
      a.upsertBilled("b2", [row("ap-1", 1, 100), row("ap-1", 1, 20)], { atMs: 1000, report: 0 });
      assert.deepEqual(costs("b2"), [["ap-1", 120]]);
    });

    it("takes out what a whole report of the range has withdrawn, and no more", () => {
      a.upsertBilled("b3", [row("ap-1", 1, 100), row("ap-2", 1, 50), row("ap-3", 30, 7)], {
        atMs: 1000,
        report: 0,
      });
      a.upsertBilled("b3", [row("ap-1", 1, 100)], { atMs: 2000, report: 0 }, range);
      assert.deepEqual(costs("b3"), [["ap-1", 100]]);
      assert.equal(b.billed({ scope: "b3", fromMs: 0, toMs: mondayMs * 2 }).length, 2);
      a.upsertBilled("b3", [row("ap-2", 1, 50)], { atMs: 1500, report: 0 });
      b.upsertBilled("b3", [], { atMs: 1200, report: 0 }, range);
      assert.deepEqual(costs("b3"), [
        ["ap-1", 100],
        ["ap-2", 50],
      ]);
    });
  });

  it("remembers rates and since when they hold", () => {
    const rates = (l40s: number) => ({
      usdPerHourByKey: new Map([
        ["gpu_hour_cost_l40s", l40s],
        ["cpu_hour_cost", 0.1],
      ]),
    });
    assert.equal(a.latestRates(scope), undefined);
    a.saveRates(scope, rates(1.95), 1000);
    a.saveRates(scope, rates(1.95), 2000);
    b.saveRates(scope, rates(1.8), 3000);
    assert.deepEqual(b.latestRates(scope), {
      rates: rates(1.8),
      sinceMs: 3000,
      fetchedAtMs: 3000,
    });
    assert.deepEqual(b.rateHistory(scope), [
      { rates: rates(1.95), sinceMs: 1000, fetchedAtMs: 2000 },
      { rates: rates(1.8), sinceMs: 3000, fetchedAtMs: 3000 },
    ]);
    assert.equal(a.rowCounts().get("rate"), 2);
    // Written late by another window: 1.95 were in force before, and again after.
    b.saveRates(scope, rates(1.7), 1500);
    assert.deepEqual(
      a
        .rateHistory(scope)
        .map((seen) => [seen.sinceMs, seen.rates.usdPerHourByKey.get("gpu_hour_cost_l40s")]),
      [
        [1000, 1.95],
        [1500, 1.7],
        [2000, 1.95],
        [3000, 1.8],
      ],
    );
  });

  it("knows the windows, their last beat and their end", () => {
    const window = { windowId: "w1", pid: 7, openedAtMs: 1, beatAtMs: 1, closedAtMs: null };
    a.beatWindow(window);
    a.beatWindow({ ...window, beatAtMs: 5 });
    assert.deepEqual(b.windows(), [{ ...window, beatAtMs: 5 }]);
    b.closeWindow("w1", 9);
    b.closeWindow("w1", 12);
    assert.equal(a.windows()[0]?.closedAtMs, 9);
    a.beatWindow({ ...window, beatAtMs: 20 });
    assert.equal(b.windows()[0]?.closedAtMs, null);
    a.beatWindow({ ...window, beatAtMs: 25, scopes: ["acme/main", "acme/dev"] });
    assert.deepEqual(b.windows()[0]?.scopes, ["acme/main", "acme/dev"]);
    a.forgetWindow("w1");
    assert.deepEqual(b.windows(), []);
  });

  it("lets one caller claim a key, for ever", () => {
    assert.deepEqual(
      [a.claimOnce("k", 1), b.claimOnce("k", 2), a.claimOnce("k", 3)],
      [true, false, false],
    );
    assert.equal(b.claimOnce("other", 1), true);
  });

  it("remembers small values, and wakes nobody for what it has already", () => {
    assert.equal(a.recall("pick", z.string()), undefined);
    a.remember("pick", '"dev"');
    assert.equal(b.recall("pick", z.string()), "dev");
    const before = [a.changeCounter(), b.changeCounter()];
    a.remember("pick", '"dev"');
    assert.deepEqual([a.changeCounter(), b.changeCounter()], before);
    assert.throws(() => a.remember("pick", "no json"));
    assert.equal(b.recall("pick", z.string()), "dev");
  });

  it("takes a remembered value that cannot be read for none, and says so once", async () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string): void => void warnings.push(text) };
    const { ledger } = await openLedger(":memory:", { log });
    ledger.remember("hours", '"soon"');
    const hours = (): unknown => ledger.recall("hours", z.number());
    assert.deepEqual([hours(), hours()], [undefined, undefined]);
    assert.equal(ledger.recall("never", z.number()), undefined);
    assert.deepEqual(warnings, [
      'What was remembered as "hours" cannot be read, and counts as absent.',
    ]);
  });
});
