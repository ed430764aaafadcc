import assert from "node:assert/strict";
import { costs, patient, SessionScene, settings, status } from "./sessionScene.ts";

const patientClick = { timeout: 90_000 };
const l40s = { type: "L40S", count: 1 } as const;

describe("sessions", function () {
  this.timeout(300_000);
  const scene = SessionScene.forTests();

  describe("a stop", () => {
    it("of all, of the project or of one leaves a teammate's app alone and names it", async () => {
      const { window, modal } = scene;
      const theirs = modal.seedApp(
        { name: "theirs", by: "teammate", functions: [{ name: "web", gpu: l40s }] },
        1,
      );
      const other = modal.seedApp({ name: "other", functions: [{ name: "web", gpu: l40s }] }, 1);
      const flux = await scene.startDev();

      await window.runCommand("Modal Meter: Stop This Project's Apps");
      await window.untilNotification(
        /Stopped 1 app in acme\/main\. 2 apps were left alone/,
        patient,
      );
      assert.deepEqual(scene.toldToStop(), [flux.id]);

      await window.clearNotifications();
      await window.runCommand("Modal Meter: Stop App…");
      const which = await window.untilQuickInput("Which app in acme/main?", patient);
      assert.equal(which.items.length, 2);
      await window.pick(/^theirs/);
      const whose = await window.untilToast(
        "theirs was deployed by teammate and was not stopped.",
        {
          ...patient,
        },
      );
      assert.deepEqual(whose.buttons, ["Stop It Anyway…"]);
      await window.screenshot("stop-theirs");
      await scene.press(/was not stopped/, "Stop It Anyway…");
      await window.untilQuickInput("Type theirs to continue");
      await window.dismiss();
      assert.deepEqual(scene.toldToStop(), [flux.id]);

      await window.clearNotifications();
      await window.runCommand("Modal Meter: Stop All Apps");
      const rest = await window.untilQuickInput("Which of them do you want to stop too?", patient);
      assert.match(rest.title, /Yours in acme\/main, but not started here/);
      assert.match(rest.items.join("\n"), /^other, ≈ \$\d\.\d\d\/h, ap-\w+$/);
      assert.deepEqual(scene.toldToStop(), [flux.id], "nothing from elsewhere is stopped unasked");
      await window.screenshot("stop-all-asks");
      await window.pickSeveral([/^other/]);
      const told = await window.untilNotification(
        /Stopped 1 app in acme\/main\. 1 app was left alone/,
        patient,
      );
      assert.match(told.message, /still runs: theirs/);
      assert.deepEqual(scene.toldToStop(), [flux.id, other.id].toSorted());
      assert.equal(theirs.state, "deployed");
      const receipt = await window.untilOutput(
        costs,
        /🔒 Left alone: theirs \(ap-\w+\): deployed by teammate/,
      );
      assert.doesNotMatch(receipt.slice(receipt.lastIndexOf("🛑")), /All clear/);

      await scene.press(/left alone and still runs: theirs/, "Stop Those Too…");
      await window.untilQuickInput("Which of them do you want to stop?");
      await window.pickSeveral([/^theirs.*deployed by teammate/]);
      await window.untilQuickInput("Type theirs to continue");
      await window.type("theirs");
      await window.accept();
      await window.untilNotification(/Stopped 1 app in acme\/main\. Nothing runs/, patient);
      assert.equal(theirs.state, "stopped");
    });

    it("of all ends at once what was started here, whatever is answered about the rest", async () => {
      const { window, modal } = scene;
      const cron = modal.seedApp({ name: "cron", functions: [{ name: "web", gpu: l40s }] }, 0);
      const flux = await scene.startDev();
      await window.runCommand("Modal Meter: Stop All Apps");
      const rest = await window.untilQuickInput("Which of them do you want to stop too?", patient);
      assert.match(rest.items.join("\n"), /^cron, idle, ap-\w+$/);
      assert.equal(flux.state, "stopped");
      await window.dismiss();
      const told = await window.untilToast(/Stopped 1 app in acme\/main\. 1 app was left/, patient);
      assert.match(told.message, /still runs: cron\.$/);
      assert.deepEqual(told.buttons, ["Stop Those Too…", "Show Receipt"]);
      assert.equal(told.isCut, false);
      assert.equal(cron.state, "deployed");
      assert.deepEqual(scene.toldToStop(), [flux.id]);
    });

    it("that cannot look says that nothing was stopped, and what goes on costing", async () => {
      const { window, modal } = scene;
      const flux = await scene.startDev();
      await modal.offline();
      try {
        await window.runCommand("Modal Meter: Stop All Apps");
        const told = await window.untilToast(/^Nothing was stopped\./, patient);
        assert.equal(told.severity, "error");
        assert.match(told.message, /What ran .* ago goes on costing ≈ \$\d\.\d\d\/h: flux\.$/);
        assert.deepEqual(told.buttons, ["Try Again", "Open Modal"]);
        await window.screenshot("stop-offline");
      } finally {
        await modal.restore();
      }
      // A try that comes before the connection is there again says the same once more.
      await window.untilStatus(status, /dev · 1 app · ≈\$[\d.]+ · \$\d\.\d\d\/h$/, patient);
      await scene.press(/Nothing was stopped/, "Try Again");
      await window.untilNotification(/Stopped 1 app in acme\/main\. Nothing runs/, patient);
      assert.equal(flux.state, "stopped");
    });

    it("on a row of the Running view stops that row's app, and asks nothing", async () => {
      const { window, modal } = scene;
      const functions = [{ name: "web", gpu: l40s }];
      // The most expensive stands first, in the view as in a picker.
      const first = modal.seedApp({ name: "first", functions }, 2);
      const second = modal.seedApp({ name: "second", functions }, 1);
      await window.runCommand("Modal Meter: Refresh");
      await window.runCommand("View: Show Modal Meter");
      const row = window.page.locator(".pane-body .monaco-list-row").filter({ hasText: "second" });
      await row.hover(patientClick);
      await window.screenshot("stop-on-row");
      await row.locator(".action-label[aria-label^='Stop App']").click(patientClick);
      await window.untilNotification(/Stopped 1 app in acme\/main/, patient);
      assert.equal(await window.quickInput(), undefined);
      assert.deepEqual(scene.toldToStop(), [second.id]);
      assert.equal(second.state, "stopped");
      assert.equal(first.state, "deployed");
      await window.screenshot("stopped-on-row");
    });

    it("in one environment never reaches into another", async () => {
      const { window, modal } = scene;
      const staged = modal.seedApp(
        { name: "flux", environment: "staging", functions: [{ name: "web", gpu: l40s }] },
        1,
      );
      const flux = await scene.startDev();
      assert.match(await window.statusBarTooltip(status), /acme\/main/);
      await window.runCommand("Modal Meter: Stop All Apps");
      await window.untilNotification(/Stopped 1 app in acme\/main\. Nothing runs/, patient);
      assert.deepEqual(scene.toldToStop(), [flux.id]);
      assert.equal(staged.state, "deployed");

      await scene.stage.host.writeSettings({ ...settings, "modalMeter.environment": "staging" });
      try {
        const item = await window.untilStatus(status, /staging · 1 app/, patient);
        assert.match(item.label, /acme\/staging/);
        assert.match(await window.statusBarTooltip(status), /acme\/staging/);
        modal.journal.clear();
        await window.clearNotifications();
        await window.runCommand("Modal Meter: Stop This Project's Apps");
        await window.untilQuickInput("Which of them do you want to stop too?", patient);
        await window.pickSeveral([/^flux/]);
        await window.untilNotification(/Stopped 1 app in acme\/staging\. Nothing runs/, patient);
        assert.deepEqual(scene.toldToStop(), [staged.id]);
        await window.untilOutput(costs, "All clear! No Modal resources running. (acme/staging)");
        await window.untilStatus(status, /staging · .*nothing running/, patient);
      } finally {
        await scene.stage.host.writeSettings(settings);
      }
    });

    it("tells of an app that another person deploys again meanwhile", async () => {
      const { window, modal } = scene;
      const flux = await scene.startDev();
      const { cloud } = modal.workspace;
      modal.faults.addRpc({
        rpc: "AppStop",
        times: 1,
        fault: {
          kind: "run",
          when: "after",
          run: () => {
            cloud.deploy({ name: "flux", by: "teammate", functions: [{ name: "web", gpu: l40s }] });
          },
        },
      });
      await window.runCommand("Modal Meter: Stop All Apps");
      const told = await window.untilNotification(
        /in acme\/main\. 1 app still runs: flux/,
        patient,
      );
      assert.equal(told.severity, "error");
      const receipt = await window.untilOutput(costs, /Not stopped: flux .*deployed again/);
      assert.doesNotMatch(receipt.slice(receipt.lastIndexOf("🛑")), /All clear/);
      assert.deepEqual(scene.toldToStop(), [flux.id]);
      assert.equal(scene.app("flux").deployments.at(-1)?.deployedBy, "teammate");
    });

    it("that cannot be verified says so, and its wait can be ended", async () => {
      const { window, modal } = scene;
      await scene.startDev();
      modal.faults.addRpc({
        rpc: "AppStop",
        fault: {
          kind: "run",
          when: "after",
          run: () => {
            modal.faults.addRpc({
              rpc: "AppList",
              fault: { kind: "status", code: "UNAVAILABLE", message: "try later" },
            });
          },
        },
      });
      await window.runCommand("Modal Meter: Stop All Apps");
      await window.until(
        "the look after the stop has failed",
        () =>
          Promise.resolve(
            modal.journal
              .entries({ name: "AppList" })
              .some(({ outcome }) => outcome === "UNAVAILABLE"),
          ),
        patient,
      );
      await scene.press(/Stopping in acme\/main/, "Cancel");
      const told = await window.untilNotification(
        /could not be asked whether everything in acme\/main stopped/,
        patient,
      );
      assert.equal(told.severity, "error");
      const text = await window.untilOutput(costs, "Not verified: Modal could not be asked");
      assert.doesNotMatch(text.slice(text.lastIndexOf("🛑")), /All clear/);
      modal.faults.clear();
      await scene.press(/could not be asked/, "Stop Again");
      await window.untilNotification(/Nothing runs in acme\/main/, patient);
    });

    it("names an app that refuses to stop, and never says that all is clear", async () => {
      const { window } = scene;
      const flux = await scene.startDev();
      flux.refusesToStop = true;
      await window.runCommand("Modal Meter: Stop All Apps");
      const told = await window.untilNotification(/1 app still runs in acme\/main: flux/, {
        withinMs: 150_000,
      });
      assert.equal(told.severity, "error");
      await window.screenshot("refuses-to-stop");
      const text = await window.untilOutput(costs, /Not stopped: flux \(ap-\w+\): still stopping/);
      assert.doesNotMatch(text.slice(text.lastIndexOf("🛑")), /All clear/);
      const item = await window.statusBarItem(status);
      assert.match(item?.text ?? "", /1 app/);
    });
  });
});
