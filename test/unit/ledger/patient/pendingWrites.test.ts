import assert from "node:assert/strict";
import { PendingWrites } from "../../../../src/ledger/patient/pendingWrites.ts";
import { workedMs } from "../../../awakeMs.ts";
import { call } from "../temporaryLedger.ts";

describe("PendingWrites", () => {
  it("tells what waits of a kind, oldest first, sent or not, until it is written", () => {
    const pending = new PendingWrites();
    const keys = (): readonly string[] => pending.of("remember").map(([, key]) => key);
    assert.deepEqual(keys(), []);
    pending.add(["remember", "a", "1"]);
    pending.add(["upsertCall", call()]);
    assert.deepEqual(keys(), ["a"]);
    const batch = pending.take();
    pending.add(["remember", "b", "2"]);
    assert.deepEqual(keys(), ["a", "b"]);
    pending.written(batch?.number ?? 0);
    assert.deepEqual(keys(), ["b"]);
    pending.takeRest();
    assert.deepEqual(keys(), []);
  });

  it("changes the version of cost with what cost is made from, and when that is in the file", () => {
    const pending = new PendingWrites();
    const seen = new Set([pending.costVersion]);
    pending.add(["acquireLease", "poll", "w", 1, 1, 1]);
    pending.add(["claimOnce", "once", 1]);
    pending.written(pending.take()?.number ?? 0);
    assert.ok(seen.has(pending.costVersion), "leases and claims are no reason");
    pending.add(["upsertCall", call()]);
    assert.ok(!seen.has(pending.costVersion));
    seen.add(pending.costVersion);
    pending.written(pending.take()?.number ?? 0);
    assert.ok(!seen.has(pending.costVersion), "the file may know more of it");
  });

  it("answers for a thousand apps while a day of calls waits", () => {
    const pending = new PendingWrites();
    for (let at = 0; at < 20_000; at += 1)
      pending.add(["upsertCall", call({ callId: `call-${at}` })]);
    pending.add(["remember", "a", "1"]);
    const fromMs = workedMs();
    for (let app = 0; app < 2_000; app += 1) assert.equal(pending.of("remember").length, 1);
    const ms = workedMs() - fromMs;
    assert.ok(ms < 100, `${ms} ms; it was 1,100`);
  });
});
