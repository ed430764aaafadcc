import { execa } from "execa";
import * as vscode from "vscode";
import type { CallRecord } from "../../cost/call.ts";
import type { CallOutcome } from "../../endpoints/callTypes.ts";
import { writeSidecar } from "../../endpoints/result/sidecar.ts";
import type { Asked } from "./asked.ts";
import type { Prepared } from "./plan.ts";

/** Writes beside a result what made it. */
export async function keepProvenance(
  { endpoint, url, app, folder }: Prepared,
  call: CallRecord,
  outcome: CallOutcome,
  asked: Asked,
): Promise<void> {
  if (outcome.resultPath === null) return;
  const endedAtMs = call.endedAtMs ?? outcome.endedAtMs;
  await writeSidecar(outcome.resultPath, {
    callId: call.callId,
    endpoint: endpoint.name,
    url: `${url.origin}${url.pathname}`,
    ...asked,
    mode: call.mode,
    app: app === null ? null : { id: app.appId, name: app.appName },
    gpu: call.gpuType,
    startedAt: new Date(call.startedAtMs).toISOString(),
    endedAt: new Date(endedAtMs).toISOString(),
    executionSeconds: call.executionSeconds,
    wallSeconds: (endedAtMs - call.startedAtMs) / 1000,
    cost: {
      reportedMicroUsd: call.reportedMicroUsd,
      meteredMicroUsd: null,
      billedMicroUsd: null,
    },
    commit: folder === null ? null : await commitOf(folder),
    mediaType: outcome.mediaType,
    bytes: outcome.bytes,
    extracted: [...outcome.extractedPaths],
  });
}

/** The commit of the folder; null where git does not tell. */
async function commitOf(folder: string): Promise<string | null> {
  if (!vscode.workspace.isTrusted) return null;
  const result = await execa("git", ["rev-parse", "HEAD"], {
    cwd: folder,
    timeout: 2000,
    reject: false,
    stdin: "ignore",
  });
  const commit = result.stdout?.trim() ?? "";
  return /^[0-9a-f]{40,64}$/.test(commit) ? commit : null;
}
