import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { IncidentRecord } from "../../src/guardian/incidentRecord.ts";
import { lastIncident } from "../unit/guardian/lastIncident.ts";
import { extensionHosts, ownProcesses } from "../host/processes.ts";
import { until, type UntilOptions } from "../host/until.ts";
import type { EditorWindow } from "../host/window.ts";
import { skip } from "../skip.ts";
import { Stage, cliFolder } from "./stage.ts";

const status = "modalMeter.status";
/** What a loaded machine may take. */
const patient: UntilOptions = { withinMs: 120_000, everyMs: 250 };

function needCli(context: Mocha.Context): void {
  if (!existsSync(cliFolder("current"))) {
    skip(context, "cli", "the current Modal CLI is not installed (node scripts/venv.mjs)");
  }
}

/** Apps that Local Modal itself has in service. */
function live({ modal }: Stage): readonly string[] {
  modal.sync();
  return [...modal.workspace.cloud.apps.values()]
    .filter(({ state }) => state === "deployed")
    .map(({ description }) => description);
}

const stops = ({ modal }: Stage): number => modal.journal.count({ name: "AppStop" });

const guardians = (): number =>
  ownProcesses().filter(({ command }) => command.includes("guardian.cjs")).length;

/** Deploys flux in the window, and waits until the guardian is there. */
async function startDev(window: EditorWindow): Promise<void> {
  await window.untilStatus(status, /nothing running/, patient);
  await window.runCommand("Modal Meter: Start Dev Session");
  await window.untilNotification("flux is ready in dev mode", patient);
  await window.untilStatus(status, /^dev · 1 app/, patient);
  await until("a guardian runs", () => guardians() === 1, patient);
}

const incidentOf = (stage: Stage): Promise<IncidentRecord | undefined> =>
  stage.withLedger((ledger) => lastIncident(ledger));

/** In place of the usual 20 s. */
const graceSeconds = 5;
const shortGrace = { MODAL_METER_GRACE_SECONDS: String(graceSeconds) };

const passed = (seconds: number, sinceMs: number): Promise<unknown> =>
  until(`${seconds} s have passed`, () => Date.now() - sinceMs > seconds * 1000, patient);

const target = { "modalMeter.deployTargets": [{ file: "flux_app.py", name: "flux" }] };

describe("a reload of the last window, with onClose: stop", () => {
  let stage: Stage | undefined;

  beforeEach(async function () {
    needCli(this);
    // With the usual grace, in which a reload has to come back.
    stage = await Stage.set({ settings: { ...target, "modalMeter.onClose": "stop" } });
  });
  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
    stage = undefined;
  });

  it("stops nothing", async () => {
    assert.ok(stage);
    const window = await stage.host.open();
    await startDev(window);
    const before = stops(stage);
    const reloadedAtMs = Date.now();
    await window.reload();
    await window.untilStatus(status, /^dev · 1 app/, patient);
    await passed(21, reloadedAtMs);
    assert.deepEqual(live(stage), ["flux"]);
    assert.equal(stops(stage), before);
    assert.equal(guardians(), 1);
  });
});

