import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import type { CallRecord } from "../../../../src/cost/call.ts";
import { usd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { recallNotes } from "../../../../src/session/logs/appNotes.ts";
import type { Ledger, Listing } from "../../../../src/session/ledgerPort.ts";
import { noteEmptied, noteLoss } from "../../../../src/session/ledgerLoss.ts";
import { unreadGaps } from "../../../../src/session/logs/unread.ts";
import { LookBack, type LookBackSource } from "../../../../src/session/logs/lookBack.ts";
import type { LogChunk, LogQuery, ModalControl } from "../../../../src/session/modalControl.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { controlThatOnly } from "../controlThatOnly.ts";
import { rangesRead } from "../../../../src/session/logs/logsRead.ts";
import { appListing, chunk, line, logStartMs, scope } from "../logSample.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";

const minute = 60_000;
const hour = 60 * minute;
/** The laptop slept for an hour; two containers came and went meanwhile. */
const sinceMs = logStartMs - 10 * minute;
const wokeAtMs = logStartMs + 50 * minute;

const entries = [
  chunk(0, "up\n"),
  chunk(60, line("0.001083")),
  chunk(300, `up\n${line("0.002166", "4.00")}`, { containerId: "ta-2" }),
];

interface Scene {
  readonly clock: VirtualClock;
  readonly ledger: Ledger;
  readonly queries: LogQuery[];
  readonly told: CallRecord[];
  readonly source: LookBackSource;
  readonly window: () => LookBack;
  readonly woken: (some?: Partial<Listing>) => Listing;
}

async function scene(answers: Partial<ModalControl> = {}): Promise<Scene> {
  const clock = new VirtualClock(wokeAtMs);
  const { ledger } = await openLedger(":memory:", { clock });
  const queries: LogQuery[] = [];
  const told: CallRecord[] = [];
  const control = controlThatOnly({
    fetchLogs: (_appId, query) => {
      queries.push(query);
      const within = ({ atMs }: LogChunk): boolean =>
        (atMs ?? 0) >= (query.sinceMs ?? 0) && (atMs ?? 0) < (query.untilMs ?? Infinity);
      return Promise.resolve(entries.filter(within));
    },
    containerDetails: (containerId) =>
      Promise.resolve({
        containerId,
        appId: "ap-1",
        enqueuedAtMs: null,
        startedAtMs: logStartMs - 30_000,
        finishedAtMs: logStartMs + 400_000,
        gpu: { type: "L40S", count: 1 },
        isSandbox: false,
      }),
    deployments: () => Promise.resolve([]),
    ...answers,
  });
  let windows = 0;
  ledger.recordListing(appListing(sinceMs));
  return {
    clock,
    ledger,
    queries,
    told,
    source: { control, scopeKey: scope },
    window: () =>
      new LookBack({
        ledger,
        clock,
        log: silentLog,
        holder: `window-${(windows += 1)}`,
        pid: process.pid,
        rates: () => ratesInForce(),
        appHint: () => ({ deployFile: { cpuCores: 4, memoryGib: 16 } }),
        onCall: (call) => told.push(call),
      }),
    woken: (some = {}) => {
      const listing = appListing(wokeAtMs, some);
      ledger.recordListing(listing);
      return { ...listing, sinceMs };
    },
  };
}

function spans(ledger: Ledger) {
  return ledger.spans({ scope, fromMs: 0, toMs: wokeAtMs + hour });
}

describe("LookBack", () => {
  it("records the containers and calls of a time without a look, with their exact ends", async () => {
    const { ledger, source, window, woken, told } = await scene();
    await window().update(source, woken());
    assert.deepEqual(
      spans(ledger).map(({ containerId, startedAtMs, finishedAtMs, gpuSource, cpuCores }) => [
        containerId,
        (startedAtMs ?? 0) - logStartMs,
        (finishedAtMs ?? 0) - logStartMs,
        gpuSource,
        cpuCores,
      ]),
      [
        ["ta-1", -30_000, 400_000, "container", 4],
        ["ta-2", -30_000, 400_000, "container", 4],
      ],
    );
    assert.deepEqual(
      ledger.calls({ scope }).map(({ reportedMicroUsd }) => reportedMicroUsd),
      [usd(0.002166), usd(0.001083)],
    );
    assert.equal(told.length, 2);
    assert.deepEqual(rangesRead(ledger, { scope, appId: "ap-1" }), [
      { fromMs: sinceMs, toMs: wokeAtMs },
    ]);
    assert.equal(ledger.latestListing(scope)?.observedAtMs, wokeAtMs);
  });

  it("reads a scope's logs at its first look where the ledger was emptied, and after a loss from then on", async () => {
    const { ledger, source, window, woken, queries } = await scene();
    const first = { ...woken(), sinceMs: null };
    await window().update(source, first);
    assert.equal(queries.length, 0, "a first start");
    noteEmptied(ledger);
    await window().update(source, first);
    const oldestMs = (): number => Math.min(...queries.map(({ sinceMs }) => sinceMs ?? Infinity));
    assert.equal(Math.round((wokeAtMs - oldestMs()) / hour), 7 * 24);
    assert.equal(ledger.calls({ scope }).length, 2);
    queries.splice(0);
    noteLoss(ledger, [scope], wokeAtMs - 2 * hour);
    await window().update(source, {
      ...woken({ observedAtMs: wokeAtMs + 5_000 }),
      sinceMs: wokeAtMs,
    });
    assert.equal(Math.round((wokeAtMs - oldestMs()) / hour), 2);
    assert.equal(ledger.calls({ scope }).length, 2, "the same calls are counted once");
  });

  it("reads once per gap, and nothing where there was none", async () => {
    const { source, window, woken, queries } = await scene();
    const lookBack = window();
    await lookBack.update(source, woken());
    const read = queries.length;
    assert.ok(read > 0);
    const next = { ...woken({ observedAtMs: wokeAtMs + 10_000 }), sinceMs: wokeAtMs };
    await lookBack.update(source, next);
    await window().update(source, { ...next, sinceMs: null });
    assert.equal(queries.length, read);
  });

  it("spares the CLI the logs of apps that nobody uses, at its ordinary pace", async () => {
    const { source, ledger, window, woken, queries } = await scene();
    const lookBack = window();
    const ordinary = { ...woken({ adapter: "cli" }), sinceMs: wokeAtMs - 10 * minute };
    await lookBack.update(source, ordinary);
    assert.equal(queries.length, 0);
    await lookBack.update(source, { ...ordinary, sinceMs: wokeAtMs - 20 * minute });
    assert.equal(queries.length, 1, "after a real absence all of them are read");
    ledger.recordListing(
      appListing(wokeAtMs - hour, {
        ended: [
          {
            containerId: "ta-9",
            appId: "ap-1",
            appName: "flux",
            enqueuedAtMs: null,
            startedAtMs: wokeAtMs - 2 * hour,
            finishedAtMs: wokeAtMs - hour - minute,
            gpu: null,
            gpuSource: "container",
            cpuCores: null,
            memoryGib: null,
          },
        ],
      }),
    );
    await lookBack.update(source, ordinary);
    assert.ok(queries.length > 1, "an app that was in use today is read");
  });

  it("is one window's work", async () => {
    const { source, window, woken, queries } = await scene();
    const [first, second] = [window(), window()];
    const listing = woken();
    await Promise.all([first.update(source, listing), second.update(source, listing)]);
    const { sinceMs: _since, ...fromAnother } = listing;
    await second.update(source, fromAnother);
    const once = queries.length;
    await first.update(source, { ...listing, sinceMs: wokeAtMs - 1000 });
    assert.equal(queries.length, once);
    assert.deepEqual(
      new Set(queries.map(({ sinceMs: from }) => from)).size,
      once,
      "each piece once",
    );
  });

  it("notes what it cannot ask Modal about, so that it is inferred", async () => {
    const { ledger, source, window, woken } = await scene({
      containerDetails: () => Promise.reject(new Failure("unsupported", "The CLI does not tell.")),
    });
    await window().update(source, woken({ adapter: "cli" }));
    assert.deepEqual(spans(ledger), []);
    assert.deepEqual(
      recallNotes(ledger, { scope, appId: "ap-1" }).logged.map(({ containerId, lastLineMs }) => [
        containerId,
        lastLineMs - logStartMs,
      ]),
      [
        ["ta-1", 60_000],
        ["ta-2", 300_000],
      ],
    );
  });

  it("tries again after a failure, in whichever window, and gives up in the end", async () => {
    const trouble = { times: 1 };
    const { ledger, clock, source, window, woken } = await scene({
      fetchLogs: () => {
        trouble.times -= 1;
        return trouble.times >= 0
          ? Promise.reject(new Failure("offline", "No network."))
          : Promise.resolve(entries);
      },
    });
    const first = window();
    await first.update(source, woken());
    assert.deepEqual(spans(ledger), []);
    first.dispose();
    await clock.advance(10_000);
    const next = { ...woken({ observedAtMs: clock.nowMs() }), sinceMs: wokeAtMs };
    await window().update(source, next);
    assert.equal(spans(ledger).length, 2);
    trouble.times = 1000;
    const last = window();
    await last.update(source, { ...next, sinceMs });
    for (let n = 0; n < 5; n += 1) await last.update(source, next);
    assert.equal(trouble.times, 997, "three tries");
    assert.deepEqual(
      unreadGaps(ledger, scope),
      [{ fromMs: sinceMs, toMs: clock.nowMs(), apps: [] }],
      "what was not read is named",
    );
    trouble.times = 0;
    await window().update(source, { ...next, sinceMs });
    assert.deepEqual(unreadGaps(ledger, scope), [], "until it is");
  });

  it("is bounded after a long holiday", async () => {
    const { ledger, source, window, woken, queries } = await scene();
    await window().update(source, { ...woken(), sinceMs: wokeAtMs - 90 * 24 * hour });
    assert.deepEqual(unreadGaps(ledger, scope), [
      { fromMs: wokeAtMs - 90 * 24 * hour, toMs: wokeAtMs - 7 * 24 * hour, apps: [] },
    ]);
    assert.ok(queries.length <= 25, `${queries.length} pieces`);
    assert.ok((queries[0]?.sinceMs ?? 0) >= wokeAtMs - 8 * 24 * hour);
    for (const [index, { untilMs }] of queries.slice(0, -1).entries()) {
      assert.equal(untilMs, queries[index + 1]?.sinceMs, "no second is left out, none read twice");
    }
  });

  it("names the apps whose logs it did not read", async () => {
    const apps = Array.from({ length: 9 }, (_, index) => ({
      appId: `ap-${index + 1}`,
      name: `app-${index + 1}`,
      state: "deployed" as const,
      containerCount: 0,
      createdAtMs: null,
      stoppedAtMs: null,
    }));
    const { ledger, source, window, woken } = await scene({
      fetchLogs: (appId) =>
        appId === "ap-2"
          ? Promise.reject(new Failure("not-found", "No such app."))
          : Promise.resolve([]),
    });
    await window().update(source, woken({ apps }));
    assert.deepEqual(unreadGaps(ledger, scope), [
      { fromMs: sinceMs, toMs: wokeAtMs, apps: ["app-2", "app-9"] },
    ]);
  });

  it("notes stops as the listing tells them, and the deploys of sessions, asking once", async () => {
    const asked: string[] = [];
    const { ledger, source, window, woken } = await scene({
      deployments: (appId) => {
        asked.push(appId);
        const one = { version: 1, deployedBy: null, tag: null };
        return Promise.resolve([{ ...one, deployedAtMs: logStartMs + 1000 }]);
      },
    });
    ledger.upsertSession(
      sessionSample({
        startedAtMs: logStartMs,
        apps: [sessionApp({ appId: "ap-1", name: "flux" })],
      }),
    );
    const [app] = appListing(0).apps;
    assert.ok(app !== undefined);
    const stopped = { ...app, state: "stopped", stoppedAtMs: logStartMs + 2000 } as const;
    const lookBack = window();
    const listing = { ...woken({ apps: [stopped] }), sinceMs: wokeAtMs - 1000 };
    await lookBack.update(source, listing);
    await lookBack.update(source, listing);
    assert.deepEqual(asked, ["ap-1"]);
    assert.deepEqual(recallNotes(ledger, { scope, appId: "ap-1" }).endedOnPurposeAtMs, [
      logStartMs + 1000,
      logStartMs + 2000,
    ]);
  });
});
