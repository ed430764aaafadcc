import type { EditorWindow } from "../host/window.ts";
import type { Stage } from "./stage.ts";

export const status = "modalMeter.status";

/** @param idle what the status bar says before: with the CLI alone, sandboxes cannot be listed. */
export async function startDev(window: EditorWindow, idle = /nothing running/): Promise<void> {
  await window.untilStatus(status, idle, { withinMs: 60_000 });
  await window.runCommand("Modal Meter: Start Dev Session");
  await window.pick(/^flux/, { withinMs: 60_000 });
  await window.untilNotification("flux is ready in dev mode", { withinMs: 120_000 });
  await window.untilStatus(status, /^dev · 1 app/);
}

/** What Local Modal itself says, which no claim of the extension can change. */
export function liveApps(stage: Stage): readonly string[] {
  stage.modal.sync();
  return [...stage.modal.workspace.cloud.apps.values()]
    .filter(({ state }) => state === "deployed")
    .map(({ description }) => description);
}
