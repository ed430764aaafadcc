import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { until } from "../../host/until.ts";
import { skip } from "../../skip.ts";
import { buildGuardian, GuardianDesk } from "../guardian/guardianDesk.ts";
import { hurts } from "./hurts.ts";
import type { Hurt } from "./hurts.ts";

/** `npm run test:torture` plays all of them; here each third, another third on each day. */
const isTorture = process.env["MODAL_METER_TORTURE"] !== undefined;
const share = hurts.filter((_, index) => isTorture || index % 7 === new Date().getDate() % 7);

describe("a stop needs no ledger", function () {
  this.timeout(90_000);
  let bundles: readonly string[] = [];
  let desk: GuardianDesk;
  const others: ChildProcess[] = [];

  before(async function () {
    if (process.platform !== "linux") skip(this, "desktop", "The test reads /proc: Linux only.");
    bundles = await buildGuardian();
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed") console.log(desk.log());
    for (const other of others.splice(0)) other.kill("SIGKILL");
    await desk.dispose();
  });

  async function hurtNow(hurt: Hurt): Promise<void> {
    const other = await hurt.hurt(join(desk.folder, "ledger.db"));
    if (other !== undefined) others.push(other);
  }

  async function sceneOf(hurt: Hurt, onClose: "remind" | "stop") {
    desk = await GuardianDesk.open(bundles, { onClose });
    const appId = desk.startApp("flux-api");
    if (hurt.when === "start") {
      // Closed first, so that all of it is in the one file.
      desk.ledger.dispose();
      await hurtNow(hurt);
    }
    const window = await desk.openWindow();
    await until("a guardian runs", () => desk.guardianPids.length >= 1);
    if (hurt.when === "open") await hurtNow(hurt);
    return { appId, window };
  }

  for (const hurt of share) {
    it(`Stop All, with ${hurt.name} (${hurt.when})`, async () => {
      const { appId, window } = await sceneOf(hurt, "remind");
      window.process.send("stop");
      await until("it is stopped", () => window.stopped !== undefined);
      assert.equal(window.stopped?.verified, "clear");
      assert.deepEqual([desk.stops, desk.runningApps], [[appId], []]);
    });

    it(`the guardian's stop, with ${hurt.name} (${hurt.when})`, async () => {
      const { appId, window } = await sceneOf(hurt, "stop");
      const looks = window.polls;
      await until("a grace has passed", () => window.polls > looks + 8);
      assert.deepEqual(desk.stops, [], "nothing is stopped while the window is open");
      await desk.kill(window);
      await until("it is stopped", () => desk.runningApps.length === 0);
      assert.deepEqual(desk.stops, [appId]);
    });

    it(`the reminder, with ${hurt.name} (${hurt.when})`, async () => {
      const { window } = await sceneOf(hurt, "remind");
      const looks = window.polls;
      await until("the window goes on", () => window.polls > looks + 8);
      assert.deepEqual(desk.reminders, [], "nothing is said while the window is open");
      await desk.kill(window);
      await until("the reminder is shown", () => desk.reminders.length > 0);
      assert.match(desk.reminders[0] ?? "", /flux-api/);
    });
  }
});
