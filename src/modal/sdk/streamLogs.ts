import { isAborted } from "../../base/abort.ts";
import { delay, type Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { t } from "../../base/text.ts";
import type { ControlOptions, LogChunk } from "../../session/modalControl.ts";
import type { SdkConnection } from "./entry.ts";
import { sdkFailure } from "./failure.ts";
import { parseLogBatch } from "./rows.ts";

export interface LogStreamParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly connect: () => Promise<SdkConnection>;
}

/** A stream that breaks this often in a row, without a single line between, is given up. */
const streamAttempts = 5;

/** Follows an app's log until it is done or the signal aborts; a stream that breaks is taken up where it was. */
export async function* streamLogs(
  { clock, log, connect }: LogStreamParts,
  appId: string,
  options: ControlOptions & { readonly afterEntryId?: string },
): AsyncGenerator<LogChunk> {
  const what = t("follow the logs");
  let entryId = options.afterEntryId ?? "";
  for (let failures = 0; !isAborted(options.signal);) {
    try {
      const sdk = await connect();
      const call = options.signal === undefined ? {} : { signal: options.signal };
      for await (const answer of sdk.appGetLogs(appId, entryId, call)) {
        const batch = parseLogBatch(answer);
        if (batch.entryId !== "") entryId = batch.entryId;
        yield* batch.chunks;
        failures = 0;
        if (batch.appDone) return;
      }
    } catch (error) {
      if (isAborted(options.signal)) return;
      const failure = sdkFailure(what, error, false);
      failures += 1;
      const passing = ["offline", "service-error", "timed-out"].includes(failure.reason);
      if (!passing || failures >= streamAttempts) throw failure;
      log.debug(`The logs of ${appId} broke off: ${failure.message}`);
      await delay(clock, 500 * 2 ** failures, options.signal).catch(() => {});
    }
  }
}
