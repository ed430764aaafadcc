import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import type { Disposable } from "../base/disposable.ts";
import { isDamage, ledgerFailure } from "./sqliteFailure.ts";

export type Row = Record<string, SQLOutputValue>;
export type Values = Record<string, SQLInputValue>;

export interface ConnectionEvents {
  /** Inside of a transaction that must not be lost, at its end: may write to it. Returns what is to be done once it is committed. */
  onCommitting?(connection: Connection): () => void;
  /** A transaction has been committed. `isLasting`: one that must not be lost. */
  onCommit(isLasting: boolean): void;
  /** SQLite met broken content ("page"), or reads a row that does not say what such a row can say ("row"). */
  onDamage(what: "page" | "row"): void;
}

/**
 * One connection to the ledger file. Statements are prepared once; SQLite's errors become
 * `Failure("ledger")`.
 */
export class Connection implements Disposable {
  readonly path: string;
  readonly #events: ConnectionEvents;
  #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #changes = 0;
  #commits = 0;
  #replaced = 0;
  /** Whether the transaction so far has changed what must survive a power loss. */
  #lasting = false;
  readonly #unreadable = new Set<string>();

  constructor(path: string, database: DatabaseSync, events: ConnectionEvents) {
    this.path = path;
    this.#database = database;
    this.#events = events;
  }

  /** Transactions of this connection that changed a row. */
  get commits(): number {
    return this.#commits;
  }

  /** How often another database took the place of the first. */
  get replaced(): number {
    return this.#replaced;
  }

  get(sql: string, values: Values = {}): Row | undefined {
    return this.#guarded(() => allOf(this.#statement(sql), values)[0]);
  }

  all(sql: string, values: Values = {}): readonly Row[] {
    return this.#guarded(() => allOf(this.#statement(sql), values));
  }

  /** The rows as what they mean. One that cannot be read is left out, counted, and in nobody's way. */
  records<T>(sql: string, values: Values, parse: (row: Row) => T): readonly T[] {
    return this.all(sql, values).flatMap((row) => {
      const parsed = this.#parsed(row, parse);
      return parsed === undefined ? [] : [parsed.value];
    });
  }

  /** The first row as what it means; undefined: there is none, or it cannot be read. */
  record<T>(sql: string, values: Values, parse: (row: Row) => T): T | undefined {
    const row = this.get(sql, values);
    return row === undefined ? undefined : this.#parsed(row, parse)?.value;
  }

  /** Distinct rows that could not be read. */
  get unreadableRows(): number {
    return this.#unreadable.size;
  }

  /** Runs one writing statement inside `write`; returns the number of rows it changed. */
  run(sql: string, values: Values = {}): number {
    if (!this.#database.isTransaction) throw new Error("A write outside of write().");
    const changes = this.#guarded(() => Number(this.#statement(sql).run(values).changes));
    this.#changes += changes;
    return changes;
  }

  /**
   * One short transaction. IMMEDIATE, because a transaction that reads first and writes later fails
   * with SQLITE_BUSY at once when another window has written in between; this one waits its turn.
   * `ephemeral`: worth nothing after a power loss (heartbeats), so no disk is woken for it.
   * Inside another write it becomes a part of that one.
   */
  write<T>(work: () => T, { ephemeral = false } = {}): T {
    const before = this.#changes;
    if (this.#database.isTransaction) {
      const result = work();
      if (!ephemeral && this.#changes !== before) this.#lasting = true;
      return result;
    }
    this.#lasting = false;
    this.#guarded(() => this.#statement("BEGIN IMMEDIATE").run());
    let result: T;
    let onCommitted: (() => void) | undefined;
    try {
      result = work();
      if (this.#changes !== before && (!ephemeral || this.#lasting))
        onCommitted = this.#events.onCommitting?.(this);
      this.#guarded(() => this.#statement("COMMIT").run());
    } catch (error) {
      // A full disk rolls back by itself.
      if (this.#database.isTransaction) this.#statement("ROLLBACK").run();
      throw error;
    }
    onCommitted?.();
    if (this.#changes !== before) {
      this.#commits += 1;
      this.#events.onCommit(!ephemeral || this.#lasting);
    }
    return result;
  }

  /** Several queries on one state of the ledger, whatever is written meanwhile. */
  read<T>(work: () => T): T {
    if (this.#database.isTransaction) return work();
    this.#guarded(() => this.#statement("BEGIN").run());
    try {
      return work();
    } finally {
      this.#guarded(() => this.#statement("COMMIT").run());
    }
  }

  /** Goes on with another database: the file was set aside by another window, which began a new one. */
  replace(database: DatabaseSync): void {
    this.dispose();
    this.#database = database;
    this.#commits += 1;
    this.#replaced += 1;
  }

  dispose(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const prepared = this.#statements.get(sql);
    if (prepared !== undefined) return prepared;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #parsed<T>(row: Row, parse: (row: Row) => T): { readonly value: T } | undefined {
    try {
      return { value: parse(row) };
    } catch {
      // The same row is read again and again; its first columns are its key.
      this.#unreadable.add(Object.values(row).slice(0, 3).join(" "));
      this.#events.onDamage("row");
      return undefined;
    }
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) this.#events.onDamage("page");
      throw ledgerFailure(error, this.path);
    }
  }
}

/** The rows; a number that no number of JavaScript can hold, as only a broken row has it, is left a bigint. */
function allOf(statement: StatementSync, values: Values): readonly Row[] {
  try {
    return statement.all(values);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
  }
  statement.setReadBigInts(true);
  try {
    return statement
      .all(values)
      .map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asNumber(value)])),
      );
  } finally {
    statement.setReadBigInts(false);
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_OUT_OF_RANGE";
}

function asNumber(value: SQLOutputValue): SQLOutputValue {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
