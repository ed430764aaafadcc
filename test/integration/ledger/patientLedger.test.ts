import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { systemClock } from "../../../src/base/systemClock.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { PatientFile } from "../../../src/ledger/patient/patientFile.ts";
import { PatientLedger } from "../../../src/ledger/patient/patientLedger.ts";
import { ThreadWriter } from "../../../src/ledger/patient/threadWriter.ts";
import { awakeMs } from "../../awakeMs.ts";
import { until } from "../../host/until.ts";
import { silentLog } from "../../unit/silentLog.ts";
import {
  call,
  container,
  listing,
  mondayMs,
  scope,
  session,
  TemporaryLedger,
} from "../../unit/ledger/temporaryLedger.ts";

const program = new URL("../../../src/ledger/patient/writerThread.ts", import.meta.url);

describe("the ledger of a window", function () {
  this.timeout(60_000);
  let files: TemporaryLedger;
  const opened: PatientFile[] = [];
  const others: ChildProcess[] = [];

  beforeEach(() => {
    files = new TemporaryLedger();
  });
  afterEach(async () => {
    for (const other of others.splice(0)) other.kill("SIGKILL");
    for (const file of opened.splice(0)) await file.close();
    files.dispose();
  });

  function patient(patienceMs?: number): {
    readonly file: PatientFile;
    readonly ledger: PatientLedger;
  } {
    const file = new PatientFile({
      clock: systemClock,
      writer: (events) =>
        new ThreadWriter({
          path: files.path,
          program,
          clock: systemClock,
          events,
          ...(patienceMs === undefined ? {} : { patienceMs }),
        }),
      onBug: (error) => assert.fail(String(error)),
    });
    opened.push(file);
    return { file, ledger: new PatientLedger(file, silentLog) };
  }

  /** Another program that has the file for itself until it is killed. */
  async function held(lock: "IMMEDIATE" | "EXCLUSIVE"): Promise<ChildProcess> {
    const text = `
      const { DatabaseSync } = require("node:sqlite");
      const database = new DatabaseSync(process.argv[1], { timeout: 5000 });
      if (process.argv[2] === "EXCLUSIVE") database.exec("PRAGMA locking_mode = EXCLUSIVE");
      database.exec("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS x (y)");
      console.log("held");
      setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ["-e", text, files.path, lock], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    others.push(other);
    assert.ok(other.stdout !== null);
    await once(other.stdout, "data");
    return other;
  }

  it("is there before its file is, and all that was written then reaches the file", async () => {
    const { ledger } = patient();
    ledger.upsertCall(call());
    ledger.upsertSession(session());
    assert.deepEqual(ledger.openSession(scope, "/project"), session());
    assert.equal(ledger.trouble(), null);
    assert.equal(await ledger.settled(10_000), true);
    assert.deepEqual((await files.ledger()).calls({}), [call()]);
    assert.deepEqual(ledger.calls({}), [call()]);
  });

  it("shows each write at once, and other windows see it soon", async () => {
    const [{ file, ledger }, { file: otherFile, ledger: other }] = [patient(), patient()];
    await Promise.all([file.opened(10_000), otherFile.opened(10_000)]);
    for (let n = 0; n < 50; n += 1) {
      ledger.upsertCall(call({ callId: `call-${n}` }));
      assert.equal(ledger.calls({}).length, n + 1);
    }
    const before = other.changeCounter();
    await until("the other one sees them", () => other.calls({}).length === 50);
    assert.notEqual(other.changeCounter(), before);
  });

  it("gives each claim and each lease to one window", async () => {
    // A thread that a busy machine lets wait would not have answered, and its window would have guessed.
    const windows = [patient(10_000), patient(10_000)];
    for (const { file } of windows) assert.equal(await file.opened(50_000), true);
    const both = windows.map(({ ledger }) => ledger);
    for (let n = 0; n < 100; n += 1) {
      const won = both.filter((ledger) => ledger.claimOnce(`key-${n}`, mondayMs));
      assert.equal(won.length, 1);
      const held = both.filter((ledger, index) =>
        ledger.acquireLease(`lease-${n}`, `window-${index}`, 1, mondayMs, 1e9),
      );
      assert.equal(held.length, 1);
    }
  });

  it("never waits for another program's lock, and loses nothing by it", async () => {
    const { file, ledger } = patient();
    await file.opened(10_000);
    ledger.upsertCall(call({ callId: "before" }));
    assert.ok(await ledger.settled(10_000));
    const other = await held("IMMEDIATE");
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const fromMs = performance.now();
    let n = 0;
    let longestMs = 0;
    await until(
      "six seconds have passed",
      () => {
        n += 1;
        const startMs = awakeMs();
        ledger.recordListing(listing(mondayMs + n, [container("ta-1")]));
        ledger.upsertCall(call({ callId: `call-${n}` }));
        ledger.acquireLease(`lease-${n}`, "window", 1, mondayMs, 1e9);
        assert.equal(ledger.latestListing(scope)?.observedAtMs, mondayMs + n);
        ledger.changeCounter();
        longestMs = Math.max(longestMs, awakeMs() - startMs);
        return performance.now() - fromMs > 6_000;
      },
      { everyMs: 20 },
    );
    assert.match(ledger.trouble()?.message ?? "", /Another process holds/);
    other.kill("SIGKILL");
    assert.ok(await ledger.settled(20_000));
    assert.equal(ledger.trouble(), null);
    delay.disable();
    console.log(
      `      longest block ${(delay.max / 1e6).toFixed(0)} ms, of the ledger's own ${longestMs.toFixed(0)} ms, in ${n} rounds`,
    );
    assert.ok(longestMs <= 50, `${longestMs} ms`);
    assert.equal((await files.ledger()).calls({}).length, n + 1);
    assert.equal((await files.ledger()).spans({ fromMs: 0, toMs: mondayMs + 1e6 }).length, 1);
  });

  it("writes what waits when it is closed", async () => {
    const { file, ledger } = patient();
    for (let n = 0; n < 2_000; n += 1) ledger.upsertCall(call({ callId: `call-${n}` }));
    await file.close();
    assert.equal((await files.ledger()).calls({}).length, 2_000);
  });

  it("opens by itself what could not be opened, and what is unknown is no zero", async () => {
    const { ledger: elder } = await openLedger(files.path);
    elder.upsertCall(call());
    elder.dispose();
    const other = await held("EXCLUSIVE");
    const { file, ledger } = patient();
    assert.equal(await file.opened(10_000), false);
    assert.equal(ledger.trouble()?.isWritable, false);
    assert.throws(() => ledger.calls({}), /Another process holds/);
    ledger.upsertSession(session());
    assert.equal(ledger.claimOnce("key", mondayMs), true);
    assert.equal(ledger.claimOnce("key", mondayMs), false);
    other.kill("SIGKILL");
    await until("it is open", () => ledger.trouble() === null);
    assert.ok(await ledger.settled(10_000));
    assert.equal(ledger.calls({}).length, 1);
    assert.equal((await files.ledger()).wasClaimed("key"), true);
    assert.equal((await files.ledger()).sessions({}).length, 1);
  });
});
