import { homedir } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { execa } from "execa";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { cannotStart, childEnv, type CliProcessParts } from "./process.ts";
import { withoutAnsi } from "../plainText.ts";
import type { ProcessEnv } from "../credentials.ts";
import { cannotStartCode } from "../process/keeper.ts";
import { endSoftly, hardGraceMs } from "../process/softEnd.ts";

export interface CliStreamOptions {
  readonly cwd?: string;
  readonly env?: ProcessEnv;
  /** Each line of stdout and stderr, without its end and without colours, as it arrives. */
  readonly onLine: (line: string, from: "stdout" | "stderr") => void;
  /**
   * The keeper's program (dist/keeper.cjs): the command then ends as Ctrl-C would end it even when
   * this process is killed. Without it, the command of a killed owner lives on.
   */
  readonly keeper?: string;
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
   * Ends it as Ctrl-C would: SIGINT, then force after `graceMs`. Only SIGINT makes the CLI tell
   * Modal that it goes. On Windows, where no SIGINT reaches a child, it is killed at once.
   */
  interrupt(graceMs: number): void;
}

/** A line longer than this is cut in pieces, so that output without line ends cannot eat memory. */
const maxLineLength = 64 * 1024;
/** How much longer than the command's grace the keeper has. */
const keeperGraceMs = hardGraceMs + 2000;
const keptStderr = 64 * 1024;

/** Starts a `modal` process whose output is read line by line. */
export function streamCli(
  parts: Pick<CliProcessParts, "cli" | "processEnv" | "clock">,
  args: readonly string[],
  options: CliStreamOptions,
): CliStream {
  const { cli } = parts;
  const { keeper } = options;
  const child = startChild(parts, args, options);
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
    // A keeper that was itself killed leaves its command to us.
    if (keeper !== undefined && result.isTerminated) child.kill();
    await reading;
    const code = keeper === undefined ? undefined : cannotStartCode(stderr);
    if (code !== undefined) throw cannotStart(cli, { code });
    if (result.exitCode === undefined && result.code !== undefined) throw cannotStart(cli, result);
    return { exitCode: result.exitCode ?? null, stderr };
  })();
  // It may end while it is told to.
  child.stdin?.on("error", () => undefined);
  let interrupted = false;
  return {
    ended,
    interrupt(graceMs) {
      if (interrupted) return;
      interrupted = true;
      const over = endOf(child, parts.clock, graceMs, () => lines);
      const dispose = (): void => over?.dispose();
      void ended.then(dispose, dispose);
    },
  };
}

function startChild(
  parts: Pick<CliProcessParts, "cli" | "processEnv">,
  args: readonly string[],
  options: CliStreamOptions,
) {
  const { cli, processEnv } = parts;
  const { keeper } = options;
  const run = [cli.command, ...cli.prefixArgs, ...args] as const;
  const [command, ...rest] =
    keeper === undefined ? run : ([process.execPath, keeper, ...run] as const);
  return execa(command, rest, {
    cwd: options.cwd ?? homedir(),
    env: {
      ...childEnv(processEnv, options.env),
      // The editor's program is plain Node only with this; the keeper does not hand it on.
      ...(keeper === undefined ? {} : { ELECTRON_RUN_AS_NODE: "1" }),
    },
    extendEnv: false,
    // Nothing is written: the keeper waits for its end.
    stdin: keeper === undefined ? "ignore" : "pipe",
    buffer: false,
    // A kept one needs no hand of a process that ends: it is told, not killed.
    cleanup: keeper === undefined,
    killSignal: "SIGKILL",
    killDescendants: true,
    reject: false,
    windowsHide: true,
  });
}

/** Begins the end of a child. What comes back is to be disposed when it has ended. */
function endOf(
  child: ReturnType<typeof startChild>,
  clock: Clock,
  graceMs: number,
  heard: () => number,
): Disposable | undefined {
  const send = (signal: NodeJS.Signals): void => void child.kill(signal);
  if (child.stdin !== null) {
    child.stdin.end(`${graceMs}\n`);
    return clock.after(graceMs + keeperGraceMs, () => send("SIGKILL"));
  }
  if (process.platform !== "win32") return endSoftly({ clock, send, heard, graceMs });
  send("SIGKILL");
  return undefined;
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
