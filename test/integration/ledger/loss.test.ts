import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { wasEmptied } from "../../../src/session/ledgerLoss.ts";
import { notedLedgerNews } from "../../../src/session/ledgerNews.ts";
import { leftToRead } from "../../../src/session/logs/leftToRead.ts";
import {
  call,
  listing,
  scope,
  session,
  TemporaryLedger,
} from "../../unit/ledger/temporaryLedger.ts";
import { LedgerWindow, together } from "./ledgerWindow.ts";
import { Random } from "../../sim/model/random.ts";

/** `npm run test:torture` plays all of them. */
const rounds = process.env["MODAL_METER_TORTURE"] === undefined ? 25 : 100;

const ends = ["", "-wal", "-tally"];

describe("a ledger that has lost what was acknowledged", function () {
  this.timeout(120_000);
  let files: TemporaryLedger;
  beforeEach(() => {
    files = new TemporaryLedger();
  });
  afterEach(() => files.dispose());

  /** Real processes that were killed while they wrote; the ids of what they had been told is written. */
  async function killedWriters(count: number, writes: number): Promise<readonly string[]> {
    const windows = Array.from(
      { length: count },
      (_, me) => new LedgerWindow(files.path, `${me}`, "forever"),
    );
    for (const window of windows) await window.said(1);
    for (const window of windows) window.go();
    for (const window of windows) await window.said(1 + writes);
    for (const window of windows) await window.kill();
    return windows.flatMap(({ lines }) => lines.filter((line) => line !== "ready"));
  }

  /** Damages copies of the files at random places of the log, and compares what is told with what is lost. */
  async function damageLogs(told: readonly string[]): Promise<{ lost: number; whole: number }> {
    const [database, log, tally] = ends.map((end) => readFileSync(files.path + end));
    assert.ok(database !== undefined && log !== undefined && tally !== undefined);
    const random = new Random(20_261_126);
    const outcomes = { lost: 0, whole: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const hurt = new TemporaryLedger();
      const damaged = Buffer.from(log);
      const at = Math.floor(random.next() * damaged.length);
      const length = round % 3 === 0 ? 1 : Math.floor(random.next() * 8192);
      for (let byte = at; byte < Math.min(at + length, damaged.length); byte += 1)
        damaged[byte] = (damaged[byte] ?? 0) ^ (1 + Math.floor(random.next() * 255));
      writeFileSync(hurt.path, database);
      writeFileSync(`${hurt.path}-wal`, round % 10 === 9 ? damaged.subarray(0, at) : damaged);
      writeFileSync(`${hurt.path}-tally`, tally);
      const opened = await hurt.open();
      const ids = new Set(opened.ledger.calls({}).map(({ callId }) => callId));
      const lost = told.filter((callId) => !ids.has(callId)).length;
      outcomes[lost > 0 ? "lost" : "whole"] += 1;
      const isTold = opened.news.some((one) => / lost what was written |emptied/.test(one));
      assert.equal(isTold, lost > 0, `round ${round}: ${lost} rows lost, ${opened.news.join(" ")}`);
      assert.deepEqual((await hurt.open()).news, [], "once");
      hurt.dispose();
    }
    console.log(
      `      ${rounds} damages: ${outcomes.lost} lost rows, each told; ${outcomes.whole} lost none`,
    );
    return outcomes;
  }

  it("tells each loss by a damaged log", async () => {
    const { lost } = await damageLogs(await killedWriters(2, 50));
    assert.ok(lost > rounds / 2);
  });

  it("tells no loss where the damage hit what was in the database already", async () => {
    const told = await killedWriters(2, 50);
    const ledger = await files.ledger();
    // The log begins anew, and its larger part is of before.
    const other = new DatabaseSync(files.path);
    other.exec("PRAGMA wal_checkpoint(RESTART)");
    other.close();
    const late = Array.from({ length: 5 }, (_, n) => `late-${n}`);
    for (const callId of late) ledger.upsertCall(call({ callId }));
    const { whole } = await damageLogs([...told, ...late]);
    assert.ok(whole > rounds / 2);
  });

  const emptied: readonly (readonly [string, () => void])[] = [
    ["emptied", () => truncateSync(files.path, 0)],
    ["deleted", () => rmSync(files.path)],
  ];
  for (const [name, hurt] of emptied) {
    it(`tells that it was ${name}, once, and asks Modal for all that it has`, async () => {
      const ledger = await files.ledger();
      for (let n = 0; n < 50; n += 1) ledger.upsertCall(call({ callId: `call-${n}` }));
      ledger.dispose();
      hurt();
      const answers = await together(files.path, "open", 4);
      const news = answers.flatMap((answer) => answer.news);
      assert.equal(news.length, 1);
      assert.match(news[0] ?? "", /emptied or deleted: all that was written until .* is lost/);
      const again = await files.open();
      assert.deepEqual(again.news, []);
      assert.deepEqual(notedLedgerNews(again.ledger), news, "kept for a window that tells it");
      assert.equal(wasEmptied(again.ledger), true);
    });
  }

  it("tells that an older copy took its place, and has the logs read from then on", async () => {
    const ledger = await files.ledger();
    ledger.recordListing(listing(1_000));
    ledger.upsertSession(session({ scope: "acme/other" }));
    ledger.dispose();
    const copy = join(files.folder, "copy");
    copyFileSync(files.path, copy);
    const copiedAtMs = Date.now();
    const later = await files.ledger();
    later.upsertCall(call());
    later.upsertCall(call({ callId: "call-2" }));
    later.dispose();
    copyFileSync(copy, files.path);
    const opened = await files.open();
    assert.equal(opened.news.length, 1);
    assert.match(opened.news[0] ?? "", /lost what was written after .* \(writes: 2\)/);
    for (const one of [scope, "acme/other"]) {
      const left = leftToRead(opened.ledger, one) ?? Infinity;
      assert.ok(left <= copiedAtMs && left > copiedAtMs - 60_000, `${one}: ${left}`);
    }
    assert.equal(wasEmptied(opened.ledger), false);
    opened.ledger.upsertCall(call({ callId: "call-3" }));
    opened.ledger.dispose();
    assert.deepEqual((await files.open()).news, []);
  });

  it("is a new one where nothing was ever acknowledged, and where the tally is gone or garbage", async () => {
    assert.deepEqual((await files.open()).news, []);
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    ledger.dispose();
    rmSync(`${files.path}-tally`);
    assert.deepEqual((await files.open()).news, []);
    assert.ok(existsSync(`${files.path}-tally`));
    writeFileSync(`${files.path}-tally`, Buffer.alloc(4_096, 0x41));
    const opened = await files.open();
    assert.deepEqual(opened.news, []);
    opened.ledger.upsertCall(call({ callId: "call-2" }));
    opened.ledger.dispose();
    rmSync(files.path);
    assert.equal((await files.open()).news.length, 1, "and is kept again at once");
  });
});
