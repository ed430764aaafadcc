import assert from "node:assert/strict";
import { costs, patient, SessionScene, status } from "../sessionScene.ts";

const h100 = { type: "H100", count: 1 } as const;

describe("what runs in another environment, in a window", function () {
  this.timeout(300_000);
  const scene = SessionScene.forTests();

  it("is beside what runs here, in the last line of a stop, and one click away", async () => {
    const { window, modal } = scene;
    const functions = [{ name: "train", gpu: h100 }];
    const there = modal.seedApp({ name: "train", environment: "staging", functions }, 2);
    await window.runCommand("Modal Meter: Refresh");
    await window.untilStatus(status, /^Modal · elsewhere: 2 GPUs in staging$/, patient);
    await window.runCommand("View: Show Modal Meter");
    const sideBar = window.page.locator(".part.sidebar");
    await window.until("the row is there", async () =>
      /elsewhere: 2 GPUs in staging/.test(await sideBar.innerText()),
    );
    assert.doesNotMatch(await sideBar.innerText(), /Nothing is running/);
    assert.match(
      await window.statusBarTooltip(status),
      /Elsewhere: 2 GPUs in staging( \(yours\))?, seen/,
    );
    await window.screenshot("elsewhere");

    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilOutput(
      costs,
      /Nothing runs in acme\/main\. Elsewhere: 2 GPUs in staging \(yours\)\./,
    );
    assert.equal(there.state, "deployed");
    await window.clearNotifications();
    await window.screenshot("elsewhere-receipt");

    const row = sideBar.locator(".monaco-list-row", { hasText: "elsewhere" });
    await row.hover();
    await row.locator(".action-label").first().click();
    const toast = await window.untilToast(/This window watches staging until it closes/, patient);
    assert.deepEqual(toast.buttons, ["Undo"]);
    await window.untilStatus(status, /^staging · .*1 app · \$\d/, patient);
    assert.doesNotMatch(await sideBar.innerText(), /Nothing is running/);
    await window.screenshot("elsewhere-watched");
    await window.pressNotificationButton(/This window watches staging/, "Undo");
    await window.untilStatus(status, /^Modal · elsewhere: 2 GPUs in staging$/, patient);

    await row.hover();
    await row.locator(".action-label").last().click();
    const rest = await window.untilQuickInput("Which of them do you want to stop too?", patient);
    assert.match(rest.items.join("\n"), /^train, /);
    assert.match(rest.title, /acme\/staging/);
    await window.screenshot("elsewhere-stop");
    await window.pickSeveral([/^train/]);
    await window.untilNotification(/Stopped 1 app in acme\/staging\. Nothing runs/, patient);
    assert.equal(there.state, "stopped");
    await window.untilStatus(status, /^Modal · nothing running$/, patient);
    await window.untilOutput(costs, /🎯 All clear! No Modal resources running\. \(acme\/staging\)/);
  });
});
