import assert from "node:assert/strict";
import { extensionHosts } from "../../host/processes.ts";
import { until } from "../../host/until.ts";
import { skip } from "../../skip.ts";
import {
  closingStage,
  graceSeconds,
  guardians,
  live,
  passed,
  patient,
  shortGrace,
  startDev,
  status,
  stops,
  target,
} from "../closingScene.ts";

describe("after a client that vanished, with onClose: stop", () => {
  /** In place of the usual three minutes. */
  const lostSeconds = 20;
  const closing = closingStage(
    {
      settings: { ...target, "modalMeter.onClose": "stop" },
      moreEnv: { ...shortGrace, MODAL_METER_LOST_CLIENT_SECONDS: String(lostSeconds) },
    },
    (context, { host }) => {
      if (host.kind === "server") return;
      skip(
        context,
        "server",
        "the desktop editor is one with its screen: its kill is a case of its own",
      );
    },
  );

  it("stops the app once, although the extension host lives on, and a new window starts from there", async () => {
    const { stage } = closing;
    const window = await stage.host.open();
    const openedAtMs = Date.now();
    await startDev(window);
    const before = stops(stage);
    // Its client is there: a window that would be taken for lost would have lost its app by now.
    await passed(lostSeconds + graceSeconds + 10, openedAtMs);
    assert.deepEqual(live(stage), ["flux"]);
    assert.equal(stops(stage), before);
    const hosts = extensionHosts();
    assert.equal(hosts.length, 1);
    await stage.host.killClient();
    const goneAtMs = Date.now();
    await until("the guardian has stopped the app", () => live(stage).length === 0, patient);
    const seconds = (Date.now() - goneAtMs) / 1000;
    console.log(`      stopped ${seconds.toFixed(0)} s after the client was killed`);
    assert.ok(
      seconds >= lostSeconds + graceSeconds - 3,
      "neither the silence nor the grace is cut short",
    );
    assert.deepEqual(extensionHosts(), hosts, "the extension host was not told");
    await until("no guardian is left over", () => guardians() === 0, patient);
    assert.equal(stops(stage) - before, 1, "one stop, not two");
    const again = await stage.host.open();
    await again.untilStatus(status, /nothing running/, patient);
    assert.equal(stops(stage) - before, 1);
    await again.close();
  });
});

describe("after an extension host that was killed in its Stop All", () => {
  const closing = closingStage({ settings: target, moreEnv: shortGrace });

  it("closes the receipt of a Stop All whose extension host was killed, and says what still runs", async () => {
    const { stage } = closing;
    const window = await stage.host.open();
    await startDev(window);
    const before = stops(stage);
    const lost = stage.modal.faults.addRpc({ rpc: "AppStop", fault: { kind: "hang" } });
    await window.runCommand("Modal Meter: Stop All Apps");
    await until("the stop is under way", () => stops(stage) > before, patient);
    await window.killExtensionHost();
    await window.close();
    stage.modal.faults.remove(lost);
    const killedAtMs = Date.now();
    const again = await stage.host.open();
    await again.untilStatus(status, /^dev · 1 app/, patient);
    // A request may be on its way for a minute.
    await passed(62, killedAtMs);
    await again.runCommand("Modal Meter: Check What Is Running");
    const told = await again.untilNotification(/A stop was not finished/, patient);
    assert.equal(told.severity, "warning");
    assert.match(told.message, /1 app still runs in acme\/main: flux/);
    const receipts = await stage.withLedger((ledger) => ledger.receipts({}));
    assert.deepEqual(
      receipts.map(({ by, verified }) => [by, verified]),
      [["person", "left"]],
    );
    await again.runCommand("Modal Meter: Stop All Apps");
    await again.untilNotification(/Nothing runs any more/, patient);
    assert.deepEqual(live(stage), []);
  });
});
