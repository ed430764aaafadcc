import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../../src/base/failure.ts";
import { callsOf, upsertCall } from "../../../src/ledger/tables/callTable.ts";
import { Connection } from "../../../src/ledger/connection.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { call, TemporaryLedger } from "./temporaryLedger.ts";

describe("a connection of the ledger", () => {
  let files: TemporaryLedger;
  let database: DatabaseSync;
  let commits: number;
  let connection: Connection;
  beforeEach(async () => {
    files = new TemporaryLedger();
    (await files.ledger()).dispose();
    database = new DatabaseSync(files.path, { timeout: 10 });
    commits = 0;
    connection = files.add(
      new Connection(files.path, database, {
        onCommit: () => {
          commits += 1;
        },
        onDamage: () => assert.fail("Nothing is damaged."),
      }),
    );
  });
  afterEach(() => files.dispose());

  const failure = (message: RegExp) => (error: unknown) =>
    error instanceof Failure && error.reason === "ledger" && message.test(error.message);

  it("loses nothing when the disk is full, and goes on when there is space again", () => {
    upsertCall(connection, call({ callId: "before" }));
    const pages = Number(database.prepare("PRAGMA page_count").get()?.["page_count"]);
    database.exec(`PRAGMA max_page_count = ${pages}`);
    const large = call({ callId: "large", inputJson: JSON.stringify("x".repeat(100_000)) });
    assert.throws(() => upsertCall(connection, large), failure(/disk is full/));
    assert.deepEqual(
      callsOf(connection, {}).map(({ callId }) => callId),
      ["before"],
    );
    database.exec("PRAGMA max_page_count = 1000000");
    upsertCall(connection, large);
    assert.equal(callsOf(connection, {}).length, 2);
    assert.equal(commits, 2);
  });

  it("gives up after its time when another process keeps the lock", () => {
    const other = new DatabaseSync(files.path);
    other.exec("BEGIN IMMEDIATE");
    assert.throws(() => upsertCall(connection, call()), failure(/Another process holds/));
    other.exec("ROLLBACK");
    other.close();
    upsertCall(connection, call());
    assert.equal(callsOf(connection, {}).length, 1);
  });

  it("takes back all of a transaction whose work fails", () => {
    assert.throws(() =>
      connection.write(() => {
        upsertCall(connection, call());
        throw new RangeError("A bug.");
      }),
    );
    assert.deepEqual(callsOf(connection, {}), []);
    assert.equal(commits, 0);
  });

  it("reads one state in `read`, whatever is written meanwhile", async () => {
    const { ledger } = await openLedger(files.path);
    files.add(ledger);
    const counts = connection.read(() => {
      const before = callsOf(connection, {}).length;
      ledger.upsertCall(call());
      return [before, callsOf(connection, {}).length];
    });
    assert.deepEqual(counts, [0, 0]);
    assert.equal(callsOf(connection, {}).length, 1);
  });

  it("writes nothing outside of a transaction", () => {
    assert.throws(() => connection.run("DELETE FROM call"), /outside of write/);
  });
});
