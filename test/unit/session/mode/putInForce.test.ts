import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { appWindow } from "../../../../src/session/appWindow.ts";
import { modesOf } from "../../../../src/session/mode.ts";
import {
  fixedWindowText,
  putInForce,
  type FixedWindow,
  type PutParts,
} from "../../../../src/session/mode/putInForce.ts";
import { noteReleased } from "../../../../src/session/mode/noteReleased.ts";
import { WindowRestorer } from "../../../../src/session/mode/restoreWindows.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { PortModal, type PortApp } from "../portModal.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";

const dev = modesOf({}).named("dev");
const demo = modesOf({}).named("demo");

describe("the idle window in force after a deploy", () => {
  let modal: PortModal;
  let ledger: MemoryLedger;
  let asked: FixedWindow[];
  let answer: boolean | null;
  let parts: PutParts;
  beforeEach(() => {
    modal = new PortModal(new VirtualClock(0));
    ledger = new MemoryLedger();
    [asked, answer] = [[], true];
    const askWindow = async (fixed: FixedWindow): Promise<boolean | null> => {
      asked.push(fixed);
      return answer;
    };
    parts = { control: modal, ledger, log: silentLog, askWindow };
  });

  const placeOf = ({ appId, name }: PortApp) =>
    ({ scope: "acme/main", appId, name, file: "/project/studio.py", fixed: null }) as const;
  const put = (app: PortApp) => putInForce(parts, placeOf(app), dev);
  const told = (): readonly (readonly [string, number | undefined])[] =>
    modal.scales.map(({ functionName, settings }) => [
      functionName,
      settings.scaledownWindowSeconds,
    ]);

  it("is the mode's where the file follows it: nothing is asked, and nothing changed", async () => {
    const { windowSeconds, notes } = await put(modal.add("flux", { deployedWindow: 120 }));
    assert.deepEqual([windowSeconds, notes, told(), asked], [120, [], [], []]);
  });

  it("is put in force, unasked, where the file has none", async () => {
    const { windowSeconds, ownWindows } = await put(modal.add("flux", { functions: ["a", "b"] }));
    assert.deepEqual([windowSeconds, ownWindows, asked], [120, [], []]);
    assert.deepEqual(told(), [
      ["a", 120],
      ["b", 120],
    ]);
  });

  it("takes the place of one that the file fixes where a person says so, once for each app", async () => {
    const fixed = { functions: ["a", "b"], fixedWindows: { a: 300 } };
    const app = modal.add("studio", fixed);
    const { windowSeconds, ownWindows, notes } = await put(app);
    assert.deepEqual([windowSeconds, notes], [120, []]);
    const [own] = ownWindows;
    assert.deepEqual([own?.functionName, own?.ownSeconds, own?.putSeconds], ["a", 300, 120]);
    assert.deepEqual(asked.map(fixedWindowText), [
      "5 min in studio.py; use dev's 2 min until the session ends?",
    ]);
    app.putWindows = {};
    assert.equal((await put(app)).windowSeconds, 120);
    assert.equal(asked.length, 1, "the answer is remembered");
  });

  it("stays the file's where a person says so, or nobody does; a note says so", async () => {
    answer = false;
    const app = modal.add("studio", { fixedWindows: { web: 300 } });
    const { windowSeconds, notes } = await put(app);
    assert.equal(windowSeconds, 300);
    assert.deepEqual(notes, ["studio.py fixes 5 min; dev has no effect on it."]);
    assert.deepEqual(told(), []);
    answer = null;
    const other = modal.add("other", { fixedWindows: { web: 300 }, putWindows: { web: 900 } });
    assert.equal((await put(other)).windowSeconds, 300, "what an earlier session left goes");
    assert.equal((await put(other)).windowSeconds, 300);
    assert.equal(asked.length, 3, "no answer is not remembered");
  });

  it("is not taken for the file's in the next mode where the file followed the last one", async () => {
    const app = modal.add("flux", { deployedWindow: 120 });
    const { ownWindows } = await put(app);
    const { windowSeconds } = await putInForce(parts, { ...placeOf(app), fixed: ownWindows }, demo);
    assert.deepEqual([windowSeconds, asked], [600, []]);
  });

  it("is the one that is there where it cannot be changed; none where functions differ", async () => {
    const app = modal.add("flux", { deployedWindow: 900, functions: ["a", "b"] });
    modal.onScale = (name) => {
      if (name === "b") throw new Failure("permission-denied", "Not allowed.");
    };
    const { windowSeconds, failure, notes } = await put(app);
    assert.deepEqual([windowSeconds, failure?.reason], [null, "permission-denied"]);
    assert.deepEqual(notes, ["flux/b keeps 15 min: Not allowed."]);
  });

  it("is none where min_containers keeps some", async () => {
    const app = modal.add("flux", { deployedWindow: 120, minContainers: 1 });
    const { keptWarm, notes } = await put(app);
    assert.equal(keptWarm, 1);
    assert.match(notes.join(), /^flux: min_containers keeps 1 container warm/);
  });

  it("is no guess where no autoscaler can be read", async () => {
    modal.canReadScaling = false;
    await assert.rejects(put(modal.add("flux")), /No such command/);
  });
});

