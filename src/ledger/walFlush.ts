import { open } from "node:fs/promises";

/**
 * Flushes the write-ahead log to the disk in the background, after commits.
 *
 * `synchronous=NORMAL` makes a commit survive the death of the process but not a power loss; `FULL`
 * makes the extension host wait for the disk at each commit (docs/ledger.md has the figures). This
 * gives FULL's promise some milliseconds later, without the waiting. SQLite takes its file locks on
 * the database and on the -shm file, never on the -wal file, so opening that one here is safe.
 */
export class WalFlush {
  readonly #path: string;
  #wanted = false;
  #running: Promise<void> | undefined;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** Resolves when all that was committed before this call is on the disk. Never rejects: a disk that fails shows at the next write. */
  request(): Promise<void> {
    this.#wanted = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      this.#wanted = false;
      await this.#flush();
    }
    this.#running = undefined;
  }

  async #flush(): Promise<void> {
    try {
      const file = await open(this.#path, "r+");
      try {
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch {
      // No log: the last connection has closed and moved it into the database, on the disk.
    }
  }
}
