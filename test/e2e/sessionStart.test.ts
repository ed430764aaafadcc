import assert from "node:assert/strict";
import { costs, patient, SessionScene, status } from "./sessionScene.ts";

describe("sessions", function () {
  this.timeout(300_000);
  const scene = SessionScene.forTests();

  describe("a start", () => {
    it("of an app that runs already is asked about: use it, deploy anyway, stop it first", async () => {
      const { window, modal } = scene;
      const first = await scene.startDev();
      modal.journal.clear();
      await window.runCommand("Modal Meter: Start Demo Session");
      // Of the same name, with or without a container: it is replaced, and nothing costs twice.
      const question = await window.untilQuickInput(
        /Already running: flux.*A deploy replaces it/,
        patient,
      );
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
      await scene.startToLastStep();
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
      assert.ok(failed.buttons.includes("Open flux_app.py:27"), failed.buttons.join());
      await window.screenshot("failed-deploy");
      await window.pressNotificationButton(/SyntaxError|invalid syntax/i, "Open flux_app.py:27");
      await window.until("the cursor is at the error", async () =>
        /Ln 27, Col 1/.test((await window.statusBarItem("status.editor.selection"))?.text ?? ""),
      );
      await window.runCommand("View: Close All Editors");
      await window.runCommand("Modal Meter: Start Dev Session");
      await window.untilNotification(/SyntaxError|invalid syntax/i, patient);
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
      const cold = await window.untilToast(
        "flux is deployed in demo mode, not warm: the first request of flux is a cold start.",
        patient,
      );
      assert.deepEqual(cold.buttons, ["Warm Up Now", "Stop All"]);
      await window.untilOutput(costs, /The warm-up of flux was skipped\. Its container keeps/);
      await window.untilStatus(status, /demo · 1 h (30|2\d) min left/, patient);
      assert.deepEqual(scene.live(), [first]);
      assert.equal(scene.containers(first), 1, "its container keeps running");
      modal.faults.clear();
      await scene.press(/not warm/, "Warm Up Now");
      await window.untilNotification("flux is ready in demo mode", patient);
      assert.equal(modal.journal.count({ name: "AppPublish" }), 1, "it was not deployed again");
      modal.faults.addWeb({ path: "/warmup", fault: { kind: "hang" } });

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
      await scene.startToLastStep();
      await window.runCommand("Modal Meter: Stop All Apps");
      await window.untilNotification(/Nothing runs (in acme\/main|any more)/, patient);
      assert.ok(
        modal.journal.entries({ name: "AppPublish" }).every(({ outcome }) => outcome !== "pending"),
        "the word came after the deploy was over",
      );
      assert.deepEqual(scene.live(), []);
    });
  });
});
