import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ownProcesses } from "../host/processes.ts";
import type { UntilOptions } from "../host/until.ts";
import type { Notification } from "../host/window.ts";
import type { App } from "../sim/model/entities.ts";
import { Scene } from "./scene.ts";
import type { Stage } from "./stage.ts";

export const status = "modalMeter.status";
export const costs = "Modal Meter Costs";
/** A loaded machine is slow; only a broken product takes longer. */
export const patient: UntilOptions = { withinMs: 90_000 };

/** One target with everything that a start can do, so that a start asks for no app. */
export const settings = {
  "modalMeter.deployTargets": [
    { file: "flux_app.py", name: "flux", healthUrl: "/health", warmUpUrl: "/warmup" },
  ],
  // These tests bring about what a reminder would speak of, and look at other notifications.
  "modalMeter.idleReminderMinutes": 0,
  "modalMeter.workdayEnd": "",
};

/** A stage whose truth is Local Modal's, never the extension's. */
export class SessionScene extends Scene {
  static async set(): Promise<SessionScene> {
    const scene = new SessionScene();
    await scene.begin();
    return scene;
  }

  /** For the tests of the describe around the call; each finds it with nothing that runs. */
  static forTests(): SessionScene {
    const scene = new SessionScene();
    scene.beginEachTry();
    // What did not pass is ended, not cleared.
    afterEach(async function () {
      if (this.currentTest?.state === "passed") await scene.clear();
    });
    return scene;
  }

  async begin(): Promise<void> {
    await this.open({ settings }, async (window) => {
      await window.untilStatus(status, /nothing running/, patient);
    });
  }

  get modal(): Stage["modal"] {
    return this.stage.modal;
  }

  /** Apps that Modal itself has in service, in one environment or in all. */
  live(environment?: string): readonly App[] {
    this.modal.sync();
    return [...this.modal.workspace.cloud.apps.values()].filter(
      (app) =>
        app.state !== "stopped" && (environment === undefined || app.environment === environment),
    );
  }

  liveNames(environment?: string): readonly string[] {
    return this.live(environment).map(({ description }) => description);
  }

  /** The only live app of that name. */
  app(name: string, environment = "main"): App {
    const [app, ...more] = this.live(environment).filter(({ description }) => description === name);
    assert.ok(app, `${name} is not live`);
    assert.equal(more.length, 0, `there is one ${name}`);
    return app;
  }

  /** The scaledown window that is really in force, in seconds. */
  scaledownSeconds(app: App): number {
    this.modal.sync();
    const [fn] = app.functions.values();
    assert.ok(fn);
    return (fn.override.scaledownMs ?? fn.spec.scaledownMs) / 1000;
  }

  containers(app: App): number {
    this.modal.sync();
    return this.modal.workspace.cloud.runningTasks(app);
  }

  /** Back to nothing: whatever a test left behind ends at Modal itself, and the window sees it. */
  async clear(): Promise<void> {
    this.modal.faults.clear();
    const { cloud } = this.modal.workspace;
    cloud.stopMs = 0;
    for (const app of this.live()) {
      app.refusesToStop = false;
      cloud.stopApp(app.id);
    }
    this.modal.sync();
    await this.window.until("no question is open", async () => {
      if ((await this.window.quickInput()) === undefined) return true;
      await this.window.dismiss();
      return false;
    });
    await this.window.clearNotifications();
    await this.window.until(
      "the window sees that nothing runs",
      async () => {
        await this.window.runCommand("Modal Meter: Refresh");
        const item = await this.window.statusBarItem(status);
        return item !== undefined && /nothing running/.test(item.text);
      },
      { ...patient, everyMs: 500 },
    );
    await this.window.clearNotifications();
    this.modal.journal.clear();
  }

  async startDev(): Promise<App> {
    // An earlier session's "ready" is no sign of this one.
    await this.window.clearNotifications();
    await this.window.runCommand("Modal Meter: Start Dev Session");
    await this.window.untilNotification("flux is ready in dev mode", patient);
    await this.window.untilStatus(status, /dev · \d apps?/, patient);
    await this.window.clearNotifications();
    return this.app("flux");
  }

  /** Starts a deploy, and waits until it is at its last step. */
  async startToLastStep(): Promise<void> {
    this.modal.faults.addRpc({ rpc: "AppPublish", fault: { kind: "delay", ms: 4000 } });
    await this.window.runCommand("Modal Meter: Start Dev Session");
    await this.window.until(
      "the deploy is at its last step",
      () => Promise.resolve(this.modal.journal.count({ name: "AppPublish" }) > 0),
      patient,
    );
  }

  /** The open session has run for an hour, and its time box is over at that time. */
  async endDemoAt(expiresAtMs: number): Promise<void> {
    await this.stage.withLedger((ledger) => {
      const session = ledger
        .sessions({ scope: "acme/main" })
        .find(({ endedAtMs }) => endedAtMs === null);
      assert.ok(session);
      ledger.upsertSession({ ...session, startedAtMs: expiresAtMs - 3_600_000, expiresAtMs });
    });
  }

  /** Ids of the apps that Modal was told to stop. */
  toldToStop(): readonly string[] {
    return [
      ...new Set(this.modal.journal.entries({ name: "AppStop" }).map(({ appId }) => appId)),
    ].toSorted();
  }

  /** Presses a button of a notification, or of a progress. */
  async press(message: string | RegExp, button: string): Promise<Notification> {
    const seen = await this.window.untilNotification(message, patient);
    await this.window.pressNotificationButton(message, button);
    return seen;
  }

  /** The sample's app file with a change; returns how to take it back. */
  async editApp(change: (text: string) => string): Promise<() => Promise<void>> {
    const path = join(this.stage.workspace, "flux_app.py");
    const text = await readFile(path, "utf8");
    await writeFile(path, change(text));
    return () => writeFile(path, text);
  }
}

/** `modal serve` processes that this run has started and that still live. */
export function serving(): readonly string[] {
  return ownProcesses()
    .map(({ command }) => command)
    .filter((command) => /\bmodal\b.* serve /.test(command));
}
