import { writeSync } from "node:fs";
import { once } from "node:events";
import * as z from "zod/mini";
import { systemClock } from "../../../src/base/systemClock.ts";
import { Failure } from "../../../src/base/failure.ts";
import { microUsd } from "../../../src/cost/money.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { LedgerWriter } from "../../../src/ledger/patient/ledgerWriter.ts";
import { PatientFile } from "../../../src/ledger/patient/patientFile.ts";
import type { PatientFileOptions } from "../../../src/ledger/patient/patientFile.ts";
import { PatientLedger } from "../../../src/ledger/patient/patientLedger.ts";
import { ThreadWriter } from "../../../src/ledger/patient/threadWriter.ts";
import { ifReadable } from "../../../src/session/ifReadable.ts";
import { until } from "../../host/until.ts";
import { silentLog } from "../../unit/silentLog.ts";
import type { OpenedLedger } from "../../../src/ledger/openLedger.ts";
import { call, container, listing, mondayMs } from "../../unit/ledger/temporaryLedger.ts";

/** One window of a test with several: opens the ledger when told to, does one task, prints what came of it. */
const jobSchema = z.object({
  path: z.string(),
  me: z.string(),
  task: z.enum([
    "open",
    "read",
    "claim",
    "lease",
    "call",
    "look",
    "forever",
    "window forever",
    "guardian forever",
  ]),
  count: z.number(),
});

const writerThread = new URL("../../../src/ledger/patient/writerThread.ts", import.meta.url);
const job = jobSchema.parse(JSON.parse(process.argv[2] ?? ""));
say("ready");
await once(process.stdin, "data");
const work = await workOf(job.task);
try {
  const { ledger, news } = await openLedger(job.path, {
    // All write without a pause, and a loaded machine gives a turn seldom.
    busyTimeoutMs: job.task === "call" ? 60_000 : 5_000,
  });
  say(JSON.stringify({ news, failure: null, results: work(ledger) }));
  ledger.dispose();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  say(JSON.stringify({ news: [], failure: error.message, results: [error.reason] }));
}
process.exit(0);

async function workOf(task: typeof job.task): Promise<ReturnType<typeof tasks>[Task]> {
  switch (task) {
    case "read":
      return await readAsWindow();
    case "window forever":
      return await writeForever({
        isEager: false,
        writer: (events) =>
          new ThreadWriter({ path: job.path, program: writerThread, clock: systemClock, events }),
      });
    case "guardian forever":
      return await writeForever({
        isEager: true,
        writer: (events) =>
          new LedgerWriter({ path: job.path, clock: systemClock, events, busyTimeoutMs: 2_000 }),
      });
    default:
      return tasks()[task];
  }
}

/** As a window, or the guardian, writes until it is killed; says what the file has taken. */
async function writeForever(
  options: Pick<PatientFileOptions, "isEager" | "writer">,
): Promise<never> {
  const file = new PatientFile({
    ...options,
    clock: systemClock,
    onBug: (error) => say(`bug ${String(error)}`),
  });
  const ledger = new PatientLedger(file, silentLog);
  for (let n = 0; ; n += 1) {
    const callId = `${job.me}-${n}`;
    ledger.upsertCall(call({ callId, status: "succeeded", reportedMicroUsd: microUsd(1) }));
    if (await ledger.settled(60_000)) say(callId);
  }
}

/** As a window reads a file that it cannot write: the ids of the calls, and what it is told. */
async function readAsWindow(): Promise<never> {
  const file = new PatientFile({
    clock: systemClock,
    writer: (events) =>
      new LedgerWriter({ path: job.path, clock: systemClock, events, busyTimeoutMs: 500 }),
    onBug: (error) => say(String(error)),
  });
  const ledger = new PatientLedger(file, silentLog);
  const calls = await until("the calls can be read", () => ifReadable(() => ledger.calls({})));
  const failure = await until("trouble is told", () => ledger.trouble()?.message);
  say(JSON.stringify({ news: [], failure, results: calls.map(({ callId }) => callId) }));
  process.exit(0);
}

type Task = Exclude<typeof job.task, "read" | "window forever" | "guardian forever">;

function tasks(): Record<Task, (ledger: OpenedLedger["ledger"]) => readonly string[]> {
  return {
    open: (ledger) => {
      ledger.upsertCall(call({ callId: job.me }));
      return [];
    },
    /** The keys that this process has won. */
    claim: (ledger) =>
      numbers()
        .map((n) => `key-${n}`)
        .filter((key) => ledger.claimOnce(key, Date.now())),
    /** "token holder" of each term that this process has had. */
    lease: (ledger) => {
      const terms: string[] = [];
      while (terms.length < job.count) {
        if (!ledger.acquireLease("test", job.me, process.pid, Date.now(), 1000)) continue;
        const lease = ledger.leaseHolder("test", Date.now());
        terms.push(`${lease?.token} ${lease?.holder}`);
        ledger.releaseLease("test", job.me);
      }
      return terms;
    },
    /** All write the same calls, each knowing a different part of them. */
    call: (ledger) => {
      for (const n of numbers()) {
        const known = call({ callId: `call-${n}`, startedAtMs: mondayMs + n * 60_000 });
        ledger.upsertCall(known);
        if (n % 4 === Number(job.me))
          ledger.upsertCall({ ...known, status: "succeeded", reportedMicroUsd: microUsd(n) });
      }
      return [];
    },
    /** Each sees the containers at other instants. */
    look: (ledger) => {
      for (const n of numbers()) {
        const alive = [1, 2, 3]
          .filter((each) => n < each * 40)
          .map((each) => container(`ta-${each}`));
        ledger.recordListing(listing(n * 10 + Number(job.me), alive));
      }
      return [];
    },
    /** Writes until it is killed; says what was committed. */
    forever: (ledger) => {
      for (let n = 0; ; n += 1) {
        const callId = `${job.me}-${n}`;
        ledger.upsertCall(call({ callId, status: "succeeded", reportedMicroUsd: microUsd(1) }));
        say(callId);
      }
    },
  };
}

function numbers(): readonly number[] {
  return Array.from({ length: job.count }, (_, index) => index);
}

/** At once, and not when the event loop turns: a killed process must have said what it did. */
function say(line: string): void {
  let left = Buffer.from(`${line}\n`);
  while (left.length > 0) left = left.subarray(written(left));
}

/** The reader may be slower than this process writes: then its pipe is full for a moment. */
function written(bytes: Buffer): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    return 0;
  }
}
