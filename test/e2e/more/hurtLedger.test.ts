import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { UntilOptions } from "../../host/until.ts";
import { until } from "../../host/until.ts";
import { Stage } from "../stage.ts";

const status = "modalMeter.status";
const costs = "Modal Meter Costs";
const patient: UntilOptions = { withinMs: 90_000 };

describe("a ledger that cannot be opened, in a real window", () => {
  let stage: Stage | undefined;

  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("shows what runs, stops it with proof, keeps the receipt, and writes it once the cause is gone", async () => {
    stage = await Stage.set({ settings: { "modalMeter.idleReminderMinutes": 0 } });
    const own = stage;
    const file = join(stage.ledgerFolder, "ledger.db");
    await mkdir(stage.ledgerFolder, { recursive: true });
    const newer = new DatabaseSync(file);
    newer.exec("PRAGMA application_id = 0x4D4D7472; PRAGMA user_version = 99; CREATE TABLE x (y)");
    newer.close();
    const flux = { name: "web", gpu: { type: "L40S", count: 1 }, scaledownMs: 3_600_000 };
    stage.modal.seedApp({ name: "flux", functions: [flux] }, 1);

    const window = await stage.host.open();
    await window.untilNotification(
      /written by a newer Modal Meter.*Looking and stopping still work/,
      patient,
    );
    const item = await window.untilStatus(status, /^1 app · /, patient);
    assert.equal(item.kind, "warning");
    await window.clearNotifications();

    await window.runCommand("Modal Meter: Start Dev Session");
    const asked = await window.until("it is asked", () => window.dialog(), patient);
    assert.match(asked.message, /Start although nothing can be remembered\?.*newer Modal Meter/);
    await window.pressDialogButton("Cancel");

    // Without the ledger nobody knows what was started here.
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilQuickInput("Which of them do you want to stop too?", patient);
    await window.pickSeveral([/^flux/]);
    await window.untilNotification(
      /Stopped 1 app in acme\/main\. Nothing runs any more\./,
      patient,
    );
    assert.equal(stage.modal.journal.count({ name: "AppStop" }), 1);
    const receipt = await window.untilOutput(costs, /All clear!.*/, patient);
    assert.match(receipt, /✅ Stopped 1 app: flux/);
    assert.match(receipt, /kept here until the ledger can be written/);
    await window.untilStatus(status, /nothing running/, patient);

    for (const end of ["", "-wal", "-shm"]) await rm(`${file}${end}`, { force: true });
    const written = await until(
      "the receipt is in the ledger",
      async () => {
        const [found] = await own.withLedger((ledger) => ledger.receipts({}));
        return found;
      },
      { ...patient, everyMs: 500 },
    );
    assert.equal(written.verified, "clear");
    await window.until(
      "the warning is gone",
      async () => (await window.statusBarItem(status))?.kind === "plain",
      patient,
    );
  });
});
