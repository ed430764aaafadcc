import type { DatabaseSync } from "node:sqlite";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { isDamage } from "../sqliteFailure.ts";
import { applicationId, migrations, schemaVersion, tables } from "./schema.ts";

const stateSchema = z.object({
  version: z.number(),
  application: z.number(),
  tables: z.number(),
});

/** Too new, or another program's: refused, and not one byte of it touched. */
export function refuseForeign(database: DatabaseSync, path: string): void {
  const state = stateOf(database);
  if (state.application !== applicationId && state.tables > 0) {
    throw new Failure("ledger", t("{0} is not a ledger of Modal Meter. Move it away.", path));
  }
  if (state.version > schemaVersion) {
    throw new Failure(
      "ledger",
      t(
        "The cost ledger ({0}) was written by a newer Modal Meter (version {1}, this one knows {2}). Update the extension.",
        path,
        state.version,
        schemaVersion,
      ),
    );
  }
}

/** Whether it is a ledger of just this version. */
export function isCurrent(database: DatabaseSync): boolean {
  const { application, version } = stateOf(database);
  return application === applicationId && version === schemaVersion;
}

/** A file that opens but lacks tables: cut off, or overwritten. */
export class IncompleteError extends Error {}

/** Makes a new, empty database a ledger. */
export function create(database: DatabaseSync): void {
  for (const migration of migrations) database.exec(migration);
}

/**
 * Brings the file to this code's version in one transaction. Of several windows that open at once
 * one does it; the others wait for the lock and find it done. `newest`: a new ledger, to compare
 * with. Throws `IncompleteError` for tables of no version at all.
 */
export function migrate(database: DatabaseSync, path: string, newest: DatabaseSync): void {
  if (stateOf(database).version === schemaVersion) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Again, under the lock: another window may have been first, and it may be a newer one.
    refuseForeign(database, path);
    const { version, tables: count } = stateOf(database);
    if (version < 1 && count > 0) migrateByTables(database, newest);
    else for (const migration of migrations.slice(Math.max(0, version))) database.exec(migration);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${schemaVersion}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** For a file whose number is none that any version has written: its tables tell the version. */
function migrateByTables(database: DatabaseSync, newest: DatabaseSync): void {
  for (let version = schemaVersion; version > 0; version -= 1) {
    database.exec("SAVEPOINT attempt");
    try {
      for (const migration of migrations.slice(version)) database.exec(migration);
      if (isComplete(database, newest)) {
        database.exec("RELEASE attempt");
        return;
      }
    } catch (error) {
      // These tables are of another version.
      if (!isDamage(error)) throw error;
    }
    database.exec("ROLLBACK TO attempt; RELEASE attempt");
  }
  throw new IncompleteError();
}

/**
 * A quick look that a sound file passes at any size: every table and index is there as `fresh` (a new
 * ledger) has it, letter by letter, and each table's first page can be read.
 */
export function isComplete(database: DatabaseSync, fresh: DatabaseSync): boolean {
  const present = new Set(definitionsOf(database));
  if (!definitionsOf(fresh).every((definition) => present.has(definition))) return false;
  for (const table of tables) database.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).get();
  return true;
}

function definitionsOf(database: DatabaseSync): readonly string[] {
  return database
    .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")
    .all()
    .map((row) => JSON.stringify(Object.values(row)));
}

function stateOf(database: DatabaseSync): z.output<typeof stateSchema> {
  return stateSchema.parse(
    database
      .prepare(
        `SELECT (SELECT user_version FROM pragma_user_version) AS version,
           (SELECT application_id FROM pragma_application_id) AS application,
           (SELECT count(*) FROM sqlite_schema) AS tables`,
      )
      .get(),
  );
}
