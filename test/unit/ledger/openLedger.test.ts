import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { Failure } from "../../../src/base/failure.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { schemaVersion } from "../../../src/ledger/tables/schema.ts";
import { call, TemporaryLedger } from "./temporaryLedger.ts";

describe("openLedger", () => {
  let files: TemporaryLedger;
  beforeEach(() => {
    files = new TemporaryLedger();
  });
  afterEach(() => files.dispose());

  it("creates a ledger and finds its rows again", async () => {
    const first = await files.open();
    assert.deepEqual(first.news, []);
    first.ledger.upsertCall(call());
    first.ledger.dispose();
    const again = await files.open();
    assert.deepEqual(again.news, []);
    assert.deepEqual(again.ledger.calls({}), [call()]);
    assert.deepEqual(await again.ledger.checkIntegrity(), []);
  });

  it("shows one window's writes to another and tells of them", async () => {
    const [a, b] = [await files.ledger(), await files.ledger()];
    const before = [a.changeCounter(), b.changeCounter()];
    assert.deepEqual([a.changeCounter(), b.changeCounter()], before);
    a.upsertCall(call());
    assert.notEqual(a.changeCounter(), before[0]);
    assert.notEqual(b.changeCounter(), before[1]);
    assert.deepEqual(b.calls({}), [call()]);
  });

  it("serves a ledger in memory", async () => {
    const { ledger } = await openLedger(":memory:");
    ledger.upsertCall(call());
    assert.equal(ledger.calls({}).length, 1);
    ledger.dispose();
    ledger.dispose();
  });

  it("leaves a file of a newer version alone", async () => {
    (await files.ledger()).dispose();
    const newer = new DatabaseSync(files.path);
    newer.exec(`PRAGMA user_version = ${schemaVersion + 1}; CREATE TABLE future (x TEXT)`);
    newer.close();
    await assert.rejects(
      openLedger(files.path),
      (error) =>
        error instanceof Failure && error.reason === "ledger" && /newer/.test(error.message),
    );
    const after = new DatabaseSync(files.path, { readOnly: true });
    assert.equal(after.prepare("PRAGMA user_version").get()?.["user_version"], schemaVersion + 1);
    assert.deepEqual(after.prepare("SELECT count(*) AS rows FROM future").get()?.["rows"], 0);
    after.close();
  });

  it("leaves another program's database alone", async () => {
    const other = new DatabaseSync(files.path);
    other.exec("CREATE TABLE theirs (x TEXT); INSERT INTO theirs VALUES ('kept')");
    other.close();
    await assert.rejects(openLedger(files.path), /is not a ledger of Modal Meter/);
    const after = new DatabaseSync(files.path, { readOnly: true });
    assert.equal(after.prepare("SELECT x FROM theirs").get()?.["x"], "kept");
    after.close();
  });

  it("says what to do when the folder is missing", async () => {
    await assert.rejects(
      openLedger(join(files.folder, "missing", "ledger.db")),
      (error) =>
        error instanceof Failure &&
        error.reason === "ledger" &&
        /folder exists/.test(error.message),
    );
  });
});
