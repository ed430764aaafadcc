import assert from "node:assert/strict";
import { microUsd } from "../../../src/cost/money.ts";
import type { OpenedLedger } from "../../../src/ledger/openLedger.ts";
import {
  call,
  container,
  listing,
  mondayMs,
  scope,
  session,
  TemporaryLedger,
} from "./temporaryLedger.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const week = { fromMs: mondayMs, toMs: mondayMs + 7 * dayMs, timeZone: "UTC" };

describe("pruning the ledger", () => {
  let files: TemporaryLedger;
  let ledger: OpenedLedger["ledger"];
  beforeEach(async () => {
    files = new TemporaryLedger();
    ledger = await files.ledger();
  });
  afterEach(() => files.dispose());

  const ids = (): readonly string[] => ledger.calls({}).map(({ callId }) => callId);

  it("deletes old calls and keeps their sums", () => {
    for (let day = 0; day < 4; day += 1) {
      ledger.upsertCall(
        call({
          callId: `day-${day}`,
          startedAtMs: mondayMs + day * dayMs + 1,
          endedAtMs: mondayMs + day * dayMs + 5,
          status: "succeeded",
          reportedMicroUsd: microUsd(day + 1),
        }),
      );
    }
    const before = ledger.summary(week);
    assert.deepEqual(ledger.prune(mondayMs + 2 * dayMs), { calls: 2, spans: 0 });
    assert.deepEqual(ids(), ["day-3", "day-2"]);
    assert.deepEqual(ledger.summary(week), before);
    assert.deepEqual(ledger.prune(mondayMs + dayMs), { calls: 0, spans: 0 });
    // A quarter that is gone belongs to the range in which it begins.
    assert.equal(ledger.summary({ ...week, toMs: mondayMs + 60_000 }).length, 1);
    assert.equal(ledger.summary({ ...week, fromMs: mondayMs + 60_000 }).length, 3);
    assert.deepEqual(ledger.summary({ ...week, timeZone: "+00:07" }), before);
  });

  it("does not count a pruned call again when its log line is read again", () => {
    const old = call({
      status: "succeeded",
      endedAtMs: mondayMs + 1,
      reportedMicroUsd: microUsd(9),
    });
    ledger.upsertCall(old);
    ledger.prune(mondayMs + dayMs);
    ledger.upsertCall(old);
    assert.deepEqual(ids(), []);
    assert.equal(ledger.summary(week)[0]?.calls, 1);
    assert.equal(ledger.summary(week)[0]?.reportedMicroUsd, 9);
  });

  it("never deletes what runs or belongs to an open session", () => {
    const ended = { status: "succeeded" as const, endedAtMs: mondayMs + 5 };
    ledger.upsertSession(session({ sessionId: "open" }));
    ledger.upsertSession(
      session({ sessionId: "closed", endedAtMs: mondayMs + 9, end: "stopped", apps: [] }),
    );
    ledger.upsertCall(call({ callId: "running" }));
    ledger.upsertCall(call({ callId: "of-open", sessionId: "open", ...ended }));
    ledger.upsertCall(call({ callId: "of-closed", sessionId: "closed", ...ended }));
    ledger.recordListing(
      listing(mondayMs, [
        container("ta-of-open"),
        container("ta-gone", { appId: "ap-9" }),
        container("ta-lives", { appId: "ap-9" }),
      ]),
    );
    ledger.recordListing(listing(mondayMs + hourMs, [container("ta-lives", { appId: "ap-9" })]));
    assert.deepEqual(ledger.prune(mondayMs + 9 * dayMs), { calls: 1, spans: 1 });
    assert.deepEqual(ids(), ["running", "of-open"]);
    assert.deepEqual(
      ledger.spans({ fromMs: 0, toMs: mondayMs * 2 }).map(({ containerId }) => containerId),
      ["ta-lives", "ta-of-open"],
    );
  });

  it("keeps the container time of pruned spans, day by day", async () => {
    const gpu = { gpu: { type: "L40S", count: 1 }, gpuSource: "container" as const };
    const startedAtMs = mondayMs + 23 * hourMs;
    ledger.recordListing(listing(startedAtMs + 1000, [container("ta-1", { startedAtMs, ...gpu })]));
    ledger.recordListing(
      listing(mondayMs + 27 * hourMs, [], {
        ended: [container("ta-1", { startedAtMs, finishedAtMs: mondayMs + 26 * hourMs, ...gpu })],
      }),
    );
    assert.deepEqual(ledger.prune(mondayMs + 3 * dayMs), { calls: 0, spans: 1 });
    let text = "";
    for await (const piece of ledger.exportRows("json")) text += piece;
    const kept = /"pruned_span_day": \[([^\]]*)\]/.exec(text)?.[1] ?? "";
    assert.deepEqual(JSON.parse(`[${kept}]`), [
      { ...common, day: "2026-11-02", container_ms: hourMs },
      { ...common, day: "2026-11-03", container_ms: 2 * hourMs },
    ]);
  });
});

const common = { scope, app_name: "flux-api", gpu_type: "L40S", gpu_count: 1, containers: 1 };