describe("the idle window of a file, when the session is over", () => {
  const bench = () => {
    const clock = new VirtualClock(0);
    const modal = new PortModal(clock);
    const ledger = new MemoryLedger();
    const app = modal.add("studio", { fixedWindows: { web: 300 }, putWindows: { web: 120 } });
    const own = { functionId: `${app.appId}/web`, functionName: "web", ownSeconds: 300 };
    const apps = [{ ...sessionApp(app), keptWarm: 2, ownWindows: [{ ...own, putSeconds: 120 }] }];
    const session = sessionSample({ apps });
    ledger.upsertSession(session);
    const restorer = new WindowRestorer({ ledger, clock, log: silentLog });
    const look = (): Promise<void> => restorer.update(modal, modal.listing());
    return { clock, modal, ledger, app, session, look };
  };
  const windowOf = ({ putWindows, fixedWindows }: PortApp): number | undefined =>
    putWindows["web"] ?? fixedWindows["web"];

  it("is put back once, however the session ended, and not before", async () => {
    const { modal, ledger, app, session, look } = bench();
    await look();
    assert.equal(windowOf(app), 120);
    ledger.upsertSession({ ...session, endedAtMs: 1, end: "replaced" });
    await look();
    await look();
    assert.equal(windowOf(app), 300);
    assert.equal(modal.scales.length, 1);
    const [ended] = ledger.sessions({});
    assert.ok(ended);
    assert.equal(appWindow(ended, app.appId), 300);
  });

  it("is left alone where another session has the app, where somebody changed it, and where it is stopped", async () => {
    const { modal, ledger, app, session, look } = bench();
    ledger.upsertSession({ ...session, endedAtMs: 1, end: "replaced" });
    ledger.upsertSession({ ...session, sessionId: "s2" });
    await look();
    assert.equal(windowOf(app), 120);
    ledger.upsertSession({ ...session, sessionId: "s2", endedAtMs: 2, end: "gone" });
    app.putWindows = { web: 45 };
    await look();
    assert.equal(windowOf(app), 45);
    modal.end(app);
    await look();
    assert.equal(modal.scales.length, 0);
  });

  it("is tried again some minutes after a failure", async () => {
    const { clock, modal, ledger, app, session, look } = bench();
    ledger.upsertSession({ ...session, endedAtMs: 1, end: "gone" });
    modal.onScale = () => {
      throw new Failure("offline", "No network.");
    };
    await look();
    modal.onScale = () => undefined;
    await look();
    assert.equal(windowOf(app), 120);
    await clock.advance(300_000);
    await look();
    assert.equal(windowOf(app), 300);
  });

  it("knows after a release that nothing is kept warm any more", () => {
    const { ledger, app } = bench();
    noteReleased(ledger, "acme/main", [app]);
    const [session] = ledger.sessions({});
    assert.equal(session?.apps[0]?.keptWarm, 0);
    assert.equal(session.apps[0].ownWindows?.length, 1);
  });
});
