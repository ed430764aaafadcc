import type { DatabaseSync } from "node:sqlite";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
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

/**
 * Brings the file to this code's version in one transaction. Of several windows that open at once
 * one does it; the others wait for the lock and find it done.
 */
export function migrate(database: DatabaseSync, path: string): void {
  if (stateOf(database).version === schemaVersion) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Again, under the lock: another window may have been first, and it may be a newer one.
    refuseForeign(database, path);
    const { version } = stateOf(database);
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${schemaVersion}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * A quick look that a sound file passes at any size: every table and index is there as `fresh` (a new
 * ledger) has it, letter by letter, and each table's first page can be read.
 */
export function isComplete(database: DatabaseSync, fresh: DatabaseSync): boolean {
  const known = new Set(definitionsOf(database));
  if (!definitionsOf(fresh).every((definition) => known.has(definition))) return false;
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
