import assert from "node:assert/strict";
import type { IncidentRecord } from "../../src/guardian/incident/record.ts";
import { lastIncident } from "../unit/guardian/lastIncident.ts";
import { ownProcesses } from "../host/processes.ts";
import { until, type UntilOptions } from "../host/until.ts";
import type { EditorWindow } from "../host/window.ts";
import { eachTry } from "./eachTry.ts";
import { needCli, Stage, type StageOptions } from "./stage.ts";

export const status = "modalMeter.status";
/** What a loaded machine may take. */
export const patient: UntilOptions = { withinMs: 120_000, everyMs: 250 };

/** The stage of the tests of the describe around the call. @param check may skip them. */
export function closingStage(
  options: StageOptions,
  check: (context: Mocha.Context, stage: Stage) => void = () => undefined,
): { readonly stage: Stage } {
  let current: Stage | undefined;
  eachTry(
    async (context) => {
      needCli(context);
      current = await Stage.set(options);
      check(context, current);
    },
    async () => current?.[Symbol.asyncDispose](),
  );
  return {
    get stage() {
      assert.ok(current, "no stage is set");
      return current;
    },
  };
}

/** Apps that Local Modal itself has in service. */
export function live({ modal }: Stage): readonly string[] {
  modal.sync();
  return [...modal.workspace.cloud.apps.values()]
    .filter(({ state }) => state === "deployed")
    .map(({ description }) => description);
}

export const stops = ({ modal }: Stage): number => modal.journal.count({ name: "AppStop" });

export const guardians = (): number =>
  ownProcesses().filter(({ command }) => command.includes("guardian.cjs")).length;

/** Deploys flux in the window, and waits until the guardian is there. */
export async function startDev(window: EditorWindow): Promise<void> {
  await window.untilStatus(status, /nothing running/, patient);
  await window.runCommand("Modal Meter: Start Dev Session");
  await window.untilNotification("flux is ready in dev mode", patient);
  await window.untilStatus(status, /^dev · 1 app/, patient);
  await until("a guardian runs", () => guardians() === 1, patient);
}

export const incidentOf = (stage: Stage): Promise<IncidentRecord | undefined> =>
  stage.withLedger((ledger) => lastIncident(ledger));

/** In place of the usual 20 s. */
export const graceSeconds = 5;
export const shortGrace = { MODAL_METER_GRACE_SECONDS: String(graceSeconds) };

export const passed = (seconds: number, sinceMs: number): Promise<unknown> =>
  until(`${seconds} s have passed`, () => Date.now() - sinceMs > seconds * 1000, patient);

export const target = { "modalMeter.deployTargets": [{ file: "flux_app.py", name: "flux" }] };
