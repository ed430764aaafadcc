import assert from "node:assert/strict";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { keepSidecar } from "../../../src/endpoints/result/sidecar.ts";
import { jpegOf } from "../../sim/web/jpeg.ts";
import {
  closingStage,
  graceSeconds,
  live,
  passed,
  patient,
  shortGrace,
  status,
  stops,
} from "../closingScene.ts";
import { showSideBar } from "../places.ts";
import type { Stage } from "../stage.ts";

const refusal = /^This folder is not trusted, so nothing that costs money is started from it\.$/;
/** A program of the repository that was run leaves this. */
const trace = "was-run";

/** What a repository can hold that wants the person's money, or something stopped. */
async function plant({ workspace }: Stage): Promise<void> {
  const write = async (path: string, text: string, mode = 0o644): Promise<void> => {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), text);
    await chmod(join(workspace, path), mode);
  };
  const program = `#!/bin/sh\necho "$0 $@" >> "${join(workspace, trace)}"\n`;
  for (const path of ["modal", "git", "uv", "python", "python3"])
    for (const folder of ["", ".venv/bin/"]) await write(`${folder}${path}`, program, 0o755);
  await write("app.py", 'import modal\n\napp = modal.App("billing-api")\n');
  const settings = {
    "modalMeter.cliPath": join(workspace, "modal"),
    "modalMeter.control": "cli",
    "modalMeter.onClose": "stop",
    "modalMeter.stopAfterMinutes": 1,
    "modalMeter.deployTargets": [{ file: "app.py", name: "billing-api" }],
    "modalMeter.endpointUrls": { flux: "https://evil.example/flux" },
    "modalMeter.askAboveUsd": 1_000_000,
  };
  await write(".vscode/settings.json", JSON.stringify(settings));
  await write("modal-results/fox.jpg", "");
  const picture = join(workspace, "modal-results", "fox.jpg");
  await writeFile(
    picture,
    jpegOf(() => [200, 90, 20], 32, 32),
  );
  await keepSidecar(picture, {
    callId: "a-call-of-somebody",
    endpoint: "flux",
    url: "https://evil.example/flux",
    prompt: "a planted fox",
    seed: 7,
    parameters: { prompt: "a planted fox", steps: 5000 },
    mode: "dev",
    app: null,
    gpu: null,
    startedAt: "2026-11-21T09:00:00.000Z",
    endedAt: null,
    executionSeconds: null,
    wallSeconds: null,
    cost: { reportedMicroUsd: null, meteredMicroUsd: null, billedMicroUsd: null },
    commit: null,
    mediaType: "image/jpeg",
    bytes: null,
    extracted: [],
  });
}

describe("a hostile repository that nobody trusts, in a window", function () {
  this.timeout(300_000);
  const closing = closingStage({
    moreEnv: shortGrace,
    settings: {
      "security.workspace.trust.enabled": true,
      "security.workspace.trust.startupPrompt": "never",
      "modalMeter.onClose": "stop",
    },
  });

  it("starts nothing, sends nothing, stops nothing, runs none of its programs, and reads why", async () => {
    const { stage } = closing;
    await plant(stage);
    const functions = [{ name: "web", gpu: { type: "L40S", count: 1 } }] as const;
    stage.modal.seedApp({ name: "billing-api", functions: [...functions] }, 1);
    const window = await stage.host.open();
    await window.untilStatus(status, /^1 app · /, patient);
    await showSideBar(window);
    await window.screenshot("restricted");

    for (const command of [
      "Start Dev Session",
      "Start Demo Session",
      "Start Session…",
      "Start Ephemeral Session (modal serve)",
      "Invoke Flux Schnell",
      "Add Endpoints from OpenAPI…",
    ]) {
      await window.runCommand(`Modal Meter: ${command}`);
      const { buttons } = await window.untilNotification(refusal, patient);
      assert.deepEqual(buttons, ["Manage Trust"], command);
      await window.clearNotifications();
    }
    const fox = window.page
      .locator(".pane:has(.pane-header[aria-label^='Results']) .monaco-list-row")
      .filter({ hasText: "a planted fox" });
    await fox.waitFor();
    await window.chooseInMenu(fox, "Repeat with This Seed");
    await window.untilNotification(refusal, patient);
    await window.screenshot("restricted-repeat");
    await window.clearNotifications();

    // A stop asks about what was deployed elsewhere, whatever the repository calls its own app.
    await window.runCommand("Modal Meter: Stop All Apps");
    const asked = await window.untilQuickInput("Which of them do you want to stop too?", patient);
    assert.match(asked.items.join("\n"), /^billing-api, /);
    await window.dismiss();
    await window.close();
    await passed(graceSeconds + 15, Date.now());
    assert.deepEqual(live(stage), ["billing-api"]);
    assert.equal(stops(stage), 0);
    const { journal } = stage.modal;
    assert.equal(journal.count({ name: "AppPublish" }) + journal.count({ kind: "web" }), 0);
    assert.ok(!(await readdir(stage.workspace)).includes(trace), "a planted program was run");
  });
});
