import { homedir } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { execa } from "execa";
import { DisposableStore } from "../base/disposable.ts";
import { cannotStart, childEnv, type CliProcessParts } from "./cliProcess.ts";
import { withoutAnsi } from "./cliText.ts";
import type { ProcessEnv } from "./credentials.ts";
import { killTree, trackChild } from "./processTree.ts";

export interface CliStreamOptions {
  readonly cwd?: string;
  readonly env?: ProcessEnv;
  /** Each line of stdout and stderr, without its end and without colours, as it arrives. */
  readonly onLine: (line: string, from: "stdout" | "stderr") => void;
}

export interface CliStreamEnd {
  readonly exitCode: number | null;
  /** The last part of stderr, for the failure. */
  readonly stderr: string;
}

/** A `modal` process that runs until it is done or is interrupted. */
export interface CliStream {
  /** Rejects with `Failure("cli-missing")` when the command cannot be started. */
  readonly ended: Promise<CliStreamEnd>;
  /**
   * Ends it as Ctrl-C would: SIGINT, then SIGKILL after `graceMs`. Only SIGINT makes the CLI tell
   * Modal that it goes. On Windows, where no SIGINT reaches a child, it is killed at once.
   */
  interrupt(graceMs: number): void;
}

/** A line longer than this is cut in pieces, so that output without line ends cannot eat memory. */
const maxLineLength = 64 * 1024;
/** How long the CLI may stay silent after a SIGINT before it gets another. */
const againMs = 2500;
const keptStderr = 64 * 1024;

/** Starts a `modal` process whose output is read line by line. */
export function streamCli(
  parts: Pick<CliProcessParts, "cli" | "processEnv" | "clock">,
  args: readonly string[],
  options: CliStreamOptions,
): CliStream {
  const { cli } = parts;
  const child = execa(cli.command, [...cli.prefixArgs, ...args], {
    cwd: options.cwd ?? homedir(),
    env: childEnv(parts.processEnv, options.env),
    extendEnv: false,
    stdin: "ignore",
    buffer: false,
    reject: false,
    cleanup: false,
    windowsHide: true,
    detached: process.platform !== "win32",
  });
  const tracked = trackChild(child);
  let stderr = "";
  let lines = 0;
  const reading = Promise.all([
    readLines(child.stdout, (line) => {
      lines += 1;
      options.onLine(line, "stdout");
    }),
    readLines(child.stderr, (line) => {
      lines += 1;
      stderr = `${stderr}${line}\n`.slice(-keptStderr);
      options.onLine(line, "stderr");
    }),
  ]);
  const ended = (async (): Promise<CliStreamEnd> => {
    const result = await child;
    tracked.dispose();
    await reading;
    if (result.exitCode === undefined && result.code !== undefined) throw cannotStart(cli, result);
    return { exitCode: result.exitCode ?? null, stderr };
  })();
  let interrupted = false;
  return {
    ended,
    interrupt(graceMs) {
      if (interrupted) return;
      interrupted = true;
      const soft = process.platform !== "win32" && killTree(child, "SIGINT");
      if (!soft) {
        killTree(child, "SIGKILL");
        return;
      }
      const over = new DisposableStore();
      over.add(parts.clock.after(graceMs, () => killTree(child, "SIGKILL")));
      // A SIGINT that comes while the CLI is still setting itself up gets lost; one that it took
      // makes it say so at once, and must not be followed by another.
      const linesBefore = lines;
      const insist = (): void => {
        if (over.isDisposed || lines > linesBefore) return;
        killTree(child, "SIGINT");
        over.add(parts.clock.after(againMs, insist));
      };
      over.add(parts.clock.after(againMs, insist));
      void (async () => {
        await ended.catch(() => undefined);
        over.dispose();
      })();
    },
  };
}

async function readLines(
  stream: AsyncIterable<unknown>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    rest += chunk instanceof Uint8Array ? decoder.write(Buffer.from(chunk)) : String(chunk);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(withoutAnsi(line));
    while (rest.length > maxLineLength) {
      onLine(withoutAnsi(rest.slice(0, maxLineLength)));
      rest = rest.slice(maxLineLength);
    }
  }
  rest += decoder.end();
  if (rest !== "") onLine(withoutAnsi(rest));
}
