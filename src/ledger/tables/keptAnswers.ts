import type { Connection, Row } from "../connection.ts";
import { changeCounts } from "./changeCounts.ts";
import type { CountedTable } from "./schema.ts";

export interface KeptAnswersParts<Query, Item> {
  /** What the answer is read from. */
  readonly tables: readonly CountedTable[];
  /** The column that names a row. */
  readonly key: string;
  readonly parse: (row: Row) => Item;
  readonly read: (
    connection: Connection,
    query: Query,
    parse: (row: Row) => Item,
  ) => readonly Item[];
  /** The answer from an earlier one, of which something has changed since; undefined: read it anew. */
  readonly renewed?: (
    connection: Connection,
    query: Query,
    earlier: { readonly version: string; readonly items: readonly Item[] },
    version: string,
  ) => readonly Item[] | undefined;
}

/** What a row said, and what it means. */
interface Parsed<Item> {
  readonly row: Row;
  readonly item: Item;
}

interface Kept<Item> {
  readonly version: string;
  readonly items: readonly Item[];
  readonly parsed: ReadonlyMap<unknown, Parsed<Item>>;
}

/** The views ask for the session's hours and for the last one; the guardian for its own. */
const keptQueries = 4;
/** A month of a busy workspace is read, and not kept in memory. */
const keptRows = 20_000;

/**
 * Answers a query once more while no row that it is read from has changed, and reads anew only the
 * rows that have. Every look writes to the ledger and makes the views ask again, while a busy day is
 * thousands of rows.
 */
export class KeptAnswers<Query, Item> {
  readonly #connection: Connection;
  readonly #parts: KeptAnswersParts<Query, Item>;
  readonly #kept = new Map<string, Kept<Item>>();

  constructor(connection: Connection, parts: KeptAnswersParts<Query, Item>) {
    this.#connection = connection;
    this.#parts = parts;
  }

  read(query: Query): readonly Item[] {
    const key = JSON.stringify(query);
    // Asked first: a change that falls in between is read twice rather than never.
    const version = changeCounts(this.#connection, this.#parts.tables);
    const cached = this.#kept.get(key);
    this.#kept.delete(key);
    const kept = cached?.version === version ? cached : this.#readAnew(query, version, cached);
    if (kept.items.length <= keptRows) this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptQueries && oldest !== undefined) this.#kept.delete(oldest);
    return kept.items;
  }

  #readAnew(query: Query, version: string, before: Kept<Item> | undefined): Kept<Item> {
    const { key, parse, read, renewed } = this.#parts;
    const ofChanges =
      before === undefined ? undefined : renewed?.(this.#connection, query, before, version);
    if (before !== undefined && ofChanges !== undefined)
      return { version, items: ofChanges, parsed: before.parsed };
    const parsed = new Map<unknown, Parsed<Item>>();
    const items = read(this.#connection, query, (row) => {
      const earlier = before?.parsed.get(row[key]);
      const item = earlier !== undefined && isSame(earlier.row, row) ? earlier.item : parse(row);
      if (parsed.size <= keptRows) parsed.set(row[key], { row, item });
      return item;
    });
    return { version, items, parsed };
  }
}

function isSame(row: Row, other: Row): boolean {
  for (const column in row) if (row[column] !== other[column]) return false;
  return true;
}
