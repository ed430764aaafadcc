import { writeSync } from "node:fs";
import { once } from "node:events";
import * as z from "zod/mini";
import { Failure } from "../../../src/base/failure.ts";
import { microUsd } from "../../../src/cost/money.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import type { OpenedLedger } from "../../../src/ledger/openLedger.ts";
import { call, container, listing, mondayMs } from "../../unit/ledger/temporaryLedger.ts";

/** One window of a test with several: opens the ledger when told to, does one task, prints what came of it. */
const jobSchema = z.object({
  path: z.string(),
  me: z.string(),
  task: z.enum(["open", "claim", "lease", "call", "look", "forever"]),
  count: z.number(),
});

const job = jobSchema.parse(JSON.parse(process.argv[2] ?? ""));
say("ready");
await once(process.stdin, "data");
try {
  const { ledger, setAside } = await openLedger(job.path);
  say(JSON.stringify({ setAside, failure: null, results: tasks()[job.task](ledger) }));
  ledger.dispose();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  say(JSON.stringify({ setAside: null, failure: error.message, results: [error.reason] }));
}
process.exit(0);

function tasks(): Record<typeof job.task, (ledger: OpenedLedger["ledger"]) => readonly string[]> {
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
  writeSync(1, `${line}\n`);
}
