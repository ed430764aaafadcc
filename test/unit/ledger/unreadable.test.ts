import assert from "node:assert/strict";
import * as z from "zod/mini";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../../src/base/failure.ts";
import { microUsd } from "../../../src/cost/money.ts";
import type { OpenedLedger } from "../../../src/ledger/openLedger.ts";
import {
  call,
  container,
  keptAs,
  listing,
  mondayMs,
  scope,
  session,
  TemporaryLedger,
} from "./temporaryLedger.ts";
import { receiptSample } from "../session/receiptSample.ts";

type OneLedger = OpenedLedger["ledger"];

const always = { fromMs: 0, toMs: mondayMs + 1e9 };
const receipt = receiptSample({ receiptId: "receipt-1", scope, atMs: mondayMs });
const bill = {
  objectId: "ap-1",
  description: "flux-api",
  environment: "main",
  intervalStartMs: mondayMs,
};

function fill(ledger: OneLedger): void {
  for (const n of [1, 2, 3]) {
    ledger.upsertCall(call({ callId: `call-${n}`, status: "succeeded" }));
    ledger.upsertSession(session({ sessionId: `session-${n}`, startedAtMs: mondayMs + n }));
    ledger.recordReceipt({ ...receipt, receiptId: `receipt-${n}` });
    ledger.recordListing(listing(mondayMs + n, [container(`ta-${n}`)], { scope: `acme/env-${n}` }));
    ledger.beatWindow({
      windowId: `window-${n}`,
      pid: n,
      openedAtMs: mondayMs,
      beatAtMs: mondayMs,
      closedAtMs: null,
    });
  }
}

/** Everything that is asked of a ledger while apps run. */
const questions: Readonly<Record<string, (ledger: OneLedger) => readonly unknown[]>> = {
  calls: (ledger) => ledger.calls({}),
  sessions: (ledger) => ledger.sessions({}),
  "open session": (ledger) => [ledger.openSession(scope, "/project")],
  receipts: (ledger) => ledger.receipts({}),
  spans: (ledger) => ledger.spans(always),
  billed: (ledger) => ledger.billed(always),
  listing: (ledger) => [ledger.latestListing("acme/env-1")],
  rates: (ledger) => [ledger.latestRates(scope), ...ledger.rateHistory(scope)],
  windows: (ledger) => ledger.windows(),
  memory: (ledger) => [ledger.recall("key", z.unknown())],
  lease: (ledger) => [ledger.leaseHolder("lease", mondayMs)],
};

/** A share of what `npm run test:torture` does. */
const rounds = Number(process.env["MODAL_METER_ROUNDS"] ?? "20");

describe("a ledger with a row that cannot be read", () => {
  let files: TemporaryLedger;
  beforeEach(() => {
    files = new TemporaryLedger();
  });
  afterEach(() => files.dispose());

  /** Another program's hand, as SQLite lets it: each page stays sound. */
  const breakRow = (sql: string): void => {
    const database = new DatabaseSync(files.path);
    assert.equal(Number(database.prepare(sql).run().changes), 1);
    database.close();
  };

  const broken = {
    calls: "UPDATE call SET status = 'suaceeded' WHERE call_id = 'call-2'",
    sessions: "UPDATE session SET apps_json = '[{}' WHERE session_id = 'session-2'",
    receipts: "UPDATE receipt SET verified = 'clean' WHERE receipt_id = 'receipt-2'",
    spans: "UPDATE span SET gpu_source = 'containeq' WHERE container_id = 'ta-2'",
    windows: "UPDATE editor_window SET beat_at_ms = 9e17 WHERE window_id = 'window-2'",
  } as const;

  for (const [question, sql] of Object.entries(broken))
    it(`answers with the other rows: ${question}`, async () => {
      const ledger = await files.ledger();
      fill(ledger);
      breakRow(sql);
      const ask = questions[question];
      assert.ok(ask !== undefined);
      assert.equal(ask(ledger).length, 2);
      assert.equal(ask(ledger).length, 2);
      assert.equal(ledger.unreadableRows(), 1, "one row, however often it is read");
      assert.deepEqual(await ledger.checkIntegrity(), [], "SQLite itself sees nothing");
      fill(ledger);
      assert.ok(ask(ledger).length >= 2, "what is written goes on");
    });

  it("is set aside at the next opening, and kept", async () => {
    const ledger = await files.ledger();
    fill(ledger);
    breakRow(broken.calls);
    ledger.calls({});
    ledger.dispose();
    const kept = readFileSync(files.path);
    const opened = await files.open();
    assert.equal(keptAs(opened.news), files.path);
    assert.deepEqual(readFileSync(files.path), kept);
    assert.equal(opened.ledger.unreadableRows(), 0);
  });

  it("goes on with the newest session that can be read", async () => {
    const ledger = await files.ledger();
    fill(ledger);
    breakRow("UPDATE session SET end_kind = 'x' WHERE session_id = 'session-3'");
    assert.equal(ledger.openSession(scope, "/project")?.sessionId, "session-2");
  });

  it("does not count a call twice whose row is written anew", async () => {
    const ledger = await files.ledger();
    ledger.upsertCall(call({ status: "succeeded" }));
    breakRow("UPDATE call SET status = 'x'");
    ledger.upsertCall(call({ status: "succeeded" }));
    assert.deepEqual(ledger.calls({}), [call({ status: "succeeded" })]);
    const [sum] = ledger.summary({ ...always, fromMs: mondayMs, timeZone: "UTC" });
    assert.equal(sum?.calls, 1);
  });

  it("survives any flipped bit of its file: each question is answered, or fails as a ledger may", async function () {
    this.timeout(300_000);
    const ledger = await files.ledger();
    fill(ledger);
    ledger.remember("key", "1");
    ledger.acquireLease("lease", "me", 1, mondayMs, 1000);
    ledger.saveRates(scope, { usdPerHourByKey: new Map([["gpu", 1]]) }, mondayMs);
    ledger.upsertBilled(scope, [{ ...bill, cost: microUsd(1) }], { atMs: mondayMs, report: 1 });
    ledger.dispose();
    const sound = readFileSync(files.path);
    const used = [...sound.keys()].filter((at) => sound[at] !== 0);
    let state = Number(process.env["MODAL_METER_SEED"] ?? "7");
    const random = (below: number): number => {
      state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
      return Math.floor((state / 2 ** 32) * below);
    };
    const outcomes = { sound: 0, fewer: 0, failed: 0, setAside: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const one = new TemporaryLedger();
      const bytes = Buffer.from(sound);
      const at = used[random(used.length)] ?? 0;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      writeFileSync(one.path, bytes);
      try {
        const opened = await one.open();
        if (keptAs(opened.news) !== null) outcomes.setAside += 1;
        else outcomes[answers(opened.ledger)] += 1;
        fill(opened.ledger);
      } catch (error) {
        assert.ok(error instanceof Failure && error.reason === "ledger", String(error));
        outcomes.failed += 1;
      }
      assert.ok(existsSync(one.path));
      one.dispose();
    }
    console.log(`      ${JSON.stringify(outcomes)}`);
    assert.ok(
      Math.min(outcomes.sound, rounds - outcomes.sound) > 2,
      "some flips show, some do not",
    );
  });

  function answers(ledger: OneLedger): "sound" | "fewer" {
    for (const ask of Object.values(questions)) ask(ledger);
    return ledger.unreadableRows() > 0 ? "fewer" : "sound";
  }
});
