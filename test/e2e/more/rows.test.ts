import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { showSideBar } from "../places.ts";
import { patient, SessionScene } from "../sessionScene.ts";

const l40s = { type: "L40S", count: 1 } as const;
const functions = [{ name: "web", gpu: l40s }];

describe("an action of a row", function () {
  this.timeout(300_000);
  const scene = SessionScene.forTests();
  beforeEach(async () => showSideBar(scene.window));

  const row = (view: string, name: string): Locator =>
    scene.window.page
      .locator(`.pane:has(.pane-header[aria-label^='${view}']) .monaco-list-row`)
      .filter({ hasText: name });

  it("of Running is about that row's app: inline, by its menu, and above all rows", async () => {
    const { window, modal } = scene;
    const seed = (name: string, containers: number, by?: string) =>
      modal.seedApp({ name, functions, ...(by === undefined ? {} : { by }) }, containers);
    const apps = [
      seed("alpha", 3),
      seed("beta", 2),
      seed("gamma", 1),
      seed("theirs", 1, "teammate"),
    ];
    const [alpha, beta, gamma, theirs] = apps;
    const header = window.page.locator(".pane-header[aria-label^='Running']");
    await header.hover();
    await header.locator(".action-label[aria-label^='Refresh']").click();
    await row("Running", "theirs").waitFor();
    assert.equal(await window.page.locator(".pane .monaco-list-row .codicon-pulse").count(), 4);

    await row("Running", "beta").click({ button: "right" });
    await window.page.locator(".monaco-menu .action-label").first().waitFor();
    await window.screenshot("row-menu-running");
    await window.page.keyboard.press("Escape");
    await window.chooseInMenu(row("Running", "beta"), "Stop App…");
    await window.untilNotification(/Stopped 1 app in acme\/main/, patient);
    assert.equal(await window.quickInput(), undefined, "nothing is asked");
    assert.deepEqual(scene.toldToStop(), [beta?.id]);
    await window.clearNotifications();

    await row("Running", "gamma").hover();
    await row("Running", "gamma").locator(".action-label[aria-label^='Stop App']").click();
    await window.untilNotification(/Stopped 1 app in acme\/main/, patient);
    assert.deepEqual(new Set(scene.toldToStop()), new Set([beta?.id, gamma?.id]));
    await window.clearNotifications();

    await window.chooseInMenu(row("Running", "theirs"), "Stop App…");
    const whose = await window.untilToast(/^theirs was deployed by teammate/, patient);
    assert.deepEqual(whose.buttons, ["Stop It Anyway…"]);
    await window.screenshot("row-theirs");
    await window.clearNotifications();

    await header.hover();
    await header.locator(".action-label[aria-label^='Stop All']").click();
    const rest = await window.untilQuickInput("Which of them do you want to stop too?", patient);
    assert.deepEqual(
      rest.items.map((item) => item.split(",")[0]),
      ["alpha"],
    );
    await window.dismiss();
    assert.deepEqual([alpha?.state, theirs?.state], ["deployed", "deployed"]);
  });
});
