import assert from "node:assert/strict";
import * as z from "zod/mini";
import * as fc from "fast-check";
import { Failure } from "../../../../src/base/failure.ts";
import type { CallRecord } from "../../../../src/cost/call.ts";
import { usd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { loggedContainerId } from "../../../../src/cost/reported/logLineAssembler.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { recallNotes } from "../../../../src/session/logs/appNotes.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { LogFollower, type LogSource } from "../../../../src/session/logs/logFollower.ts";
import type { LogChunk } from "../../../../src/session/modalControl.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { appListing, chunk, line, logStartMs, ownCall, scope } from "../logSample.ts";

/** One app's log, behind the port: entries that stay, and connections that break. */
class AppLog implements LogSource {
  readonly scopeKey = scope;
  readonly entries: LogChunk[] = [];
  readonly resumedAfter: (string | undefined)[] = [];
  open = 0;
  #breaks: Failure | undefined;
  #wake: (() => void)[] = [];

  get control(): LogSource["control"] {
    return { followLogs: (_appId, options = {}) => this.#follow(options) };
  }

  say(...more: readonly LogChunk[]): void {
    this.entries.push(...more);
    this.#wakeAll();
  }

  /** Every connection fails now. */
  breakOff(failure = new Failure("offline", "the network went away")): void {
    this.#breaks = failure;
    this.#wakeAll();
  }

  async *#follow(options: {
    readonly signal?: AbortSignal;
    readonly afterEntryId?: string;
  }): AsyncGenerator<LogChunk> {
    const { signal, afterEntryId } = options;
    this.resumedAfter.push(afterEntryId);
    this.#breaks = undefined;
    const onAbort = (): void => this.#wakeAll();
    signal?.addEventListener("abort", onAbort);
    this.open += 1;
    try {
      let at = this.entries.findIndex(({ entryId }) => entryId === afterEntryId) + 1;
      for (;;) {
        if (signal?.aborted === true) return;
        this.#check();
        const next = this.entries[at];
        if (next === undefined) await new Promise<void>((resolve) => this.#wake.push(resolve));
        else {
          at += 1;
          yield next;
        }
      }
    } finally {
      this.open -= 1;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #check(): void {
    if (this.#breaks !== undefined) throw this.#breaks;
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

interface Scene {
  readonly clock: VirtualClock;
  readonly ledger: Ledger;
  readonly log: AppLog;
  readonly told: CallRecord[];
  readonly window: () => LogFollower;
  readonly calls: () => readonly CallRecord[];
}

async function scene(): Promise<Scene> {
  const clock = new VirtualClock(logStartMs);
  const { ledger } = await openLedger(":memory:", { clock });
  const told: CallRecord[] = [];
  let windows = 0;
  return {
    clock,
    ledger,
    log: new AppLog(),
    told,
    window: () =>
      new LogFollower({
        ledger,
        clock,
        log: silentLog,
        holder: `window-${(windows += 1)}`,
        pid: process.pid,
        rates: () => ratesInForce(),
        onCall: (call) => told.push(call),
      }),
    calls: () => ledger.calls({ scope }),
  };
}

const running = appListing(logStartMs, {
  containers: [
    {
      containerId: "ta-1",
      appId: "ap-1",
      appName: "flux",
      enqueuedAtMs: null,
      startedAtMs: logStartMs,
      finishedAtMs: null,
      gpu: null,
      gpuSource: "unknown",
      cpuCores: null,
      memoryGib: null,
    },
  ],
});
const idle = appListing(logStartMs, { apps: [], containers: [] });

const sums = (calls: readonly CallRecord[]): readonly (number | null)[] =>
  calls.map(({ reportedMicroUsd }) => reportedMicroUsd).toSorted((a, b) => Number(a) - Number(b));

describe("LogFollower", () => {
  it("writes a call per cost line, checked against the rate", async () => {
    const { clock, log, window, calls, told } = await scene();
    window().update(log, running);
    log.say(chunk(1, `loading\n${line("0.001083")}`), chunk(2, line("75.00")));
    await clock.advance(100);
    const [absurd, plain] = calls();
    assert.deepEqual(
      [plain?.reportedMicroUsd, plain?.source, plain?.appId, plain?.endedAtMs, plain?.startedAtMs],
      [usd(0.001083), "log", "ap-1", logStartMs + 1000, logStartMs - 1000],
    );
    assert.equal(absurd?.reportedMicroUsd, null, "$75 in 2 s is nobody's cost");
    assert.deepEqual(absurd?.audit, ["cost-absurd"]);
    assert.equal(told.length, 2);
  });

  it("writes each once across reconnects, and moves its cursor only past what is written", async () => {
    const { clock, ledger, log, window, calls } = await scene();
    window().update(log, running);
    // The same line twice in one second: two calls. The connection breaks between them.
    log.say(chunk(1, line("0.001083")));
    log.say(chunk(9, line("0.001083")));
    await clock.advance(100);
    log.breakOff();
    log.entries.push(chunk(9, line("0.001083"), { entryId: "9-1" }));
    await clock.advance(5000);
    assert.equal(calls().length, 3);
    assert.equal(log.resumedAfter[0], undefined);
    assert.equal(log.resumedAfter.at(-1), "1-0", "the second that is not over is read again");
    assert.equal(ledger.recall("logCursor:ap-1", z.string()), "1-0");
  });

  it("does not take half a line for a line when the connection breaks", async () => {
    const { clock, ledger, log, window, calls } = await scene();
    const follower = window();
    follower.update(log, running);
    log.say(chunk(1, line("0.001083")));
    log.say(chunk(20, "💰 Cost: $0.00108"), chunk(30, "", { containerId: "ta-2" }));
    await clock.advance(100);
    assert.equal(
      ledger.recall("logCursor:ap-1", z.string()),
      undefined,
      "a line is begun and not ended",
    );
    follower.dispose();
    await clock.advance(100);
    assert.equal(calls().length, 1);
    window().update(log, running);
    log.say(chunk(31, "3 | Time: 2.00s | GPU: L40S\n"));
    await clock.advance(100);
    assert.deepEqual(sums(calls()), [usd(0.001083), usd(0.001083)]);
  });

  it("is one row for two windows, and one connection", async () => {
    const { clock, log, window, calls } = await scene();
    const [first, second] = [window(), window()];
    first.update(log, running);
    second.update(log, running);
    log.say(chunk(1, line("0.001083")));
    await clock.advance(60_000);
    assert.equal(log.open, 1, "the lease is kept while the log is silent");
    first.dispose();
    second.update(log, running);
    await clock.advance(100);
    assert.equal(log.open, 1);
    assert.equal(calls().length, 1);
  });

  it("ends when the lease is lost", async () => {
    const { clock, ledger, log, window } = await scene();
    window().update(log, running);
    await clock.advance(100);
    // The window hung for longer than its lease, and another one took it.
    clock.jump(40_000);
    assert.ok(ledger.acquireLease("log:ap-1", "window-9", process.pid, clock.nowMs(), 3_600_000));
    await clock.advance(20_000);
    assert.equal(log.open, 0);
    assert.equal(clock.pending, 0);
  });

  it("ends when the app has no containers any more, and leaves no timer", async () => {
    const { clock, ledger, log, window } = await scene();
    const follower = window();
    follower.update(log, running);
    await clock.advance(100);
    assert.equal(log.open, 1);
    follower.update(log, idle);
    await clock.advance(100);
    assert.equal(log.open, 0);
    assert.equal(clock.pending, 0);
    assert.equal(ledger.leaseHolder("log:ap-1", clock.nowMs()), undefined);
  });

  it("goes on trying while the network is away, ever more slowly, and gives up what cannot be done", async () => {
    const { clock, log, window } = await scene();
    const follower = window();
    follower.update(log, running);
    await clock.advance(100);
    for (let n = 0; n < 3; n += 1) {
      log.breakOff();
      await clock.advance(60_000);
    }
    assert.equal(log.resumedAfter.length, 4);
    log.breakOff(new Failure("unsupported", "too old"));
    await clock.advance(600_000);
    assert.equal(log.resumedAfter.length, 4);
    assert.equal(clock.pending, 0);
  });

  it("does not count this editor's own call again, also when its line comes first", async () => {
    const { clock, ledger, log, window, calls, told } = await scene();
    window().update(log, running);
    const call = ownCall({ status: "running", endedAtMs: null, reportedMicroUsd: null });
    ledger.upsertCall({ ...call, executionSeconds: null });
    log.say(chunk(1, line("0.001083")), chunk(2, line("0.002166", "4.00")), chunk(9, "idle\n"));
    await clock.advance(100);
    assert.equal(calls().length, 1, "nobody can tell yet whose lines these are");
    assert.equal(
      ledger.recall("logCursor:ap-1", z.string()),
      undefined,
      "a line that waits is not passed",
    );
    ledger.upsertCall(ownCall({ reportedMicroUsd: usd(0.001083), endedAtMs: logStartMs + 1500 }));
    await clock.advance(15_000);
    assert.deepEqual(sums(calls()), [usd(0.001083), usd(0.002166)]);
    const [own] = ledger.calls({ callId: "own-1" });
    assert.equal(loggedContainerId(own?.logLineId ?? ""), "ta-1");
    assert.deepEqual(
      told.map(({ source, executionSeconds }) => [source, executionSeconds]),
      [["log", 4]],
    );
    const all = ledger.summary({
      scope,
      fromMs: logStartMs - 86_400_000,
      toMs: logStartMs + 86_400_000,
      timeZone: "UTC",
    });
    assert.equal(
      all.reduce((sum, { reportedMicroUsd }) => sum + reportedMicroUsd, 0),
      usd(0.003249),
    );
  });

  it("counts no own call twice, in whatever order lines and answers come and whatever the headers said", async () => {
    const told = { reportedMicroUsd: usd(0.001083), executionSeconds: 2, gpuType: "L40S" };
    const variants = {
      right: told,
      missing: { reportedMicroUsd: null, executionSeconds: null, gpuType: null },
      overpriced: { ...told, reportedMicroUsd: usd(0.002) },
      milliseconds: { ...told, executionSeconds: 2000 },
    } as const;
    const own = fc.record({
      headers: fc.constantFrom(...(["right", "missing", "overpriced", "milliseconds"] as const)),
      gapMs: fc.integer({ min: 100, max: 8000 }),
      /** When its line is read, against when its answer is. */
      lineDelayMs: fc.integer({ min: -200, max: 4000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(own, { minLength: 1, maxLength: 6 }), async (list) => {
        const { clock, ledger, log, window, calls, told: others } = await scene();
        window().update(log, running);
        const events: { readonly atMs: number; readonly happens: () => void }[] = [];
        let startedAtMs = logStartMs + 1000;
        for (const [n, { headers, gapMs, lineDelayMs }] of list.entries()) {
          const endedAtMs = startedAtMs + 2300;
          const known = { callId: `own-${n}`, startedAtMs, endedAtMs, clockOffsetMs: 0 };
          const row = ownCall({ ...known, ...variants[headers] });
          const begun = {
            ...row,
            status: "running",
            endedAtMs: null,
            clockOffsetMs: null,
          } as const;
          const bare = { reportedMicroUsd: null, executionSeconds: null, gpuType: null };
          const text = { ...chunk(n, line("0.001083")), atMs: endedAtMs - 100 };
          events.push(
            { atMs: startedAtMs, happens: () => ledger.upsertCall({ ...begun, ...bare }) },
            { atMs: endedAtMs, happens: () => ledger.upsertCall(row) },
            { atMs: endedAtMs + lineDelayMs, happens: () => log.say(text) },
          );
          startedAtMs = endedAtMs + gapMs;
        }
        for (const { atMs, happens } of events.toSorted((a, b) => a.atMs - b.atMs)) {
          await clock.advance(Math.max(0, atMs - clock.nowMs()));
          happens();
        }
        await clock.advance(30_000);
        assert.deepEqual(others, []);
        assert.equal(calls().length, list.length);
        assert.ok(calls().every(({ reportedMicroUsd }) => reportedMicroUsd !== null));
        ledger.dispose();
      }),
      { numRuns: 100 },
    );
  });

  it("gives an own call the figures that its headers lost, once", async () => {
    const { clock, ledger, log, window, calls } = await scene();
    ledger.upsertCall(ownCall({ reportedMicroUsd: null, executionSeconds: null, gpuType: null }));
    window().update(log, running);
    log.say(chunk(3, line("0.001083")), chunk(4, line("0.001083")));
    await clock.advance(100);
    assert.deepEqual(
      calls()
        .toSorted((a, b) => (a.source < b.source ? -1 : 1))
        .map(({ source, reportedMicroUsd }) => [source, reportedMicroUsd]),
      [
        ["editor", usd(0.001083)],
        ["log", usd(0.001083)],
      ],
      "the second line, however alike, is another call",
    );
  });

  it("notes which containers the log names, and when they were up", async () => {
    const { clock, ledger, log, window } = await scene();
    const follower = window();
    follower.update(log, running);
    log.say(chunk(1, "up\n"), chunk(2, "up\n", { containerId: "ta-2" }), chunk(50, "bye\n"));
    await clock.advance(100);
    follower.dispose();
    await clock.advance(100);
    const { logged } = recallNotes(ledger, { scope, appId: "ap-1" });
    assert.deepEqual(
      logged.map(({ containerId, firstLineMs, lastLineMs }) => [
        containerId,
        firstLineMs - logStartMs,
        lastLineMs - logStartMs,
      ]),
      [
        ["ta-2", 2000, 2000],
        ["ta-1", 1000, 50_000],
      ],
    );
  });

  it("finds the same calls however the log is cut, and whatever else is in it", async () => {
    const text = `\u001B[32mloading ${"x".repeat(50)}\r\n${line("0.001083")}{"💰":1}\n[INFO] ${line("0.002166", "4.00")}💰💰 Cost\n${line("0.001083")}`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 12 }),
        fc.array(fc.nat(11), { maxLength: 3 }),
        async (cuts, breaks) => {
          const { clock, log, window, calls } = await scene();
          window().update(log, running);
          const edges = [0, ...new Set(cuts), text.length].toSorted((a, b) => a - b);
          for (const [n, from] of edges.slice(0, -1).entries()) {
            const piece = text.slice(from, edges[n + 1]);
            log.say(chunk(1, piece, { entryId: `1-${n}` }));
            await clock.advance(10);
            if (breaks.includes(n)) {
              log.breakOff();
              await clock.advance(70_000);
            }
          }
          log.say(chunk(100, "end\n"));
          await clock.advance(10);
          assert.deepEqual(sums(calls()), [usd(0.001083), usd(0.001083), usd(0.002166)]);
        },
      ),
      { numRuns: 40 },
    );
  });
});
