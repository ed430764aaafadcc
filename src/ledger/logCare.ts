import { open } from "node:fs/promises";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { checkpoint } from "./thread.ts";

/** At most so often is the log flushed by itself. */
const pauseMs = 500;

/** After so many commits the log is moved into the database: some 2,000 pages of 4 KiB. */
const commitsPerCheckpoint = 250;

/**
 * Does in the background, after commits, what SQLite would make the editor wait for: flushing the
 * write-ahead log to the disk, and moving it into the database.
 *
 * `synchronous=NORMAL` makes a commit survive the death of the process but not a power loss; `FULL`
 * waits for the disk at each commit (docs/ledger.md has the figures). This gives FULL's promise half
 * a second later at most. SQLite takes its file locks on the database and on the -shm file, never
 * on the -wal file, so opening that one here is safe.
 */
export class LogCare implements Disposable {
  readonly #file: string;
  readonly #clock: Clock;
  #busy = false;
  #wanted = false;
  #disposed = false;
  #pause: Disposable | undefined;
  #commits = 0;
  #moving = false;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Heartbeats and leases fill the log like all else, and are not worth a flush. */
  committed(isLasting: boolean): void {
    if (this.#disposed) return;
    this.#commits += 1;
    if (this.#commits >= commitsPerCheckpoint && !this.#moving) void this.#move();
    if (!isLasting) return;
    this.#wanted = true;
    if (!this.#busy) void this.#run();
  }

  /** Resolves when all that was committed before this call is on the disk. Never rejects: a disk that fails shows at the next write. */
  async flush(): Promise<void> {
    try {
      const log = await open(`${this.#file}-wal`, "r+");
      try {
        await log.datasync();
      } finally {
        await log.close();
      }
    } catch {
      // No log: the last connection has closed and moved it into the database, on the disk.
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#pause?.dispose();
  }

  async #move(): Promise<void> {
    this.#moving = true;
    this.#commits = 0;
    await checkpoint(this.#file);
    this.#moving = false;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    this.#wanted = false;
    await this.flush();
    if (this.#disposed) return;
    this.#pause = this.#clock.after(pauseMs, () => {
      this.#busy = false;
      if (this.#wanted) void this.#run();
    });
  }
}
