import * as z from "zod/mini";
import type { LogChunk } from "../modalControl.ts";
import type { Ledger } from "../ledgerPort.ts";

/** Entries of several containers may come out of order by so much. */
const disorderSeconds = 3;
const maxEntries = 1000;

interface Entry {
  readonly entryId: string;
  readonly second: number;
  /** The latest second of this entry and all before it. */
  readonly latestSecond: number;
}

/**
 * How far one app's log is read, so that the next follower goes on from there. It rests between two
 * whole seconds, because equal lines within a second are told apart by their order: all of them are
 * read again, or none.
 */
export class LogCursor {
  readonly #ledger: Pick<Ledger, "remember" | "recall">;
  readonly #key: string;
  #entries: Entry[] = [];
  #latestSecond = Number.NEGATIVE_INFINITY;

  constructor(ledger: Pick<Ledger, "remember" | "recall">, appId: string) {
    this.#ledger = ledger;
    this.#key = `logCursor:${appId}`;
  }

  /** The entry to resume after; undefined: none is known. Begins anew. */
  resume(): string | undefined {
    this.#entries = [];
    this.#latestSecond = Number.NEGATIVE_INFINITY;
    return this.#ledger.recall(this.#key, z.string());
  }

  /** A chunk whose whole lines have been given to the ledger. */
  passed({ entryId, atMs }: LogChunk): void {
    if (entryId === null || atMs === null) return;
    if (this.#entries.length >= maxEntries) this.#entries.shift();
    const second = Math.floor(atMs / 1000);
    this.#latestSecond = Math.max(this.#latestSecond, second);
    this.#entries.push({ entryId, second, latestSecond: this.#latestSecond });
  }

  /** Moves on; call it only while nothing that was read is left to be recorded. */
  save(): void {
    let earliestAfter = Number.POSITIVE_INFINITY;
    const at = this.#entries.findLastIndex(({ second, latestSecond }) => {
      const isBetween = latestSecond < earliestAfter;
      earliestAfter = Math.min(earliestAfter, second);
      return isBetween && latestSecond <= this.#latestSecond - disorderSeconds;
    });
    const entry = this.#entries[at];
    if (entry === undefined) return;
    this.#ledger.remember(this.#key, JSON.stringify(entry.entryId));
    this.#entries = this.#entries.slice(at + 1);
  }
}
