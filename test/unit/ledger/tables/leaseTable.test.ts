import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { OpenedLedger } from "../../../../src/ledger/openLedger.ts";
import { TemporaryLedger } from "../temporaryLedger.ts";

describe("leases of the ledger", () => {
  const files = new TemporaryLedger();
  let ledger: OpenedLedger["ledger"];
  before(async () => {
    ledger = await files.ledger();
  });
  after(() => files.dispose());

  const take = (name: string, holder: string, nowMs: number, ttlMs = 100): boolean =>
    ledger.acquireLease(name, holder, 1, nowMs, ttlMs);

  it("is had by one until it expires, and renewed by its holder", () => {
    assert.equal(take("one", "a", 1000), true);
    assert.equal(take("one", "b", 1099), false);
    assert.equal(take("one", "a", 1090), true);
    assert.equal(take("one", "b", 1100), false);
    assert.deepEqual(ledger.leaseHolder("one", 1189), {
      holder: "a",
      pid: 1,
      expiresAtMs: 1190,
      token: 1,
    });
    assert.equal(ledger.leaseHolder("one", 1190), undefined);
    assert.equal(take("one", "b", 1190), true);
    assert.equal(take("one", "a", 1200), false);
  });

  it("is free at once when its holder lets go, and only then", () => {
    take("go", "a", 1000);
    ledger.releaseLease("go", "b");
    assert.equal(ledger.leaseHolder("go", 1001)?.holder, "a");
    ledger.releaseLease("go", "a");
    assert.equal(ledger.leaseHolder("go", 1001), undefined);
    assert.equal(take("go", "b", 1001), true);
  });

  it("gives every new term another token, also to the same holder after a sleep", () => {
    const token = (): number | undefined => ledger.leaseHolder("token", 0)?.token;
    take("token", "a", 1000);
    const first = token();
    take("token", "a", 1050);
    assert.equal(token(), first);
    take("token", "a", 5000);
    assert.equal(token(), (first ?? 0) + 1);
    ledger.releaseLease("token", "a");
    take("token", "b", 5001);
    assert.equal(token(), (first ?? 0) + 2);
  });

  it("is not locked for ever when the clock is set back", () => {
    take("back", "dead", 1_000_000);
    assert.equal(take("back", "b", 1000), false);
    assert.equal(ledger.leaseHolder("back", 1000)?.expiresAtMs, 1100);
    assert.equal(take("back", "b", 1099), false);
    assert.equal(take("back", "b", 1100), true);
  });

  it("never has two holders and is always to be had within a term, however the clock jumps", () => {
    let run = 0;
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            holder: fc.constantFrom("a", "b", "c"),
            jumpMs: fc.integer({ min: -500, max: 150 }),
          }),
          { minLength: 1, maxLength: 20 },
        ),
        (steps) => {
          run += 1;
          const name = `jump-${run}`;
          let nowMs = 100_000;
          let last: string | undefined;
          let passedMs = 0;
          for (const { holder, jumpMs } of steps) {
            nowMs += jumpMs;
            passedMs += Math.max(0, jumpMs);
            const had = take(name, holder, nowMs);
            assert.equal(ledger.leaseHolder(name, nowMs)?.holder === holder, had);
            if (!had) continue;
            // Nobody takes it from its holder before a whole term has gone by.
            if (last !== undefined && last !== holder) assert.ok(passedMs >= 100);
            [last, passedMs] = [holder, 0];
          }
          assert.ok(take(name, "d", nowMs) || take(name, "d", nowMs + 100));
        },
      ),
      { numRuns: 60 },
    );
  });
});
