import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { skip } from "../skip.ts";
import { costs, patient, serving, SessionScene, settings, status } from "./sessionScene.ts";
import { cliFolder } from "./stage.ts";

const patientClick = { timeout: 90_000 };
const l40s = { type: "L40S", count: 1 } as const;

describe("sessions", function () {
  this.timeout(300_000);
  let scene: SessionScene;

  before(async function () {
    if (!existsSync(cliFolder("current")))
      skip(this, "cli", "the current Modal CLI is not installed (node scripts/venv.mjs)");
    scene = await SessionScene.set();
  });
  afterEach(async () => {
    await scene?.clear();
  });
  after(async () => {
    await scene?.[Symbol.asyncDispose]();
  });

  describe("modes", () => {
    it("says of each what it is for and what it costs; production asks once more, and no stop takes it unasked", async () => {
      const { window } = scene;
      await window.runCommand("Modal Meter: Start Session…");
      const picker = await window.untilQuickInput("Which mode? (L40S)");
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
      await window.untilNotification("demo mode is in force.", patient);
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

  describe("a start", () => {
    it("of an app that runs already is asked about: use it, deploy anyway, stop it first", async () => {
      const { window, modal } = scene;
      const first = await scene.startDev();
      modal.journal.clear();
      await window.runCommand("Modal Meter: Start Demo Session");
      const question = await window.untilQuickInput("Already running: flux", patient);
      assert.equal(question.items.length, 3);
      await window.screenshot("already-running");
      await window.pick(/Use It/);
      await window.untilNotification("flux is ready in demo mode", patient);
      assert.equal(scene.app("flux").id, first.id);
      assert.equal(scene.scaledownSeconds(first), 600);
      assert.equal(modal.journal.count({ name: "AppPublish" }), 0);
      assert.equal(modal.journal.count({ kind: "web", path: "/warmup" }), 1);

      await window.clearNotifications();
      await window.runCommand("Modal Meter: Start Dev Session");
      await window.untilQuickInput("Already running: flux", patient);
      await window.pick(/Deploy Anyway/);
      await window.untilNotification("flux is ready in dev mode", patient);
      assert.equal(scene.app("flux").id, first.id);
      assert.equal(first.deployments.length, 2);
      assert.equal(scene.scaledownSeconds(first), 120);

      await window.clearNotifications();
      await window.runCommand("Modal Meter: Start Dev Session");
      await window.untilQuickInput("Already running: flux", patient);
      await window.pick(/Stop First/);
      await window.untilNotification("flux is ready in dev mode", patient);
      assert.equal(first.state, "stopped");
      assert.notEqual(scene.app("flux").id, first.id);
    });

    it("that is cancelled during the deploy leaves nothing running", async () => {
      const { window, modal } = scene;
      modal.faults.addRpc({ rpc: "AppPublish", fault: { kind: "delay", ms: 4000 } });
      await window.runCommand("Modal Meter: Start Dev Session");
      await window.until(
        "the deploy is at its last step",
        () => Promise.resolve(modal.journal.count({ name: "AppPublish" }) > 0),
        patient,
      );
      await scene.press(/Starting dev session/, "Cancel");
      await window.untilNotification("Nothing that it started runs any more", patient);
      await window.until(
        "the deploy has landed, or never will",
        () =>
          Promise.resolve(
            modal.journal
              .entries({ name: "AppPublish" })
              .every(({ outcome }) => outcome !== "pending"),
          ),
        patient,
      );
      assert.deepEqual(scene.live(), []);
    });

    it("that fails says what runs now; retry goes on, undo stops what came of it", async () => {
      const { window, modal } = scene;
      const mend = await scene.editApp((text) => text.replace("def web():", "def web(:"));
      await window.runCommand("Modal Meter: Start Dev Session");
      const failed = await window.untilNotification(/SyntaxError|invalid syntax/i, patient);
      assert.equal(failed.severity, "error");
      assert.match(
        failed.message,
        /flux_app\.py, line 27\)\. Nothing that this start created runs on Modal\./,
      );
      assert.deepEqual(failed.buttons.slice(0, 1), ["Retry"]);
      await window.screenshot("failed-deploy");
      assert.deepEqual(scene.live(), []);

      await mend();
      modal.faults.addWeb({
        path: "/health",
        times: 1,
        fault: { kind: "error", message: "no model" },
      });
      await scene.press(/SyntaxError|invalid syntax/i, "Retry");
      const ill = await window.untilNotification("its health URL answered HTTP 500", patient);
      assert.match(ill.message, /flux is deployed/);
      assert.deepEqual(ill.buttons.slice(0, 3), ["Retry", "Undo", "Show Log"]);
      assert.deepEqual(scene.liveNames(), ["flux"]);
      await scene.press("its health URL answered HTTP 500", "Undo");
      await window.untilNotification("Undone: nothing of this start runs any more.", patient);
      assert.deepEqual(scene.live(), []);
    });

    it("shows how long a warm-up takes; one that never answers can be waited for, skipped, or stopped", async () => {
      const { window, modal } = scene;
      modal.faults.addWeb({ path: "/warmup", fault: { kind: "hang" } });
      await window.runCommand("Modal Meter: Start Demo Session");
      const progress = await window.untilNotification(/warming up: \d+(\.\d)? s/, patient);
      assert.match(progress.message, /\((usually|typically) \d/);
      await window.screenshot("warming-up");
      const first = scene.app("flux");

      await scene.press(/warming up/, "Cancel");
      const question = await window.untilQuickInput("The container is billed while it runs");
      assert.match(question.placeholder, /\(≈ \$\d\.\d\d\/h\)/);
      assert.equal(question.items.length, 3);
      assert.match(question.items[0] ?? "", /container keeps running until it was idle for 10 min/);
      await window.screenshot("warming-up-question");
      await window.pick(/Keep Waiting/);
      await window.untilNotification(/warming up: \d/, patient);
      assert.deepEqual(scene.live(), [first]);

      await scene.press(/warming up/, "Cancel");
      await window.pick(/Skip the Warm-Up/);
      await window.untilNotification("flux is ready in demo mode", patient);
      await window.untilOutput(costs, /The warm-up of flux was skipped\. Its container keeps/);
      await window.untilStatus(status, /demo · 1 h (30|2\d) min left/, patient);
      assert.deepEqual(scene.live(), [first]);
      assert.equal(scene.containers(first), 1, "its container keeps running");

      await window.runCommand("Modal Meter: Stop All Apps");
      await window.untilNotification(/Nothing runs any more/, patient);
      await window.clearNotifications();
      await window.runCommand("Modal Meter: Start Demo Session");
      await window.untilNotification(/warming up: \d/, patient);
      await scene.press(/warming up/, "Cancel");
      await window.pick(/Stop What Was Started/);
      await window.untilNotification("Nothing that it started runs any more", patient);
      assert.deepEqual(scene.live(), []);
    });

    it("asks nothing any more about a warm-up that was answered meanwhile", async () => {
      const { window, modal } = scene;
      modal.faults.addWeb({ path: "/warmup", fault: { kind: "delay", ms: 6000 } });
      await window.runCommand("Modal Meter: Start Demo Session");
      await scene.press(/warming up/, "Cancel");
      await window.untilQuickInput("The container is billed while it runs");
      await window.untilNotification("flux is ready in demo mode", patient);
      await window.until(
        "the question is taken back",
        async () => (await window.quickInput()) === undefined,
      );
      assert.deepEqual(scene.liveNames(), ["flux"]);
    });

    it("whose warm-up fails says so and what runs; retry sends it once more", async () => {
      const { window, modal } = scene;
      modal.faults.addWeb({
        path: "/warmup",
        times: 1,
        fault: { kind: "error", message: "out of memory" },
      });
      await window.runCommand("Modal Meter: Start Demo Session");
      const failed = await window.untilNotification(
        "The warm-up request was answered with HTTP 500.",
        patient,
      );
      assert.match(failed.message, /flux/);
      assert.deepEqual(failed.buttons.slice(0, 3), ["Retry", "Undo", "Show Log"]);
      assert.deepEqual(scene.liveNames(), ["flux"]);
      await scene.press("answered with HTTP 500", "Retry");
      await window.untilNotification("flux is ready in demo mode", patient);
      assert.equal(modal.journal.count({ kind: "web", path: "/warmup" }), 2);
      assert.equal(modal.journal.count({ name: "AppPublish" }), 1, "it was not deployed again");
    });

    it("is ended by a stop that comes while it deploys", async () => {
      const { window, modal } = scene;
      modal.faults.addRpc({ rpc: "AppPublish", fault: { kind: "delay", ms: 4000 } });
      await window.runCommand("Modal Meter: Start Dev Session");
      await window.until(
        "the deploy is at its last step",
        () => Promise.resolve(modal.journal.count({ name: "AppPublish" }) > 0),
        patient,
      );
      await window.runCommand("Modal Meter: Stop All Apps");
      await window.untilNotification(/Nothing runs (in acme\/main|any more)/, patient);
      assert.ok(
        modal.journal.entries({ name: "AppPublish" }).every(({ outcome }) => outcome !== "pending"),
        "the word came after the deploy was over",
      );
      assert.deepEqual(scene.live(), []);
    });
  });

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
      await window.untilNotification(/2 apps were left alone and still run/, patient);
      assert.deepEqual(scene.toldToStop(), [flux.id]);

      await window.clearNotifications();
      await window.runCommand("Modal Meter: Stop All Apps");
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
