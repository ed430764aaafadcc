import { delay, type Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { CallRecord } from "../../cost/call.ts";
import { LoggedContainers } from "../../cost/metered/loggedContainers.ts";
import { LogLineAssembler } from "../../cost/reported/logLineAssembler.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import { addNotes } from "./appNotes.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
import { LogCursor } from "./logCursor.ts";
import { LoggedCalls } from "./loggedCalls.ts";
import type { ModalControl } from "../modalControl.ts";

export interface LogFollowerParts {
  readonly ledger: Pick<
    Ledger,
    "upsertCall" | "calls" | "acquireLease" | "releaseLease" | "remember" | "recall"
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique per window. */
  readonly holder: string;
  readonly pid: number;
  readonly rates: () => Rates;
  /** Each new call of somebody else, for the output channel. */
  readonly onCall: (call: CallRecord) => void;
}

/** What following needs of a connection. */
export interface LogSource {
  readonly control: Pick<ModalControl, "followLogs">;
  /** "workspace/environment". */
  readonly scopeKey: string;
}

/** More logs than these are not followed: the apps with most containers come first. */
const maxFollowed = 8;
const leaseMs = 30_000;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** A container that says much is noted this often, a new one at once. */
const noteEveryMs = 30_000;

interface Following {
  readonly abort: AbortController;
  readonly calls: LoggedCalls;
  timer: Disposable | undefined;
}

/**
 * Reads the logs of running apps. Their `💰` lines are calls made by scripts and teammates, which
 * belong into the ledger too; and each line proves that its container was up. One window of the
 * machine follows each app (a lease); a line that two of them read all the same is one row, because
 * its key comes from the line's own place in the log.
 */
export class LogFollower implements Disposable {
  readonly #parts: LogFollowerParts;
  readonly #following = new Map<string, Following>();

  constructor(parts: LogFollowerParts) {
    this.#parts = parts;
  }

  /** Follows the apps of this listing that have containers, and no others any more. */
  update(source: LogSource, listing: Listing): void {
    const wanted = liveApps(listing)
      .filter(({ containerCount, state }) => containerCount > 0 && state !== "stopped")
      .toSorted((a, b) => b.containerCount - a.containerCount)
      .slice(0, maxFollowed);
    const wantedIds = new Set(wanted.map(({ appId }) => appId));
    for (const [appId, following] of this.#following) {
      if (!wantedIds.has(appId)) this.#end(appId, following);
    }
    for (const app of wanted) if (!this.#following.has(app.appId)) this.#begin(source, app);
  }

  dispose(): void {
    for (const [appId, following] of this.#following) this.#end(appId, following);
  }

  #begin(source: LogSource, app: LiveApp): void {
    if (!this.#hold(app.appId)) return;
    const logged = { scope: source.scopeKey, appId: app.appId, appName: app.name };
    const following: Following = {
      abort: new AbortController(),
      calls: new LoggedCalls(logged, this.#parts),
      timer: undefined,
    };
    this.#following.set(app.appId, following);
    this.#renew(app.appId, following);
    void this.#follow(source, app, following)
      .catch((error: unknown) => this.#parts.log.error(`The log of ${app.name} broke.`, error))
      .finally(() => this.#end(app.appId, following));
  }

  #end(appId: string, following: Following): void {
    following.timer?.dispose();
    following.abort.abort();
    if (this.#following.get(appId) !== following) return;
    this.#following.delete(appId);
    try {
      this.#parts.ledger.releaseLease(leaseOf(appId), this.#parts.holder);
    } catch (error) {
      this.#parts.log.warn(
        `The lease on the log of ${appId} could not be given back: ${String(error)}`,
      );
    }
  }

  #hold(appId: string): boolean {
    const { ledger, holder, pid, clock } = this.#parts;
    return ledger.acquireLease(leaseOf(appId), holder, pid, clock.nowMs(), leaseMs);
  }

  /** Keeps the lease, also while the log is silent; and asks again about lines that wait. */
  #renew(appId: string, following: Following): void {
    following.timer = this.#parts.clock.after(leaseMs / 3, () => {
      try {
        following.calls.settle();
        if (this.#hold(appId)) {
          this.#renew(appId, following);
          return;
        }
        this.#parts.log.debug(`Another window follows the log of ${appId}.`);
      } catch (error) {
        this.#parts.log.warn(`The log of ${appId} is no longer followed: ${String(error)}`);
      }
      this.#end(appId, following);
    });
  }

  async #follow(source: LogSource, app: LiveApp, following: Following): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = following.abort;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        if (await this.#read(source, app, following)) pauseMs = firstPauseMs;
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
    }
  }

  /** Reads until the log ends or breaks; whether it said anything. */
  async #read(source: LogSource, app: LiveApp, { abort, calls }: Following): Promise<boolean> {
    const { ledger, clock } = this.#parts;
    const { signal } = abort;
    const lines = new LogLineAssembler(app.appId);
    const containers = new LoggedContainers({
      scope: source.scopeKey,
      appId: app.appId,
      appName: app.name,
    });
    const noted = { count: 0, atMs: clock.nowMs() };
    const note = (): void => {
      noted.count = containers.list().length;
      noted.atMs = clock.nowMs();
      const where = { scope: source.scopeKey, appId: app.appId };
      addNotes(ledger, where, { logged: containers.list() });
    };
    const cursor = new LogCursor(ledger, app.appId);
    const after = cursor.resume();
    let isFirst = true;
    try {
      const chunks = source.control.followLogs(app.appId, {
        signal,
        ...(after === undefined ? {} : { afterEntryId: after }),
      });
      for await (const chunk of chunks) {
        if (signal.aborted) break;
        isFirst = false;
        calls.add(lines.add(chunk));
        cursor.passed(chunk);
        if (lines.isWhole && !calls.isWaiting) cursor.save();
        containers.add(chunk);
        const isNew = containers.list().length > noted.count;
        if (isNew || clock.nowMs() - noted.atMs >= noteEveryMs) note();
      }
      // Half a line at a break is no line: its other half comes with the next connection.
      if (!signal.aborted) calls.add(lines.flush());
    } finally {
      if (containers.list().length > 0) note();
    }
    return !isFirst;
  }
}

function leaseOf(appId: string): string {
  return `log:${appId}`;
}
