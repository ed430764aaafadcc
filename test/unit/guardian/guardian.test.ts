import assert from "node:assert/strict";
import { unreportedIncidents } from "../../../src/guardian/incident/record.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import type { Ledger } from "../../../src/session/ledgerPort.ts";
import { VirtualClock } from "../virtualClock.ts";
import { GuardianWorld } from "./guardianWorld.ts";
import { lastIncident } from "./lastIncident.ts";

const hour = 3_600_000;

describe("Guardian", () => {
  let ledger: Ledger;
  let world: GuardianWorld;
  beforeEach(async () => {
    ({ ledger } = await openLedger(":memory:"));
    world = new GuardianWorld(new VirtualClock(Date.UTC(2026, 10, 21, 9)), ledger);
  });
  /** What a window of the main scope tells at its start. */
  const untold = (guardianLives: boolean) =>
    unreportedIncidents(ledger, {
      scope: "you/main",
      livePid: guardianLives ? (lastIncident(ledger)?.guardianPid ?? null) : null,
      nowMs: world.clock.nowMs(),
    });
  afterEach(() => {
    world.killGuardian();
    ledger.dispose();
  });

  it("starts with the first running app, asks Modal nothing while a window lives, ends when none runs", async () => {
    const window = world.openWindow();
    await world.advance(60_000);
    assert.equal(world.guardians.length, 0);
    const appId = world.start("flux-api");
    await world.advance(20_000);
    assert.equal(world.guardians.length, 1);
    const before = world.modal.looks;
    await world.advance(600_000);
    assert.equal(world.modal.looks - before, 600_000 / 10_000, "only the window looked");
    world.modal.end(appId);
    await world.advance(5 * 60_000);
    assert.deepEqual(world.ends, ["nothing-runs"]);
    assert.equal(ledger.leaseHolder("guardian", world.clock.nowMs()), undefined);
    world.closeWindow(window);
  });

  it("reminds once after the grace, at most 5 s late, with what runs and what it costs", async () => {
    await world.leaveRunning("flux-api", { containers: 2 });
    const goneAtMs = world.clock.nowMs();
    await world.advance(2 * hour);
    assert.equal(world.reminders.length, 1);
    const [shown] = world.reminders;
    assert.ok(shown !== undefined);
    const lateMs = shown.atMs - goneAtMs - world.timings.graceMs;
    assert.ok(lateMs >= 0 && lateMs <= 5_000, `${lateMs} ms late`);
    assert.match(shown.reminder.body, /flux-api \(2 containers\).*≈ \$1\.95 per hour/);
    assert.deepEqual(world.modal.stopped, []);
  });

  it("does the same after a kill of the window, which notes nothing", async () => {
    const window = world.openWindow();
    world.start("flux-api");
    await world.advance(30_000);
    const goneAtMs = world.clock.nowMs();
    world.killWindow(window);
    await world.advance(hour);
    assert.equal(world.reminders.length, 1);
    const lateMs = (world.reminders[0]?.atMs ?? 0) - goneAtMs - world.timings.graceMs;
    assert.ok(lateMs >= 0 && lateMs <= 5_000, `${lateMs} ms late`);
    assert.equal(ledger.windows().filter(({ closedAtMs }) => closedAtMs === null).length, 0);
  });

  it("lets a reload and a second window pass without a word", async () => {
    await world.leaveRunning("flux-api");
    await world.advance(world.timings.graceMs - 2_000);
    const second = world.openWindow();
    const third = world.openWindow();
    await world.advance(120_000);
    world.closeWindow(second);
    await world.advance(120_000);
    assert.equal(world.reminders.length, 0);
    assert.equal(lastIncident(ledger), undefined);
    world.closeWindow(third);
    await world.advance(hour);
    assert.equal(world.reminders.length, 1);
  });

  it("says nothing about deployments that cost nothing now", async () => {
    await world.leaveRunning("flux-api", { containers: 0 });
    await world.advance(hour);
    assert.equal(world.reminders.length, 0);
    assert.deepEqual(world.ends, ["nothing-runs"]);
  });

  it("stops from the reminder's button, verified, with a receipt, and tells the outcome", async () => {
    const appId = await world.leaveRunning("flux-api");
    await world.advance(60_000);
    world.reminders[0]?.answer({ kind: "pressed", actionId: "stop" });
    await world.advance(60_000);
    assert.deepEqual(world.modal.stopped, [appId]);
    const [receipt] = ledger.receipts({});
    assert.equal(receipt?.by, "reminder");
    assert.equal(receipt.verified, "clear");
    assert.equal(world.notices[0]?.title, "Stopped 1 app");
    const incident = lastIncident(ledger);
    assert.equal(incident?.reminder.state, "pressed");
    assert.deepEqual(incident.receiptIds, [receipt.receiptId]);
    await world.advance(60_000);
    assert.deepEqual(world.ends, ["nothing-runs"]);
  });

  it("acts on a button that was pressed just before a window came back", async () => {
    const appId = await world.leaveRunning("flux-api");
    await world.advance(60_000);
    world.reminders[0]?.answer({ kind: "pressed", actionId: "stop" });
    world.openWindow();
    await world.advance(60_000);
    assert.deepEqual(world.modal.stopped, [appId]);
  });

  it("leaves everything alone after Keep Running, also at the second stage", async () => {
    world.stopAfterMinutes = 30;
    await world.leaveRunning("flux-api");
    await world.advance(60_000);
    assert.match(world.reminders[0]?.reminder.body ?? "", /Without an answer, it is stopped at/);
    world.reminders[0]?.answer({ kind: "pressed", actionId: "keep" });
    await world.advance(3 * hour);
    assert.deepEqual(world.modal.stopped, []);
  });

  for (const says of ["dismissed", "not-shown", "nobody answers"] as const)
    it(`stops at the second stage when the reminder was ${says}`, async () => {
      if (says === "dismissed") world.notifierSays = { kind: "dismissed" };
      if (says === "not-shown") world.notifierSays = { kind: "not-shown", reason: "no desktop" };
      world.stopAfterMinutes = 30;
      const appId = await world.leaveRunning("flux-api");
      await world.advance(25 * 60_000);
      assert.deepEqual(world.modal.stopped, []);
      await world.advance(10 * 60_000);
      assert.deepEqual(world.modal.stopped, [appId]);
      assert.equal(ledger.receipts({})[0]?.by, "guardian");
      assert.deepEqual(world.modal.stoppedTwice, []);
    });

  it("does not stop at the second stage when a window is back", async () => {
    world.stopAfterMinutes = 30;
    await world.leaveRunning("flux-api");
    await world.advance(60_000);
    world.openWindow();
    await world.advance(hour);
    assert.deepEqual(world.modal.stopped, []);
  });

  it("stops after the grace where the setting says so, and tries again until it is verified", async () => {
    world.onClose = "stop";
    const appId = await world.leaveRunning("flux-api", {
      before: () => {
        world.modal.offline = true;
      },
    });
    await world.advance(120_000);
    assert.deepEqual(world.modal.stopped, []);
    assert.equal(world.notices.length, 0, "nothing is claimed while nothing is known");
    world.modal.offline = false;
    await world.advance(10 * 60_000);
    assert.deepEqual(world.modal.stopped, [appId]);
    assert.equal(world.reminders.length, 0);
    assert.equal(world.notices.at(-1)?.title, "Stopped 1 app");
    assert.deepEqual(world.ends, ["nothing-runs"]);
  });

  it("takes the name of something that runs for no evidence", async () => {
    world.onClose = "stop";
    const window = world.openWindow();
    // A session of this machine once had an app of that name; this one is another.
    world.modal.end(world.start("flux-api"));
    const namesake = world.modal.start("flux-api");
    await world.advance(30_000);
    world.closeWindow(window);
    await world.advance(2 * hour);
    assert.deepEqual(world.modal.stopped, []);
    assert.deepEqual(world.modal.running, [namesake]);
    assert.equal(world.reminders.length, 1);
  });

  it("stops nothing unasked that was not started here, but reminds of it and names its price", async () => {
    world.onClose = "stop";
    world.stopAfterMinutes = 30;
    const window = world.openWindow();
    const here = world.start("flux-api");
    const elsewhere = world.modal.start("from-the-other-laptop");
    await world.advance(30_000);
    world.closeWindow(window);
    await world.advance(2 * hour);
    assert.deepEqual(world.modal.stopped, [here]);
    assert.equal(world.reminders.length, 1);
    assert.match(world.reminders[0]?.reminder.body ?? "", /^from-the-other-laptop \(1 container\)/);
    assert.ok(!world.reminders[0]?.reminder.body.includes("Without an answer"));
    const told = world.notices.map(({ body }) => body).join("\n");
    assert.ok(told.includes("from-the-other-laptop (not started here, ≈ $1.95/h)"), told);
    world.reminders[0]?.answer({ kind: "pressed", actionId: "stop" });
    await world.advance(60_000);
    assert.deepEqual(world.modal.stopped, [here, elsewhere], "asked for is asked for");
  });

  it("reminds while the ledger cannot be written, once", async () => {
    await world.leaveRunning("flux-api");
    await world.advance(world.timings.graceMs - 1_000);
    world.ledgerWritable = false;
    await world.advance(10_000);
    assert.equal(world.reminders.length, 1);
    world.ledgerWritable = true;
    await world.advance(60_000);
    assert.equal(world.reminders.length, 1);
  });

  for (const onClose of ["stop", "remind"] as const)
    it(`does not ${onClose} when a window comes back while Modal is asked`, async () => {
      world.onClose = onClose;
      await world.leaveRunning("flux-api", {
        before: () => {
          world.modal.slowMs = 3_000;
        },
      });
      await world.advance(world.timings.graceMs + 1_000);
      world.openWindow();
      await world.advance(60_000);
      assert.deepEqual(world.modal.stopped, []);
      assert.equal(world.reminders.length, 0);
    });

  for (const onClose of ["stop", "remind"] as const)
    it(`gives a window that came and went while Modal was asked a grace of its own before it does ${onClose}`, async () => {
      world.onClose = onClose;
      await world.leaveRunning("flux-api", {
        before: () => {
          world.modal.slowMs = 1_000;
        },
      });
      await world.advance(world.timings.graceMs + 500);
      world.closeWindow(world.openWindow());
      await world.advance(world.timings.graceMs - 1_000);
      assert.deepEqual(world.modal.stopped, []);
      assert.equal(world.reminders.length, 0);
      await world.advance(30_000);
      if (onClose === "stop") assert.equal(world.modal.stopped.length, 1);
      else assert.equal(world.reminders.length, 1);
    });

  it("goes on trying to stop for as long as it is offline, and says so once", async () => {
    world.onClose = "stop";
    const appId = await world.leaveRunning("flux-api", {
      before: () => {
        world.modal.offline = true;
      },
    });
    await world.advance(3 * hour);
    assert.deepEqual(
      world.notices.map(({ title }) => title),
      ["Modal apps could not be stopped"],
    );
    world.modal.offline = false;
    await world.advance(world.timings.meterMs + 60_000);
    assert.deepEqual(world.modal.stopped, [appId]);
    assert.equal(world.notices.at(-1)?.title, "Stopped 1 app");
  });

  it("reminds of what was last seen when Modal cannot be asked", async () => {
    await world.leaveRunning("flux-api", {
      before: () => {
        world.modal.offline = true;
      },
    });
    await world.advance(60_000);
    assert.match(world.reminders[0]?.reminder.body ?? "", /As last seen: .*No network/);
  });

  it("keeps what could not be shown for the next start, once", async () => {
    world.notifierSays = { kind: "not-shown", reason: "no desktop" };
    await world.leaveRunning("flux-api");
    await world.advance(hour);
    const [undelivered] = untold(true);
    assert.equal(undelivered?.reminder.detail, "no desktop");
    assert.equal(undelivered.reminder.title, "1 Modal app still runs");
    assert.deepEqual(untold(true), []);
  });

  it("keeps a reminder whose guardian was killed for the next start", async () => {
    await world.leaveRunning("flux-api");
    await world.advance(60_000);
    world.killGuardian();
    assert.deepEqual(untold(true), []);
    assert.equal(untold(false)[0]?.reminder.state, "showing");
  });

  it("records looks at a slow pace while no window watches", async () => {
    await world.leaveRunning("flux-api");
    await world.advance(60_000);
    const before = world.modal.looks;
    await world.advance(3 * hour);
    assert.equal(world.modal.looks - before, (3 * hour) / world.timings.meterMs);
    const [span] = ledger.spans({ fromMs: 0, toMs: world.clock.nowMs() });
    assert.ok((span?.lastSeenAtMs ?? 0) > world.clock.nowMs() - world.timings.meterMs - 1_000);
  });

  it("takes over from a killed guardian at the next look of a window, and is the only one", async () => {
    const window = world.openWindow();
    world.start("flux-api");
    await world.advance(30_000);
    world.killGuardian();
    await world.advance(15_000);
    assert.equal(world.guardians.length, 1);
    world.startGuardian();
    await world.advance(0);
    assert.equal(world.guardians.length, 1);
    assert.deepEqual(world.ends, ["lease-lost"]);
    world.closeWindow(window);
    await world.advance(hour);
    assert.equal(world.reminders.length, 1);
  });

  it("sends no unasked stop once a window is open again, whatever was decided before", async () => {
    world.onClose = "stop";
    for (const afterMs of [1_000, 4_000, 7_000, 8_500]) {
      const appId = await world.leaveRunning("flux-api", {
        before: () => {
          world.modal.slowMs = 3_000;
        },
      });
      await world.advance(world.timings.graceMs + afterMs);
      const before = world.modal.stopped.length;
      const back = world.openWindow();
      await world.advance(120_000);
      assert.equal(
        world.modal.stopped.length,
        before,
        `a window opened ${afterMs} ms after the grace`,
      );
      world.modal.slowMs = 0;
      world.modal.end(appId);
      world.closeWindow(back);
      await world.advance(5 * 60_000);
    }
  });

  it("lets go at once of a stop that a window has called off, says nothing of it, and acts on that one's end in time", async () => {
    world.onClose = "stop";
    const appId = await world.leaveRunning("flux-api", {
      before: () => {
        world.modal.slowMs = 1_000;
      },
    });
    // The look that decides, and the one on which the stop rests: the window opens after it.
    const { looks } = world.modal;
    while (world.modal.looks < looks + 2) await world.advance(100);
    const back = world.openWindow();
    await world.advance(5_000);
    world.closeWindow(back);
    assert.deepEqual(world.modal.stopped, []);
    await world.advance(world.timings.graceMs + 12_000);
    assert.deepEqual(world.modal.stopped, [appId]);
    await world.advance(120_000);
    assert.deepEqual(
      world.notices.map(({ title }) => title),
      ["Stopped 1 app"],
    );
    assert.deepEqual(
      ledger.receipts({}).map(({ verified }) => verified),
      ["clear", "left"],
    );
  });

  it("stays when a window wants a guardian in the moment it gives up", async () => {
    const appId = await world.leaveRunning("flux-api");
    await world.advance(60_000);
    world.modal.end(appId);
    await world.advance(world.timings.meterMs + world.timings.confirmMs - 60_000);
    world.start("comfy");
    world.ensureGuardian();
    await world.advance(2 * 60_000);
    assert.equal(world.guardians.length, 1);
  });

  it("ends when the ledger is gone, and after its lifetime without any window", async () => {
    world.timings = { ...world.timings, lifetimeMs: hour };
    const window = world.openWindow();
    world.start("flux-api");
    await world.advance(30_000);
    world.ledgerThere = false;
    await world.advance(4_000);
    assert.deepEqual(world.ends, ["ledger-gone"]);
    world.ledgerThere = true;
    await world.advance(60_000);
    assert.equal(world.guardians.length, 1);
    world.closeWindow(window);
    await world.advance(2 * hour);
    assert.deepEqual(world.ends, ["ledger-gone", "lifetime"]);
    assert.equal(lastIncident(ledger)?.end, "lifetime");
    assert.equal(untold(false)[0]?.reminder.state, "not-shown");
  });

  it("does not take the machine's sleep for the end of the window", async () => {
    world.openWindow();
    world.start("flux-api");
    await world.advance(30_000);
    world.clock.jump(8 * hour);
    await world.advance(30_000);
    assert.equal(world.reminders.length, 0);
    assert.equal(world.guardians.length, 1);
  });

  it("finishes an automatic stop that is due when the system ends it", async () => {
    world.onClose = "stop";
    const appId = await world.leaveRunning("flux-api");
    await world.advance(5_000);
    assert.deepEqual(world.modal.stopped, []);
    await world.guardians[0]?.guardian.terminate();
    assert.deepEqual(world.modal.stopped, [appId]);
    assert.equal(ledger.receipts({})[0]?.verified, "clear");
  });

  describe("that was killed after a stop was proved, and before its notice was shown,", () => {
    beforeEach(async () => {
      world.onClose = "stop";
      world.modal.isMuteOfEnvironments = true;
      await world.leaveRunning("flux-api");
      for (
        let seconds = 0;
        seconds < 60 && lastIncident(ledger)?.act?.state !== "done";
        seconds += 1
      )
        await world.advance(1000);
      assert.equal(lastIncident(ledger)?.act?.state, "done");
      assert.deepEqual(world.notices, [], "other environments are still asked");
      world.killGuardian();
    });

    it("leaves it to the next window, once", () => {
      assert.deepEqual(untold(true), [], "it is about to be told");
      const [left] = untold(false);
      assert.match(`${left?.news?.title}: ${left?.news?.body}`, /^Stopped 1 app: flux-api\./);
      assert.deepEqual(untold(false), []);
    });

    it("leaves it to its successor, and not to a window too", async () => {
      world.ensureGuardian();
      await world.advance(60_000);
      assert.deepEqual(
        world.notices.map(({ title }) => title),
        ["Stopped 1 app"],
      );
      assert.equal(lastIncident(ledger)?.news, null);
      assert.deepEqual(untold(false), []);
    });
  });

  it("leaves an outcome that the system could not show to the next window", async () => {
    world.onClose = "stop";
    world.noticesSay = { kind: "not-shown", reason: "no desktop" };
    await world.leaveRunning("flux-api");
    await world.advance(60_000);
    assert.equal(untold(true)[0]?.news?.state, "not-shown");
    assert.deepEqual(untold(true), []);
  });

  it("finishes it also when another window was there for a moment", async () => {
    world.onClose = "stop";
    const appId = await world.leaveRunning("flux-api");
    await world.advance(5_000);
    world.closeWindow(world.openWindow());
    await world.guardians[0]?.guardian.terminate();
    assert.deepEqual(world.modal.stopped, [appId]);
  });

  it("reminds of a scope whose last window is gone while one of another scope lives, and stops that alone", async () => {
    const main = world.openWindow();
    world.openWindow(world.otherScope);
    const appId = world.start("flux-api");
    world.start("comfy", 1, world.otherScope);
    await world.advance(30_000);
    const goneAtMs = world.clock.nowMs();
    world.closeWindow(main);
    await world.advance(hour);
    assert.equal(world.reminders.length, 1);
    const [shown] = world.reminders;
    assert.ok(shown !== undefined);
    const lateMs = shown.atMs - goneAtMs - world.timings.graceMs;
    assert.ok(lateMs >= 0 && lateMs <= 5_000, `${lateMs} ms late`);
    assert.match(shown.reminder.body, /^flux-api .*No VS Code window of you\/main is open/);
    shown.answer({ kind: "pressed", actionId: "stop" });
    await world.advance(hour);
    assert.deepEqual(world.modal.stopped, [appId]);
    assert.deepEqual(world.otherModal.stopped, []);
    assert.equal(world.guardians.length, 1, "the other scope's app still runs");
    assert.equal(world.reminders.length, 1);
  });

  it("stops each scope after its own last window, where the setting says so", async () => {
    world.onClose = "stop";
    const main = world.openWindow();
    const other = world.openWindow(world.otherScope);
    const apps = [world.start("flux-api"), world.start("comfy", 1, world.otherScope)];
    await world.advance(30_000);
    world.killWindow(main);
    await world.advance(120_000);
    assert.deepEqual(world.modal.stopped, [apps[0]]);
    assert.deepEqual(world.otherModal.stopped, []);
    world.closeWindow(other);
    await world.advance(300_000);
    assert.deepEqual(world.otherModal.stopped, [apps[1]]);
    assert.deepEqual(world.ends, ["nothing-runs"]);
    assert.equal(ledger.receipts({}).length, 2);
  });

  it("ends when the scopes without a window are quiet, whatever windows are open", async () => {
    const main = world.openWindow();
    world.openWindow(world.otherScope);
    const appId = world.start("flux-api");
    await world.advance(30_000);
    world.closeWindow(main);
    await world.advance(60_000);
    assert.equal(world.guardians.length, 1);
    world.modal.end(appId);
    await world.advance(hour);
    assert.deepEqual(world.ends, ["nothing-runs"]);
    assert.equal(world.reminders.length, 1);
  });

  it("keeps a reminder on the screen while a new window has not said what it watches", async () => {
    await world.leaveRunning("flux-api");
    await world.advance(60_000);
    assert.equal(world.reminders.length, 1);
    world.otherModal.offline = true;
    world.openWindow(world.otherScope);
    await world.advance(60_000);
    assert.equal(lastIncident(ledger)?.reminder.state, "showing");
    world.otherModal.offline = false;
    await world.advance(hour);
    assert.equal(lastIncident(ledger)?.reminder.state, "showing");
    assert.equal(world.reminders.length, 1);
    world.openWindow();
    await world.advance(20_000);
    assert.equal(lastIncident(ledger)?.reminder.state, "withdrawn");
  });

  it("does nothing unasked while a new window has not said what it watches, and goes on when it has", async () => {
    world.onClose = "stop";
    const appId = await world.leaveRunning("flux-api");
    await world.advance(10_000);
    world.otherModal.offline = true;
    world.openWindow(world.otherScope);
    await world.advance(600_000);
    assert.deepEqual(world.modal.stopped, []);
    world.otherModal.offline = false;
    await world.advance(60_000);
    assert.deepEqual(world.modal.stopped, [appId]);
  });

  describe("a successor of a killed guardian, while a window of another scope is open,", () => {
    /** The last window of the main scope is gone, with one app that costs. */
    async function gone(): Promise<string> {
      const main = world.openWindow();
      world.openWindow(world.otherScope);
      const appId = world.start("flux-api");
      world.start("comfy", 1, world.otherScope);
      await world.advance(30_000);
      world.closeWindow(main);
      return appId;
    }

    it("acts though the first one had decided to, whatever it came to", async () => {
      world.onClose = "stop";
      let kills = 0;
      for (let request = 1; request <= 24; request += 1) {
        const before = world.modal.stopped.length;
        const appId = await gone();
        world.modal.killAtRequest(request, () => {
          kills += world.guardians.length;
          world.killGuardian();
        });
        await world.advance(120_000);
        assert.deepEqual(world.modal.stopped.slice(before), [appId], `killed at ${request}`);
        assert.deepEqual(
          ledger.receipts({ scope: "you/main" }).map(({ verified }) => verified),
          ledger.receipts({ scope: "you/main" }).map(() => "clear"),
        );
        world.modal.killAtRequest(Infinity, () => undefined);
        for (const window of world.windows.toReversed()) world.closeWindow(window);
        for (const app of world.otherModal.running) world.otherModal.end(app);
        await world.advance(30 * 60_000);
        assert.equal(world.guardians.length, 0);
      }
      assert.equal(kills, 24);
      assert.deepEqual(world.modal.stoppedTwice, []);
    });

    it("shows the reminder again, with live buttons and its whole time", async () => {
      world.stopAfterMinutes = 30;
      const appId = await gone();
      await world.advance(60_000);
      assert.equal(world.reminders.length, 1);
      world.killGuardian();
      await world.advance(20 * 60_000);
      assert.equal(world.reminders.length, 2);
      assert.match(world.reminders[1]?.reminder.body ?? "", /Without an answer/);
      const againAtMs = world.reminders[1]?.atMs ?? 0;
      await world.advance(againAtMs + 29 * 60_000 - world.clock.nowMs());
      assert.deepEqual(world.modal.stopped, [], "nobody could answer the first one");
      await world.advance(2 * 60_000);
      assert.deepEqual(world.modal.stopped, [appId]);
    });

    it("does what was asked for by a button just before, and nothing that was answered otherwise", async () => {
      const appId = await gone();
      await world.advance(60_000);
      // Before Modal is asked for anything.
      world.modal.killAtRequest(1, () => world.killGuardian());
      world.reminders[0]?.answer({ kind: "pressed", actionId: "stop" });
      await world.advance(1_000);
      assert.equal(world.guardians.length, 0);
      await world.advance(120_000);
      assert.deepEqual(world.modal.stopped, [appId]);
      assert.equal(world.reminders.length, 1);
      assert.equal(ledger.receipts({ scope: "you/main" })[0]?.by, "reminder");
      assert.deepEqual(world.modal.stoppedTwice, []);
    });

    for (const answer of ["keep", "dismissed"] as const)
      it(`leaves alone what was answered with ${answer}, but for the second stage`, async () => {
        world.stopAfterMinutes = 30;
        const appId = await gone();
        await world.advance(60_000);
        world.reminders[0]?.answer(
          answer === "keep" ? { kind: "pressed", actionId: "keep" } : { kind: "dismissed" },
        );
        await world.advance(1_000);
        world.killGuardian();
        await world.advance(hour);
        assert.equal(world.reminders.length, 1);
        assert.deepEqual(world.modal.stopped, answer === "keep" ? [] : [appId]);
      });

    it("asks again before it does what was asked for long ago", async () => {
      await gone();
      await world.advance(60_000);
      world.modal.offline = true;
      world.reminders[0]?.answer({ kind: "pressed", actionId: "stop" });
      await world.advance(5_000);
      for (const window of world.windows.toReversed()) world.killWindow(window);
      world.killGuardian();
      await world.advance(hour);
      world.modal.offline = false;
      world.openWindow(world.otherScope);
      await world.advance(120_000);
      assert.deepEqual(world.modal.stopped, []);
      assert.equal(world.reminders.length, 2);
    });

    it("leaves it to the scope's next window when that is there first", async () => {
      world.onClose = "stop";
      await gone();
      world.modal.offline = true;
      await world.advance(30_000);
      world.killGuardian();
      world.openWindow();
      world.modal.offline = false;
      await world.advance(120_000);
      assert.deepEqual(world.modal.stopped, []);
      const [left] = untold(false);
      assert.equal(left?.act?.state, "begun");
      assert.deepEqual(untold(false), [], "told once");
    });
  });

  it("leaves alone what another scope's last window left long before this guardian", async () => {
    world.onClose = "stop";
    world.start("flux-api");
    const main = world.openWindow();
    await world.advance(30_000);
    world.killGuardian();
    world.closeWindow(main);
    world.openWindow(world.otherScope);
    await world.advance(hour);
    world.start("comfy", 1, world.otherScope);
    await world.advance(hour);
    assert.equal(world.guardians.length, 1);
    assert.deepEqual(world.modal.stopped, []);
  });

  it("keeps what could not be shown of each scope for the next start, once", async () => {
    world.notifierSays = { kind: "not-shown", reason: "no desktop" };
    const windows = [world.openWindow(), world.openWindow(world.otherScope)];
    world.start("flux-api");
    world.start("comfy", 1, world.otherScope);
    await world.advance(30_000);
    for (const window of windows) world.closeWindow(window);
    await world.advance(60_000);
    const told = untold(true);
    assert.deepEqual(told.map(({ scope }) => scope).toSorted(), ["team/dev", "you/main"]);
    assert.deepEqual(untold(true), []);
  });
});
