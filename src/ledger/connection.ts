import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import type { Disposable } from "../base/disposable.ts";
import { isDamage, ledgerFailure } from "./sqliteFailure.ts";

export type Row = Record<string, SQLOutputValue>;
export type Values = Record<string, SQLInputValue>;

export interface ConnectionEvents {
  /** A transaction that must not be lost has been committed. */
  onCommit(): void;
  /** SQLite met broken content. */
  onDamage(): void;
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
    return this.#guarded(() => this.#statement(sql).get(values));
  }

  all(sql: string, values: Values = {}): readonly Row[] {
    return this.#guarded(() => this.#statement(sql).all(values));
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
    if (this.#database.isTransaction) return work();
    const before = this.#changes;
    this.#guarded(() => this.#statement("BEGIN IMMEDIATE").run());
    let result: T;
    try {
      result = work();
      this.#guarded(() => this.#statement("COMMIT").run());
    } catch (error) {
      // A full disk rolls back by itself.
      if (this.#database.isTransaction) this.#statement("ROLLBACK").run();
      throw error;
    }
    if (this.#changes !== before) {
      this.#commits += 1;
      if (!ephemeral) this.#events.onCommit();
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
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) this.#events.onDamage();
      throw ledgerFailure(error, this.path);
    }
  }
}
