import type { Listing } from "../../session/ledgerPort.ts";
import { isBetween, isOfCost, joinWrites, keyOf } from "./write.ts";
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
  #costVersion = 0;
  /** What `of` has found since the last change: it is asked for each of a thousand apps, while a day of calls may wait. */
  readonly #found = new Map<string, readonly Write[]>();

  add(write: Write): void {
    this.#version += 1;
    this.#found.clear();
    if (isOfCost(write)) this.#costVersion += 1;
    const key = keyOf(write) ?? `own:${this.#version}`;
    if (write[0] === "recordListing") this.#thin(write[1], key);
    const earlier = this.#unsent.get(key);
    if (earlier === undefined && this.size >= maxKept) this.#dropped += 1;
    else this.#unsent.set(key, earlier === undefined ? write : joinWrites(earlier, write));
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

  /** Changes with every write that cost is made from, and when it is in the file: there it may say more. */
  get costVersion(): number {
    return this.#costVersion;
  }

  /** All writes of these kinds, oldest first. */
  of<Name extends Write[0]>(
    ...names: readonly Name[]
  ): readonly Extract<Write, readonly [Name, ...unknown[]]>[] {
    const isOne = (write: Write): write is Extract<Write, readonly [Name, ...unknown[]]> =>
      names.some((name) => name === write[0]);
    const kinds = names.join(" ");
    const found =
      this.#found.get(kinds) ??
      [...(this.#sent?.writes ?? []), ...this.#unsent.values()].filter(isOne);
    this.#found.set(kinds, found);
    return found.filter(isOne);
  }

  /** What is to be sent next; undefined: a batch is on its way, or nothing waits. */
  take(): Batch | undefined {
    if (this.#sent !== undefined) return undefined;
    this.#found.clear();
    this.#sent = this.#next(maxBatch);
    return this.#sent;
  }

  /** At the end: all that was not sent; undefined: nothing waits. */
  takeRest(): Batch | undefined {
    this.#found.clear();
    return this.#next(Infinity);
  }

  /** Whether another write about the same row was not sent yet. */
  waits(write: Write): boolean {
    return this.#unsent.has(keyOf(write) ?? "");
  }

  written(number: number): void {
    if (this.#sent?.number !== number) return;
    if (this.#sent.writes.some(isOfCost)) this.#costVersion += 1;
    this.#found.clear();
    this.#sent = undefined;
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
