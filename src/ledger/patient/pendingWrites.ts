import type { Listing } from "../../session/ledgerPort.ts";
import { isBetween, joinWrites, keyOf } from "./write.ts";
import type { Write } from "./write.ts";

/** Writes that go to the writer together, under a number that it says when they are in the file. */
export interface Batch {
  readonly number: number;
  readonly writes: readonly Write[];
}

/** A batch is one transaction: short, so that other windows have their turn. */
const maxBatch = 500;

/** More rows than this are not kept. A busy week without a ledger has fewer. */
const maxKept = 100_000;

interface WaitingLook {
  readonly listing: Listing;
  readonly key: string;
}

/**
 * What was written and is not in the file yet, in order. What is about the same row becomes one, so
 * that a day without a ledger stays small. At most one batch is with the writer at a time.
 */
export class PendingWrites {
  #sent: Batch | undefined;
  readonly #unsent = new Map<string, Write>();
  readonly #lastLooks = new Map<string, readonly WaitingLook[]>();
  #number = 0;
  #dropped = 0;
  #version = 0;

  add(write: Write): void {
    this.#version += 1;
    const key = keyOf(write) ?? `own:${this.#version}`;
    if (write[0] === "recordListing") this.#thin(write[1], key);
    const known = this.#unsent.get(key);
    if (known === undefined && this.size >= maxKept) this.#dropped += 1;
    else this.#unsent.set(key, known === undefined ? write : joinWrites(known, write));
  }

  get size(): number {
    return (this.#sent?.writes.length ?? 0) + this.#unsent.size;
  }

  /** Writes that could not be kept, because there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Changes with every write. */
  get version(): number {
    return this.#version;
  }

  /** All writes of these kinds, oldest first. */
  of<Name extends Write[0]>(
    ...names: readonly Name[]
  ): readonly Extract<Write, readonly [Name, ...unknown[]]>[] {
    const isOne = (write: Write): write is Extract<Write, readonly [Name, ...unknown[]]> =>
      names.some((name) => name === write[0]);
    return [...(this.#sent?.writes ?? []), ...this.#unsent.values()].filter(isOne);
  }

  /** What is to be sent next; undefined: a batch is on its way, or nothing waits. */
  take(): Batch | undefined {
    if (this.#sent !== undefined) return undefined;
    this.#sent = this.#next(maxBatch);
    return this.#sent;
  }

  /** At the end: all that was not sent; undefined: nothing waits. */
  takeRest(): Batch | undefined {
    return this.#next(Infinity);
  }

  /** Whether another write about the same row was not sent yet. */
  waits(write: Write): boolean {
    return this.#unsent.has(keyOf(write) ?? "");
  }

  written(number: number): void {
    if (this.#sent?.number === number) this.#sent = undefined;
  }

  #next(most: number): Batch | undefined {
    if (this.#unsent.size === 0) return undefined;
    const writes: Write[] = [];
    for (const [key, write] of this.#unsent) {
      if (writes.length === most) break;
      writes.push(write);
      this.#unsent.delete(key);
    }
    this.#lastLooks.clear();
    this.#number += 1;
    return { number: this.#number, writes };
  }

  /** Of looks that show the same, the first and the last are kept. */
  #thin(listing: Listing, key: string): void {
    const [before, middle] = this.#lastLooks.get(listing.scope) ?? [];
    const last = { listing, key };
    if (before === undefined || middle === undefined)
      this.#lastLooks.set(listing.scope, [...(before === undefined ? [] : [before]), last]);
    else if (isBetween(before.listing, middle.listing, listing)) {
      this.#unsent.delete(middle.key);
      this.#lastLooks.set(listing.scope, [before, last]);
    } else this.#lastLooks.set(listing.scope, [middle, last]);
  }
}
