import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { until } from "../../host/until.ts";
import { lastIncident } from "../../unit/guardian/lastIncident.ts";
import { desksOf, quickTimings } from "./guardianDesk.ts";
import type { DeskOptions, GuardianDesk } from "./guardianDesk.ts";

describe("guardian process", function () {
  this.timeout(120_000);
  const openDesk = desksOf(this);
  let desk: GuardianDesk;

  async function atDesk(options: DeskOptions = {}): Promise<void> {
    desk = await openDesk(options);
  }
  const guardianRuns = (): Promise<unknown> =>
    until("a guardian runs", () => desk.leasePid !== undefined && desk.guardianPids.length === 1);
  const guardianEnds = (): Promise<unknown> =>
    until("the guardian ended", () => desk.guardianPids.length === 0);

  it("starts with the first app, ends when none runs, and takes nothing with it", async () => {
    await atDesk();
    const window = await desk.openWindow();
    assert.deepEqual(desk.guardianPids, []);
    const appId = desk.startApp("flux-api");
    await guardianRuns();
    const seen = window.polls;
    desk.modal.workspace.cloud.stopApp(appId);
    await guardianEnds();
    await until("the window still looks", () => window.polls > seen);
    assert.equal(desk.leasePid, undefined);
    assert.deepEqual(desk.reminders, []);
  });

  it("reminds once after the last of two windows is closed; Stop All stops, is verified and reported", async () => {
    await atDesk();
    const appId = desk.startApp("flux-api", 2);
    const first = await desk.openWindow();
    const second = await desk.openWindow();
    await guardianRuns();
    await desk.close(first);
    const looks = second.polls;
    await until("a grace has passed", () => second.polls > looks + 10);
    assert.deepEqual(desk.reminders, []);
    await desk.close(second);
    const closedAtMs = Date.now();
    await until("the reminder is shown", () => desk.reminders.length > 0);
    const lateMs = Date.now() - closedAtMs - quickTimings.graceMs;
    assert.ok(lateMs > -500 && lateMs < 5_000, `${lateMs} ms late`);
    assert.match(desk.reminders[0] ?? "", /^1 Modal app still runs\|flux-api \(2 containers\)/);
    assert.match(desk.reminders[0] ?? "", /≈ \$\d+\.\d\d per hour/);
    desk.answer("stop");
    await guardianEnds();
    assert.deepEqual(desk.stops, [appId]);
    assert.deepEqual(desk.runningApps, []);
    assert.equal(desk.reminders.length, 1);
    assert.match(desk.notices.join(), /Stopped 1 app\|flux-api\. All clear/);
    const [receipt] = desk.ledger.receipts({});
    assert.equal(receipt?.by, "reminder");
    assert.equal(receipt.verified, "clear");
    assert.equal(lastIncident(desk.ledger)?.end, "nothing-runs");
  });

  it("reminds of an environment whose last window is gone while one of another lives, and stops that alone", async () => {
    await atDesk();
    const appId = desk.startApp("flux-api");
    desk.startApp("comfy", 1, "staging");
    const main = await desk.openWindow();
    const staging = await desk.openWindow("staging");
    await guardianRuns();
    await desk.kill(main);
    await until("the reminder is shown", () => desk.reminders.length > 0);
    assert.match(desk.reminders[0] ?? "", /\|flux-api .*No VS Code window of acme\/main is open/);
    desk.answer("stop");
    await until("it is stopped", () => desk.notices.length > 0);
    assert.deepEqual(desk.stops, [appId]);
    assert.match(desk.notices.join(), /Stopped 1 app\|flux-api/);
    const pid = desk.leasePid;
    desk.clearAnswer();
    await desk.close(staging);
    await until("the other one is told", () => desk.reminders.length > 1);
    assert.match(desk.reminders[1] ?? "", /\|comfy .*No VS Code window is open/);
    assert.match(
      desk.notices.join(),
      /Stopped 1 app\|flux-api\. Elsewhere: 1 (GPU|container) in staging/,
    );
    assert.doesNotMatch(desk.notices.join(), /All clear/);
    assert.equal(desk.leasePid, pid, "the same guardian did both");
    desk.answer("stop");
    await guardianEnds();
    assert.deepEqual(desk.runningApps, []);
    assert.equal(desk.stops.length, 2);
    assert.equal(desk.reminders.length, 2);
  });

  it("speaks the editor's language, by the path of its bundle", async () => {
    const bundle = {
      "{0} Modal apps still run/one": "{0} Modal-App läuft noch",
      "{0}. No VS Code window is open.": "{0}. Kein VS-Code-Fenster ist offen.",
    };
    await atDesk({ texts: { language: "de", bundle } });
    desk.startApp("flux-api");
    const window = await desk.openWindow();
    await guardianRuns();
    await desk.close(window);
    await until("the reminder is shown", () => desk.reminders.length > 0);
    assert.match(
      desk.reminders[0] ?? "",
      /^1 Modal-App läuft noch\|flux-api \(1 container\)\. Kein VS-Code-Fenster ist offen\. Cost:/,
    );
    desk.answer("stop");
    await guardianEnds();
  });

  it("lets a reload pass", async () => {
    await atDesk();
    desk.startApp("flux-api");
    const first = await desk.openWindow();
    await guardianRuns();
    const pid = desk.leasePid;
    await desk.close(first);
    const second = await desk.openWindow();
    await until("a grace has passed", () => second.polls > 12);
    assert.deepEqual(desk.reminders, []);
    assert.equal(desk.leasePid, pid, "the same guardian goes on");
  });

  it("reminds after a SIGKILL of the last window", async () => {
    await atDesk();
    desk.startApp("flux-api");
    const window = await desk.openWindow();
    await guardianRuns();
    await desk.kill(window);
    await until("the reminder is shown", () => desk.reminders.length > 0);
    desk.answer("keep");
    await until(
      "the answer is noted",
      () => lastIncident(desk.ledger)?.reminder.state === "pressed",
    );
    assert.deepEqual(desk.stops, []);
    assert.equal(desk.reminders.length, 1);
  });

  it("stops, verified, where the setting says so, after every window was killed", async () => {
    await atDesk({ onClose: "stop" });
    const appId = desk.startApp("flux-api");
    const other = desk.startApp("comfy");
    const windows = [await desk.openWindow(), await desk.openWindow()];
    await guardianRuns();
    for (const window of windows) await desk.kill(window);
    await guardianEnds();
    assert.deepEqual(desk.stops.toSorted(), [appId, other].toSorted());
    assert.deepEqual(desk.runningApps, []);
    assert.deepEqual(desk.reminders, []);
    assert.equal(desk.ledger.receipts({})[0]?.verified, "clear");
  });

  it("releases the GPUs and keeps the deployment", async () => {
    await atDesk({ onClose: "release" });
    const appId = desk.startApp("flux-api", 1);
    const window = await desk.openWindow();
    await guardianRuns();
    await desk.close(window);
    await until("the GPUs are released", () => desk.notices.length > 0, { withinMs: 60_000 });
    assert.match(desk.notices[0] ?? "", /Released 1 GPU container/);
    assert.deepEqual(desk.runningApps, [appId]);
    assert.deepEqual(desk.stops, []);
  });

  it("ends a demo whose time is over while no window is open", async () => {
    await atDesk();
    const appId = desk.startApp("flux-api");
    const window = await desk.openWindow();
    await guardianRuns();
    const nowMs = Date.now();
    desk.ledger.upsertSession({
      sessionId: "demo-1",
      scope: "acme/main",
      folder: "/project",
      username: "you",
      mode: "demo",
      scaledownSeconds: 600,
      startedAtMs: nowMs,
      endedAtMs: null,
      end: null,
      expiresAtMs: nowMs + 4_000,
      apps: [{ appId, appName: "flux-api", file: "flux.py", urls: [] }],
    });
    await desk.close(window);
    const session = () => desk.ledger.sessions({}).find(({ sessionId }) => sessionId === "demo-1");
    await until("the demo is over", () => session()?.mode === "dev", { withinMs: 60_000 });
    assert.equal(session()?.expiresAtMs, null);
    assert.ok(Date.now() >= nowMs + 4_000);
    await until("it is told", () => desk.notices.some((notice) => notice.startsWith("Demo")));
    assert.deepEqual(desk.stops, [], "the deployment stays");
  });

  it("is replaced after kill -9, even while its lease is still valid", async () => {
    await atDesk();
    desk.startApp("flux-api");
    const window = await desk.openWindow();
    await guardianRuns();
    const killed = desk.leasePid;
    assert.ok(killed !== undefined);
    process.kill(killed, "SIGKILL");
    await until("another guardian runs", () => {
      const pid = desk.leasePid;
      return pid !== undefined && pid !== killed && desk.guardianPids.length === 1;
    });
    await desk.close(window);
    await until("the reminder is shown", () => desk.reminders.length > 0);
    assert.equal(desk.reminders.length, 1);
  });

  it("finishes an automatic stop when the system ends it during the grace", async () => {
    await atDesk({ onClose: "stop", timings: { graceMs: 60_000 } });
    const appId = desk.startApp("flux-api");
    const window = await desk.openWindow();
    await guardianRuns();
    const pid = desk.leasePid;
    assert.ok(pid !== undefined);
    await desk.close(window);
    await until("the guardian has noticed", () =>
      desk.log().includes("last window of acme/main is gone"),
    );
    process.kill(pid, "SIGTERM");
    await guardianEnds();
    assert.deepEqual(desk.stops, [appId]);
    assert.equal(desk.ledger.receipts({})[0]?.by, "guardian");
  });

  it("stays within 30 MB above a bare process, also when it has asked Modal often", async () => {
    await atDesk({ timings: { meterMs: 50, graceMs: 300 } });
    desk.startApp("flux-api");
    const window = await desk.openWindow();
    await guardianRuns();
    const pid = desk.leasePid;
    assert.ok(pid !== undefined);
    await desk.close(window);
    const looked = (): number => desk.modal.journal.count({ name: "AppList" });
    const before = looked();
    await until("it looked often", () => looked() - before >= 30, { withinMs: 60_000 });
    const bare = spawn(process.execPath, ["-e", "console.log(1); setInterval(() => {}, 1e6)"]);
    await once(bare.stdout, "data");
    const aboveMb = ((residentKib(pid) - residentKib(bare.pid ?? 0)) * 1024) / 1e6;
    bare.kill("SIGKILL");
    console.log(`      ${aboveMb.toFixed(1)} MB`);
    assert.ok(aboveMb <= 30, `${aboveMb} MB`);
  });

  it("closes a window in at most 100 ms", async () => {
    await atDesk();
    desk.startApp("flux-api");
    const window = await desk.openWindow();
    await guardianRuns();
    await desk.close(window);
    assert.ok((window.closeMs ?? Infinity) <= 100, `${window.closeMs} ms`);
  });
});

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
