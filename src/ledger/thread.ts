import { Worker } from "node:worker_threads";
import * as z from "zod/mini";

/** The thread's program is a text of its own, because a bundle has no second file to start. */
// not shown: a program
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
const { file, sql, readOnly } = workerData;
let answer;
try {
  const database = new DatabaseSync(file, { readOnly, timeout: 5000 });
  try {
    answer = database.prepare(sql).all().map((row) => String(Object.values(row)[0]));
  } finally {
    database.close();
  }
} catch (error) {
  answer = [error instanceof Error ? error.message : String(error)];
}
parentPort.postMessage(answer);
`;

const answerSchema = z.array(z.string());

/**
 * Runs one statement on a connection and in a thread of its own, so that the editor does not wait.
 * Resolves with the first column; an error of SQLite becomes its only row.
 */
function inThread(file: string, sql: string, readOnly: boolean): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: { file, sql, readOnly } });
    worker.once("message", (message: unknown) => resolve(answerSchema.parse(message)));
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("The thread ended without an answer.")));
  });
}

/** What SQLite's full check finds: it reads every page and index, seconds for a large file. Empty: sound. */
export async function integrityProblems(file: string): Promise<readonly string[]> {
  const answer = await inThread(file, "PRAGMA integrity_check(20)", true);
  return answer.filter((line) => line !== "ok");
}

/** Moves the log into the database, as far as no reader needs it. Writers need not wait meanwhile. */
export async function checkpoint(file: string): Promise<void> {
  try {
    await inThread(file, "PRAGMA wal_checkpoint(PASSIVE)", false);
  } catch {
    // No threads here: then SQLite does it at a commit, later.
  }
}
