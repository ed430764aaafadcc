import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import type { Log } from "../../../../src/base/log.ts";
import { LedgerCare } from "../../../../src/session/watch/ledgerCare.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 10, 2, 9);

function bench() {
  const clock = new VirtualClock(startMs);
  const claims = new Set<string>();
  const done: string[] = [];
  let problems: readonly string[] | Failure = [];
  const at = (): string => new Date(clock.nowMs()).toISOString().slice(0, 13);
  const ledger = {
    claimOnce: (key: string) => !claims.has(key) && claims.add(key).size > 0,
    checkIntegrity: () => {
      done.push(`checked ${at()}`);
      return problems instanceof Failure ? Promise.reject(problems) : Promise.resolve(problems);
    },
    prune: (beforeMs: number) =>
      void done.push(`pruned ${at()}, before ${new Date(beforeMs).toISOString().slice(0, 10)}`),
  };
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => errors.push(message) };
  const open = (): LedgerCare => new LedgerCare({ ledger, clock, log });
  const find = (found: typeof problems): void => {
    problems = found;
  };
  return { clock, done, errors, open, find };
}

describe("LedgerCare", () => {
  it("is one window's each day, for as long as windows are open", async () => {
    const { clock, done, open } = bench();
    const windows = [open(), open()];
    await clock.advance(hourMs / 2);
    assert.deepEqual(done, ["checked 2026-11-02T09", "pruned 2026-11-02T09, before 2025-09-28"]);
    await clock.advance(2.9 * dayMs);
    assert.deepEqual(
      done.filter((one) => one.startsWith("pruned")).map((one) => one.slice(0, 17)),
      ["pruned 2026-11-02", "pruned 2026-11-03", "pruned 2026-11-04", "pruned 2026-11-05"],
    );
    for (const window of windows) window.dispose();
    assert.equal(clock.pending, 0);
  });

  it("forgets nothing of a damaged file, says so, and goes on the day after", async () => {
    const { clock, done, errors, open, find } = bench();
    const window = open();
    find(["page 3 is broken"]);
    await clock.advance(hourMs);
    assert.deepEqual(done, ["checked 2026-11-02T09"]);
    assert.deepEqual(errors, ["The ledger is damaged and will be set aside: page 3 is broken"]);
    find(new Failure("ledger", "It cannot be read."));
    await clock.advance(dayMs);
    find([]);
    await clock.advance(dayMs);
    assert.equal(done.at(-1)?.slice(0, 17), "pruned 2026-11-04");
    assert.equal(errors.length, 1, "a ledger that cannot be read is told of elsewhere");
    window.dispose();
    assert.equal(clock.pending, 0);
  });
});
