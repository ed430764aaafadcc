import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { notedLedgerNews } from "../../../src/session/ledgerNews.ts";
import { schemaVersion } from "../../../src/ledger/tables/schema.ts";
import { call, keptAs, mondayMs, TemporaryLedger } from "../../unit/ledger/temporaryLedger.ts";
import { skip } from "../../skip.ts";
import { LedgerWindow, together } from "./ledgerWindow.ts";
import type { Answer, StartOptions } from "./ledgerWindow.ts";

describe("the ledger in several processes", () => {
  let files: TemporaryLedger;
  beforeEach(() => {
    files = new TemporaryLedger();
  });
  afterEach(() => files.dispose());

  it("is created once by eight windows that open it at the same moment", async () => {
    const answers = await together(files.path, "open", 8);
    assert.deepEqual(
      answers.flatMap(({ news }) => news),
      [],
    );
    const ledger = await files.ledger();
    assert.equal(ledger.calls({}).length, 8);
    assert.deepEqual(await ledger.checkIntegrity(), []);
    const file = new DatabaseSync(files.path, { readOnly: true });
    assert.equal(file.prepare("PRAGMA user_version").get()?.["user_version"], schemaVersion);
    file.close();
  });

  it("is set aside once when six windows find it damaged at the same moment", async () => {
    const damaged = Buffer.alloc(20_000, 0x5a);
    writeFileSync(files.path, damaged);
    const answers = await together(files.path, "open", 6);
    const names = answers.flatMap(({ news }) => (news.length === 0 ? [] : [keptAs(news)]));
    assert.deepEqual(names, [files.path]);
    assert.deepEqual(readFileSync(files.path), damaged);
    assert.equal((await files.ledger()).calls({}).length, 6);
  });

  it("gives each claim to exactly one", async () => {
    const answers = await together(files.path, "claim", 4, 300);
    const won = answers.flatMap(({ results }) => results).toSorted();
    assert.deepEqual(won, Array.from({ length: 300 }, (_, n) => `key-${n}`).toSorted());
  });

  it("never gives a lease to two, and each term has its own token", async () => {
    const answers = await together(files.path, "lease", 4, 100);
    const terms = answers.flatMap(({ results }) => results);
    const tokens = terms.map((term) => Number(term.split(" ")[0])).toSorted((a, b) => a - b);
    assert.deepEqual(
      tokens,
      Array.from({ length: 400 }, (_, index) => index + 1),
    );
    answers.forEach(({ results }, me) =>
      assert.ok(results.every((term) => term.endsWith(` ${me}`))),
    );
  });

  it("keeps what each window knows of a call, and counts it once", async () => {
    await together(files.path, "call", 4, 200);
    const ledger = await files.ledger();
    const calls = ledger.calls({});
    assert.equal(calls.length, 200);
    assert.deepEqual(
      calls.map(({ status, reportedMicroUsd }) => [status, reportedMicroUsd]),
      Array.from({ length: 200 }, (_, index) => ["succeeded", 199 - index]),
    );
    const sums = ledger.summary({
      fromMs: mondayMs,
      toMs: mondayMs + 86_400_000,
      timeZone: "UTC",
    });
    assert.deepEqual(
      sums.map(({ calls, reportedMicroUsd }) => [calls, reportedMicroUsd]),
      [[200, (199 * 200) / 2]],
    );
  });

  it("has one span per container, however many windows look", async () => {
    await together(files.path, "look", 3, 130);
    const spans = (await files.ledger()).spans({ fromMs: 0, toMs: 10_000 });
    assert.deepEqual(
      spans.map((span) => [
        span.containerId,
        span.firstSeenAtMs,
        span.lastSeenAtMs,
        span.firstAbsentAtMs,
      ]),
      [
        ["ta-1", 0, 392, 400],
        ["ta-2", 0, 792, 800],
        ["ta-3", 0, 1192, 1200],
      ],
    );
  });

  it("loses nothing that was committed when a window, a guardian or all of them are killed while they write", async function () {
    this.timeout(1_800_000);
    const told: string[] = [];
    const rounds = process.env["MODAL_METER_TORTURE"] === undefined ? 3 : 334;
    const least = (round: number): number => 2 + 30 * Math.min(round + 1, 5);
    let leastAll = 0;
    for (let round = 0; round < rounds; round += 1) {
      const windows = ["window forever", "guardian forever", "forever"].map(
        (task) => new LedgerWindow(files.path, `${task}-${round}`, task),
      );
      for (const window of windows) await window.said(1);
      for (const window of windows) window.go();
      for (const window of windows) await window.said(least(round));
      // Every third time the whole server: none of them writes on.
      if (round % 3 === 0) await Promise.all(windows.map(async (window) => window.kill()));
      else for (const window of windows.slice(round % 3).concat(windows)) await window.kill();
      // The last line may be cut off in the middle; what is whole was committed before it was said.
      leastAll += 3 * (least(round) - 1) - 3;
      told.push(...windows.flatMap(({ lines }) => lines.filter((line) => line !== "ready")));
    }
    const { ledger, news } = await files.open();
    assert.deepEqual([news, notedLedgerNews(ledger)], [[], []], "no loss is told that was none");
    console.log(`      ${3 * rounds} kills, ${told.length} writes acknowledged`);
    assert.deepEqual(await ledger.checkIntegrity(), []);
    const stored = ledger.calls({});
    const ids = new Set(stored.map(({ callId }) => callId));
    assert.ok(told.length >= leastAll);
    assert.deepEqual(
      told.filter((callId) => !ids.has(callId)),
      [],
    );
    // A call and its count are one: no kill came between them.
    const sums = ledger.summary({
      fromMs: mondayMs,
      toMs: mondayMs + 1,
      timeZone: "UTC",
    });
    assert.deepEqual(
      sums.map(({ calls, reportedMicroUsd }) => [calls, reportedMicroUsd]),
      [[stored.length, stored.length]],
    );
    ledger.upsertCall(call());
  });

  const alone = async (path: string, start: StartOptions): Promise<Answer> => {
    const window = new LedgerWindow(path, "a", "open", 0, start);
    await window.said(1);
    window.go();
    return await window.answer();
  };

  it("says what to do where the runtime has no SQLite", async () => {
    const answer = await alone(files.path, { flags: ["--no-experimental-sqlite"] });
    assert.deepEqual(answer.results, ["ledger"]);
    assert.match(answer.failure ?? "", /no SQLite.*Update the editor/);
  });

  it("says so at once where the file cannot be written, and leaves it as it is", async function () {
    if (process.platform === "win32")
      skip(this, "posix", "a read-only file is made by POSIX permissions");
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    ledger.dispose();
    const before = readFileSync(files.path);
    chmodSync(files.path, 0o444);
    chmodSync(files.folder, 0o555);
    try {
      // Rights do not bind root, so there another user opens it.
      const nobody = 65_534;
      const answer = await alone(files.path, process.getuid?.() === 0 ? { uid: nobody } : {});
      assert.deepEqual(answer.results, ["ledger"]);
      assert.match(answer.failure ?? "", /cannot be (written|opened)/);
      assert.deepEqual(readFileSync(files.path), before);
    } finally {
      chmodSync(files.folder, 0o755);
    }
  });
});
