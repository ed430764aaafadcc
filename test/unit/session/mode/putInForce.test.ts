import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { modesOf, type ModeDefinition } from "../../../../src/session/mode.ts";
import { fixedWindowText, type FixedWindow } from "../../../../src/session/mode/fixedWindow.ts";
import {
  putInForce,
  type InForce,
  type PutApp,
  type PutParts,
} from "../../../../src/session/mode/putInForce.ts";
import { noteNoneKept } from "../../../../src/session/mode/noteNoneKept.ts";
import { isPut, recallBook } from "../../../../src/session/windows/windowBook.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { PortModal, type PortApp } from "../portModal.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";
import { settled } from "../settled.ts";

const dev = modesOf({}).named("dev");
const demo = modesOf({}).named("demo");

describe("the idle window that is put in force", () => {
  let clock: VirtualClock;
  let modal: PortModal;
  let ledger: MemoryLedger;
  let asked: FixedWindow[];
  let answer: boolean | null;
  let parts: PutParts;
  beforeEach(() => {
    clock = new VirtualClock(0);
    modal = new PortModal(clock);
    ledger = new MemoryLedger();
    [asked, answer] = [[], true];
    const askWindow = async (fixed: FixedWindow): Promise<boolean | null> => {
      asked.push(fixed);
      return answer;
    };
    parts = { control: modal, ledger, clock, log: silentLog, askWindow };
  });

  const placeOf = ({ appId, name }: PortApp) =>
    ({ scope: "acme/main", appId, name, file: "/project/studio.py" }) as const;
  /** After a deploy for the mode from a file of which nobody knows whether it follows. */
  const put = (app: PortApp, mode = dev, deployed: PutApp["deployed"] = () => null) =>
    putInForce(parts, { ...placeOf(app), deployed }, mode);
  /** Without a deploy. */
  const change = (app: PortApp, mode: ModeDefinition, signal?: AbortSignal): Promise<InForce> =>
    putInForce(parts, { ...placeOf(app), deployed: null }, mode, signal);
  const told = (): readonly (readonly [string, number | undefined])[] =>
    modal.scales.map(({ functionName, settings }) => [
      functionName,
      settings.scaledownWindowSeconds,
    ]);
  const putIn = (app: PortApp) =>
    recallBook(ledger, placeOf(app)).functions.flatMap((one) =>
      isPut(one) ? [[one.functionName, one.ownSeconds, one.putSeconds]] : [],
    );

  it("is the mode's where the deploy gave it: nothing is asked, and nothing changed", async () => {
    const { windowSeconds, notes } = await put(modal.add("flux", { deployedWindow: 120 }));
    assert.deepEqual([windowSeconds, notes, told(), asked], [120, [], [], []]);
  });

  it("takes the place of Modal's own only where a person says so, and is noted", async () => {
    const app = modal.add("flux", { functions: ["a"] });
    answer = false;
    const { windowSeconds, notes } = await put(app);
    assert.deepEqual([windowSeconds, told(), asked.length], [60, [], 1]);
    assert.deepEqual(notes, [
      "studio.py leaves its scaledown window at 1 min; dev has no effect on it.",
    ]);
    ledger.memories.clear();
    answer = true;
    assert.equal((await put(app)).windowSeconds, 120);
    assert.equal(
      asked.map(fixedWindowText).at(-1),
      "studio.py leaves it at 1 min; use dev's 2 min until the session ends?",
    );
    assert.deepEqual(putIn(app), [["a", 60, [120]]]);
  });

  it("takes the place of one that the file fixes where a person says so, once for these windows", async () => {
    const fixed = { functions: ["a", "b"], fixedWindows: { a: 300 }, deployedWindow: 120 };
    const app = modal.add("studio", fixed);
    const { windowSeconds, notes } = await put(app);
    assert.deepEqual([windowSeconds, notes], [120, []]);
    assert.deepEqual(putIn(app), [["a", 300, [120]]]);
    assert.deepEqual(asked.map(fixedWindowText), [
      "5 min in studio.py; use dev's 2 min until the session ends?",
    ]);
    app.putWindows = {};
    assert.equal((await put(app)).windowSeconds, 120);
    assert.equal(asked.length, 1, "the answer is remembered");
  });

  it("is asked again for another mode's window, and for another one of the file's", async () => {
    const app = modal.add("studio", { fixedWindows: { web: 300 } });
    await put(app);
    answer = false;
    assert.equal((await change(app, demo)).windowSeconds, 300, "no yes to 10 min");
    app.fixedWindows = { web: 200 };
    app.putWindows = {};
    assert.equal((await put(app)).windowSeconds, 200);
    assert.equal(asked.length, 3);
  });

  it("stays the file's where a person says so, or nobody does; a note says so", async () => {
    answer = false;
    const app = modal.add("studio", { fixedWindows: { web: 300 } });
    const { windowSeconds, notes } = await put(app);
    assert.equal(windowSeconds, 300);
    assert.deepEqual(notes, ["studio.py fixes 5 min; dev has no effect on it."]);
    assert.deepEqual(told(), []);
    answer = null;
    const other = modal.add("other", { fixedWindows: { web: 300 } });
    assert.equal((await put(other)).windowSeconds, 300);
    assert.equal((await put(other)).windowSeconds, 300);
    assert.equal(asked.length, 3, "no answer is not remembered");
  });

  it("goes unasked into the next mode where the file reads SCALEDOWN_WINDOW", async () => {
    const app = modal.add("flux", { deployedWindow: 120 });
    await put(app, dev, () => "mode");
    const { windowSeconds } = await change(app, demo);
    assert.deepEqual([windowSeconds, asked], [600, []]);
    assert.equal((await change(app, dev)).windowSeconds, 120);
  });

  it("is asked for where the file fixes what the last mode had, where nobody knows, and where somebody else has deployed since", async () => {
    answer = null;
    const fixes = modal.add("fixes", { deployedWindow: 120 });
    await put(fixes, dev, () => 120);
    assert.equal((await change(fixes, demo)).windowSeconds, 120);
    const unread = modal.add("unread", { deployedWindow: 120 });
    await put(unread);
    assert.equal((await change(unread, demo)).windowSeconds, 120);
    const other = modal.add("other", { deployedWindow: 120 });
    await put(other, dev, () => "mode");
    other.deployedWindow = 240;
    assert.equal((await change(other, demo)).windowSeconds, 240);
    const never = modal.add("never", { deployedWindow: 90 });
    assert.equal((await change(never, demo)).windowSeconds, 90);
    assert.deepEqual([asked.length, told()], [4, []]);
  });

  it("is noted before Modal is asked, and returned with the failure where only some were changed", async () => {
    const app = modal.add("flux", { functions: ["a", "b"], fixedWindows: { a: 300, b: 300 } });
    const before: unknown[] = [];
    modal.onScale = (name) => {
      before.push(putIn(app));
      if (name === "b") throw new Failure("permission-denied", "Not allowed.");
    };
    const { windowSeconds, windows, failure, notes } = await put(app);
    const both = [
      ["a", 300, [120]],
      ["b", 300, [120]],
    ];
    assert.deepEqual(before, [both, both]);
    assert.deepEqual([windowSeconds, failure?.reason], [null, "permission-denied"]);
    assert.deepEqual(windows, [
      { functionName: "a", seconds: 120 },
      { functionName: "b", seconds: 300 },
    ]);
    assert.deepEqual(notes, ["flux/b keeps 5 min: Not allowed."]);
    assert.deepEqual(putIn(app), both, "an answer may be lost");
  });

  it("is returned also where it was cancelled in between", async () => {
    const app = modal.add("flux", { functions: ["a"], fixedWindows: { a: 300 } });
    await put(app);
    const cancelling = new AbortController();
    modal.onScale = () => cancelling.abort();
    const { windowSeconds } = await change(app, demo, cancelling.signal);
    assert.equal(windowSeconds, 600);
    assert.deepEqual(putIn(app), [["a", 300, [600]]]);
  });

  it("waits for whoever changes the same app, and keeps nobody waiting while a person thinks", async () => {
    const app = modal.add("flux", { fixedWindows: { web: 300 } });
    const lease = `scaling:${app.appId}`;
    ledger.acquireLease(lease, "other", 0, 0, 5_000);
    const nested: (string | undefined)[] = [];
    const askWindow = async (): Promise<boolean> => {
      nested.push(ledger.leaseHolder(lease, clock.nowMs())?.holder);
      return true;
    };
    parts = { ...parts, askWindow };
    await settled(clock, put(app));
    assert.ok(clock.nowMs() >= 5_000);
    assert.deepEqual(nested, [undefined]);
    ledger.acquireLease(lease, "other", 0, clock.nowMs(), 500_000);
    await assert.rejects(settled(clock, put(app)), /is being changed elsewhere/);
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

  it("is kept by a release, after which nothing is kept warm any more", () => {
    const app = modal.add("flux");
    const windows = [{ functionName: "a", seconds: 120 }];
    const apps = [{ ...sessionApp(app), scaledownSeconds: null, keptWarm: 2, windows }];
    ledger.upsertSession(sessionSample({ apps }));
    noteNoneKept({ ledger, log: silentLog }, "acme/main", app);
    const [session] = ledger.sessions({});
    assert.deepEqual(session?.apps[0], { ...apps[0], keptWarm: 0 });
  });
});
