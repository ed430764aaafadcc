import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { WindowRestorer } from "../../../../src/session/mode/restoreWindows.ts";
import {
  isPut,
  recallBook,
  rememberBook,
  type NotedWindow,
} from "../../../../src/session/windows/windowBook.ts";
import { windowNow } from "../../../../src/session/windows/windowNow.ts";
import { scaledownWindows } from "../../../../src/session/meter/sessionWindows.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { PortModal, type PortApp } from "../portModal.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";

const noted: NotedWindow = {
  functionName: "web",
  ownSeconds: 300,
  kind: "file",
  putSeconds: [120],
  putAtMs: 0,
};

function bench(more: Partial<PortApp> = {}, others: readonly NotedWindow[] = []) {
  const clock = new VirtualClock(1_000);
  const modal = new PortModal(clock);
  const ledger = new MemoryLedger();
  const fixedWindows = { web: 300 };
  const app = modal.add("studio", { fixedWindows, putWindows: { web: 120 }, ...more });
  const place = { scope: "acme/main", appId: app.appId };
  rememberBook(ledger, place, { functions: [noted, ...others], restored: [] });
  const session = sessionSample({ apps: [sessionApp(app)] });
  ledger.upsertSession(session);
  const end = (): void => ledger.upsertSession({ ...session, endedAtMs: 1, end: "replaced" });
  const restorer = new WindowRestorer({ ledger, clock, log: silentLog });
  const look = (): Promise<void> => restorer.update(modal, modal.listing());
  const isLeft = (): boolean => recallBook(ledger, place).functions.some(isPut);
  const windowAt = (atMs: number, functionName?: string): number | null =>
    scaledownWindows(ledger, ledger.sessions({}), 0)({ appId: app.appId, functionName }, atMs);
  return { clock, modal, ledger, app, place, session, end, look, isLeft, windowAt };
}

const windowOf = ({ putWindows, fixedWindows }: PortApp, name = "web"): number | undefined =>
  putWindows[name] ?? fixedWindows[name];

describe("the idle window of a deploy, when the session is over", () => {
  it("is put back once, however the session ended, and not before; the past stays as it was", async () => {
    const { modal, ledger, app, place, end, look, windowAt } = bench();
    await look();
    assert.equal(windowOf(app), 120);
    end();
    await look();
    await look();
    assert.equal(windowOf(app), 300);
    assert.equal(modal.scales.length, 1);
    assert.deepEqual([windowAt(999), windowAt(1_000)], [120, 300]);
    assert.equal(windowNow(ledger, place), 300);
    assert.equal(ledger.sessions({})[0]?.apps[0]?.scaledownSeconds, undefined);
  });

  it("is left alone where another session has the app, where somebody changed it, and where it is stopped", async () => {
    const { modal, ledger, app, session, end, look, isLeft, windowAt } = bench();
    end();
    ledger.upsertSession({ ...session, sessionId: "s2" });
    await look();
    assert.equal(windowOf(app), 120);
    ledger.upsertSession({ ...session, sessionId: "s2", endedAtMs: 2, end: "gone" });
    app.putWindows = { web: 45 };
    await look();
    assert.equal(windowOf(app), 45);
    assert.deepEqual([isLeft(), windowAt(2_000)], [false, 120], "not said to be restored");
    modal.end(app);
    await look();
    assert.equal(modal.scales.length, 0);
  });

  it("is not put over a deploy that somebody made since, also where that has the same window", async () => {
    const { modal, app, end, look, isLeft } = bench();
    end();
    app.fixedWindows = { web: 120 };
    app.putWindows = {};
    await look();
    assert.deepEqual([modal.scales.length, isLeft()], [0, false]);
  });

  it("is put back where a change was asked for and nobody knows whether it came, and where a release was cut off", async () => {
    for (const seconds of [120, 600, 2]) {
      const { ledger, app, place, end, look } = bench({ putWindows: { web: seconds } });
      rememberBook(ledger, place, {
        functions: [{ ...noted, putSeconds: [120, 600] }],
        restored: [],
      });
      end();
      await look();
      assert.equal(windowOf(app), 300);
    }
  });

  it("is not put back in what is being taken over, but after a while where no session came", async () => {
    const { clock, ledger, app, place, end, look } = bench();
    end();
    rememberBook(ledger, place, { functions: [{ ...noted, putAtMs: 900 }], restored: [] });
    await look();
    assert.equal(windowOf(app), 120);
    await clock.advance(31 * 60_000);
    await look();
    assert.equal(windowOf(app), 300);
  });

  it("waits for whoever changes the same app", async () => {
    const { clock, ledger, app, end, look } = bench();
    end();
    ledger.acquireLease(`scaling:${app.appId}`, "other", 0, clock.nowMs(), 60_000);
    await look();
    assert.equal(windowOf(app), 120);
    await clock.advance(60_000);
    await look();
    assert.equal(windowOf(app), 300);
  });

  it("is tried again some minutes after a failure; meanwhile others are put back, and what is gone is done", async () => {
    const a = { ...noted, functionName: "a" };
    const gone = { ...noted, functionName: "gone" };
    const { clock, modal, app, end, look, isLeft } = bench(
      {
        functions: ["web", "a"],
        fixedWindows: { web: 300, a: 300 },
        putWindows: { web: 120, a: 120 },
      },
      [gone, a],
    );
    const second = modal.add("second", { functions: [] });
    assert.ok(second);
    end();
    modal.onScale = (name) => {
      if (name === "web") throw new Failure("offline", "No network.");
    };
    await look();
    assert.deepEqual([windowOf(app), windowOf(app, "a")], [120, 300]);
    modal.onScale = () => undefined;
    await look();
    assert.equal(windowOf(app), 120);
    await clock.advance(300_000);
    await look();
    assert.deepEqual([windowOf(app), isLeft()], [300, false]);
  });

  it("counts by function where they differ afterwards", async () => {
    const follows: NotedWindow = { ...noted, functionName: "b", ownSeconds: 120, kind: "mode" };
    const { ledger, place, end, look, windowAt } = bench(
      { functions: ["web", "b"], deployedWindow: 120 },
      [{ ...follows, putSeconds: [] }],
    );
    end();
    await look();
    assert.deepEqual(
      [windowAt(2_000), windowAt(2_000, "web"), windowAt(2_000, "b")],
      [null, 300, 120],
    );
    assert.equal(windowNow(ledger, place), null);
  });
});
