import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { openReader } from "../../../src/ledger/openReader.ts";
import { schemaVersion } from "../../../src/ledger/tables/schema.ts";
import { skip } from "../../skip.ts";
import { call, keptAs, TemporaryLedger } from "../../unit/ledger/temporaryLedger.ts";
import { pythonOf } from "../modal/controlAdapters.ts";
import { LedgerWindow, together } from "./ledgerWindow.ts";
import type { Answer, StartOptions } from "./ledgerWindow.ts";

const poorDisk = fileURLToPath(new URL("./poorDisk.py", import.meta.url));

describe("the ledger on a disk that can do less", function () {
  this.timeout(60_000);
  let files: TemporaryLedger;
  beforeEach(() => {
    files = new TemporaryLedger();
  });
  afterEach(() => files.dispose());

  /** What the kernel refuses to a process and its threads. */
  function without(context: Mocha.Context, what: "maps" | "locks"): StartOptions {
    if (process.platform !== "linux") skip(context, "posix", "The kernel's filter is Linux'.");
    return { through: [pythonOf(context), poorDisk, what] };
  }

  async function alone(start: StartOptions): Promise<Answer> {
    const [answer] = await together(files.path, "open", 1, 0, start);
    assert.ok(answer !== undefined);
    return answer;
  }

  function journalOf(path: string): unknown {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return database.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
    } finally {
      database.close();
    }
  }

  it("needs no shared memory: several windows write, and each row is there once", async function () {
    const start = without(this, "maps");
    const answers = await together(files.path, "call", 3, 20, start);
    assert.deepEqual(
      answers.map(({ failure }) => failure),
      [null, null, null],
    );
    assert.equal(journalOf(files.path), "delete");
    // Where there is shared memory again, the log is used again.
    const ledger = await files.ledger();
    assert.equal(ledger.calls({}).length, 20);
    assert.deepEqual(await ledger.checkIntegrity(), []);
    assert.equal(journalOf(files.path), "wal");
  });

  it("goes on with what was written where there was shared memory, and a reader sees it", async function () {
    const start = without(this, "maps");
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    ledger.dispose();
    const answers = await together(files.path, "open", 3, 0, start);
    assert.deepEqual(
      answers.map(({ failure, news }) => [failure, news]),
      [
        [null, []],
        [null, []],
        [null, []],
      ],
    );
    const reader = files.add(await openReader(files.path, { onDamage: () => assert.fail() }));
    assert.deepEqual(
      reader
        .calls({})
        .map(({ callId }) => callId)
        .toSorted(),
      ["0", "1", "2", "call-1"],
    );
  });

  it("loses nothing there by a kill", async function () {
    const start = without(this, "maps");
    const told: string[] = [];
    // One after the other: here two that write without a pause wait for each other until one gives up.
    for (const name of ["a", "b", "c"]) {
      const window = new LedgerWindow(files.path, name, "forever", 0, start);
      await window.said(1);
      window.go();
      await window.said(20);
      await window.kill();
      told.push(...window.lines.filter((line) => line !== "ready"));
    }
    const ledger = await files.ledger();
    const ids = new Set(ledger.calls({}).map(({ callId }) => callId));
    assert.deepEqual(
      told.filter((callId) => !ids.has(callId)),
      [],
    );
    assert.deepEqual(await ledger.checkIntegrity(), []);
  });

  it("is refused where there are no locks, with that reason, and left as it is", async function () {
    const start = without(this, "locks");
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    ledger.dispose();
    const before = readFileSync(files.path);
    const answer = await alone(start);
    assert.match(answer.failure ?? "", /has no file locks.*local disk/);
    assert.deepEqual(readFileSync(files.path), before);
    assert.deepEqual(readdirSync(files.folder).toSorted(), ["ledger.db", "ledger.db-tally"]);
  });

  for (const name of ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal"]) {
    it(`names a folder that is in the way as ${name}, and finds its rows again`, async () => {
      const path = join(files.folder, name);
      const ledger = await files.ledger();
      ledger.upsertCall(call());
      ledger.dispose();
      const kept = readFileSync(files.path);
      rmSync(path, { force: true });
      mkdirSync(path);
      await assert.rejects(files.open(), {
        reason: "ledger",
        message: `${path} is in the way: the cost ledger needs a file of this name. Move it away.`,
      });
      rmdirSync(path);
      writeFileSync(files.path, kept);
      assert.deepEqual((await files.ledger()).calls({}), [call()]);
    });
  }

  for (const name of ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal"])
    for (const [what, target] of [
      ["nowhere", "/nowhere/at/all"],
      ["to itself", name],
    ] as const) {
      it(`names a link that leads ${what} in the place of ${name}`, async function () {
        if (process.platform === "win32") skip(this, "posix", "links need rights on Windows");
        const path = join(files.folder, name);
        symlinkSync(target, path);
        await assert.rejects(files.open(), {
          reason: "ledger",
          message: `${path} is in the way: the cost ledger needs a file of this name. Move it away.`,
        });
        rmSync(path);
        await files.ledger();
      });
    }

  it("tells of a file that may not even be read with its reason, and no bug", async function () {
    if (process.platform === "win32") skip(this, "posix", "a file of another user is POSIX'");
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    ledger.dispose();
    const nobody = 65_534;
    const isRoot = process.getuid?.() === 0;
    chmodSync(files.path, 0o000);
    if (isRoot) chmodSync(files.folder, 0o755);
    const answer = await alone(isRoot ? { uid: nobody } : {});
    assert.match(answer.failure ?? "", /^The cost ledger .* cannot be (opened|written)/);
    chmodSync(files.path, 0o600);
    assert.deepEqual((await files.ledger()).calls({}), [call()]);
  });

  it("names the file that belongs to somebody else", async function () {
    if (process.platform === "win32") skip(this, "posix", "a file of another user is POSIX'");
    const isRoot = process.getuid?.() === 0;
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    // As an editor that was once run as another user leaves it.
    for (const end of ["", "-wal", "-shm"]) chmodSync(files.path + end, 0o444);
    const nobody = 65_534;
    if (isRoot) {
      for (const path of [files.folder, files.path, `${files.path}-shm`])
        chownSync(path, nobody, nobody);
    }
    chmodSync(files.path, 0o644);
    chmodSync(`${files.path}-shm`, 0o644);
    const answer = await alone(isRoot ? { uid: nobody } : {});
    assert.match(answer.failure ?? "", /ledger\.db-wal\) cannot be written.*another user/);
  });

  it("is read by a window that cannot write it, which says so", async function () {
    if (process.platform === "win32")
      skip(this, "posix", "a read-only file is made by POSIX rights");
    const isRoot = process.getuid?.() === 0;
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    ledger.dispose();
    chmodSync(files.path, 0o444);
    const nobody = 65_534;
    if (isRoot) chownSync(files.folder, nobody, nobody);
    const start = isRoot ? { uid: nobody } : {};
    const [answer] = await together(files.path, "read", 1, 0, start);
    assert.deepEqual(answer?.results, ["call-1"]);
    assert.match(answer.failure ?? "", /cannot be written.*read-only/);
  });

  it("is not given up for a file of garbage that has the next one's name, which is logged once", async () => {
    const ledger = await files.ledger();
    ledger.upsertCall(call());
    ledger.dispose();
    const garbage = join(files.folder, "ledger-2.db");
    writeFileSync(garbage, Buffer.alloc(9_000, 7));
    const answers = await together(files.path, "open", 4);
    const news = answers.flatMap((answer) => answer.news);
    assert.equal(news.length, 1);
    assert.ok(news[0]?.startsWith(`${garbage} is not a ledger of Modal Meter`), news[0]);
    assert.ok(news[0]?.includes(`and ${files.path} is used`), news[0]);
    const again = await files.open();
    assert.deepEqual(again.news, []);
    assert.equal(again.ledger.calls({}).length, 5);
    assert.deepEqual(readFileSync(garbage), Buffer.alloc(9_000, 7));
    assert.equal(existsSync(join(files.folder, "ledger-3.db")), false);
  });

  it("begins a third one where the second is garbage and the first is damaged", async () => {
    const ledger = await files.ledger();
    for (let n = 0; n < 200; n += 1) ledger.upsertCall(call({ callId: `call-${n}` }));
    ledger.dispose();
    const bytes = readFileSync(files.path);
    bytes.fill(0xa5, 16_384, 24_576);
    writeFileSync(files.path, bytes);
    writeFileSync(join(files.folder, "ledger-2.db"), Buffer.alloc(9_000, 7));
    const opened = await files.open();
    assert.equal(keptAs(opened.news), files.path);
    assert.equal(opened.news.length, 2);
    assert.equal(opened.file, join(files.folder, "ledger-3.db"));
    assert.deepEqual(readFileSync(files.path), bytes);
    opened.ledger.upsertCall(call());
    const again = await files.open();
    assert.deepEqual([again.ledger.calls({}).length, again.news], [1, []]);
  });

  for (const version of [-1, 0, -2_147_483_648]) {
    it(`reads a sound file whose version says ${version} by its tables`, async () => {
      const ledger = await files.ledger();
      ledger.upsertCall(call());
      ledger.dispose();
      const file = new DatabaseSync(files.path);
      file.exec(`PRAGMA user_version = ${version}`);
      file.close();
      const opened = await files.open();
      assert.deepEqual(opened.news, []);
      assert.deepEqual(opened.ledger.calls({}), [call()]);
      const after = new DatabaseSync(files.path, { readOnly: true });
      assert.equal(after.prepare("PRAGMA user_version").get()?.["user_version"], schemaVersion);
      after.close();
    });
  }
});
