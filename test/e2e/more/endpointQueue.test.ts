import assert from "node:assert/strict";
import { bodyOf, EndpointsScene } from "../endpointsScene.ts";

const costs = "Modal Meter Costs";
const patient = { withinMs: 90_000 };

const minutes = 60_000;

describe("calls that wait, in a real window", function () {
  const scene = EndpointsScene.forTests();

  describe("several calls", () => {
    after(async () =>
      scene.setting({
        "modalMeter.maxParallelCalls": undefined,
        "modalMeter.maxResultGibibytes": undefined,
      }),
    );
    const queued = async (): Promise<readonly string[]> =>
      (await scene.window.notifications())
        .map(({ message }) => message)
        .filter((message) => message.includes("queued:"));
    const untilQueued = async (texts: readonly RegExp[]): Promise<void> => {
      await scene.window.until(
        `the queue is ${texts.join()}`,
        async () => {
          // A toast is put away after a while; this finds it in the centre.
          if (texts.length > 0) await scene.window.untilNotification(/queued:/, patient);
          const found = await queued();
          return (
            found.length === texts.length &&
            texts.every((text) => found.some((message) => text.test(message)))
          );
        },
        { ...patient, describe: async () => scene.window.describe() },
      );
    };
    const next = /Flux Schnell: queued: next in line\. Nothing is sent yet\./;

    it("wait in a queue, can be cancelled there with nothing spent, and survive the error of one", async () => {
      const { window } = scene;
      await scene.setting({ "modalMeter.maxParallelCalls": 1 });
      scene.quicken(
        { path: "/flux", times: 1, fault: { kind: "error", message: "the brush is dry" } },
        { path: "/flux", times: 1, fault: { kind: "duration", ms: minutes } },
      );
      await scene.invoke("Invoke Flux Schnell", "a queued fox that fails");
      await scene.untilPending("/flux", 1);
      await scene.invoke("Invoke Flux Schnell", "a queued fox that leaves");
      await untilQueued([next]);
      await scene.invoke("Invoke Flux Schnell", "a queued fox that arrives");
      await untilQueued([next, /queued: 1 call ahead\. Nothing is sent yet\./]);
      await window.screenshot("endpoints-queue");
      assert.equal(scene.posts().length, 1);

      await window.pressNotificationButton(next, "Cancel");
      await untilQueued([next]);
      assert.equal(scene.posts().length, 1);
      scene.stage.modal.advance(2 * minutes);
      await scene.untilError(/the brush is dry/);
      await scene.untilResult("a-queued-fox-that-arrives");
      assert.deepEqual(
        scene.posts().map((entry) => bodyOf(entry)["prompt"]),
        ["a queued fox that fails", "a queued fox that arrives"],
      );
      await window.untilOutput(
        costs,
        /⏹️ Not sent: flux\. Cancelled while it waited for its turn\. Nothing was sent/,
      );
    });

    it("begin at once when the setting grows, as many as it says", async () => {
      await scene.setting({ "modalMeter.maxParallelCalls": 1 });
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: minutes } });
      await scene.invoke("Invoke Flux Schnell", "a hare of many");
      await scene.untilPending("/flux", 1);
      await scene.invoke("Invoke Flux Schnell", "an otter of many");
      await untilQueued([next]);
      await scene.setting({ "modalMeter.maxParallelCalls": undefined });
      await scene.untilPending("/flux", 2);
      await untilQueued([]);
      scene.stage.modal.advance(2 * minutes);
      await scene.untilResult("a-hare-of-many");
      await scene.untilResult("an-otter-of-many");
      assert.equal(scene.posts().length, 2);
    });

    it("that wait are sent away by a release of the GPUs, not sent after it", async () => {
      const { window } = scene;
      await scene.setting({ "modalMeter.maxParallelCalls": 1 });
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: minutes } });
      await scene.invoke("Invoke Flux Schnell", "a badger at work");
      await scene.untilPending("/flux", 1);
      await scene.invoke("Invoke Flux Schnell", "a badger in line");
      await untilQueued([next]);
      await window.runCommand("Modal Meter: Release GPUs");
      await window.untilOutput(
        costs,
        /Not sent: flux\. Removed from the queue because the apps were stopped/,
      );
      await untilQueued([]);
      scene.stage.modal.advance(2 * minutes);
      await window.until("the first is over", async () => scene.posts()[0]?.outcome !== "pending");
      await scene.setting({ "modalMeter.maxParallelCalls": undefined });
      scene.quicken();
      await scene.invoke("Invoke Flux Schnell", "a badger after all");
      await scene.untilResult("a-badger-after-all");
      assert.ok(!scene.posts().some((entry) => bodyOf(entry)["prompt"] === "a badger in line"));
    });

    it("are refused by name where a limit is no number that can be", async () => {
      await scene.setting({ "modalMeter.maxParallelCalls": 0 });
      await scene.invoke("Invoke Flux Schnell", "a refused fox");
      const { buttons } = await scene.untilError(
        /The setting modalMeter\.maxParallelCalls is wrong: must be 1 or more \(it is 0\)/,
      );
      assert.ok(buttons.includes("Open Settings"), buttons.join());
      await scene.setting({
        "modalMeter.maxParallelCalls": undefined,
        "modalMeter.maxResultGibibytes": -4,
      });
      await scene.repeat();
      await scene.untilError(
        /The setting modalMeter\.maxResultGibibytes is wrong: must be above 0/,
      );
      assert.equal(scene.posts().length, 0);
      await scene.setting({ "modalMeter.maxResultGibibytes": undefined });
    });
  });

  describe("a long call", () => {
    it("may stay silent, and says that it waits", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 140_000 } });
      await scene.invoke("Invoke Flux Schnell", "a silent heron");
      await scene.untilPending("/flux", 1);
      await scene.window.untilNotification(/Flux Schnell: waiting… [2-9]\.\d s/, patient);
      scene.stage.modal.advance(145_000);
      await scene.untilResult("a-silent-heron");
      assert.deepEqual([scene.posts().length, scene.requests("GET", "/flux").length], [1, 0]);
    });

    it("follows six hand-overs by GET", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 15.5 * minutes } });
      await scene.invoke("Invoke Flux Schnell", "a heron over six hills");
      for (let request = 1; request <= 6; request += 1) {
        await scene.untilPending("/flux", request);
        scene.handOver();
      }
      await scene.untilPending("/flux", 7);
      await scene.window.untilNotification(/hand-over 6\. A reload does not lose it/, patient);
      scene.stage.modal.advance(minutes);
      const result = await scene.untilResult("a-heron-over-six-hills");
      assert.deepEqual([scene.posts().length, scene.requests("GET", "/flux").length], [1, 6]);
      await scene.untilPicture("a-heron-over-six-hills");
      // The header claims 930 s of a request that took seconds by this machine's clock, which was not moved.
      assert.equal(result.sidecar.cost.reportedMicroUsd, null);
    });

    it("is picked up after a reload, and never sent again", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 4 * minutes } });
      await scene.invoke("Invoke Flux Schnell", "a heron that survives a reload");
      await scene.untilPending("/flux", 1);
      scene.handOver();
      await scene.untilPending("/flux", 2);
      await scene.window.reload();
      await scene.untilPending("/flux", 3);
      scene.stage.modal.advance(2 * minutes);
      const result = await scene.untilResult("a-heron-that-survives-a-reload");
      assert.equal(scene.posts().length, 1);
      assert.deepEqual(result.sidecar.parameters, bodyOf(scene.posts()[0]));
      await scene.untilPicture("a-heron-that-survives-a-reload");
    });

    it("is picked up after its extension host was killed, and never sent again", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 4 * minutes } });
      await scene.invoke("Invoke Flux Schnell", "a heron that survives a crash");
      await scene.untilPending("/flux", 1);
      scene.handOver();
      await scene.untilPending("/flux", 2);
      await scene.window.killExtensionHost();
      await scene.window.reload();
      await scene.untilPending("/flux", 3);
      scene.stage.modal.advance(2 * minutes);
      await scene.untilResult("a-heron-that-survives-a-crash");
      assert.equal(scene.posts().length, 1);
      await scene.untilPicture("a-heron-that-survives-a-crash");
    });

    it("says when it is cancelled that the container goes on", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 1 * minutes } });
      await scene.invoke("Invoke Flux Schnell", "a cancelled heron");
      await scene.untilPending("/flux", 1);
      await scene.window.pressNotificationButton(/Flux Schnell/, "Cancel");
      const { severity } = await scene.window.untilNotification(
        /Cancelled here\. The request had reached Modal, so its container may keep running, and is billed/,
        patient,
      );
      assert.equal(severity, "warning");
      scene.stage.modal.advance(2 * minutes);
    });

    it("that was cancelled after its hand-over can be followed again", async () => {
      const { window } = scene;
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 4 * minutes } });
      await scene.invoke("Invoke Flux Schnell", "a heron that comes back");
      await scene.untilPending("/flux", 1);
      scene.handOver();
      await scene.untilPending("/flux", 2);
      await window.pressNotificationButton(/Flux Schnell/, "Cancel");
      await window.untilNotification(/Cancelled here\. Modal still works on the call/, patient);
      await window.runCommand("Modal Meter: Follow Call Again…");
      await window.untilQuickInput("Which call? Nothing is paid twice.", patient);
      await window.pick(/^flux/);
      await scene.untilPending("/flux", 3);
      scene.stage.modal.advance(2 * minutes);
      await scene.untilResult("a-heron-that-comes-back");
      assert.equal(scene.posts().length, 1);
    });
  });
});
