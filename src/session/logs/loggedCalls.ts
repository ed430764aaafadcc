import type { Clock } from "../../base/clock.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { CallRecord } from "../../cost/call.ts";
import { fateOfLogCall } from "../../cost/reported/distinctCalls.ts";
import { loggedCall, type LoggedApp } from "../../cost/reported/loggedCall.ts";
import { loggedContainerId, type LoggedCost } from "../../cost/reported/logLineAssembler.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import { addNotes } from "./appNotes.ts";
import type { Ledger } from "../ledgerPort.ts";

export interface LoggedCallsParts {
  readonly ledger: Pick<Ledger, "upsertCall" | "calls" | "remember" | "recall">;
  readonly clock: Clock;
  readonly log: Log;
  /** The rates in force: what a line claims is checked against them. */
  readonly rates: () => Rates;
  /** Each call of somebody else that is new to the ledger. */
  readonly onCall: (call: CallRecord) => void;
}

/** A call of this editor that began longer ago than this says nothing about a line of now. */
const longestCallMs = 6 * 3_600_000;
const clockSlackMs = 10_000;
/** Lines that wait for a call to end. More than this is somebody else's load test. */
const maxWaiting = 10_000;

/**
 * Puts the cost lines of one app's log into the ledger: each is a call that somebody else made, or
 * belongs to one of this editor's own, which is not counted again. While an own call runs, nobody
 * can tell, so its line waits.
 */
export class LoggedCalls {
  readonly #parts: LoggedCallsParts;
  readonly #app: LoggedApp;
  readonly #waiting = new Map<string, CallRecord>();
  /** Own calls by the line that was found to be theirs: another line, however alike, is another call. */
  readonly #lineOf = new Map<string, string>();

  constructor(app: LoggedApp, parts: LoggedCallsParts) {
    this.#app = app;
    this.#parts = parts;
  }

  /** Lines that nobody can put down to a call yet: do not forget where in the log they are. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Writes the lines' calls, once each. Throws `Failure("ledger")`; a line that nothing can be made
   * of is left out, and keeps no other from being read.
   */
  add(lines: readonly LoggedCost[]): void {
    const { clock, rates, log } = this.#parts;
    for (const line of lines) {
      try {
        this.#decide(loggedCall(line, this.#app, rates(), clock.nowMs()));
      } catch (error) {
        if (failureOf(error) !== undefined) throw error;
        log.error(`A cost line of ${this.#app.appName} was left out.`, error);
      }
    }
  }

  /** Asks again about the lines that wait. */
  settle(): void {
    for (const call of this.#waiting.values()) this.#decide(call);
  }

  #decide(call: CallRecord): void {
    const { ledger, onCall } = this.#parts;
    if (ledger.calls({ callId: call.callId }).length > 0) {
      this.#waiting.delete(call.callId);
      return;
    }
    const own = this.#ownAround(call).filter(({ callId }) => {
      const line = this.#lineOf.get(callId);
      return line === undefined || line === call.callId;
    });
    const fate = fateOfLogCall(call, own);
    if (fate.do === "wait" && this.#waiting.size < maxWaiting) {
      this.#waiting.set(call.callId, call);
      return;
    }
    this.#waiting.delete(call.callId);
    if (fate.do === "complete") {
      this.#lineOf.set(fate.call.callId, call.callId);
      const before = own.find(({ callId }) => callId === fate.call.callId);
      if (before === undefined || !isSame(before, fate.call)) ledger.upsertCall(fate.call);
      const containerId = loggedContainerId(call.callId);
      if (containerId !== null) {
        const containerOfCall = new Map([[fate.call.callId, containerId]]);
        addNotes(ledger, this.#app, { containerOfCall });
      }
      return;
    }
    ledger.upsertCall(call);
    onCall(call);
  }

  #ownAround({ startedAtMs, endedAtMs }: CallRecord): readonly CallRecord[] {
    return this.#parts.ledger
      .calls({
        scope: this.#app.scope,
        source: "editor",
        fromMs: startedAtMs - longestCallMs,
        toMs: (endedAtMs ?? startedAtMs) + clockSlackMs,
      })
      .filter(({ appId }) => appId === this.#app.appId);
  }
}

function isSame(a: CallRecord, b: CallRecord): boolean {
  return (
    a.reportedMicroUsd === b.reportedMicroUsd &&
    a.executionSeconds === b.executionSeconds &&
    a.gpuType === b.gpuType
  );
}
