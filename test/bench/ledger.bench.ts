import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import type { CallRecord } from "../../src/cost/call.ts";
import { microUsd } from "../../src/cost/money.ts";
import { upsertCall } from "../../src/ledger/tables/callTable.ts";
import { Connection } from "../../src/ledger/connection.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import type { OpenedLedger } from "../../src/ledger/openLedger.ts";
import { median } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { Random } from "../sim/model/random.ts";

const rows = 1_000_000;
const runs = 10;
/** Reading a million lines takes seconds, so the peer's median is of fewer runs. */
const peerRuns = 3;
const appendsPerRun = 500;
const dayMs = 86_400_000;
const monthFromMs = Date.UTC(2026, 10, 1);
const monthToMs = monthFromMs + 30 * dayMs;
/** A million calls over forty days, so that the month is a part of them. */
const firstMs = monthFromMs - 5 * dayMs;
const spanMs = 40 * dayMs;

/**
 * The ledger at a million calls against the simplest thing that works: one JSONL file, appended with
 * `appendFileSync`, and read whole for an answer. Neither side waits for the disk at an append.
 */
export async function bench(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "modal-meter-ledger-bench-"));
  try {
    return await measure(join(folder, "ledger.db"), join(folder, "ledger.jsonl"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(ledgerPath: string, jsonlPath: string): Promise<readonly Figure[]> {
  const random = new Random(20_261_101);
  await fill(ledgerPath, jsonlPath, random);

  const opens: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startMs = performance.now();
    const { ledger } = await openLedger(ledgerPath);
    opens.push(performance.now() - startMs);
    ledger.dispose();
  }

  const { ledger } = await openLedger(ledgerPath);
  const append = { ours: percentiles(), peer: percentiles() };
  for (let run = 0; run < runs; run += 1) {
    // Appended as calls are: after all that is there, one after the other.
    const calls = Array.from({ length: appendsPerRun }, (_, index) =>
      randomCall(random, firstMs + spanMs + (run * appendsPerRun + index) * 20_000),
    );
    append.ours.add(await timed(calls, (call) => ledger.upsertCall(call)));
    append.peer.add(
      await timed(calls, (call) => appendFileSync(jsonlPath, `${JSON.stringify(call)}\n`)),
    );
  }

  const summaries = { ours: [] as number[], peer: [] as number[] };
  for (let run = 0; run < runs; run += 1) {
    let startMs = performance.now();
    const ours = ledger.summary({ fromMs: monthFromMs, toMs: monthToMs, timeZone: "+01:00" });
    summaries.ours.push(performance.now() - startMs);
    if (run >= peerRuns) continue;
    startMs = performance.now();
    const peer = jsonlSummary(jsonlPath, 60);
    summaries.peer.push(performance.now() - startMs);
    assertSame(ours, peer);
  }
  const reader = jsonlReadMs(jsonlPath);
  ledger.dispose();

  const goalAppend = "p99 at most 2 ms with a million rows there";
  return [
    figure("ledger append p50", append.ours.at(0.5), append.peer.at(0.5), goalAppend),
    figure("ledger append p99", append.ours.at(0.99), append.peer.at(0.99), goalAppend),
    figure(
      "ledger month by day, app and endpoint",
      median(summaries.ours),
      median(summaries.peer),
      "at most 50 ms over a million rows",
    ),
    figure("ledger open", median(opens), reader, "at most 20 ms with a million rows there"),
  ];
}

function figure(name: string, ours: number, peer: number, goal: string): Figure {
  return { name, ours, peer, ratio: peer / ours, unit: "ms", goal, runs };
}

/**
 * Writes the same calls to both sides. The ledger's go through its own code, but in one transaction
 * and without a log, because filling is not what is measured.
 */
async function fill(ledgerPath: string, jsonlPath: string, random: Random): Promise<void> {
  (await openLedger(ledgerPath)).ledger.dispose();
  const database = new DatabaseSync(ledgerPath);
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -600000");
  const connection = new Connection(ledgerPath, database, {
    onCommit: () => {},
    onDamage: () => {},
  });
  const jsonl = openSync(jsonlPath, "w");
  connection.write(() => {
    for (let written = 0; written < rows; written += 10_000) {
      const calls = Array.from({ length: 10_000 }, () => randomCall(random));
      for (const call of calls) upsertCall(connection, call);
      writeSync(jsonl, `${calls.map((call) => JSON.stringify(call)).join("\n")}\n`);
    }
  });
  closeSync(jsonl);
  connection.dispose();
}

/** Milliseconds of each write; lets background work run between two of them, as an editor would. */
async function timed(
  calls: readonly CallRecord[],
  write: (call: CallRecord) => void,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (const call of calls) {
    const startMs = performance.now();
    write(call);
    times.push(performance.now() - startMs);
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
  return times;
}

/** Percentiles of each run, then their median over the runs. */
function percentiles(): { add(times: readonly number[]): void; at(share: number): number } {
  const all: (readonly number[])[] = [];
  return {
    add: (times) => void all.push(times.toSorted((a, b) => a - b)),
    at: (share) =>
      median(all.map((times) => times[Math.floor(times.length * share)] ?? Number.NaN)),
  };
}

type Sums = Map<string, { calls: number; microUsd: number }>;

function jsonlSummary(path: string, utcOffsetMinutes: number): Sums {
  const sums: Sums = new Map();
  for (const call of jsonlCalls(path)) {
    if (call.startedAtMs < monthFromMs || call.startedAtMs >= monthToMs) continue;
    const day = new Date(call.startedAtMs + utcOffsetMinutes * 60_000).toISOString().slice(0, 10);
    const key = `${day} ${call.appName ?? ""} ${call.endpoint ?? ""}`;
    const known = sums.get(key) ?? { calls: 0, microUsd: 0 };
    known.calls += 1;
    known.microUsd += call.reportedMicroUsd ?? 0;
    sums.set(key, known);
  }
  return sums;
}

/** Opening a JSONL ledger is reading it. One run: it takes seconds. */
function jsonlReadMs(path: string): number {
  const startMs = performance.now();
  let count = 0;
  for (const call of jsonlCalls(path)) count += call.callId === "" ? 0 : 1;
  if (count < rows) throw new Error("The file is too short.");
  return performance.now() - startMs;
}

function* jsonlCalls(
  path: string,
): Iterable<
  Pick<CallRecord, "callId" | "startedAtMs" | "appName" | "endpoint" | "reportedMicroUsd">
> {
  // In pieces, because a string of the whole file would be longer than V8 allows.
  const bytes = readFileSync(path);
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start);
    yield JSON.parse(bytes.toString("utf8", start, end));
    start = end + 1;
  }
}

function assertSame(ours: ReturnType<OpenedLedger["ledger"]["summary"]>, peer: Sums): void {
  for (const row of ours) {
    const sum = peer.get(`${row.day} ${row.appName} ${row.endpoint ?? ""}`);
    if (sum?.calls !== row.calls || sum.microUsd !== row.reportedMicroUsd)
      throw new Error(`The two ledgers disagree on ${row.day}.`);
  }
  if (ours.length !== peer.size) throw new Error("The two ledgers disagree.");
}

const endpoints = [
  ["flux-api", "flux"],
  ["flux-api", "flux-dev"],
  ["flux-api", "flux-instantid"],
  ["flux-api", "flux-lora"],
  ["wan2-api", "wan2"],
  ["comfy", "workflow"],
  ["llm-dev", "chat"],
  ["llm-dev", "complete"],
] as const;

function randomCall(random: Random, atMs?: number): CallRecord {
  const [appName, endpoint] =
    endpoints[Math.floor(random.next() * endpoints.length)] ?? endpoints[0];
  const startedAtMs = atMs ?? firstMs + Math.floor(random.next() * spanMs);
  const seconds = 1 + random.next() * 60;
  const hex = (): string =>
    Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return {
    callId: `${hex()}-${hex()}-${hex()}`,
    scope: "acme/main",
    source: "editor",
    sessionId: `session-${Math.floor((startedAtMs - firstMs) / (4 * 3_600_000))}`,
    appId: `ap-${appName}`,
    appName,
    endpoint,
    mode: "dev",
    startedAtMs,
    endedAtMs: startedAtMs + Math.round(seconds * 1000),
    status: "succeeded",
    reportedMicroUsd: microUsd(seconds * 542),
    executionSeconds: Math.round(seconds * 1000) / 1000,
    gpuType: "L40S",
    audit: [],
    handoverUrl: null,
    resultPath: `out/${hex()}.png`,
    inputJson: JSON.stringify({ prompt: "a lighthouse in fog, oil on canvas", seed: hex() }),
    failure: null,
    functionCallId: null,
    logLineId: null,
    clockOffsetMs: null,
  };
}
