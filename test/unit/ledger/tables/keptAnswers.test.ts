import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import type { CallRecord } from "../../../../src/cost/call.ts";
import { Connection } from "../../../../src/ledger/connection.ts";
import type { OpenedLedger } from "../../../../src/ledger/openLedger.ts";
import { renewedCalls } from "../../../../src/ledger/tables/callChanges.ts";
import { callsOf, toCall } from "../../../../src/ledger/tables/callTable.ts";
import { KeptAnswers } from "../../../../src/ledger/tables/keptAnswers.ts";
import type { CallQuery } from "../../../../src/session/ledgerPort.ts";
import { OlderWindow } from "../olderWindow.ts";
import {
  call,
  container,
  inTwoWindows,
  listing,
  mondayMs,
  scope,
  session,
  TemporaryLedger,
} from "../temporaryLedger.ts";

const always = { fromMs: 0, toMs: 1e13 };

describe("answers that are kept", () => {
  let files: TemporaryLedger;
  let ledger: OpenedLedger["ledger"];
  let connection: Connection;
  let parsed = 0;
  let calls: KeptAnswers<CallQuery, CallRecord>;
  beforeEach(async () => {
    files = new TemporaryLedger();
    ledger = await files.ledger();
    connection = new Connection(files.path, new DatabaseSync(files.path), {
      onCommit: () => undefined,
      onDamage: () => undefined,
    });
    parsed = 0;
    const counted: typeof toCall = (row) => {
      parsed += 1;
      return toCall(row);
    };
    calls = new KeptAnswers(connection, {
      tables: ["call"],
      key: "call_id",
      parse: counted,
      read: callsOf,
      renewed: (of, query, earlier, version) => renewedCalls(of, query, earlier, version, counted),
    });
  });
  afterEach(() => {
    connection.dispose();
    files.dispose();
  });

  /** Rows that were read for the answer. */
  const readFor = (query: CallQuery): number => {
    parsed = 0;
    assert.deepEqual(calls.read(query), callsOf(connection, query));
    return parsed;
  };

  it("of a day of calls are read once, and then only the calls that have changed", () => {
    for (let at = 0; at < 400; at += 1)
      ledger.upsertCall(call({ callId: `call-${at}`, startedAtMs: mondayMs + at }));
    assert.equal(readFor(always), 400);
    assert.equal(readFor(always), 0);
    ledger.beatWindow({ windowId: "w", pid: 1, openedAtMs: 1, beatAtMs: 2, closedAtMs: null });
    ledger.recordListing(listing(mondayMs, [container("ta-1")]));
    assert.equal(readFor(always), 0);
    ledger.upsertCall(call({ callId: "call-7", startedAtMs: mondayMs + 7, status: "failed" }));
    ledger.upsertCall(call({ callId: "newest", startedAtMs: mondayMs + 1e6 }));
    assert.equal(readFor(always), 2);
    assert.equal(calls.read(always)[0]?.callId, "newest");
  });

  it("are read anew after more changes than the file remembers", () => {
    assert.equal(readFor(always), 0);
    for (let at = 0; at < 1_200; at += 1) ledger.upsertCall(call({ callId: `call-${at}` }));
    assert.equal(readFor(always), 1_200);
    const rows = connection.get("SELECT count(*) AS rows FROM call_change");
    assert.equal(rows?.["rows"], 1_000);
  });

  it("are what the file says, whatever was written and pruned between two questions", () => {
    const write = fc.record({
      id: fc.integer({ min: 0, max: 9 }),
      at: fc.integer({ min: 0, max: 9 }),
      status: fc.constantFrom("running", "succeeded", "failed"),
      prune: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 6 }),
    });
    const query = fc.constantFrom<CallQuery>(
      always,
      { fromMs: mondayMs, toMs: mondayMs + 5 * 3_600_000 },
      { ...always, status: "running" },
      { ...always, limit: 3 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(write, { maxLength: 4 }), query), { maxLength: 12 }),
        (steps) => {
          for (const [writes, asked] of steps) {
            for (const { id, at, status, prune } of writes) {
              if (prune !== undefined) ledger.prune(mondayMs + prune * 3_600_000);
              const startedAtMs = mondayMs + at * 3_600_000;
              const endedAtMs = status === "running" ? null : startedAtMs + 1;
              ledger.upsertCall(call({ callId: `call-${id}`, startedAtMs, endedAtMs, status }));
            }
            readFor(asked);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("the version of what cost is made from", () => {
  let a: OpenedLedger["ledger"];
  let b: OpenedLedger["ledger"];
  inTwoWindows((first, second) => ([a, b] = [first, second]));

  const changes = (write: () => void): boolean => {
    const before = b.costVersion();
    write();
    assert.equal(a.costVersion(), b.costVersion());
    return b.costVersion() !== before;
  };

  it("is another one after each write of cost, by any window", () => {
    assert.ok(changes(() => a.upsertCall(call())));
    assert.ok(changes(() => a.recordListing(listing(mondayMs, [container("ta-1")]))));
    assert.ok(changes(() => a.recordListing(listing(mondayMs + 1, []))));
    assert.ok(changes(() => a.remember("notes", "1")));
    assert.ok(changes(() => a.prune(mondayMs + 9 * 86_400_000)));
    assert.ok(changes(() => a.upsertSession(session())));
  });

  it("is the same after heartbeats, leases, claims, and what was recorded already", () => {
    a.upsertCall(call({ callId: "known" }));
    assert.ok(!changes(() => a.upsertCall(call({ callId: "known" }))));
    assert.ok(!changes(() => a.remember("notes", "1")));
    assert.ok(!changes(() => a.acquireLease("poll", "a", 1, mondayMs, 1_000)));
    assert.ok(!changes(() => a.claimOnce("once", mondayMs)));
    const beat = { windowId: "w", pid: 1, openedAtMs: 1, beatAtMs: 2, closedAtMs: null };
    assert.ok(!changes(() => a.beatWindow(beat)));
  });

  it("is another one after a look of a window of an older version, too", async () => {
    const files = new TemporaryLedger();
    const older = files.add(new OlderWindow(files.path));
    const ledger = await files.ledger();
    const spans = (): number => ledger.spans({ scope, ...always }).length;
    assert.equal(spans(), 0);
    const before = ledger.costVersion();
    older.look(1_000, ["ta-1"]);
    assert.notEqual(ledger.costVersion(), before);
    assert.equal(spans(), 1);
    files.dispose();
  });
});
