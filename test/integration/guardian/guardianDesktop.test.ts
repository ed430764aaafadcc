import assert from "node:assert/strict";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { lastIncident } from "../../unit/guardian/lastIncident.ts";
import { until } from "../../host/until.ts";
import { skip } from "../../skip.ts";
import { Desktop, missingForDesktop } from "./desktop.ts";
import { buildGuardian, GuardianDesk } from "./guardianDesk.ts";

const pictures = join(import.meta.dirname, "../../out");

describe("the reminder on a real desktop", function () {
  this.timeout(120_000);
  let bundles: readonly string[] = [];
  let desktop: Desktop;
  let desk: GuardianDesk;

  before(async function () {
    const missing = process.platform === "linux" ? missingForDesktop() : "Linux only.";
    if (missing !== undefined) skip(this, "desktop", missing);
    bundles = await buildGuardian();
    desktop = await Desktop.open();
  });
  after(async () => {
    await desktop?.close();
  });
  beforeEach(async () => {
    desk = await GuardianDesk.open(bundles, {
      // The machine's own notify-send, not the stand-in.
      env: { ...desktop.env, PATH: process.env["PATH"] ?? "" },
    });
    rmSync(join(desk.folder, "bin"), { recursive: true });
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed") console.log(desk.log());
    await desk.dispose();
  });

  async function reminderAfterClose(): Promise<void> {
    const window = await desk.openWindow();
    await until("a guardian runs", () => desk.leasePid !== undefined);
    await desk.close(window);
    await until("the reminder is on the screen", () => desktop.notification());
  }

  it("shows it; its Stop All button stops the apps, verified, without any editor", async () => {
    const apps = [desk.startApp("flux-api", 2), desk.startApp("comfy")];
    await reminderAfterClose();
    const picture = join(pictures, "guardian-reminder.png");
    rmSync(picture, { force: true });
    await desktop.screenshot(picture);
    assert.ok(statSync(picture).size > 1_000);
    assert.equal(lastIncident(desk.ledger)?.reminder.state, "showing");
    assert.deepEqual(desk.stops, [], "nothing is stopped before the button is pressed");
    // The first button of the row at the bottom of the box; pressed once.
    const box = await desktop.notification();
    assert.ok(box !== undefined);
    await desktop.click(box.x + 109, box.y + box.height - 39);
    await until("nothing runs", () => desk.runningApps.length === 0);
    await until("the outcome is on the screen", () => desktop.notification());
    await desktop.screenshot(join(pictures, "guardian-outcome.png"));
    await until("the guardian ended", () => desk.guardianPids.length === 0);
    assert.deepEqual(new Set(desk.stops), new Set(apps));
    assert.equal(desk.stops.length, 2);
    assert.equal(lastIncident(desk.ledger)?.reminder.detail, "stop");
    const [receipt] = desk.ledger.receipts({});
    assert.equal(receipt?.by, "reminder");
    assert.equal(receipt.verified, "clear");
  });

  it("takes the reminder from the screen when its guardian is killed", async () => {
    desk.startApp("flux-api");
    await until(
      "the last notice is gone",
      async () => (await desktop.notification()) === undefined,
    );
    await reminderAfterClose();
    process.kill(desk.leasePid ?? 0, "SIGKILL");
    await until("the screen is empty", async () => (await desktop.notification()) === undefined);
    assert.deepEqual(desk.stops, []);
  });

  it("takes the reminder from the screen when a window is back", async () => {
    desk.startApp("flux-api");
    await until(
      "the last notice is gone",
      async () => (await desktop.notification()) === undefined,
    );
    await reminderAfterClose();
    const window = await desk.openWindow();
    await until("the screen is empty", async () => (await desktop.notification()) === undefined);
    assert.equal(lastIncident(desk.ledger)?.reminder.state, "withdrawn");
    assert.deepEqual(desk.stops, []);
    await desk.close(window);
  });
});

describe("the reminder without a desktop", function () {
  this.timeout(60_000);
  let desk: GuardianDesk | undefined;

  afterEach(async () => {
    await desk?.dispose();
  });

  it("is noted, with the reason, for the next start", async function () {
    const missing = process.platform === "linux" ? missingForDesktop() : "Linux only.";
    if (missing !== undefined) skip(this, "desktop", missing);
    desk = await GuardianDesk.open(await buildGuardian(), {
      env: {
        PATH: process.env["PATH"] ?? "",
        DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus",
      },
    });
    const at = desk;
    at.startApp("flux-api");
    const window = await at.openWindow();
    await until("a guardian runs", () => at.leasePid !== undefined);
    await at.close(window);
    await until("it is noted", () => lastIncident(at.ledger)?.reminder.state === "not-shown");
    assert.notEqual(lastIncident(at.ledger)?.reminder.detail ?? "", "");
    console.log(`      ${lastIncident(at.ledger)?.reminder.detail}`);
  });
});
