import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Something that happens to the ledger's file. Returns what ends it, where it does not last by itself. */
export interface Hurt {
  readonly name: string;
  /** "start": before the window opens it. "open": while window and guardian have it open. */
  readonly when: "start" | "open";
  readonly hurt: (file: string) => Promise<ChildProcess | undefined> | undefined;
}

const files = (file: string): readonly string[] => ["", "-wal", "-shm"].map((end) => file + end);

function without(file: string): void {
  for (const one of files(file)) rmSync(one, { recursive: true, force: true });
}

function sql(file: string, text: string): void {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec(text);
  database.close();
}

/** Another program that keeps a lock until it is killed. */
async function held(file: string, text: string): Promise<ChildProcess> {
  const program = `
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(process.argv[1], { timeout: 5000 });
    database.exec(process.argv[2]);
    console.log("held");
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["-e", program, file, text], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (other.stdout !== null) await once(other.stdout, "data");
  return other;
}

function fillFrom(file: string, from: number, byte: number): void {
  const bytes = readFileSync(file);
  bytes.fill(byte, from);
  writeFileSync(file, bytes);
}

const at = (
  when: Hurt["when"],
  name: string,
  hurt: (file: string) => Promise<ChildProcess | undefined> | undefined | void,
): Hurt => ({
  when,
  name,
  hurt: (file) => {
    const result = hurt(file);
    return result === undefined ? undefined : result;
  },
});

export const hurts: readonly Hurt[] = [
  at("start", "a newer schema", (file) => sql(file, "PRAGMA user_version = 99")),
  at("start", "another program's database", (file) => {
    without(file);
    sql(file, "CREATE TABLE theirs (x)");
  }),
  at("start", "a negative version", (file) => sql(file, "PRAGMA user_version = -1")),
  at("start", "garbage", (file) => {
    without(file);
    writeFileSync(file, Buffer.alloc(20_000, 0x5a));
  }),
  at("start", "zeros", (file) => {
    without(file);
    writeFileSync(file, Buffer.alloc(8_192));
  }),
  at("start", "cut off", (file) => truncateSync(file, 8_192)),
  at("start", "its first page overwritten", (file) => {
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 100, 4_096);
    writeFileSync(file, bytes);
  }),
  at("start", "its later pages overwritten", (file) => fillFrom(file, 12_288, 0xa5)),
  at("start", "a folder in its place", (file) => {
    without(file);
    mkdirSync(file);
  }),
  at("start", "a folder in its log's place", (file) => {
    mkdirSync(`${file}-wal`);
  }),
  at("start", "a folder in its index's place", (file) => {
    mkdirSync(`${file}-shm`);
  }),
  at("start", "a log of garbage", (file) => writeFileSync(`${file}-wal`, Buffer.alloc(9_000, 7))),
  at("start", "a second ledger of garbage beside it", (file) =>
    writeFileSync(join(file, "..", "ledger-2.db"), Buffer.alloc(9_000, 7)),
  ),
  at("start", "a table gone", (file) => sql(file, "DROP TABLE receipt")),
  at("start", "an exclusive lock of another program", (file) =>
    held(
      file,
      "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS x (y)",
    ),
  ),
  at("open", "a write lock of another program", (file) => held(file, "BEGIN IMMEDIATE")),
  at("open", "the file deleted", without),
  at("open", "the file cut off", (file) => truncateSync(file, 4_096)),
  at("open", "its pages overwritten", (file) => fillFrom(file, 4_096, 0xa5)),
  at("open", "a row that cannot be read", (file) =>
    sql(file, "UPDATE session SET apps_json = '[{' || apps_json"),
  ),
  at("open", "a table gone while it is open", (file) => sql(file, "DROP TABLE receipt")),
];
