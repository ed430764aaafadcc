import { Worker } from "node:worker_threads";
import * as z from "zod/mini";

/**
 * The thread's program is a text of its own, because a bundle has no second file to start: it opens
 * the ledger read-only and lets SQLite read every page and index.
 */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
let problems;
try {
  const database = new DatabaseSync(workerData.path, { readOnly: true, timeout: 5000 });
  try {
    problems = database.prepare("PRAGMA integrity_check(20)").all()
      .map((row) => String(Object.values(row)[0])).filter((text) => text !== "ok");
  } finally {
    database.close();
  }
} catch (error) {
  problems = [error instanceof Error ? error.message : String(error)];
}
parentPort.postMessage(problems);
`;

const problemsSchema = z.array(z.string());

/** What SQLite's full check finds, read in a thread of its own: seconds for a large file. Empty: sound. */
export function integrityProblems(path: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: { path } });
    worker.once("message", (message: unknown) => resolve(problemsSchema.parse(message)));
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("The check ended without an answer.")));
  });
}
