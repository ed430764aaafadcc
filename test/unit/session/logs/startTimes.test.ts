import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { recallNotes } from "../../../../src/session/logs/appNotes.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { CostReader } from "../../../../src/session/meter/costReader.ts";
import { unknownTerms } from "../../../../src/cost/terms.ts";
import { gpusAmong, recallTerms, termsByContainer } from "../../../../src/session/notedTerms.ts";
import type { ContainerStats } from "../../../../src/session/modalControl.ts";
import { StartTimes } from "../../../../src/session/logs/startTimes.ts";
import { TemporaryLedger } from "../../ledger/temporaryLedger.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { controlThatOnly } from "../controlThatOnly.ts";
import { appListing, container, logStartMs } from "../logSample.ts";

const scope = "acme/main";
const minute = 60_000;
const serve = { cores: 4, gib: 16, diskGib: 0, region: "narrow", nonPreemptible: false } as const;
const stats: ContainerStats = { containers: 1, startupMs: null, coresInUse: null, gibInUse: null };

describe("StartTimes", () => {
  let files: TemporaryLedger;
  let ledger: Ledger;
  let clock: VirtualClock;
  let starts: StartTimes;
  let asked: string[];
  let terms: string[];
  let deploys: number[];
  let answer: (functionId: string, containerId: string) => ContainerStats;
  beforeEach(async () => {
    files = new TemporaryLedger();
    ledger = await files.ledger();
    clock = new VirtualClock(logStartMs);
    starts = new StartTimes({ ledger, clock, log: silentLog, holder: "window-1", pid: 1 });
    asked = [];
    terms = [];
    deploys = [];
    answer = () => ({ ...stats, startupMs: 40_000 });
  });
  afterEach(() => {
    starts.dispose();
    files.dispose();
  });

  const source = {
    scopeKey: scope,
    control: controlThatOnly({
      appFunctions: async () =>
        ["fu-health", "fu-serve"].map((functionId) => ({ functionId, name: functionId, gpus: [] })),
      functionTerms: async (functionId) => {
        terms.push(functionId);
        return functionId === "fu-serve" ? serve : { ...serve, cores: 1 };
      },
      containerStats: async ({ functionId, containerId }) => {
        asked.push(`${functionId} ${containerId}`);
        return answer(functionId, containerId);
      },
      deployments: async () =>
        deploys.map((deployedAtMs) => ({ version: 1, deployedAtMs, deployedBy: null, tag: null })),
    }),
  };
  const look = (...containers: ReturnType<typeof container>[]) =>
    starts.update(source, appListing(clock.nowMs(), { containers }));
  const known = () =>
    recallNotes(ledger, { scope, appId: "ap-1" }).startups.map((one) => [
      one.containerId,
      one.startupMs,
    ]);

  it("asks once for each container that is ready, in the function that has it", async () => {
    answer = (functionId) => ({
      ...stats,
      containers: functionId === "fu-serve" ? 1 : 0,
      startupMs: functionId === "fu-serve" ? 40_000 : null,
    });
    await look(container({ startedAtMs: null }));
    assert.deepEqual(asked, [], "it still loads");
    await look(container());
    await look(container());
    assert.deepEqual(asked, ["fu-health ta-1", "fu-serve ta-1"]);
    assert.deepEqual(known(), [["ta-1", 40_000]]);
    // Another window, or the next start, does not ask again.
    const other = new StartTimes({ ledger, clock, log: silentLog, holder: "window-1", pid: 1 });
    await other.update(source, appListing(clock.nowMs(), { containers: [container()] }));
    assert.equal(asked.length, 2);
  });

  it("asks for a container that only a log named, in its own workspace alone", async () => {
    starts.found(scope, [container({ containerId: "ta-7" })]);
    starts.found("other/main", [container({ containerId: "ta-8" })]);
    await look();
    await look();
    assert.deepEqual(known(), [["ta-7", 40_000]]);
    assert.deepEqual(asked, ["fu-health ta-7"]);
  });

  it("asks again for what is late, and not for ever", async () => {
    answer = () => ({ ...stats, startupMs: null });
    for (let round = 0; round < 10; round += 1) {
      await look(container());
      await clock.advance(minute);
    }
    assert.equal(asked.length, 3);
    assert.deepEqual(known(), []);
  });

  it("tells the GPU of the function that a container runs, and of one that runs none yet that it is one of theirs", async () => {
    const gpu = { type: "H100", count: 2 };
    const mixed = {
      ...source,
      control: {
        ...source.control,
        appFunctions: async () => [
          { functionId: "fu-health", name: "health", gpus: [] },
          { functionId: "fu-serve", name: "serve", gpus: [gpu] },
        ],
      },
    };
    const ready = [container(), container({ containerId: "ta-2" })].map((one) => ({
      ...one,
      gpu: null,
      gpuSource: "unknown" as const,
    }));
    const loading = { ...ready[0], ...container({ containerId: "ta-3", startedAtMs: null }) };
    const containers = [...ready, { ...loading, gpu: null, gpuSource: "unknown" as const }];
    const gpusNoted = () =>
      recallTerms(ledger, { scope, appId: "ap-1" }).containers.map((one) => one.gpu);
    const runs = new Map([
      ["fu-serve", "ta-1"],
      ["fu-health", "ta-2"],
    ]);
    answer = (functionId, containerId) => ({
      ...stats,
      containers: runs.get(functionId) === containerId ? 1 : 0,
      startupMs: 1000,
    });
    // Asked before the containers are there: another deployment may have had another GPU.
    await starts.update(mixed, appListing(clock.nowMs(), { containers }));
    assert.deepEqual(gpusNoted(), [undefined, undefined]);
    await clock.advance(10 * minute);
    const listing = appListing(clock.nowMs(), { containers });
    ledger.recordListing(listing);
    await starts.update(mixed, listing);
    const rates = rateHistory([]);
    const nowMs = clock.nowMs() + 30 * minute;
    const { priced } = new CostReader(ledger).read({ scope, fromMs: logStartMs, nowMs, rates });
    const sorted = priced.toSorted((a, b) => (a.span.containerId < b.span.containerId ? -1 : 1));
    assert.deepEqual(
      sorted.map(({ span, prices: [{ rate }] }) => [
        span.containerId,
        span.gpu,
        rate.gpu.known,
        rate.most === null,
      ]),
      [
        ["ta-1", gpu, true, false],
        ["ta-2", null, true, false],
        ["ta-3", null, false, false],
      ],
    );
    const dearest = priced.find(({ span }) => span.containerId === "ta-3")?.prices[0].rate.most;
    assert.ok((dearest ?? 0) > 2 * 3.95, "as much as the dearest of them");
  });

  it("gives nothing that a later deployment asks for to a container that was there before it", async () => {
    const gpu = { type: "L4", count: 1 };
    const redeployed = {
      ...source,
      control: {
        ...source.control,
        appFunctions: async () => [{ functionId: "fu-serve", name: "serve", gpus: [gpu] }],
      },
    };
    deploys = [logStartMs - 60 * minute, logStartMs + 5 * minute];
    await clock.advance(10 * minute);
    // The first answer about its function comes after another deploy: of the first version.
    const containers = [
      container({ startedAtMs: logStartMs }),
      container({ containerId: "ta-2", startedAtMs: logStartMs + 6 * minute }),
    ];
    await starts.update(redeployed, appListing(clock.nowMs(), { containers }));
    const noted = recallTerms(ledger, { scope, appId: "ap-1" }).containers;
    assert.deepEqual(
      noted.map((one) => [one.containerId, one.gpu, one.terms.cores]),
      [
        ["ta-1", undefined, null],
        ["ta-2", gpu, serve.cores],
      ],
    );
    const among = gpusAmong(recallTerms(ledger, { scope, appId: "ap-1" }));
    assert.deepEqual([among("ta-1"), among("ta-2"), among("ta-3")], [undefined, [gpu], [gpu]]);
  });

  it("notes what the app's functions ask for at the first sight of a container, and what each container uses", async () => {
    await look(container({ startedAtMs: null }));
    const noted = () => recallTerms(ledger, { scope, appId: "ap-1" });
    assert.equal(termsByContainer(noted())("ta-1").cores, null, "they differ");
    assert.equal(termsByContainer(noted())("ta-1").region, "narrow");
    answer = (functionId) =>
      functionId === "fu-serve"
        ? { ...stats, coresInUse: [1, 2, 3], gibInUse: [24, 24, 24] }
        : { ...stats, containers: 0 };
    await look(container());
    assert.deepEqual(termsByContainer(noted())("ta-1"), {
      ...serve,
      isSandbox: false,
      coresInUse: [1, 2, 3],
      gibInUse: [24, 24, 24],
    });
  });

  it("notes which containers are sandboxes, as the looks saw them", async () => {
    answer = () => ({ ...stats, containers: 0 });
    await look(
      container({ terms: { ...unknownTerms, isSandbox: true } }),
      container({ containerId: "ta-2" }),
    );
    const termsOf = termsByContainer(recallTerms(ledger, { scope, appId: "ap-1" }));
    assert.deepEqual([termsOf("ta-1").isSandbox, termsOf("ta-2").isSandbox], [true, false]);
    assert.equal(termsOf("ta-1").region, null, "it is no function's");
  });

  it("asks again of what is in use when a life has doubled, and a last time after its end", async () => {
    answer = () => ({ ...stats, startupMs: 1000, gibInUse: [1, 2, 3] });
    const live = container({ startedAtMs: clock.nowMs() });
    const askedAt: number[] = [];
    for (let minutes = 0; minutes < 20; minutes += 1) {
      const before = asked.length;
      await look(live);
      if (asked.length > before) askedAt.push(minutes);
      await clock.advance(minute);
    }
    assert.deepEqual(askedAt, [0, 1, 2, 4, 8, 16]);
    asked = [];
    for (let minutes = 0; minutes < 5; minutes += 1) {
      await look();
      await clock.advance(minute);
    }
    assert.deepEqual(asked, ["fu-health ta-1"]);
  });

  it("asks anew what functions ask for when a container is newer than the answer", async () => {
    await look(container());
    await clock.advance(5 * minute);
    await look(container(), container({ containerId: "ta-2", enqueuedAtMs: clock.nowMs() }));
    assert.deepEqual(terms, ["fu-health", "fu-serve", "fu-health", "fu-serve"]);
  });

  it("rests for an hour where Modal cannot tell, and leaves the rest to the bounds", async () => {
    answer = () => {
      throw new Failure("cli-too-old", "No such command.");
    };
    await look(container());
    await clock.advance(10 * minute);
    await look(container({ containerId: "ta-2" }));
    assert.equal(asked.length, 1);
    answer = () => ({ ...stats, startupMs: 7000 });
    await clock.advance(60 * minute);
    await look(container({ containerId: "ta-2" }));
    assert.deepEqual(known(), [["ta-2", 7000]]);
  });
});
