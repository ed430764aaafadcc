import assert from "node:assert/strict";
import { endGoneSessions, resumeSession } from "../../../../src/session/start/sessionLifecycle.ts";
import { rememberStart } from "../../../../src/session/start/record.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { PortModal } from "../portModal.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";

const nowMs = Date.UTC(2026, 10, 20, 9);

function bench() {
  const clock = new VirtualClock(nowMs);
  const modal = new PortModal(clock);
  const ledger = new MemoryLedger();
  const resume = () => resumeSession(ledger, modal.listing(), "/project", nowMs);
  const record = { beforeIds: ["ap-old"], unnamed: false, startedAtMs: nowMs };
  const start = { ...record, targets: [{ name: "flux", file: "/project/app.py" }] };
  return { clock, modal, ledger, resume, start };
}

describe("resumeSession", () => {
  it("goes on with a session whose app still runs", () => {
    const { modal, ledger, resume } = bench();
    assert.deepEqual(resume(), { kind: "none" });
    const session = sessionSample({ apps: [sessionApp(modal.add("flux"))] });
    ledger.upsertSession(session);
    assert.deepEqual(resume(), { kind: "resumed", session });
  });

  it("ends a session of which nothing runs any more", () => {
    const { modal, ledger, resume } = bench();
    const flux = modal.add("flux", { state: "stopped" });
    ledger.upsertSession(sessionSample({ apps: [sessionApp(flux)] }));
    assert.equal(resume().kind, "over");
    assert.equal(ledger.sessions({})[0]?.end, "gone");
    assert.deepEqual(resume(), { kind: "none" });
  });

  it("finds the app of a start that crashed between the deploy and the ledger", () => {
    const { modal, ledger, resume, start } = bench();
    ledger.upsertSession(sessionSample({ startedAtMs: nowMs - 1000 }));
    rememberStart(ledger, "s1", start);
    modal.add("flux", { appId: "ap-old" });
    assert.equal(resume().kind, "starting", "an app from before is not its own");
    const flux = modal.add("flux");
    const resumed = resume();
    assert.ok(resumed.kind === "resumed");
    assert.deepEqual(resumed.session.apps, [
      { appId: flux.appId, appName: "flux", file: "/project/app.py", urls: [] },
    ]);
    assert.equal(ledger.openSession("acme/main", "/project")?.apps.length, 1);
  });

  it("takes no app of the same name that came long after a cut-off start", () => {
    const { modal, ledger, resume, start } = bench();
    ledger.upsertSession(sessionSample({ startedAtMs: nowMs - 31 * 60_000 }));
    rememberStart(ledger, "s1", start);
    modal.add("flux");
    assert.equal(resume().kind, "over");
  });

  it("gives a cut-off start half an hour to land", () => {
    const { ledger, resume, start } = bench();
    ledger.upsertSession(sessionSample({ startedAtMs: nowMs - 29 * 60_000 }));
    rememberStart(ledger, "s1", start);
    assert.equal(resume().kind, "starting");
    ledger.upsertSession(sessionSample({ startedAtMs: nowMs - 30 * 60_000 }));
    assert.equal(resume().kind, "over");
  });
});

describe("endGoneSessions", () => {
  it("ends those that somebody stopped elsewhere, and no other", () => {
    const { modal, ledger } = bench();
    const gone = modal.add("gone", { state: "stopped" });
    const draining = modal.add("draining", { state: "stopped", containers: ["ta-1"] });
    ledger.upsertSession(sessionSample({ sessionId: "gone", apps: [sessionApp(gone)] }));
    ledger.upsertSession(sessionSample({ sessionId: "draining", apps: [sessionApp(draining)] }));
    ledger.upsertSession(sessionSample({ sessionId: "starting" }));
    ledger.upsertSession(
      sessionSample({ sessionId: "newer", startedAtMs: nowMs, apps: [sessionApp(gone)] }),
    );
    const ended = endGoneSessions(ledger, modal.listing(), nowMs);
    assert.deepEqual(
      ended.map(({ sessionId, end }) => [sessionId, end]),
      [["gone", "gone"]],
    );
  });
});
