import type { Clock } from "../../base/clock.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { CallRecord } from "../../cost/call.ts";
import { clockOffset } from "../../cost/reported/clockOffset.ts";
import { loggedCall, type LoggedApp } from "../../cost/reported/loggedCall.ts";
import type { LoggedCost } from "../../cost/reported/logLineAssembler.ts";
import { fateOfLogCall } from "../../cost/reported/ownCall.ts";
import type { Rates } from "../../cost/rates/rates.ts";
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
const longestCallMs = 7 * 3_600_000;
/** Modal's clock and this machine's may be off by so much. */
const clockSlackMs = 3_600_000;
/** Answers by which the clocks are compared. */
const clockSamples = 20;
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

  #decide(line: CallRecord): void {
    const { ledger, onCall } = this.#parts;
    if (ledger.calls({ callId: line.callId }).length > 0) {
      this.#waiting.delete(line.callId);
      return;
    }
    const editorCalls = this.#editorCallsAround(line);
    const fate = fateOfLogCall(
      line,
      editorCalls,
      editorCalls.length === 0 ? null : this.#clockOffsetMs(),
    );
    if (fate.do === "wait" && this.#waiting.size < maxWaiting) {
      this.#waiting.set(line.callId, line);
      return;
    }
    this.#waiting.delete(line.callId);
    switch (fate.do) {
      case "nothing":
        return;
      case "complete":
        if (this.#complete(fate.call, line)) return;
        // Another window gave the call another line meanwhile.
        this.#decide(line);
        return;
      default:
        ledger.upsertCall(line);
        onCall(line);
    }
  }

  /** Whether the ledger has the line as the call's own now. */
  #complete(call: CallRecord, line: CallRecord): boolean {
    const { ledger } = this.#parts;
    ledger.upsertCall(call);
    const [kept] = ledger.calls({ callId: call.callId });
    return kept === undefined || kept.logLineId === line.callId;
  }

  /** This editor's calls that the line may belong to, by whichever clock. */
  #editorCallsAround({ startedAtMs, endedAtMs }: CallRecord): readonly CallRecord[] {
    return this.#parts.ledger
      .calls({
        scope: this.#app.scope,
        source: "editor",
        fromMs: startedAtMs - longestCallMs,
        toMs: (endedAtMs ?? startedAtMs) + clockSlackMs,
      })
      .filter(({ appId }) => appId === this.#app.appId || appId === null);
  }

  #clockOffsetMs(): number | null {
    const { ledger } = this.#parts;
    const newest = { scope: this.#app.scope, source: "editor", limit: clockSamples } as const;
    return clockOffset(ledger.calls(newest).flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []));
  }
}
