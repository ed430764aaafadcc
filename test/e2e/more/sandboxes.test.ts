import assert from "node:assert/strict";
import { costs, patient, SessionScene, status } from "../sessionScene.ts";

const hourMs = 3_600_000;

describe("sandboxes in a window", function () {
  this.timeout(300_000);
  const scene = SessionScene.forTests();

  it("are seen with what they ask for and cost, and stopped their own way once they are chosen", async () => {
    const { window, modal } = scene;
    const agents = modal.seedApp({ name: "agents", functions: [] }, 0);
    const { sandboxes } = modal.workspace.cloud;
    const asked = { appId: agents.id, milliCpu: 8000, memoryMib: 32 * 1024, timeoutMs: hourMs };
    const agent = sandboxes.create({ ...asked, name: "agent", isUntimed: true });
    const trainer = sandboxes.create({
      ...asked,
      name: "trainer",
      gpu: { type: "H100", count: 2 },
      queueMs: 0,
    });
    modal.sync();
    await window.runCommand("Modal Meter: Refresh");
    await window.untilStatus(status, /^1 app · 2 sandboxes · \$11\.\d\d\/h$/, patient);
    await window.runCommand("View: Show Modal Meter");
    const sideBar = window.page.locator(".part.sidebar");
    await window.until("the rows are there", async () =>
      /agent.*sandbox · ≈ \$1\.90\/h · CPU · 8 cores, 32 GiB/s.test(await sideBar.innerText()),
    );
    assert.match(await window.statusBarTooltip(status), /agent \(sandbox\)/);
    await window.screenshot("sandboxes-running");

    await window.runCommand("Modal Meter: Explain Costs");
    const explained = await window.untilPage(/Sandboxes/, patient);
    assert.match(explained, /agent\s+agents\s+CPU, 8 cores, 32 GiB/);
    await window.screenshot("sandboxes-explained");

    await window.runCommand("Modal Meter: Stop All Apps");
    const rest = await window.untilQuickInput("Which of them do you want to stop too?", patient);
    assert.match(rest.items.join("\n"), /trainer, sandbox · ≈ \$9\.\d\d\/h/);
    await window.screenshot("sandboxes-stop-asks");
    assert.equal(trainer.container.finishedAtMs, null, "nothing is stopped unasked");
    await window.pickSeveral([/^agent,/, /^trainer,/]);
    await window.untilNotification(/Stopped 2 sandboxes in acme\/main/, patient);
    assert.notEqual(agent.container.finishedAtMs, null);
    assert.notEqual(trainer.container.finishedAtMs, null);
    assert.equal(agents.state, "deployed", "its app is left alone");
    await window.untilOutput(costs, /✅ Stopped 2 sandboxes: /);
    await window.screenshot("sandboxes-stopped");
  });
});
