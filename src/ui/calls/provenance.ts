import * as vscode from "vscode";
import type { CallRecord } from "../../cost/call.ts";
import type { CallOutcome } from "../../endpoints/callTypes.ts";
import { keepSidecar } from "../../endpoints/result/sidecar.ts";
import { gitOutput } from "../../modal/process/git.ts";
import type { Asked } from "./asked.ts";
import type { Prepared } from "./plan.ts";

/** Writes beside a result what made it. Answers with a remark where that failed. */
export async function keepProvenance(
  { endpoint, url, app, folder }: Prepared,
  call: CallRecord,
  outcome: CallOutcome,
  asked: Asked,
): Promise<string | null> {
  if (outcome.resultPath === null) return null;
  const endedAtMs = call.endedAtMs ?? outcome.endedAtMs;
  return keepSidecar(outcome.resultPath, {
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
  const limits = { timeoutMs: 2000, maxBytes: 1000 };
  const commit =
    (await gitOutput(folder, process.env, ["rev-parse", "HEAD"], limits))?.trim() ?? "";
  return /^[0-9a-f]{40,64}$/.test(commit) ? commit : null;
}
