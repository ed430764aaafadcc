import type { CallRecord } from "../../cost/call.ts";
import type { CallQuery } from "../../session/ledgerPort.ts";
import { callsOf } from "./callTable.ts";
import { callVersion } from "./callVersion.ts";
import type { Connection } from "../connection.ts";

/** The views ask for the session's hours and for the last one. */
const keptQueries = 4;
/** A month of a busy workspace is read, and not kept in memory. */
const keptRows = 20_000;

/**
 * Answers a query for calls once more while no call has changed. Every look writes to the ledger and
 * makes the views ask again, while the calls of a busy day are thousands of rows.
 */
export class CallCache {
  readonly #connection: Connection;
  readonly #kept = new Map<
    string,
    { readonly version: string; readonly calls: readonly CallRecord[] }
  >();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  read(query: CallQuery): readonly CallRecord[] {
    // Asked once per line of a log, and never the same again.
    if (query.callId !== undefined || query.source !== undefined) {
      return callsOf(this.#connection, query);
    }
    const key = JSON.stringify(query);
    // Asked first: a change that falls in between is read twice rather than never.
    const version = `${this.#connection.replaced} ${callVersion(this.#connection)}`;
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    const calls = known?.version === version ? known.calls : callsOf(this.#connection, query);
    if (calls.length <= keptRows) this.#kept.set(key, { version, calls });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptQueries && oldest !== undefined) this.#kept.delete(oldest);
    return calls;
  }
}
