import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { formatAmount } from "../../../src/cost/format.ts";
import { usd } from "../../../src/cost/money.ts";
import { minimumCores, minimumGib, ratesInForce } from "../../../src/cost/rates/rates.ts";
import type { Ledger } from "../../../src/session/ledgerPort.ts";
import { addNotes } from "../../../src/session/logs/appNotes.ts";
import { appListing, container } from "../../unit/session/logSample.ts";
import type { UntilOptions } from "../../host/until.ts";
import { needCli, Stage } from "../stage.ts";

const status = "modalMeter.status";
const costs = "Modal Meter Costs";
const patient: UntilOptions = { withinMs: 90_000 };
const hourMs = 3_600_000;
const scope = "acme/main";

interface Morning {
  readonly stage: Stage;
  /** What "training" cost, to the cent. */
  readonly billed: string;
  readonly billedInAll: string;
}

/** A Modal on which "training", and a teammate's app, ran for an hour and a half this morning. */
async function morning(): Promise<Morning> {
  const nowMs = Date.now();
  const startMs = Math.floor(nowMs / hourMs) * hourMs - 5 * hourMs;
  const stage = await Stage.set({
    modal: { startMs },
    settings: {
      "modalMeter.deployTargets": [{ file: "flux_app.py", name: "flux" }],
      "modalMeter.idleReminderMinutes": 0,
      "modalMeter.budget": { weekUsd: 5, monthUsd: 5, hourUsd: 0 },
    },
  });
  const { modal } = stage;
  const functions = [{ name: "fit", gpu: { type: "H100", count: 1 }, minContainers: 1 }];
  const training = modal.seedApp({ name: "training", functions }, 1);
  const theirs = modal.seedApp({ name: "theirs", by: "teammate", functions }, 1);
  modal.advance(1.5 * hourMs);
  for (const { id } of [training, theirs]) modal.workspace.cloud.stopApp(id);
  modal.advance(nowMs - modal.clock.nowMs());
  const rows = modal.workspace.cloud.bill({ byAppHour: true });
  // An hour ago the report said the same: what it says now is final.
  await stage.withLedger((ledger) => {
    const told = rows.map(({ appId, hourStartMs, usd: amount }) => ({
      objectId: appId,
      description: appId === training.id ? "training" : "theirs",
      environment: "main",
      intervalStartMs: hourStartMs,
      cost: usd(amount),
    }));
    ledger.upsertBilled(scope, told, { atMs: nowMs - hourMs, report: 0 });
  });
  const sum = (appIds: readonly string[]): string => {
    const exactUsd = rows
      .filter(({ appId }) => appIds.includes(appId))
      .reduce((total, row) => total + row.usd, 0);
    assert.ok(exactUsd > 1, `a bill of $${exactUsd} proves little`);
    return formatAmount(usd(exactUsd));
  };
  return { stage, billed: sum([training.id]), billedInAll: sum([training.id, theirs.id]) };
}

/** Twelve hours with a container each, all told by Modal, that were billed from when it began to load. */
function billedFromLoading(ledger: Ledger): void {
  const hours = 12;
  const [secondMs, minuteMs] = [1000, 60_000];
  const nowMs = Math.floor(Date.now() / hourMs) * hourMs;
  const fromMs = nowMs - (hours + 6) * hourMs;
  const app = { scope, appId: "ap-1", appName: "llm" };
  const look = { adapter: "sdk", era: 0 } as const;
  for (let atMs = fromMs; atMs <= nowMs; atMs += 5 * minuteMs)
    ledger.recordListing(appListing(atMs, look));
  const { gpus, cpu, memory } = ratesInForce();
  const usdPerHour =
    (gpus.get("L40S")?.usdPerHour ?? 0) +
    cpu.usdPerHour * minimumCores +
    memory.usdPerHour * minimumGib;
  const rows = Array.from({ length: hours }, (_, index) => {
    const intervalStartMs = fromMs + index * hourMs;
    const enqueuedAtMs = intervalStartMs + 6 * minuteMs;
    const bootMs = enqueuedAtMs + (20 + ((index * 7) % 40)) * secondMs;
    const startupMs = (40 + ((index * 11) % 60)) * secondMs;
    const startedAtMs = bootMs + startupMs;
    const finishedAtMs = startedAtMs + 30 * minuteMs;
    const containerId = `ta-${index}`;
    const times = { enqueuedAtMs, startedAtMs, finishedAtMs };
    const holds = { cpuCores: minimumCores, memoryGib: minimumGib };
    const ended = [
      container({ containerId, appName: app.appName, gpuSource: "container", ...holds, ...times }),
    ];
    ledger.recordListing(appListing(finishedAtMs + secondMs, { ...look, ended }));
    addNotes(ledger, app, {
      startups: [{ containerId, appName: app.appName, readyMs: startedAtMs, startupMs }],
    });
    const cost = usd((usdPerHour * (finishedAtMs - bootMs)) / hourMs);
    return {
      objectId: app.appId,
      description: app.appName,
      environment: "main",
      intervalStartMs,
      cost,
    };
  });
  for (const report of [1, 2])
    ledger.upsertBilled(scope, rows, { atMs: nowMs - (3 - report) * hourMs, report });
}

