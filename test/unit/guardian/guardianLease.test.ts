import assert from "node:assert/strict";
import { GuardianLease, liveGuardian, wantGuardian } from "../../../src/guardian/guardianLease.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import type { Ledger } from "../../../src/session/ledgerPort.ts";

const leaseMs = 30_000;

describe("GuardianLease", () => {
  let ledger: Ledger;
  const alive = new Set<number>();
  const pidAlive = (pid: number): boolean => alive.has(pid);
  const leaseOf = (pid: number): GuardianLease => {
    alive.add(pid);
    return new GuardianLease({ ledger, holder: `holder-${pid}`, pid, leaseMs, pidAlive });
  };

  beforeEach(async () => {
    alive.clear();
    ({ ledger } = await openLedger(":memory:"));
  });
  afterEach(() => ledger.dispose());

  it("belongs to one, who renews it", () => {
    const [first, second] = [leaseOf(1), leaseOf(2)];
    assert.equal(first.hold(0), true);
    assert.equal(second.hold(1_000), false);
    assert.equal(first.hold(25_000), true);
    assert.equal(second.hold(40_000), false);
    assert.equal(liveGuardian(ledger, 40_000, pidAlive)?.pid, 1);
  });

  it("goes from a dead holder to exactly one of two newcomers, at once", () => {
    const dead = leaseOf(1);
    assert.equal(dead.hold(0), true);
    alive.delete(1);
    assert.equal(liveGuardian(ledger, 1_000, pidAlive), undefined);
    const [second, third] = [leaseOf(2), leaseOf(3)];
    assert.equal(second.hold(1_000), true);
    assert.equal(third.hold(1_000), false);
  });

  it("is given up when no window wants a guardian since the facts were read", () => {
    wantGuardian(ledger, "an old wish");
    const lease = leaseOf(1);
    lease.hold(0);
    lease.readWish();
    assert.equal(lease.giveUp(1_000), true);
    assert.equal(ledger.leaseHolder("guardian", 1_000), undefined);
  });

  it("ends with its time, whoever has it: to go on, it must be taken anew", () => {
    const lease = leaseOf(1);
    assert.ok(lease.hold(0));
    assert.equal(lease.isHeld(29_000), true);
    assert.equal(lease.isHeld(31_000), false);
    assert.ok(lease.hold(31_000));
    assert.equal(lease.isHeld(32_000), true);
  });

  it("is kept when a window wanted a guardian since the facts were read", () => {
    const lease = leaseOf(1);
    lease.hold(0);
    lease.readWish();
    // The window sees the lease held, and starts none.
    wantGuardian(ledger, "a new wish");
    assert.ok(liveGuardian(ledger, 500, pidAlive) !== undefined);
    assert.equal(lease.giveUp(1_000), false);
    assert.equal(liveGuardian(ledger, 1_000, pidAlive)?.pid, 1);
    assert.equal(lease.giveUp(2_000), true, "the same wish counts once");
  });

  it("is given up for good when the window's new guardian took it first", () => {
    const lease = leaseOf(1);
    lease.hold(0);
    lease.readWish();
    ledger.releaseLease("guardian", "holder-1");
    wantGuardian(ledger, "a new wish");
    assert.equal(leaseOf(2).hold(1_000), true);
    assert.equal(lease.giveUp(1_000), true);
    assert.equal(liveGuardian(ledger, 1_000, pidAlive)?.pid, 2);
  });
});
