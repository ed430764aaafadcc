import assert from "node:assert/strict";
import { costs, patient, serving, SessionScene, settings, status } from "./sessionScene.ts";

describe("sessions", function () {
  this.timeout(300_000);
  const scene = SessionScene.forTests();

  describe("modes", () => {
    it("says of each what it is for and what it costs; production asks once more, and no stop takes it unasked", async () => {
      const { window } = scene;
      await window.runCommand("Modal Meter: Start Session…");
      const picker = await window.untilQuickInput("Which mode for flux? (L40S)");
      assert.equal(picker.items.length, 6);
      const [dev, demo, prod, stop, check, wait] = picker.items;
      assert.match(dev ?? "", /^dev, Working on backend or tests\? \(scaledown 2 min\)/);
      assert.match(demo ?? "", /^demo, Giving a presentation\? \(.*10 min, dev again after 1 h 30/);
      assert.match(prod ?? "", /^prod, Production launch\? \(scaledown 5 min, asks once more\)/);
      assert.match(stop ?? "", /End of day\?, Stop all that runs/);
      assert.match(check ?? "", /On vacation\?, Verify that nothing runs/);
      assert.match(
        wait ?? "",
        /less than 1 s\?, Not yet, A container that never stops is billed 24\/7: L40S costs ≈ \$1,4\d\d/,
      );
      for (const item of picker.items.slice(0, 3)) {
        assert.match(item, /≈ \$\d+\.\d\d per request · ≈ \$\d+\.\d\d of it idle tail/);
        assert.match(item, /up to ≈ \$\d+\.\d\d a forgotten night/);
      }
      await window.screenshot("mode-picker");

      await window.pick(/On vacation/);
      await window.untilNotification("Nothing runs in acme/main.", patient);
      assert.deepEqual(scene.live(), []);
      await window.clearNotifications();
      await window.runCommand("Modal Meter: Start Session…");
      await window.pick(/Always need/);
      await window.untilNotification(
        /^Not yet\. A container that never stops is billed 24\/7: L40S costs ≈/,
        patient,
      );
      await window.clearNotifications();

      await window.runCommand("Modal Meter: Start Session…");
      await window.pick(/^prod/);
      await window.pressDialogButton("Cancel", patient);
      await window.untilOutput(costs, "Not started.");
      assert.deepEqual(scene.live(), []);

      await window.runCommand("Modal Meter: Start Session…");
      await window.pick(/^prod/);
      await window.pressDialogButton("Start", patient);
      await window.untilNotification("flux is ready in prod mode", patient);
      const flux = scene.app("flux");
      assert.equal(scene.scaledownSeconds(flux), 300);

      await window.clearNotifications();
      await window.runCommand("Modal Meter: Stop All Apps");
      await window.untilNotification(
        /1 app was left alone and still runs in acme\/main: flux/,
        patient,
      );
      assert.deepEqual(scene.toldToStop(), []);
      await scene.press(/left alone/, "Stop Those Too…");
      const others = await window.untilQuickInput("Which of them do you want to stop?");
      assert.match(others.title, /acme\/main/);
      assert.match(others.items[0] ?? "", /^flux.*production \(prod mode\)/);
      await window.pickSeveral([/^flux/]);
      await window.untilQuickInput("Type flux to continue");
      await window.type("flu");
      await window.accept();
      await window.until(
        "an unfinished name stops nothing",
        async () => (await window.quickInput()) === undefined,
      );
      assert.deepEqual(scene.toldToStop(), []);
      assert.deepEqual(scene.liveNames(), ["flux"]);

      await window.runCommand("Modal Meter: Stop All Apps");
      await scene.press(/left alone/, "Stop Those Too…");
      await window.untilQuickInput("Which of them do you want to stop?");
      await window.pickSeveral([/^flux/]);
      await window.untilQuickInput("Type flux to continue");
      await window.type("flux");
      await window.accept();
      await window.untilNotification(/Stopped 1 app in acme\/main\. Nothing runs/, patient);
      assert.deepEqual(scene.toldToStop(), [flux.id]);
      assert.deepEqual(scene.live(), []);
    });

    it("switches without a deploy, extends the demo, releases the GPUs, and returns to dev", async () => {
      const { window, modal } = scene;
      const flux = await scene.startDev();
      assert.equal(scene.scaledownSeconds(flux), 120);
      modal.journal.clear();

      await window.runCommand("Modal Meter: Switch Mode…");
      await window.untilQuickInput("Switch Mode (now dev)");
      await window.pick(/^demo/);
      await window.untilNotification(
        /^Now in demo mode: an idle container is kept, and billed, for 10 min\.$/,
        patient,
      );
      assert.equal(scene.scaledownSeconds(flux), 600);
      assert.equal(modal.journal.count({ name: "FunctionCreate" }), 0);
      assert.equal(modal.journal.count({ name: "AppPublish" }), 0);
      await window.untilStatus(status, /demo · 1 h (30|2\d) min left/, patient);

      await window.runCommand("Modal Meter: Extend Demo by 30 Minutes");
      await window.untilStatus(status, /demo · (2 h|1 h 5\d min) left/, patient);
      await window.screenshot("demo-extended");

      assert.equal(scene.containers(flux), 1, "the health check has started a container");
      await window.clearNotifications();
      await window.runCommand("Modal Meter: Release GPUs");
      const told = await window.untilNotification(/Released 1 GPU container/, patient);
      assert.match(told.message, /: ≈ \$\d+\.\d\d\/h less\. The deployment stays\./);
      assert.equal(scene.containers(flux), 0);
      assert.deepEqual([flux.state, scene.scaledownSeconds(flux)], ["deployed", 600]);

      await window.runCommand("Modal Meter: Back to Dev Mode");
      await window.untilStatus(status, /dev · 1 app/, patient);
      assert.equal(scene.scaledownSeconds(flux), 120);
      assert.equal(modal.journal.count({ name: "AppPublish" }), 0);
    });

    it("ends a demo by itself: back to dev, GPUs released, deployment kept", async () => {
      const { window, modal } = scene;
      await window.runCommand("Modal Meter: Start Demo Session");
      const ready = await window.untilNotification("flux is ready in demo mode", patient);
      assert.match(ready.message, /returns to dev by itself in 1 h/);
      await window.untilStatus(status, /demo · 1 h (30|2\d) min left/, patient);
      const flux = scene.app("flux");
      const asked = modal.journal
        .entries({ kind: "web" })
        .map(({ path, outcome }) => [path, outcome]);
      assert.deepEqual(asked, [
        ["/health", "200"],
        ["/warmup", "200"],
      ]);
      assert.equal(scene.containers(flux), 1, "the warm-up has left a warm container");
      assert.equal(scene.scaledownSeconds(flux), 600);

      await scene.endDemoAt(Date.now() - 1000);
      await window.untilNotification("The demo is over: back in dev mode.", patient);
      assert.equal(scene.scaledownSeconds(flux), 120);
      assert.equal(scene.containers(flux), 0);
      assert.equal(flux.state, "deployed");
      await window.untilStatus(status, /dev · 1 app/, patient);
    });

    it("gives notice before a demo ends: +30 min moves the end, Back to Dev Now is the end", async () => {
      const { window, modal } = scene;
      await window.runCommand("Modal Meter: Start Demo Session");
      await window.untilNotification("flux is ready in demo mode", patient);
      const flux = scene.app("flux");
      assert.equal(scene.containers(flux), 1, "the warm-up has left a warm container");
      await window.clearNotifications();
      modal.journal.clear();
      // Another reminder that nobody answers must not hold back the end of a demo.
      await scene.stage.host.writeSettings({ ...settings, "modalMeter.budget": { hourUsd: 0.5 } });
      await window.untilNotification(/Modal costs .* now; your limit is \$0\.50\/h/, patient);

      const notice = /The demo session ends in [45] min/;
      await scene.endDemoAt(Date.now() + 5 * 60_000);
      const first = await window.untilNotification(notice, patient);
      assert.equal(first.severity, "warning");
      assert.deepEqual(first.buttons.slice(0, 2), ["+30 Min", "Back to Dev Now"]);
      await window.screenshot("demo-ends-soon");
      await scene.press(notice, "+30 Min");
      await window.untilStatus(status, /demo · 3[45] min left/, patient);
      assert.equal(scene.scaledownSeconds(flux), 600, "the demo goes on");
      assert.equal(scene.containers(flux), 1);

      // The new end has a notice of its own.
      await window.clearNotifications();
      await scene.endDemoAt(Date.now() + 5 * 60_000 + 1);
      await scene.press(notice, "Back to Dev Now");
      await window.untilNotification(/Released 1 GPU container/, patient);
      assert.equal(scene.scaledownSeconds(flux), 120);
      assert.equal(scene.containers(flux), 0);
      assert.equal(flux.state, "deployed");
      assert.equal(modal.journal.count({ name: "AppPublish" }), 0);
      await window.untilStatus(status, /^dev · 1 app/, patient);
      await scene.stage.host.writeSettings(settings);
    });
  });

  describe("windows", () => {
    it("share the session and its cost, and only one of them asks Modal", async () => {
      const { window, modal } = scene;
      const flux = await scene.startDev();
      assert.equal(scene.containers(flux), 1, "the health check has started a container");
      const second = await scene.stage.host.open();
      try {
        await second.untilStatus(status, /dev · 1 app · ≈\$0\.0[0-9]*[1-9]/, patient);
        await window.untilStatus(status, /dev · 1 app · ≈\$0\.0[0-9]*[1-9]/, patient);
        // After the start's fast looks, the leading window looks every 10 s while a container runs.
        // Two that both look would make one of any two gaps in a row half of that.
        const looks = () => modal.journal.entries({ name: "AppList" }).map(({ realMs }) => realMs);
        await window.until(
          "two looks in a row come after 8 s or more",
          async () => {
            const [before = 0, last = 0, now = 0] = looks().slice(-3);
            return last - before >= 8000 && now - last >= 8000;
          },
          patient,
        );
        const open = await scene.stage.withLedger((ledger) =>
          ledger.windows().filter(({ closedAtMs }) => closedAtMs === null),
        );
        assert.equal(open.length, 2, "two windows are open");

        await second.runCommand("Modal Meter: Stop All Apps");
        await second.untilNotification(/Nothing runs any more/, patient);
        await window.untilStatus(status, /nothing running/, patient);

        // A stop here cannot end a deploy there, so it says that its word will not hold.
        await window.clearNotifications();
        await second.clearNotifications();
        modal.journal.clear();
        modal.faults.addRpc({ rpc: "AppPublish", fault: { kind: "delay", ms: 10_000 } });
        await window.runCommand("Modal Meter: Start Dev Session");
        await window.until(
          "the deploy is at its last step",
          () => Promise.resolve(modal.journal.count({ name: "AppPublish" }) > 0),
          patient,
        );
        await second.runCommand("Modal Meter: Stop All Apps");
        const told = await second.untilNotification(
          "A start is still under way in another window. Stop again when it is done.",
          patient,
        );
        assert.equal(told.severity, "warning");
        await window.untilNotification("flux is ready in dev mode", patient);
        await second.pressNotificationButton("A start is still under way", "Stop Again");
        await second.until(
          "nothing is left",
          () => Promise.resolve(scene.live().length === 0),
          patient,
        );
      } finally {
        await second.close();
      }
    });

    it("serve an app for as long as they live", async () => {
      const { window, modal, stage } = scene;
      await window.runCommand("Modal Meter: Start Ephemeral Session (modal serve)");
      await window.untilNotification("flux is ready in dev mode", patient);
      const served = scene.app("flux");
      assert.equal(served.state, "ephemeral");
      assert.equal(serving().length > 0, true);
      await window.clearNotifications();
      await window.runCommand("Modal Meter: Stop All Apps");
      await window.untilNotification(/Nothing runs/, patient);
      assert.equal(served.state, "stopped");
      // It ended as Ctrl-C ends it: the process itself said goodbye.
      assert.equal(modal.journal.count({ name: "AppClientDisconnect", appId: served.id }), 1);
      assert.deepEqual(serving(), []);

      const other = await stage.host.open();
      await other.untilStatus(status, /nothing running/, patient);
      await other.runCommand("Modal Meter: Start Ephemeral Session (modal serve)");
      await other.untilNotification("flux is ready in dev mode", patient);
      const left = scene.app("flux");
      await other.close();
      await window.until(
        "the process has ended with its window",
        () => Promise.resolve(serving().length === 0),
        patient,
      );
      // Not by a missing heartbeat, which takes Modal a minute: it said goodbye.
      assert.equal(modal.journal.count({ name: "AppClientDisconnect", appId: left.id }), 1);
      assert.deepEqual(scene.live(), []);
    });

    it("serve no app any more when their process was killed", async () => {
      const { window, modal, stage } = scene;
      const other = await stage.host.open();
      await other.untilStatus(status, /nothing running/, patient);
      await other.runCommand("Modal Meter: Start Ephemeral Session (modal serve)");
      await other.untilNotification("flux is ready in dev mode", patient);
      const served = scene.app("flux");
      assert.equal(served.state, "ephemeral");
      await other.killExtensionHost();
      await window.until(
        "the process has ended with its window",
        () => Promise.resolve(serving().length === 0),
        patient,
      );
      assert.equal(modal.journal.count({ name: "AppClientDisconnect", appId: served.id }), 1);
      assert.deepEqual(scene.live(), []);
      await other.close();
    });
  });
});