describe("the truth about money, in a real window", () => {
  before(function () {
    needCli(this);
  });

  it("tells at the next start what Modal billed while no window was open, and shows it beside what was metered", async () => {
    const { stage, billed, billedInAll } = await morning();
    await using _ = stage;
    const closedAtMs = Date.now() - 6 * hourMs;
    await stage.withLedger((ledger) => {
      const earlier = { windowId: "earlier", pid: 1, openedAtMs: closedAtMs - 1, closedAtMs };
      ledger.beatWindow({ ...earlier, beatAtMs: closedAtMs, scopes: [scope] });
    });
    const window = await stage.host.open();
    const report = await window.untilNotification(/While no window was open/, patient);
    assert.ok(report.message.includes(`: ${billed} billed.`), report.message);
    const told = await window.untilOutput(costs, /training/, patient);
    assert.ok(
      told.includes(`training was never seen running, but it is on the bill: ${billed} billed`),
      told,
    );

    assert.ok(!told.includes("theirs"), "a teammate's app is no news of this person's");

    await window.clearNotifications();
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.runCommand("Modal Meter: Compare with the Bill");
    const page = await window.untilPage(/Hour by hour/, patient);
    assert.match(
      page,
      /acme\/main, the last 7 days, billed through (?:\d{4}-\d\d-\d\d )?\d\d:00 UTC/,
    );
    assert.match(page, /training .* never seen/);
    assert.match(page, /theirs .* never seen/);
    assert.ok(
      page.includes(`but never seen (no window was open, or the laptop slept) ${billedInAll}`),
      page,
    );
    await window.screenshot("bill-beside-metered");
    const again = await window.notifications();
    assert.ok(
      !again.some(({ message }) => message.includes("was not watching")),
      "it is told once",
    );

    // On a Monday morning the week may be too young, and on the first of a month the month.
    const alert =
      /This (?:week|month) the workspace has cost ≈ \$\d+\.\d\d, (?:nothing|≈ \$\d\.\d+) of it known to be yours; the budget is \$5\.00\./;
    await window.untilNotification(alert, patient);
    await window.pressNotificationButton(alert, "Show Spending");
    const spending = await window.untilPage(/When it is too much/, patient);
    assert.match(
      spending,
      /this (?:week|month) ≈ \$\d+\.\d\d (?:nothing|≈ \$\d\.\d+) \$5\.00 nothing/,
    );
    assert.match(spending, /By app in main, the last 7 days .* training ≈ \$\d/);
    assert.match(spending, /What was deployed, when and by whom\? .*theirs on .* UTC by teammate/);
    await window.screenshot("spending-and-budget");
  });

  it("tells of hours in which the machine slept as soon as the bill does, and leads to the bill", async () => {
    const { stage, billed } = await morning();
    await using _ = stage;
    await stage.withLedger((ledger) => {
      ledger.remember(`bill:since:${scope}`, JSON.stringify(Date.now() - 7 * hourMs));
    });
    const window = await stage.host.open();
    const news = await window.untilNotification(/was not watching: training \([^,]*\)\.$/, patient);
    assert.ok(news.message.startsWith(`Modal billed ${billed} `), news.message);
    await window.pressNotificationButton(/was not watching/, "Compare with the Bill");
    await window.untilPage(/training .* never seen/, patient);
  });

  it("finds out from the bill from when containers cost, on a page that names nothing", async () => {
    const stage = await Stage.set();
    await using _ = stage;
    // The rows that are there stay.
    stage.modal.faults.addRpc({
      rpc: "WorkspaceBillingReport",
      fault: { kind: "status", code: "PERMISSION_DENIED", message: "Not on this plan." },
    });
    await stage.withLedger(billedFromLoading);
    const window = await stage.host.open();
    await window.untilStatus(status, /nothing running/, patient);
    await window.runCommand("Modal Meter: Check the Meter against Your Bill");
    const page = await window.untilPage(/What it rests on/, patient);
    assert.match(page, /From when does a container cost\? from when it begins to load/);
    assert.match(
      page,
      /the start time that Modal reports for a container mean\? the moment at which it is ready/,
    );
    assert.match(
      page,
      /app 1, 12 billed hours: \d+ s of boot per start; it costs what it asks for/,
    );
    assert.doesNotMatch(page, /llm|acme|\$/, "it can be pasted into an issue");
    await window.clearNotifications();
    await window.screenshot("check-of-the-meter");
  });

  it("counts a script's call by its log line, and explains where the session's cost comes from", async () => {
    const stage = await Stage.set({
      settings: { "modalMeter.deployTargets": [{ file: "flux_app.py", name: "flux" }] },
    });
    await using _ = stage;
    stage.modal.faults.addRpc({
      rpc: "WorkspaceBillingReport",
      fault: { kind: "status", code: "PERMISSION_DENIED", message: "Not on this plan." },
    });
    const window = await stage.host.open();
    await window.untilStatus(status, /nothing running/, patient);
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.runCommand("Modal Meter: Invoke Flux Schnell");
    await window.untilQuickInput("Prompt");
    await window.type("a fox at night");
    await window.accept();
    await window.untilOutput(costs, /💰 Cost/, patient);
    await window.clearNotifications();

    const [url] = await stage.withLedger((ledger) =>
      ledger.sessions({ scope }).flatMap(({ apps }) => apps.flatMap(({ urls }) => urls)),
    );
    assert.ok(url);
    const byScript = await fetch(`${url.url.replace(/\/$/, "")}/flux`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: "a script's fox" }),
    });
    assert.equal(byScript.status, 200);
    const seconds = byScript.headers.get("x-execution-time-sec") ?? "";
    const text = await window.untilOutput(costs, /💰[^💰]*from its log/u, patient);
    assert.ok(text.includes(`Time: ${Number(seconds).toFixed(2)}s`), `${seconds} s in\n${text}`);
    assert.equal(text.split("💰 Cost").length - 1, 2, "two calls, two lines");
    assert.match(text, /ℹ️ The plan of acme does not let its bill be read/);

    await window.runCommand("Modal Meter: Explain Costs");
    const explained = await window.untilPage(/What the containers were doing/, patient);
    assert.match(explained, /dev session in acme\/main/);
    assert.match(explained, /reported \$0\.0\d+ \(2 calls\)/);
    assert.match(explained, /metered ≈ \$0\.\d+/);
    assert.match(explained, /working on requests (≈ |<)\$0\.\d+/);
    assert.match(explained, /1 container: Modal says so for this container/);
    await window.screenshot("explain-costs");

    await window.runCommand("Modal Meter: Run Diagnosis");
    const found = await window.untilPage(/The ledger/, patient);
    assert.match(found, /✅ Workspace and environment acme\/main as you, asked through the SDK/);
    assert.match(found, /✅ What runs flux \(1 × L40S\)/);
    assert.match(found, /✅ The ledger no damage found; 1 session, 2 calls, \d+ containers?\b/);
    assert.match(
      found,
      /Your last calls.*flux, .*\$0\.0\d+.*The container started for this call: .* were outside of the handler\. A cold start is billed/,
    );
    await window.screenshot("diagnosis");
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Nothing runs any more/, patient);
  });

  it("keeps a damaged ledger and says where, and exports every row of the one it has", async () => {
    const stage = await Stage.set();
    await using _ = stage;
    await stage.withLedger((ledger) => ledger.remember("sound", "true"));
    const file = join(stage.ledgerFolder, "ledger.db");
    await writeFile(file, "this was a ledger once ".repeat(1000));
    const window = await stage.host.open();
    const told = await window.untilNotification(/The ledger of Modal Meter was damaged/, patient);
    const kept = /kept as (\S+), and a new one was started/.exec(told.message)?.[1] ?? "";
    assert.match(await readFile(kept, "utf8"), /^this was a ledger once/);
    await window.untilStatus(status, /nothing running/, patient);

    await window.runCommand("Modal Meter: Export Ledger…");
    const path = join(stage.workspace, "ledger.json");
    await window.enterPath(/Export/, path, patient);
    await window.untilNotification(/The ledger was exported to/, patient);
    const rows = z
      .record(z.string(), z.array(z.unknown()))
      .parse(JSON.parse(await readFile(path, "utf8")));
    assert.ok((rows["look"]?.length ?? 0) > 0, Object.keys(rows).join());
  });
});
