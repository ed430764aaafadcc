import { t } from "../../base/text.ts";
import { unreachable, warmUpAddress, type StartedApp } from "./health.ts";
import type { StartOptions } from "./start.ts";
import { skippedText, warmUp, type WarmUpParts } from "./warmUp.ts";

const defaultWarmUpLimitMs = 900_000;

export interface WarmUps {
  readonly scope: string;
  /** Ids of the apps that are warm: those are left out, and those that become it are added. */
  readonly warm: Set<string>;
  /** The idle window in force, in seconds; null: it is not known. */
  readonly windowInForce: (appId: string) => number | null;
  readonly note: (text: string) => void;
}

/**
 * Warms up the apps of a start, one after the other. What has no URL for it, and what a person skips,
 * is noted. Rejects as `warmUp` does.
 */
export async function warmUpEach(
  parts: WarmUpParts,
  started: readonly StartedApp[],
  options: StartOptions,
  { scope, warm, windowInForce, note }: WarmUps,
): Promise<void> {
  for (const { wanted, app } of started) {
    if (warm.has(app.appId)) continue;
    const url = warmUpAddress(wanted, app);
    if (url === null) {
      if (wanted.warmUpUrl !== null) note(unreachable(app, wanted.warmUpUrl));
      const why =
        wanted.warmUpUrl === null
          ? t("{0}: no warm-up URL is set", app.appName)
          : t("{0}: no warm-up URL is known", app.appName);
      options.onEvent({ kind: "skipped", step: "warm-up", why });
      note(t("{0}, so the first request is a cold start.", why));
      continue;
    }
    const windowSeconds = windowInForce(app.appId);
    const result = await warmUp(parts, {
      scope,
      appName: app.appName,
      url,
      limitMs: options.warmUpLimitMs ?? defaultWarmUpLimitMs,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.skipWarmUp === undefined ? {} : { skip: options.skipWarmUp }),
      onTick: (elapsedMs, typical) =>
        options.onEvent({ kind: "warming", elapsedMs, typical, windowSeconds }),
    });
    if (result.kind === "warm") warm.add(app.appId);
    else note(skippedText(app.appName, windowSeconds));
  }
}
