import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { OpenedLedger } from "../../../src/ledger/openLedger.ts";
import { call, keptAs, TemporaryLedger } from "./temporaryLedger.ts";

describe("a damaged ledger", () => {
  let files: TemporaryLedger;
  beforeEach(() => {
    files = new TemporaryLedger();
  });
  afterEach(() => files.dispose());

  const fill = async (): Promise<Buffer> => {
    const ledger = await files.ledger();
    const inputJson = JSON.stringify("x".repeat(400));
    for (let index = 0; index < 200; index += 1)
      ledger.upsertCall(call({ callId: `call-${index}`, inputJson }));
    ledger.dispose();
    return readFileSync(files.path);
  };

  /** The damaged bytes are still there under the name that is told, and a new ledger works and lasts. */
  const assertSetAside = async (damaged: Buffer): Promise<OpenedLedger> => {
    const opened = await files.open();
    assert.equal(keptAs(opened.news), files.path);
    assert.deepEqual(readFileSync(files.path), damaged);
    assert.deepEqual(opened.ledger.calls({}), []);
    opened.ledger.upsertCall(call());
    const again = await files.open();
    assert.deepEqual(again.news, []);
    assert.deepEqual(again.ledger.calls({}), [call()]);
    return opened;
  };

  it("of random bytes is set aside, named and kept", async () => {
    const damaged = Buffer.from(Array.from({ length: 9000 }, (_, index) => (index * 7919) % 251));
    writeFileSync(files.path, damaged);
    await assertSetAside(damaged);
  });

  it("of zeros is set aside", async () => {
    writeFileSync(files.path, Buffer.alloc(8192));
    await assertSetAside(Buffer.alloc(8192));
  });

  it("that was cut off is set aside", async () => {
    const whole = await fill();
    const half = Math.floor(whole.length / 8192) * 4096;
    truncateSync(files.path, half);
    await assertSetAside(whole.subarray(0, half));
  });

  it("whose first page is overwritten is set aside", async () => {
    const damaged = await fill();
    damaged.fill(0xa5, 100, 4096);
    writeFileSync(files.path, damaged);
    await assertSetAside(damaged);
  });

  it("that is damaged in its middle serves until it is found, and is set aside at the next opening", async () => {
    const damaged = await fill();
    breakPageOf(damaged, "call-150");
    writeFileSync(files.path, damaged);
    const first = await files.open();
    assert.deepEqual(first.news, []);
    assert.notDeepEqual(await first.ledger.checkIntegrity(), []);
    first.ledger.dispose();
    await assertSetAside(damaged);
  });

  it("is set aside at the next opening when a query meets the damage", async () => {
    const damaged = await fill();
    breakPageOf(damaged, "call-150");
    writeFileSync(files.path, damaged);
    const first = await files.open();
    assert.throws(() => first.ledger.calls({}), /damaged/);
    first.ledger.dispose();
    await assertSetAside(damaged);
  });

  it("is not given up for a suspicion that proves wrong", async () => {
    await fill();
    writeFileSync(`${files.path}-suspect`, "");
    const opened = await files.open();
    assert.deepEqual(opened.news, []);
    assert.equal(opened.ledger.calls({}).length, 200);
    assert.equal(existsSync(`${files.path}-suspect`), false);
  });

  it("keeps a copy of a log that is garbage, and all that had reached the database", async () => {
    await fill();
    const garbage = Buffer.alloc(20_000, 0x5a);
    writeFileSync(`${files.path}-wal`, garbage);
    const opened = await files.open();
    const aside = keptAs(opened.news) ?? "";
    assert.ok(aside.endsWith("-wal"));
    assert.deepEqual(readFileSync(aside), garbage);
    assert.equal(opened.ledger.calls({}).length, 200);
  });

  it("reads a log that a crash has left, and heals a garbage index of it", async () => {
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    // What a killed process leaves behind: the files as they are, before any closing.
    const crashed = new TemporaryLedger();
    for (const suffix of ["", "-wal"]) copyFileSync(files.path + suffix, crashed.path + suffix);
    writeFileSync(`${crashed.path}-shm`, Buffer.alloc(32_768, 0x5a));
    const opened = await crashed.open();
    assert.deepEqual(opened.news, []);
    assert.deepEqual(opened.ledger.calls({}), [call()]);
    crashed.dispose();
  });

  it("keeps a log whose database is gone", async () => {
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    const crashed = new TemporaryLedger();
    copyFileSync(`${files.path}-wal`, `${crashed.path}-wal`);
    const log = readFileSync(`${crashed.path}-wal`);
    const opened = await crashed.open();
    assert.equal(keptAs(opened.news), crashed.path);
    assert.deepEqual(readFileSync(`${crashed.path}-wal`), log);
    crashed.dispose();
  });

  it("takes other windows along to the new file", async () => {
    const damaged = await fill();
    const elder = await files.ledger();
    const before = elder.changeCounter();
    damaged.fill(0xa5, 100, 4096);
    writeFileSync(files.path, damaged);
    const opened = await files.open();
    assert.notEqual(keptAs(opened.news), null);
    assert.notEqual(elder.changeCounter(), before);
    opened.ledger.upsertCall(call({ callId: "after" }));
    assert.deepEqual(
      elder.calls({}).map(({ callId }) => callId),
      ["after"],
    );
  });

  it("is closed by other windows without harm to the new file", async () => {
    const damaged = await fill();
    const elders = [await files.ledger(), await files.ledger()];
    elders[0]?.upsertCall(call({ callId: "late" }));
    breakPageOf(damaged, "call-150");
    writeFileSync(files.path, damaged);
    writeFileSync(`${files.path}-suspect`, "");
    const { ledger, news } = await files.open();
    assert.equal(keptAs(news), files.path);
    ledger.upsertCall(call({ callId: "kept" }));
    elders[0]?.changeCounter();
    for (const elder of elders) elder.dispose();
    const next = await files.ledger();
    assert.deepEqual(
      next.calls({}).map(({ callId }) => callId),
      ["kept"],
    );
    assert.deepEqual(await next.checkIntegrity(), []);
  });

  it("that is damaged again is set aside again", async () => {
    writeFileSync(files.path, Buffer.alloc(4096, 1));
    (await files.open()).ledger.dispose();
    const second = join(files.folder, "ledger-2.db");
    writeFileSync(second, Buffer.alloc(4096, 2));
    const opened = await files.open();
    assert.equal(keptAs(opened.news), second);
    assert.deepEqual(readFileSync(second), Buffer.alloc(4096, 2));
    assert.deepEqual(readFileSync(files.path), Buffer.alloc(4096, 1));
    opened.ledger.upsertCall(call());
  });

  it("can be read by SQLite where it can be read at all", async () => {
    await fill();
    const broken = new DatabaseSync(files.path);
    broken.exec("DROP TABLE receipt");
    broken.close();
    const opened = await files.open();
    const aside = new DatabaseSync(keptAs(opened.news) ?? "", { readOnly: true });
    assert.equal(aside.prepare("SELECT count(*) AS rows FROM call").get()?.["rows"], 200);
    aside.close();
  });
});

/** Overwrites the page of the table that holds the row, and no other. */
function breakPageOf(file: Buffer, callId: string): void {
  const tableLeaf = 13;
  for (let page = 4096; page < file.length; page += 4096) {
    const rows = file.subarray(page, page + 4096);
    // The page of the calls themselves, and not the one of what changed last.
    if (file[page] !== tableLeaf || !rows.includes(callId) || !rows.includes("xxxx")) continue;
    file.fill(0xa5, page, page + 4096);
    return;
  }
  assert.fail("No such row.");
}
