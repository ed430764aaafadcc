import assert from "node:assert/strict";
import { mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { ResultCosts } from "../../../../src/endpoints/result/resultCosts.ts";
import {
  readSidecar,
  sidecarPath,
  writeSidecar,
} from "../../../../src/endpoints/result/sidecar.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { CostReader } from "../../../../src/session/meter/costReader.ts";
import {
  call,
  container,
  listing,
  mondayMs,
  scope,
  TemporaryLedger,
} from "../../ledger/temporaryLedger.ts";
import { VirtualClock } from "../../virtualClock.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** $3.60 an hour is a tenth of a cent a second. */
const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });
const warm = container("ta-1", {
  startedAtMs: mondayMs,
  gpu: { type: "L40S", count: 1 },
  gpuSource: "container",
});

describe("the costs of a result", () => {
  let files: TemporaryLedger;
  let clock: VirtualClock;
  let reads = 0;
  beforeEach(() => {
    files = new TemporaryLedger();
    clock = new VirtualClock(mondayMs);
  });
  afterEach(() => files.dispose());

  /** A window, as it is after its start or a reload. */
  async function window(holder: string): Promise<{ ledger: Ledger; costs: ResultCosts }> {
    const ledger = await files.ledger();
    const read = (of: string, fromMs: number) => {
      reads += 1;
      return new CostReader(ledger).read({ scope: of, fromMs, nowMs: clock.nowMs(), rates });
    };
    return { ledger, costs: new ResultCosts({ ledger, clock, read, holder, pid: process.pid }) };
  }

  /** A call of ten seconds that began `afterMs` after the container, with its result and sidecar. */
  async function made(ledger: Ledger, callId: string, afterMs: number): Promise<string> {
    const path = join(files.folder, `${callId}.png`);
    const startedAtMs = mondayMs + afterMs;
    const endedAtMs = startedAtMs + 10_000;
    writeFileSync(path, "a picture");
    ledger.upsertCall(
      call({
        callId,
        startedAtMs,
        endedAtMs,
        executionSeconds: 10,
        status: "succeeded",
        reportedMicroUsd: usd(0.01),
        resultPath: path,
      }),
    );
    await writeSidecar(path, {
      callId,
      endpoint: "flux",
      url: null,
      prompt: "A red fox",
      seed: 1,
      parameters: {},
      mode: "dev",
      app: { id: "ap-1", name: "flux-api" },
      gpu: "L40S",
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: new Date(endedAtMs).toISOString(),
      executionSeconds: 10,
      wallSeconds: 10,
      cost: { reportedMicroUsd: usd(0.01), meteredMicroUsd: null, billedMicroUsd: null },
      commit: null,
      mediaType: "image/png",
      bytes: 9,
      extracted: [],
    });
    return path;
  }

  const costOf = async (path: string) => (await readSidecar(path))?.cost;

  it("are written as they come: metered after the tail, billed with the bill, also after a reload", async () => {
    const first = await window("first");
    const path = await made(first.ledger, "fox", 0);
    await clock.advance(minuteMs);
    first.ledger.recordListing(listing(clock.nowMs(), [warm]));
    await first.costs.update(scope);
    assert.deepEqual(await costOf(path), {
      reportedMicroUsd: 10_000,
      meteredMicroUsd: null,
      billedMicroUsd: null,
    });

    // The container idles for two minutes after the call, and is gone.
    const ended = [{ ...warm, finishedAtMs: mondayMs + 130_000 }];
    await clock.advance(2 * minuteMs);
    first.ledger.recordListing(listing(clock.nowMs(), [], { ended }));
    await first.costs.update(scope);
    assert.deepEqual(await costOf(path), {
      reportedMicroUsd: 10_000,
      meteredMicroUsd: 130_000,
      billedMicroUsd: null,
    });

    const before = reads;
    await clock.advance(minuteMs);
    await first.costs.update(scope);
    assert.equal(reads, before, "only a bill can tell more: the ledger is not read for nothing");

    const reloaded = await window("reloaded");
    await clock.advance(3 * hourMs);
    const row = { objectId: "ap-1", description: "flux-api", environment: "main" };
    for (const afterMs of [0, 3_600_000]) {
      await clock.advance(afterMs);
      const fetched = { atMs: clock.nowMs(), report: 0 };
      const rows = [{ ...row, intervalStartMs: mondayMs, cost: usd(0.14) }];
      reloaded.ledger.upsertBilled(scope, rows, fetched);
    }
    await reloaded.costs.update(scope, { isBilled: true });
    const whole = { reportedMicroUsd: 10_000, meteredMicroUsd: 130_000, billedMicroUsd: 140_000 };
    assert.deepEqual(await costOf(path), whole);
    assert.equal((await readSidecar(path))?.prompt, "A red fox");

    const writtenAtMs = statSync(sidecarPath(path)).mtimeMs;
    await reloaded.costs.update(scope, { isBilled: true });
    assert.equal(statSync(sidecarPath(path)).mtimeMs, writtenAtMs, "nothing is written twice");
  });

  it("do not touch another result that has taken the place, nor make a sidecar where none is", async () => {
    const { ledger, costs } = await window("first");
    const taken = await made(ledger, "taken", 0);
    const gone = await made(ledger, "gone", 20_000);
    const before = await readSidecar(taken);
    assert.ok(before);
    await writeSidecar(taken, { ...before, callId: "another" });
    writeFileSync(sidecarPath(gone), "not a sidecar");
    await clock.advance(5 * minuteMs);
    const ended = [{ ...warm, finishedAtMs: mondayMs + 130_000 }];
    ledger.recordListing(listing(mondayMs + 15_000, [warm]));
    ledger.recordListing(listing(clock.nowMs(), [], { ended }));
    await costs.update(scope);
    assert.equal((await costOf(taken))?.meteredMicroUsd, null);
    assert.equal(await readSidecar(gone), undefined);
  });

  it("wait for a sidecar that is only just being written", async () => {
    const { ledger, costs } = await window("first");
    const path = await made(ledger, "fox", 0);
    const sidecar = await readSidecar(path);
    assert.ok(sidecar);
    writeFileSync(sidecarPath(path), "");
    await clock.advance(30_000);
    await costs.update(scope);
    await writeSidecar(path, sidecar);
    await clock.advance(3 * minuteMs);
    ledger.recordListing(listing(mondayMs + 15_000, [warm]));
    const ended = [{ ...warm, finishedAtMs: mondayMs + 130_000 }];
    ledger.recordListing(listing(clock.nowMs(), [], { ended }));
    await costs.update(scope);
    assert.equal((await costOf(path))?.meteredMicroUsd, 130_000);
  });

  it("are written by one look after another, and what fails names no file: its name has the prompt's words", async () => {
    const { ledger, costs } = await window("first");
    const path = await made(ledger, "a-secret-fox", 0);
    await clock.advance(5 * minuteMs);
    const ended = [{ ...warm, finishedAtMs: mondayMs + 130_000 }];
    ledger.recordListing(listing(mondayMs + 15_000, [warm]));
    ledger.recordListing(listing(clock.nowMs(), [], { ended }));
    // The place where the new text is made is taken by a folder: writing fails.
    const part = `${sidecarPath(path)}.${process.pid}.part`;
    mkdirSync(part);
    await assert.rejects(costs.update(scope), (error: Error) => {
      assert.doesNotMatch(`${error.stack ?? ""} ${String(error.cause)}`, /fox/);
      return true;
    });
    rmdirSync(part);
    await Promise.all(Array.from({ length: 5 }, () => costs.update(scope)));
    assert.equal((await costOf(path))?.meteredMicroUsd, 130_000);
  });
});
