import { isAborted } from "../../base/abort.ts";
import { t } from "../../base/text.ts";
import type { LogChunk } from "../../session/modalControl.ts";
import type { ProcessEnv } from "../credentials.ts";
import { LineQueue } from "../lineQueue.ts";
import { cliFailure } from "./failure.ts";
import { isFollowNote, parseLogLine, stampArgs } from "./logLines.ts";
import type { CliProcessParts } from "./process.ts";

/** A follower ends within this after SIGINT, or is killed. */
const graceMs = 3000;

/** `modal app logs --follow`, until the app is done or the signal aborts. */
export async function* printedLogs(
  parts: CliProcessParts,
  appId: string,
  env: ProcessEnv,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogChunk> {
  const { streamCli } = await import("./stream.ts");
  if (isAborted(signal)) return;
  const queue = new LineQueue();
  const stream = streamCli(parts, ["app", "logs", appId, "--follow", ...stampArgs], {
    env,
    onLine: (line, from) => from === "stdout" && queue.push(line),
  });
  const onAbort = (): void => stream.interrupt(graceMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  const ended = stream.ended.finally(() => queue.end());
  ended.catch(() => {});
  try {
    for await (const line of queue) if (!isFollowNote(line)) yield parseLogLine(line);
    const { exitCode, stderr } = await ended;
    if (exitCode === 0 || isAborted(signal)) return;
    throw cliFailure(t("follow the logs"), { exitCode, stdout: "", stderr });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    stream.interrupt(graceMs);
  }
}
