import assert from "node:assert/strict";
import { until } from "../../host/until.ts";
import { lastIncident } from "../../unit/guardian/lastIncident.ts";
import { desksOf } from "./guardianDesk.ts";
import type { DeskOptions, GuardianDesk, KillPoint } from "./guardianDesk.ts";

/** Every moment of a stop of two apps at which its process can be killed, between any two requests. */
const killPoints: readonly KillPoint[] = [
  { rpc: "AppStop", when: "before" },
  { rpc: "AppStop", when: "after" },
  { rpc: "AppStop", when: "before", skip: 1 },
  { rpc: "AppStop", when: "after", skip: 1 },
];

const name = ({ rpc, when, skip = 0 }: KillPoint): string => `${when} ${rpc} ${skip + 1}`;

describe("what was begun and not done", function () {
  this.timeout(120_000);
  const openDesk = desksOf(this);
  let desk: GuardianDesk;

  async function atDesk(options: DeskOptions): Promise<readonly string[]> {
    desk = await openDesk(options);
    return [desk.startApp("flux-api"), desk.startApp("comfy")];
  }

  describe("a window's Stop All, killed", () => {
    for (const point of killPoints)
      it(`${name(point)}: the next window closes its receipt, and no app is stopped twice`, async () => {
        const apps = await atDesk({ onClose: "off" });
        const window = await desk.openWindow();
        const killed = desk.killedAt(point, () => window.process.pid);
        window.process.send("stop");
        await killed;
        await until("the window is dead", () => window.isGone);
        desk.windows.splice(0);
        const [begun] = desk.ledger.receipts({});
        assert.equal(begun?.verified, "unverified");
        assert.equal(begun.by, "person");
        assert.deepEqual(
          new Set(begun.planned.map(({ appId }) => appId)),
          new Set(apps),
          "it says what was begun",
        );
        const next = await desk.openWindow();
        const looks = next.polls;
        await until("it has looked again", () => next.polls > looks + 1);
        if (desk.runningApps.length > 0) next.process.send("stop");
        await until("each receipt is closed", () =>
          desk.ledger.receipts({}).every(({ verified }) => verified === "clear"),
        );
        assert.deepEqual(desk.runningApps, []);
        const stopped = desk.ledger.receipts({}).flatMap((receipt) => receipt.stopped);
        assert.deepEqual(
          stopped.map(({ appId }) => appId).toSorted(),
          apps.toSorted(),
          "each app was stopped by one of the receipts",
        );
        assert.deepEqual(new Set(desk.stops).size, desk.stops.length, "no app is stopped twice");
      });

    it("with a request that never arrived: the next Stop All stops the rest, and says which", async () => {
      const [flux = "", comfy = ""] = await atDesk({ onClose: "off" });
      const window = await desk.openWindow();
      const lost = desk.modal.faults.addRpc({
        rpc: "AppStop",
        appId: comfy,
        fault: { kind: "hang" },
      });
      window.process.send("stop");
      await until("one is stopped", () => desk.runningApps.length === 1);
      await desk.kill(window);
      desk.modal.faults.remove(lost);
      const next = await desk.openWindow();
      const looks = next.polls;
      await until("it has looked again", () => next.polls > looks + 1);
      const [begun] = desk.ledger.receipts({});
      assert.equal(begun?.verified, "unverified", "a request may still arrive");
      next.process.send("stop");
      await until("each receipt is closed", () =>
        desk.ledger.receipts({}).every(({ verified }) => verified === "clear"),
      );
      const of = (receiptId: string | undefined) =>
        desk.ledger.receipts({}).find((receipt) => receipt.receiptId === receiptId);
      assert.deepEqual(
        of(next.stopped?.receiptId)?.stopped.map(({ appId }) => appId),
        [comfy],
      );
      const first = of(begun.receiptId);
      assert.deepEqual(
        first?.stopped.map(({ appId }) => appId),
        [flux],
      );
      assert.deepEqual(
        first.alreadyStopped.map(({ appId }) => appId),
        [comfy],
      );
    });

    it("with no window after it: the guardian closes its receipt", async () => {
      await atDesk({});
      const window = await desk.openWindow();
      await until("a guardian runs", () => desk.leasePid !== undefined);
      const killed = desk.killedAt(
        { rpc: "AppStop", when: "after", skip: 1 },
        () => window.process.pid,
      );
      window.process.send("stop");
      await killed;
      desk.windows.splice(0);
      await until("the guardian ended", () => desk.guardianPids.length === 0);
      const [receipt, ...others] = desk.ledger.receipts({});
      assert.deepEqual(others, []);
      assert.equal(receipt?.verified, "clear");
      assert.equal(receipt.by, "person");
      assert.equal(receipt.stopped.length, 2);
      assert.deepEqual(desk.reminders, []);
    });
  });

  describe("a guardian, killed", () => {
    /** An app of each environment, and the last window of the first one gone. */
    async function gone(options: DeskOptions): Promise<string> {
      desk = await openDesk(options);
      const appId = desk.startApp("flux-api");
      desk.startApp("comfy", 1, "staging");
      const main = await desk.openWindow();
      await desk.openWindow("staging");
      await until("a guardian runs", () => desk.leasePid !== undefined);
      await desk.close(main);
      return appId;
    }

    const proven = (): Promise<unknown> =>
      until(
        "each receipt is closed, and says clear",
        () =>
          desk.ledger.receipts({}).length > 0 &&
          desk.ledger.receipts({}).every(({ verified }) => verified === "clear"),
        { withinMs: 30_000 },
      );

    function isStoppedOnce(appId: string): void {
      assert.deepEqual(desk.stops, [appId]);
      const stopped = desk.ledger.receipts({}).flatMap((receipt) => receipt.stopped);
      assert.deepEqual(
        stopped.map((app) => app.appId),
        [appId],
        "one receipt says that it stopped it",
      );
    }

    const points: readonly KillPoint[] = [
      { rpc: "AppStop", when: "before" },
      { rpc: "AppStop", when: "after" },
    ];
    for (const point of points)
      it(`${name(point)}: its successor brings its stop to the end`, async () => {
        const appId = await gone({ onClose: "stop" });
        const killed = await desk.killedAt(point, () => desk.leasePid);
        await proven();
        isStoppedOnce(appId);
        await until("the act is done", () => lastIncident(desk.ledger)?.act?.state === "done");
        assert.notEqual(desk.leasePid, killed);
        assert.deepEqual(desk.reminders, []);
      });

    it("with its reminder on the screen: the successor shows it again, and its button stops", async () => {
      const appId = await gone({});
      await until("the reminder is shown", () => desk.reminders.length > 0);
      process.kill(desk.leasePid ?? 0, "SIGKILL");
      await until("it has left the screen", () => desk.closed === 1);
      await until("it is shown again", () => desk.reminders.length > 1);
      assert.equal(desk.closed, 1);
      desk.answer("stop");
      await proven();
      isStoppedOnce(appId);
      assert.equal(desk.reminders.length, 2);
    });

    it("with its reminder on the screen, and nobody after it: the reminder leaves the screen", async () => {
      desk = await openDesk();
      desk.startApp("flux-api");
      const main = await desk.openWindow();
      await until("a guardian runs", () => desk.leasePid !== undefined);
      await desk.kill(main);
      await until("the reminder is shown", () => desk.reminders.length > 0);
      process.kill(desk.leasePid ?? 0, "SIGKILL");
      await until("it has left the screen", () => desk.closed === 1);
      const next = await desk.openWindow();
      assert.deepEqual(next.told, ["acme/main"], "the next window says what it said");
      assert.equal(desk.reminders.length, 1);
    });

    for (const point of points)
      it(`${name(point)}, by a button: its successor brings it to the end`, async () => {
        const appId = await gone({});
        await until("the reminder is shown", () => desk.reminders.length > 0);
        const killed = desk.killedAt(point, () => desk.leasePid);
        desk.answer("stop");
        await killed;
        await proven();
        isStoppedOnce(appId);
        assert.equal(desk.ledger.receipts({})[0]?.by, "reminder");
        assert.equal(desk.reminders.length, 1);
      });

    it("with its stop begun: nothing is sent once a window of the scope is open, and the window says so", async () => {
      desk = await openDesk({ onClose: "stop" });
      const appId = desk.startApp("flux-api");
      const main = await desk.openWindow();
      await until("a guardian runs", () => desk.leasePid !== undefined);
      const lost = desk.modal.faults.addRpc({ rpc: "AppStop", fault: { kind: "hang" } });
      await desk.close(main);
      await until("a stop is sent", () => desk.stops.length > 0);
      process.kill(desk.leasePid ?? 0, "SIGKILL");
      desk.modal.faults.remove(lost);
      const next = await desk.openWindow();
      const looks = next.polls;
      await until("it has looked for a while", () => next.polls > looks + 12);
      assert.deepEqual(desk.stops, [appId], "the one that was lost");
      assert.deepEqual(next.told, ["acme/main"]);
    });
  });
});
