import assert from "node:assert/strict";
import { patient, settings, status } from "../sessionScene.ts";
import { needCli, Stage } from "../stage.ts";

const hourMs = 3_600_000;
const l40s = { type: "L40S", count: 1 } as const;

describe("the month as Modal sees it, in a window", function () {
  this.timeout(300_000);

  before(function () {
    needCli(this);
  });

  it("comes up when a limit is near, once, and stands on the page to the cent", async () => {
    const startMs = Date.now() - 40 * hourMs;
    await using stage = await Stage.set({
      settings: { ...settings, "modalMeter.budget": {} },
      modal: { startMs },
    });
    const { modal } = stage;
    const kept = { name: "web", gpu: l40s, minContainers: 1 };
    modal.seedApp({ name: "training", functions: [kept] }, 1);
    modal.advance(40 * hourMs);
    modal.sync();
    const main = modal.workspace.environment("main");
    assert.ok(main);
    const used = modal.workspace.usageUsd(main);
    main.budgetUsd = used / 0.92;
    const window = await stage.host.open();
    await window.untilStatus(status, /1 app/, patient);
    const message =
      /^main has used \$\d+\.\d\d of the \$\d+\.\d\d that Modal lets it spend this month \(9[23] %\)/;
    const notice = await window.untilNotification(message, patient);
    assert.deepEqual(notice.buttons, ["Show Spending", "Stop All", "Don't Show Again"]);
    await window.screenshot("month-limit");
    await window.pressNotificationButton(/main has used/, "Show Spending");
    const page = await window.untilPage(/This month, as Modal sees it/, patient);
    assert.match(page, /metered by Modal/);
    const [, metered] = /metered by Modal \$(\d+\.\d\d)/.exec(page) ?? [];
    const truth = modal.workspace.usageUsd(main);
    assert.ok(Math.abs(Number(metered) - truth) < 0.05, `${metered} beside ${truth}`);
    await window.page.keyboard.press("Escape");
    for (const frame of window.page.frames()) {
      const heading = frame.getByText("This month, as Modal sees it");
      if ((await heading.count().catch(() => 0)) > 0)
        await heading.first().scrollIntoViewIfNeeded();
    }
    await window.screenshot("month-page");
  });
});
