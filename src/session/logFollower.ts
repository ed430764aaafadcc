import { delay, type Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { failureOf } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
import type { CallRecord } from "../cost/call.ts";
import { LogLineAssembler, type LoggedCost } from "../cost/logLineAssembler.ts";
import type { Connected } from "./connection.ts";
import type { Ledger, Listing } from "./ledgerPort.ts";
import { liveApps, type LiveApp } from "./liveApp.ts";

export interface LogFollowerParts {
  readonly ledger: Pick<
    Ledger,
    "upsertCall" | "acquireLease" | "releaseLease" | "remember" | "recall"
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique per window. */
  readonly holder: string;
  readonly pid: number;
  /** Each new call that was read, for the output channel. */
  readonly onCall: (call: CallRecord) => void;
}

/** More logs than these are not followed: the apps with most containers come first. */
const maxFollowed = 8;
const leaseMs = 30_000;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

interface Following {
  readonly abort: AbortController;
}

/**
 * Reads the `💰` lines of running apps, so that calls made by scripts and teammates are in the
 * ledger too. One window of the machine follows each app (a lease); a line that two of them read all
 * the same is one row, because its key comes from the line's own place in the log.
 */
export class LogFollower implements Disposable {
  readonly #parts: LogFollowerParts;
  readonly #following = new Map<string, Following>();

  constructor(parts: LogFollowerParts) {
    this.#parts = parts;
  }

  /** Follows the apps of this listing that have containers, and no others any more. */
  update(connected: Connected, listing: Listing): void {
    const wanted = liveApps(listing)
      .filter(({ containerCount, state }) => containerCount > 0 && state !== "stopped")
      .toSorted((a, b) => b.containerCount - a.containerCount)
      .slice(0, maxFollowed);
    const wantedIds = new Set(wanted.map(({ appId }) => appId));
    for (const [appId, { abort }] of this.#following) {
      if (!wantedIds.has(appId)) this.#end(appId, abort);
    }
    for (const app of wanted) if (!this.#following.has(app.appId)) this.#begin(connected, app);
  }

  dispose(): void {
    for (const [appId, { abort }] of this.#following) this.#end(appId, abort);
  }

  #begin(connected: Connected, app: LiveApp): void {
    if (!this.#hold(app.appId)) return;
    const abort = new AbortController();
    this.#following.set(app.appId, { abort });
    void this.#follow(connected, app, abort.signal).finally(() => {
      if (this.#following.get(app.appId)?.abort === abort) this.#end(app.appId, abort);
    });
  }

  #end(appId: string, abort: AbortController): void {
    this.#following.delete(appId);
    abort.abort();
    this.#parts.ledger.releaseLease(leaseOf(appId), this.#parts.holder);
  }

  #hold(appId: string): boolean {
    const { ledger, holder, pid, clock } = this.#parts;
    return ledger.acquireLease(leaseOf(appId), holder, pid, clock.nowMs(), leaseMs);
  }

  async #follow(connected: Connected, app: LiveApp, signal: AbortSignal): Promise<void> {
    const { ledger, clock, log } = this.#parts;
    const cursorKey = `logCursor:${app.appId}`;
    let renewedAtMs = clock.nowMs();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const lines = new LogLineAssembler(app.appId);
      const after = readCursor(ledger.recall(cursorKey));
      try {
        const chunks = connected.control.followLogs(app.appId, {
          signal,
          ...(after === undefined ? {} : { afterEntryId: after }),
        });
        for await (const chunk of chunks) {
          pauseMs = firstPauseMs;
          const found = lines.add(chunk);
          for (const line of found) this.#record(connected.scopeKey, app, line);
          // The cursor moves only past whole lines that are recorded.
          if (chunk.entryId !== null && found.length > 0) {
            ledger.remember(cursorKey, JSON.stringify(chunk.entryId));
          }
          if (clock.nowMs() - renewedAtMs > leaseMs / 3) {
            if (!this.#hold(app.appId)) return;
            renewedAtMs = clock.nowMs();
          }
        }
        for (const line of lines.flush()) this.#record(connected.scopeKey, app, line);
      } catch (error) {
        const failure = failureOf(error);
        if (failure?.reason === "unsupported" || failure?.reason === "not-found") return;
        if (failure === undefined && !signal.aborted)
          log.error(`The log of ${app.name} broke.`, error);
        else log.debug(`The log of ${app.name} ended: ${failure?.message ?? "cancelled"}`);
      }
      if (signal.aborted) return;
      try {
        await delay(clock, pauseMs, signal);
      } catch {
        return;
      }
      if (!this.#hold(app.appId)) return;
    }
  }

  #record(scope: string, app: LiveApp, line: LoggedCost): void {
    const { ledger, clock, onCall } = this.#parts;
    const endedAtMs = line.atMs ?? clock.nowMs();
    const call: CallRecord = {
      callId: line.callId,
      scope,
      source: "log",
      sessionId: null,
      appId: app.appId,
      appName: app.name,
      endpoint: null,
      mode: null,
      startedAtMs: endedAtMs - Math.round((line.executionSeconds ?? 0) * 1000),
      endedAtMs,
      status: "succeeded",
      reportedMicroUsd: line.microUsd,
      executionSeconds: line.executionSeconds,
      gpuType: line.gpuType,
      audit: [],
      handoverUrl: null,
      resultPath: null,
      inputJson: null,
      failure: null,
    };
    ledger.upsertCall(call);
    onCall(call);
  }
}

function leaseOf(appId: string): string {
  return `log:${appId}`;
}

/** What the ledger remembers is JSON; a text of another kind is no cursor. */
function readCursor(json: string | undefined): string | undefined {
  const value: unknown = json === undefined ? undefined : JSON.parse(json);
  return typeof value === "string" ? value : undefined;
}
