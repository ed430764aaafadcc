import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { CallRecord } from "../../../../src/cost/call.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { distinctCalls } from "../../../../src/cost/reported/distinctCalls.ts";
import { LogLineAssembler } from "../../../../src/cost/reported/logLineAssembler.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { LoggedCalls } from "../../../../src/session/logs/loggedCalls.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import type { LogChunk } from "../../../../src/session/modalControl.ts";
import { succeeded } from "../../../../src/ui/calls/records.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { logStartMs, ownCall, scope } from "../logSample.ts";
import { outcomeSample } from "../../ui/calls/outcomeSample.ts";

/** A handler's time, what it costs on an L40S at $1.95/h, and what an old price ($0.000694/s) makes of it. */
const runs = [
  { seconds: 1, microUsd: 542, overpricedMicroUsd: 694 },
  { seconds: 2, microUsd: 1083, overpricedMicroUsd: 1388 },
  { seconds: 2.5, microUsd: 1354, overpricedMicroUsd: 1735 },
] as const;
type Run = (typeof runs)[number];

const run = fc.constantFrom(...runs);
const container = fc.constantFrom("ta-1", "ta-2");
const readMs = fc.integer({ min: 0, max: 5000 });
/** A call of mine, so long after the one before began. */
const mine = fc.record({
  gapMs: fc.integer({ min: 0, max: 6000 }),
  run,
  container,
  headers: fc.constantFrom("right", "missing", "refused", "milliseconds", "overpriced"),
  /** From the line to the answer. */
  answerMs: fc.integer({ min: 5, max: 900 }),
  readMs,
});
/** A teammate's, by my clock. */
const theirs = fc.record({ atMs: fc.integer({ min: 0, max: 30_000 }), run, container, readMs });
const world = fc.record({
  /** Modal's clock minus mine. */
  offMs: fc.constantFrom(0, -700, 6000, -6000, 600_000, -600_000),
  /** Where Modal's id of a call is told. */
  ids: fc.constantFrom("answer and log", "answer", "log", "nowhere"),
  hasDate: fc.boolean(),
  isAppKnown: fc.boolean(),
  mine: fc.array(mine, { maxLength: 5 }),
  theirs: fc.array(theirs, { maxLength: 5 }),
  /** After so many events the window is reloaded, and reads the log again from its beginning. */
  reloads: fc.array(fc.nat(30), { maxLength: 2 }),
});
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;
type Mine = World["mine"][number];

function headersOf({ run: { seconds, microUsd, overpricedMicroUsd }, headers }: Mine) {
  const told = (cost: number, time: number): Record<string, string> => ({
    "x-cost-usd": (cost / 1e6).toFixed(6),
    "x-execution-time-sec": time.toFixed(3),
    "x-gpu-type": "L40S",
  });
  const all = {
    right: told(microUsd, seconds),
    missing: {},
    refused: told(5e9, seconds),
    milliseconds: told(microUsd, seconds * 1000),
    overpriced: told(overpricedMicroUsd, seconds),
  };
  return all[headers];
}

function chunkOf(one: Run, inContainer: string, atMs: number, id: string | null): LogChunk {
  const cost = `$${(one.microUsd / 1e6).toFixed(6)}`;
  return {
    text: `💰 Cost: ${cost} | Time: ${one.seconds.toFixed(2)}s | GPU: L40S @ ${cost}\n`,
    containerId: inContainer,
    functionCallId: id,
    atMs,
    entryId: null,
  };
}

/** A window that follows the log; after a reload it reads it anew. */
class Window {
  readonly #ledger: Ledger;
  readonly #clock: VirtualClock;
  readonly others: CallRecord[] = [];
  #lines = new LogLineAssembler("ap-1");
  #calls: LoggedCalls;

  constructor(ledger: Ledger, clock: VirtualClock) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#calls = this.#fresh();
  }

  read(chunk: LogChunk): void {
    this.#calls.add(this.#lines.add(chunk));
    this.#calls.settle();
  }

  settle(): void {
    this.#calls.settle();
  }

  reload(log: readonly LogChunk[]): void {
    this.#lines = new LogLineAssembler("ap-1");
    this.#calls = this.#fresh();
    for (const chunk of log) this.read(chunk);
  }

  #fresh(): LoggedCalls {
    return new LoggedCalls(
      { scope, appId: "ap-1", appName: "flux" },
      {
        ledger: this.#ledger,
        clock: this.#clock,
        log: silentLog,
        rates: () => ratesInForce(),
        onCall: (call) => this.others.push(call),
      },
    );
  }
}

