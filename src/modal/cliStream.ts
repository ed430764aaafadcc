import { homedir } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { execa } from "execa";
import type { Clock } from "../base/clock.ts";
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
  const reading = Promise.all([
    readLines(child.stdout, (line) => options.onLine(line, "stdout")),
    readLines(child.stderr, (line) => {
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
      const kill = later(parts.clock, graceMs, () => killTree(child, "SIGKILL"));
      void ended.then(kill, kill);
    },
  };
}

/** Runs `callback` after the delay unless the returned function is called before. */
function later(clock: Clock, delayMs: number, callback: () => void): () => void {
  const timer = clock.after(delayMs, callback);
  return () => timer.dispose();
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
