import assert from "node:assert/strict";
import { lastIncident } from "../../unit/guardian/lastIncident.ts";
import { until } from "../../host/until.ts";
import { desksOf } from "./guardianDesk.ts";
import type { GuardianDesk } from "./guardianDesk.ts";
import { randomOf } from "./randomOf.ts";

/** Repeatable: a failed sequence is played again with its seed (MODAL_METER_SEED). `npm run test:long` plays more. */
const sequences = Number(process.env["MODAL_METER_SEQUENCES"] ?? "10");
const firstSeed = Number(process.env["MODAL_METER_SEED"] ?? "1");

describe("real windows and guardians in random order", function () {
  this.timeout(180_000);
  const openDesk = desksOf(this);
  let desk: GuardianDesk;

  const explained = { describe: (): string => desk.log() };
  const oneGuardian = (): Promise<unknown> =>
    until(
      "exactly one guardian runs",
      () => desk.guardianPids.length === 1 && desk.guardianPids[0] === desk.leasePid,
    );

  for (let seed = firstSeed; seed < firstSeed + sequences; seed += 1)
    it(`seed ${seed}`, async () => {
      const random = randomOf(seed);
      const onClose = seed % 2 === 0 ? "stop" : "remind";
      // Longer than a window takes to open on a machine that does much else: a reload is no end.
      desk = await openDesk({ onClose, timings: { graceMs: 4_000 } });
      const apps = [desk.startApp("flux-api", 1 + Math.floor(random() * 2))];
      await desk.openWindow();
      // A window and an app of another environment, whose end is another end.
      const other = seed % 3 === 0 ? await desk.openWindow("staging") : undefined;
      const otherApp = other && desk.startApp("other", 1, "staging");
      await oneGuardian();
      for (let step = 0; step < 5; step += 1) {
        const windows = desk.windows.filter((each) => each !== other);
        const window = windows[Math.floor(random() * windows.length)];
        const chance = random();
        if (window === undefined || chance < 0.25) await desk.openWindow();
        else if (windows.length > 1 && chance < 0.45) await desk.close(window);
        else if (windows.length > 1 && chance < 0.6) await desk.kill(window);
        else if (chance < 0.75) {
          // A reload: the old host ends while the new one starts.
          const [closed] = await Promise.all([desk.close(window), desk.openWindow()]);
          assert.equal(closed, undefined);
        } else if (chance < 0.9) {
          const pid = desk.leasePid;
          if (pid !== undefined) process.kill(pid, "SIGKILL");
          await until("the killed guardian is replaced", () => desk.leasePid !== pid);
        } else {
          const app = desk.startApp(`comfy-${step}`);
          apps.push(app);
          // An app that no window has taken up was not started here, and is nobody's to stop.
          await until("a window has taken it up", () =>
            desk.ledger.sessions({}).some((one) => one.apps.some(({ appId }) => appId === app)),
          );
        }
        await oneGuardian();
        assert.deepEqual(desk.stops, [], "nothing is stopped while a window is open");
        assert.deepEqual(desk.reminders, []);
      }
      // The end of the last windows: closed, or the whole editor killed.
      const crash = random() < 0.5;
      for (const window of desk.windows.filter((each) => each !== other))
        await (crash ? desk.kill(window) : desk.close(window));
      if (other !== undefined && otherApp !== undefined) {
        if (onClose === "remind") {
          await until("the reminder is shown", () => desk.reminders.length > 0);
          desk.answer("stop");
        }
        await until("its apps are stopped", () => desk.runningApps.length === 1, explained);
        assert.deepEqual(desk.runningApps, [otherApp]);
        assert.equal(desk.reminders.length, onClose === "remind" ? 1 : 0);
        apps.push(otherApp);
        await oneGuardian();
        await (crash ? desk.kill(other) : desk.close(other));
      }
      if (onClose === "remind") {
        await until("the reminder is shown", () => desk.reminders.length > 0);
        desk.answer("stop");
      }
      await until("nothing runs", () => desk.runningApps.length === 0, explained);
      await until("no guardian is left over", () => desk.guardianPids.length === 0);
      assert.equal(desk.leasePid, undefined);
      const ends = other === undefined ? 1 : 2;
      assert.equal(desk.reminders.length, onClose === "remind" ? ends : 0);
      assert.equal(desk.stops.length, apps.length, "each app is stopped once");
      assert.deepEqual(new Set(desk.stops), new Set(apps));
      assert.equal(lastIncident(desk.ledger)?.end, "nothing-runs");
      const receipts = desk.ledger.receipts({});
      assert.equal(receipts.flatMap(({ stopped }) => stopped).length, apps.length);
      const rows = new Set(desk.ledger.calls({}).map(({ callId }) => callId));
      for (const window of desk.all)
        for (let row = 1; row <= window.rows; row += 1)
          assert.ok(rows.has(`${window.windowId}-${row}`), "a ledger row was lost");
    });
});