/** Lets the world happen, and gives the distinct calls that the ledger then holds. */
async function happened(w: World): Promise<readonly CallRecord[]> {
  const clock = new VirtualClock(logStartMs);
  const { ledger } = await openLedger(":memory:", { clock });
  const window = new Window(ledger, clock);
  const log: LogChunk[] = [];
  const events: { readonly atMs: number; readonly happens: () => void }[] = [];
  const written = (chunk: LogChunk, atMs: number): void => {
    events.push({
      atMs,
      happens: () => {
        log.push(chunk);
        window.read(chunk);
      },
    });
  };
  const inLog = w.ids === "answer and log" || w.ids === "log";
  const inAnswer = w.ids === "answer and log" || w.ids === "answer";
  let startMs = logStartMs;
  for (const [n, call] of w.mine.entries()) {
    startMs += call.gapMs;
    const [sentMs, id] = [startMs, `fc-mine${n}`];
    const lineMs = sentMs + 100 + call.run.seconds * 1000;
    const answeredAtMs = lineMs + call.answerMs;
    const running = ownCall({
      callId: `own-${n}`,
      startedAtMs: sentMs,
      endedAtMs: null,
      status: "running",
      reportedMicroUsd: null,
      executionSeconds: null,
      gpuType: null,
      ...(w.isAppKnown ? {} : { appId: null, appName: null }),
    });
    const headers = {
      ...headersOf(call),
      ...(inAnswer ? { "modal-function-call-id": id } : {}),
      ...(w.hasDate ? { date: new Date(answeredAtMs + w.offMs).toUTCString() } : {}),
    };
    const outcome = outcomeSample(sentMs, headers, { answeredAtMs });
    events.push(
      { atMs: sentMs, happens: () => ledger.upsertCall(running) },
      {
        atMs: answeredAtMs,
        happens: () => {
          ledger.upsertCall(
            succeeded(running, outcome, { containerGpu: null, rates: ratesInForce() }).call,
          );
          window.settle();
        },
      },
    );
    const chunk = chunkOf(call.run, call.container, lineMs + w.offMs, inLog ? id : null);
    written(chunk, lineMs + call.readMs);
  }
  for (const [n, call] of w.theirs.entries()) {
    const lineMs = logStartMs + call.atMs;
    const id = inLog ? `fc-theirs${n}` : null;
    written(chunkOf(call.run, call.container, lineMs + w.offMs, id), lineMs + call.readMs);
  }
  for (const [n, { happens }] of events.toSorted((a, b) => a.atMs - b.atMs).entries()) {
    happens();
    if (w.reloads.includes(n)) window.reload(log);
  }
  window.reload(log);
  const calls = distinctCalls(ledger.calls({ scope }));
  ledger.dispose();
  return calls;
}

const sumOf = (amounts: readonly number[]): number => amounts.reduce((a, b) => a + b, 0);

describe("my calls and their lines in the log", () => {
  it("are each counted once, and no teammate's call is lost in them, whatever Modal tells", async () => {
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        // Without an id little connects a wrong price with its line, which costs something else.
        const isOverpriced = w.mine.some(({ headers }) => headers === "overpriced");
        fc.pre(w.ids === "answer and log" || !isOverpriced);
        const calls = await happened(w);
        const counted = sumOf(calls.map(({ reportedMicroUsd }) => reportedMicroUsd ?? 0));
        const own = w.mine.map(({ headers, run: one }) =>
          headers === "overpriced" ? one.overpricedMicroUsd : one.microUsd,
        );
        assert.equal(counted, sumOf(own) + sumOf(w.theirs.map((call) => call.run.microUsd)));
      }),
      { numRuns: 120 },
    );
  });

  it("are distinguished call by call where Modal gives their ids", async () => {
    await fc.assert(
      fc.asyncProperty(world, async (some) => {
        const w = { ...some, ids: "answer and log" as const };
        const calls = await happened(w);
        const own = calls.filter(({ source }) => source === "editor");
        assert.deepEqual(
          own.map(({ logLineId, appId }) => [logLineId?.split("/")[2], appId]),
          w.mine.map(({ container: inContainer }) => [inContainer, "ap-1"]),
        );
        assert.equal(calls.length, w.mine.length + w.theirs.length);
      }),
      { numRuns: 50 },
    );
  });
});
