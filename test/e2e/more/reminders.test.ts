import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSnoozes } from "../../../src/session/remind/snoozes.ts";
import type { UntilOptions } from "../../host/until.ts";
import type { EditorWindow } from "../../host/window.ts";
import { needCli, Stage } from "../stage.ts";

const status = "modalMeter.status";
const patient: UntilOptions = { withinMs: 120_000, everyMs: 250 };

/** Nothing is due but what a test switches on. */
const quiet = {
  "modalMeter.deployTargets": [{ file: "flux_app.py", name: "flux" }],
  "modalMeter.idleReminderMinutes": 0,
  "modalMeter.workdayEnd": "",
  "modalMeter.onClose": "off",
};

describe("a reminder in the window", () => {
  let stage: Stage;
  let window: EditorWindow;

  before(function () {
    needCli(this);
  });
  /** Each test of its own, and not in a hook: a hook is not retried. */
  async function withWarmContainer(): Promise<void> {
    stage = await Stage.set({ settings: quiet });
    window = await stage.host.open();
    await window.untilStatus(status, /nothing running/, patient);
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.clearNotifications();
    await window.runCommand("Modal Meter: Invoke Flux Schnell");
    await window.untilQuickInput("Prompt");
    await window.type("a fox at night");
    await window.until("the prompt is taken", async () => {
      if ((await window.quickInput()) === undefined) return true;
      await window.accept();
      return false;
    });
    await window.untilOutput("Modal Meter Costs", /💰 Cost/, patient);
    await window.clearNotifications();
  }

  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("tells of the end of the workday with four buttons; Snooze 30 Min puts it off", async () => {
    await withWarmContainer();
    await stage.host.writeSettings({ ...quiet, "modalMeter.workdayEnd": "Mon-Sun 00:00" });
    const message = /End of the workday: 1 app still runs \(flux\)\. 1 GPU container costs/;
    const shown = await window.untilNotification(message, patient);
    assert.equal(shown.severity, "warning");
    assert.deepEqual(shown.buttons, [
      "Stop All",
      "Release GPUs",
      "Snooze 30 Min",
      "Don't Remind Me",
    ]);
    await window.screenshot("reminder-workday-end");
    const pressedAtMs = Date.now();
    await window.pressNotificationButton(message, "Snooze 30 Min");
    const untilMs = await window.until("it is snoozed for 30 minutes", () =>
      stage.withLedger((ledger) => readSnoozes(ledger).get("workday-end")),
    );
    const minutes = (untilMs - pressedAtMs) / 60_000;
    assert.ok(minutes > 29.5 && minutes < 30.5, `${minutes} minutes`);
    assert.deepEqual(await window.notifications(), []);
  });

  it("tells of an unusual burn rate; Don't Remind Me turns it off for good", async () => {
    await withWarmContainer();
    // Deployed elsewhere under the same login, and by somebody else: one counts, the other is named.
    const functions = [{ name: "web", gpu: { type: "H100", count: 1 } }];
    stage.modal.seedApp({ name: "training", functions }, 1);
    stage.modal.seedApp({ name: "theirs", by: "teammate", functions }, 1);
    await window.untilStatus(status, /2 apps · .*\+1 other/, patient);
    const settings = { ...quiet, "modalMeter.budget": { weekUsd: 0, monthUsd: 0, hourUsd: 3 } };
    await stage.host.writeSettings(settings);
    const message = /Modal costs ≈ \$\d+\.\d\d\/h now; your limit is \$3\.00\/h\..* theirs\./;
    const shown = await window.untilNotification(message, patient);
    assert.deepEqual(shown.buttons, [
      "Stop All",
      "Release GPUs",
      "Snooze 30 Min",
      "Don't Remind Me",
    ]);
    await window.screenshot("reminder-burn-rate");
    await window.pressNotificationButton(message, "Don't Remind Me");
    await window.until("the setting says so", async () => {
      const files = ["User", "Machine"].map((name) =>
        readFile(join(stage.host.userData, name, "settings.json"), "utf8").catch(() => ""),
      );
      const texts = await Promise.all(files);
      return texts.some((text) => /"modalMeter\.mutedReminders":\s*\[\s*"burn-rate"/.test(text));
    });
    assert.deepEqual(await window.notifications(), []);
  });

  it("survives mistyped settings, which the status bar names; they keep nobody from calling or stopping", async () => {
    await withWarmContainer();
    await stage.host.writeSettings({
      ...quiet,
      "modalMeter.workdayEnd": "6pm",
      "modalMeter.budget": { weekUsd: "5", monthUsd: 0, hourUsd: 0.01 },
      "modalMeter.endpoints": [{ name: "bad name" }],
      "modalMeter.modes": { loud: { warmUp: "yes" } },
    });
    const item = await window.untilStatus(status, /4 wrong settings$/, patient);
    assert.equal(item.kind, "warning");
    assert.match(item.text, /dev · 1 app · ≈\$\d/, "what is known is shown");
    const burning = /Modal costs ≈ \$\d+\.\d\d\/h now; your limit is \$0\.01\/h\./;
    await window.untilNotification(burning, patient);
    await window.clearNotifications();
    const tooltip = await window.statusBarTooltip(status);
    await window.screenshot("wrong-settings");
    assert.match(
      tooltip,
      /workdayEnd is wrong: must look like .*no reminder at the end of the work/,
    );
    assert.match(tooltip, /budget is wrong: "weekUsd" must be a number .*There is no alert for it/);
    assert.match(
      tooltip,
      /endpoints is wrong: \[0\]\["name"\] must look like .*It cannot be called/,
    );

    await window.runCommand("Modal Meter: Repeat Last Call");
    await window.until(
      "Flux is called again",
      () =>
        Promise.resolve(
          stage.modal.journal.entries({ kind: "web", name: "POST", path: "/flux" }).length === 2,
        ),
      patient,
    );
    await window.runCommand("Modal Meter: Start Session…");
    const modes = await window.untilQuickInput(/Which mode for /, patient);
    assert.ok(modes.items.some((row) => row.startsWith("dev")));
    await window.dismiss();
    await window.clickStatusBarItem(status);
    await window.untilQuickInput("Modal Meter", patient);
    await window.screenshot("wrong-settings-menu");
    await window.dismiss();
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Nothing runs any more/, patient);
    await stage.host.writeSettings(quiet);
    await window.untilStatus(status, /nothing running$/, patient);
  });

  it("a link shows what runs, and stops nothing", async () => {
    await withWarmContainer();
    await window.runCommand("Developer: Open URL");
    await window.untilQuickInput(/URL/);
    const scheme = stage.host.kind === "server" ? "code-oss" : "vscode";
    await window.type(`${scheme}://modal-meter.modal-meter/running`);
    await window.accept();
    await window.pressDialogButton("Open");
    await window.untilNotification(/^Running in acme\/main: flux/, patient);
    assert.equal(stage.modal.journal.count({ name: "AppStop" }), 0);
  });
});
