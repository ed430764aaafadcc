import { t } from "../../base/text.ts";
import { delay, type Clock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import type { ControlOptions } from "../../session/modalControl.ts";
import type { SdkCall, SdkConnection } from "./entry.ts";
import { parseRolloverAt, parseTaskList } from "./rows.ts";

const rolloverMs = 40_000;

/** A new deployment, then the end of the containers from before it. Rejects where they do not end within 40 s. */
export async function rollover(
  { appId, environment }: { readonly appId: string; readonly environment: string },
  clock: Clock,
  { signal }: ControlOptions,
  ask: <T>(operation: (sdk: SdkConnection, call: SdkCall) => Promise<T>) => Promise<T>,
): Promise<void> {
  const deployedAtMs = await ask(async (sdk, call) =>
    parseRolloverAt(await sdk.appRollover(appId, call)),
  );
  const deadlineMs = clock.nowMs() + rolloverMs;
  const reported = new Set<string>();
  for (;;) {
    const old = await ask(async (sdk, call) => {
      const tasks = parseTaskList(
        await sdk.taskList({ environmentName: environment, appId }, call),
      );
      const before = tasks.filter((task) => (task.enqueuedAtMs ?? Infinity) < deployedAtMs);
      const fresh = before.filter((task) => !reported.has(task.containerId));
      await Promise.all(fresh.map((task) => sdk.containerStop(task.containerId, false, call)));
      for (const task of fresh) reported.add(task.containerId);
      return before;
    });
    if (old.length === 0) return;
    if (clock.nowMs() >= deadlineMs) {
      const names = old.map((task) => task.containerId).join(", ");
      throw new Failure("timed-out", t("These containers did not end within 40 s: {0}.", names));
    }
    await delay(clock, 1000, signal);
  }
}