describe("after the last window, with onClose: stop", () => {
  let stage: Stage | undefined;

  before(async function () {
    needCli(this);
    stage = await Stage.set({
      settings: { ...target, "modalMeter.onClose": "stop" },
      moreEnv: shortGrace,
    });
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  async function untilStoppedOnce(before: number): Promise<void> {
    assert.ok(stage);
    const own = stage;
    await until("the guardian has stopped the app", () => live(own).length === 0, patient);
    await until("no guardian is left over", () => guardians() === 0, patient);
    assert.equal(stops(stage) - before, 1, "one stop, not two");
  }

  it("stops the app when a person has closed the window", async () => {
    assert.ok(stage);
    const window = await stage.host.open();
    await startDev(window);
    const before = stops(stage);
    await window.close();
    await untilStoppedOnce(before);
  });

  it("stops the app when the extension host was killed, and the window with it", async () => {
    assert.ok(stage);
    const window = await stage.host.open();
    await startDev(window);
    const before = stops(stage);
    await window.killExtensionHost();
    await window.close();
    await untilStoppedOnce(before);
  });

  it("leaves the app alone while a second window is open, and stops it after both", async () => {
    assert.ok(stage);
    const first = await stage.host.open();
    await startDev(first);
    const second = await stage.host.open();
    await second.untilStatus(status, /^dev · 1 app/, patient);
    const before = stops(stage);
    await first.close();
    await passed(graceSeconds + 4, Date.now());
    assert.equal(guardians(), 1);
    await second.untilStatus(status, /^dev · 1 app/);
    assert.deepEqual(live(stage), ["flux"]);
    await second.close();
    await untilStoppedOnce(before);
  });

  it("stops the app once when two windows are quit in the same moment", async () => {
    assert.ok(stage);
    const first = await stage.host.open();
    await startDev(first);
    const second = await stage.host.open();
    await second.untilStatus(status, /^dev · 1 app/, patient);
    const before = stops(stage);
    await Promise.all([first.close(), second.close()]);
    await untilStoppedOnce(before);
  });

  it("stops the app when the whole editor was killed, and the next start goes on without it", async () => {
    assert.ok(stage);
    const window = await stage.host.open();
    await startDev(window);
    const before = stops(stage);
    await stage.host.kill();
    await untilStoppedOnce(before);
    await stage.host.restart();
    const again = await stage.host.open();
    await again.untilStatus(status, /nothing running/, patient);
    await again.close();
  });

  it("reminds of a running app that only has the name of an app file here, and does not stop it", async () => {
    assert.ok(stage);
    const own = stage;
    const functions = [{ name: "web", gpu: { type: "L40S", count: 1 } }];
    // You deployed it, but no session of this machine did.
    stage.modal.seedApp({ name: "flux", functions }, 1);
    const window = await stage.host.open();
    await window.untilStatus(status, /1 app/, patient);
    await until("a guardian runs", () => guardians() === 1, patient);
    const before = stops(stage);
    await window.close();
    const incident = await until(
      "the guardian has acted",
      async () => {
        const found = await incidentOf(own);
        return found?.reminder.state === "not-shown" ? found : undefined;
      },
      { ...patient, everyMs: 1000 },
    );
    assert.match(incident.reminder.body, /flux/);
    assert.equal(stops(stage), before);
    assert.deepEqual(live(stage), ["flux"]);
  });
});

describe("after a client that vanished, with onClose: stop", () => {
  /** In place of the usual three minutes. */
  const lostSeconds = 20;
  let stage: Stage | undefined;

  beforeEach(async function () {
    needCli(this);
    stage = await Stage.set({
      settings: { ...target, "modalMeter.onClose": "stop" },
      moreEnv: { ...shortGrace, MODAL_METER_LOST_CLIENT_SECONDS: String(lostSeconds) },
    });
    if (stage.host.kind !== "server") {
      skip(
        this,
        "server",
        "the desktop editor is one with its screen: its kill is a case of its own",
      );
    }
  });
  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
    stage = undefined;
  });

  it("stops the app once, although the extension host lives on, and a new window starts from there", async () => {
    assert.ok(stage);
    const own = stage;
    const window = await stage.host.open();
    const openedAtMs = Date.now();
    await startDev(window);
    const before = stops(stage);
    // Its client is there: a window that would be taken for lost would have lost its app by now.
    await passed(lostSeconds + graceSeconds + 10, openedAtMs);
    assert.deepEqual(live(stage), ["flux"]);
    assert.equal(stops(stage), before);
    const hosts = extensionHosts();
    assert.equal(hosts.length, 1);
    await stage.host.killClient();
    const goneAtMs = Date.now();
    await until("the guardian has stopped the app", () => live(own).length === 0, patient);
    const seconds = (Date.now() - goneAtMs) / 1000;
    console.log(`      stopped ${seconds.toFixed(0)} s after the client was killed`);
    assert.ok(
      seconds >= lostSeconds + graceSeconds - 3,
      "neither the silence nor the grace is cut short",
    );
    assert.deepEqual(extensionHosts(), hosts, "the extension host was not told");
    await until("no guardian is left over", () => guardians() === 0, patient);
    assert.equal(stops(stage) - before, 1, "one stop, not two");
    const again = await stage.host.open();
    await again.untilStatus(status, /nothing running/, patient);
    assert.equal(stops(stage) - before, 1);
    await again.close();
  });
});

describe("after the last window, with onClose: remind, on a machine without a desktop", () => {
  let stage: Stage | undefined;

  beforeEach(async function () {
    needCli(this);
    stage = await Stage.set({ settings: target, moreEnv: shortGrace });
  });
  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
    stage = undefined;
  });

  it("keeps the reminder that nobody could see, and the next window shows it", async () => {
    assert.ok(stage);
    const own = stage;
    const window = await stage.host.open();
    await startDev(window);
    await window.runCommand("Modal Meter: Invoke Flux");
    await window.untilQuickInput("Prompt");
    await window.type("a fox at night");
    await window.accept();
    await window.untilOutput("Modal Meter Costs", /💰 Cost/, patient);
    await window.close();
    const incident = await until(
      "the reminder could not be shown, and that is recorded",
      async () => {
        const found = await incidentOf(own);
        return found?.reminder.state === "not-shown" ? found : undefined;
      },
      { ...patient, everyMs: 1000 },
    );
    assert.match(`${incident.reminder.title} ${incident.reminder.body}`, /flux/);
    assert.deepEqual(live(stage), ["flux"], "remind stops nothing");
    const again = await stage.host.open();
    const notification = await again.untilNotification(/flux/, patient);
    assert.equal(notification.severity, "warning");
    await again.screenshot("reminder-at-next-start");
    await again.runCommand("Modal Meter: Stop All Apps");
    await again.untilNotification(/Nothing runs any more/, patient);
  });
});
