import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import * as z from "zod/mini";

const program = fileURLToPath(new URL("./ledgerProcess.ts", import.meta.url));
const answerSchema = z.object({
  news: z.array(z.string()),
  failure: z.nullable(z.string()),
  results: z.array(z.string()),
});
export type Answer = z.output<typeof answerSchema>;

export interface StartOptions {
  /** A command that runs another one. */
  readonly through?: readonly string[];
  readonly flags?: readonly string[];
  readonly uid?: number;
}

/** A process with the ledger open, as a window is. */
export class LedgerWindow {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: string[] = [];
  readonly #closed: Promise<unknown>;
  #onLine = (): void => {};

  constructor(path: string, me: string, task: string, count = 0, start: StartOptions = {}) {
    const job = JSON.stringify({ path, me, task, count });
    const [command, ...rest] = [
      ...(start.through ?? []),
      process.execPath,
      ...(start.flags ?? []),
      program,
      job,
    ];
    this.#child = spawn(command, rest, {
      stdio: ["pipe", "pipe", "inherit"],
      ...(start.uid === undefined ? {} : { uid: start.uid, gid: start.uid }),
    });
    const reader = createInterface({ input: this.#child.stdout });
    reader.on("line", (line) => {
      this.lines.push(line);
      this.#onLine();
    });
    this.#closed = Promise.all([once(reader, "close"), once(this.#child, "exit")]);
  }

  async said(count: number): Promise<void> {
    while (this.lines.length < count) {
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
  }

  go(): void {
    this.#child.stdin.write("go\n");
  }

  async answer(): Promise<Answer> {
    await this.#closed;
    return answerSchema.parse(JSON.parse(this.lines.at(-1) ?? ""));
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }
}

/** Runs one task in several processes that begin at the same moment. */
export async function together(
  path: string,
  task: string,
  windows: number,
  count = 0,
  start: StartOptions = {},
): Promise<readonly Answer[]> {
  const all = Array.from(
    { length: windows },
    (_, me) => new LedgerWindow(path, `${me}`, task, count, start),
  );
  for (const window of all) await window.said(1);
  for (const window of all) window.go();
  return await Promise.all(all.map((window) => window.answer()));
}
