import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { tables } from "../../../../src/ledger/tables/schema.ts";
import { TemporaryLedger } from "../temporaryLedger.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/ledger.md"), "utf8");

describe("the ledger's schema", () => {
  const files = new TemporaryLedger();
  let database: DatabaseSync;
  before(async () => {
    await files.ledger();
    database = new DatabaseSync(files.path, { readOnly: true });
  });
  after(() => {
    database.close();
    files.dispose();
  });

  const real = (): ReadonlyMap<string, readonly string[]> => {
    const names = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .all()
      .map((row) => String(row["name"]));
    return new Map(
      names.map((name) => [
        name,
        database
          .prepare(`PRAGMA table_xinfo("${name}")`)
          .all()
          .map((row) => String(row["name"])),
      ]),
    );
  };

  it("is what docs/ledger.md says, table by table and column by column", () => {
    const documented = new Map<string, readonly string[]>();
    for (const section of page.split(/^### /m).slice(1)) {
      const [name = ""] = section.split("\n");
      const body = section.split(/^## /m)[0] ?? "";
      const columns = [...body.matchAll(/^\| (\w+) \| (.+) \|$/gm)].map(
        ([, column]) => column ?? "",
      );
      documented.set(
        name,
        columns.filter((column) => column !== "column"),
      );
    }
    assert.deepEqual(new Map([...documented].toSorted(([x], [y]) => (x < y ? -1 : 1))), real());
  });

  it("has all its tables in the export", () => {
    assert.deepEqual([...tables].toSorted(), [...real().keys()]);
  });

  it("is strict: no text in a column of numbers", () => {
    for (const { name, strict } of database.prepare("PRAGMA table_list").all()) {
      if (!String(name).startsWith("sqlite_")) assert.equal(strict, 1, String(name));
    }
  });

  it("finds a month, a session and the open spans by an index, not by reading everything", () => {
    const plan = (sql: string): string =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => String(row["detail"]))
        .join("; ");
    assert.match(
      plan("SELECT * FROM call WHERE started_at_ms >= 1 AND started_at_ms < 2"),
      /SEARCH/,
    );
    assert.match(
      plan("SELECT * FROM call WHERE session_id = 's' ORDER BY started_at_ms DESC"),
      /SEARCH .*call_by_session/,
    );
    assert.match(
      plan("SELECT * FROM call_quarter WHERE group_id = 1 AND quarter >= 1 AND quarter < 9"),
      /SEARCH/,
    );
    assert.match(plan("SELECT * FROM span WHERE end_at_ms IS NULL"), /SEARCH .*span_by_end/);
    assert.match(
      plan(
        "UPDATE span SET first_absent_at_ms = 1 WHERE scope = 's' AND first_absent_at_ms IS NULL",
      ),
      /SEARCH .*span_by_absence/,
    );
  });
});
