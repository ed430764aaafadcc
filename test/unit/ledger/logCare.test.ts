import assert from "node:assert/strict";
import { statSync } from "node:fs";
import type { Clock } from "../../../src/base/clock.ts";
import { LogCare } from "../../../src/ledger/logCare.ts";
import { checkpoint } from "../../../src/ledger/thread.ts";
import { until } from "../../host/until.ts";
import { call, TemporaryLedger } from "./temporaryLedger.ts";

describe("the care of the ledger's log", () => {
  const files = new TemporaryLedger();
  after(() => files.dispose());

  it("moves the log into the database in another thread, while the ledger is in use", async () => {
    const ledger = await files.ledger();
    // Fewer than those after which it is done without being asked.
    for (let index = 0; index < 200; index += 1)
      ledger.upsertCall(call({ callId: `call-${index}` }));
    const before = statSync(files.path).size;
    await checkpoint(files.path);
    assert.ok(statSync(files.path).size > before);
    ledger.upsertCall(call({ callId: "after" }));
    assert.equal(ledger.calls({}).length, 201);
  });

  it("does not leave the log as large as it ever was", async () => {
    const ledger = await files.ledger();
    const logBytes = (): number => statSync(`${files.path}-wal`).size;
    const inputJson = JSON.stringify({ prompt: "x".repeat(40_000) });
    // Fewer than those after which it is moved without being asked.
    for (let index = 0; index < 200; index += 1)
      ledger.upsertCall(call({ callId: `large-${index}`, inputJson }));
    assert.ok(logBytes() > 6_000_000, `${logBytes()} bytes`);
    await checkpoint(files.path);
    ledger.upsertCall(call({ callId: "after-large" }));
    assert.ok(logBytes() <= 2 * 1024 * 1024, `${logBytes()} bytes`);
  });

  it("moves a log that heartbeats alone have filled, and not only what must not be lost", async () => {
    const ledger = await files.ledger();
    ledger.upsertCall(call({ callId: "before-the-beats" }));
    await checkpoint(files.path);
    const before = statSync(files.path).mtimeMs;
    for (let beatAtMs = 0; beatAtMs < 300; beatAtMs += 1)
      ledger.beatWindow({ windowId: "w", pid: 1, openedAtMs: 0, beatAtMs, closedAtMs: null });
    await until("it is moved", () => statSync(files.path).mtimeMs > before);
  });

  it("flushes at most once in its pause, and sets no timer after its end", async () => {
    const timers: (() => void)[] = [];
    const clock: Clock = {
      nowMs: () => 0,
      after: (_delayMs, callback) => {
        timers.push(callback);
        return { dispose: () => void timers.splice(timers.indexOf(callback), 1) };
      },
    };
    const pending = (): number => timers.length;
    const care = new LogCare(files.path, clock);
    for (let commit = 0; commit < 20; commit += 1) care.committed(true);
    while (pending() === 0) await care.flush();
    assert.equal(pending(), 1);
    timers.shift()?.();
    while (pending() === 0) await care.flush();
    timers.shift()?.();
    await care.flush();
    assert.equal(pending(), 0);
    care.dispose();
    care.committed(true);
    await care.flush();
    assert.equal(pending(), 0);
  });

  it("does not mind that there is no log", async () => {
    await new LogCare(`${files.path}-missing`, {
      nowMs: () => 0,
      after: () => assert.fail(),
    }).flush();
  });
});
