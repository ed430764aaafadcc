import { homedir } from "node:os";
import { t } from "../../base/text.ts";
import { RenewedTimer } from "../../base/renewedTimer.ts";
import { notAnswered } from "../commonFailures.ts";
import type { Clock } from "../../base/clock.ts";
import { cancelled, isAborted } from "../../base/abort.ts";
import { DisposableStore } from "../../base/disposable.ts";
import { Failure } from "../../base/failure.ts";
import type { CliCommand } from "./command.ts";
import { badOutput } from "./json.ts";
import type { ProcessEnv } from "../credentials.ts";

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

export interface CliRunOptions {
  /** For messages: "list the apps". */
  readonly what: string;
  /** How long it may say nothing, on stdout and stderr. */
  readonly silenceMs: number;
  readonly env?: ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

export interface CliProcessParts {
  readonly cli: CliCommand;
  /** The environment of this process; never changed. */
  readonly processEnv: ProcessEnv;
  readonly clock: Clock;
  /** Whether Modal's servers accept a connection. Asked once a run takes unusually long. */
  readonly reachable: () => Promise<boolean>;
}

/** An answer longer than this is none: the longest honest one (a month of bills) is a tenth of it. */
const maxOutputBytes = 16 * 1024 * 1024;
/** A normal run takes 1.1–1.5 s. After this the network is looked at, and then again and again. */
const suspiciousAfterMs = 4000;
const lookAgainMs = 15_000;

/**
 * Runs the `modal` command once, without a shell, in the home directory, with nothing on stdin.
 * Resolves however it exits. Rejects with a `Failure`: "cli-missing", "offline", "timed-out",
 * "cancelled", or "bad-output" (endless output).
 */
export async function runCli(
  parts: CliProcessParts,
  args: readonly string[],
  options: CliRunOptions,
): Promise<CliResult> {
  const { cli, clock } = parts;
  // Loaded when it is needed: a process that asks Modal itself never does, and is smaller without.
  const { execa } = await import("execa");
  if (isAborted(options.signal)) throw cancelled(options.what);
  let failure: Failure | undefined;
  // A wrapper ("uv run modal") dies with what it started, and neither outlives this process.
  const child = execa(cli.command, [...cli.prefixArgs, ...args], {
    cwd: homedir(),
    env: childEnv(parts.processEnv, options.env),
    extendEnv: false,
    stdin: "ignore",
    encoding: "buffer",
    maxBuffer: maxOutputBytes,
    killSignal: "SIGKILL",
    killDescendants: true,
    reject: false,
    windowsHide: true,
  });
  const end = (reason: Failure): void => {
    failure ??= reason;
    child.kill();
  };
  using store = new DisposableScope();
  const silence = store.add(
    new RenewedTimer(clock, options.silenceMs, () =>
      end(notAnswered(options.what, options.silenceMs)),
    ),
  );
  for (const output of [child.stdout, child.stderr]) output.on("data", () => silence.renew());
  const look = (): void =>
    void parts.reachable().then((yes) => {
      if (store.isDisposed) return;
      if (yes) store.add(clock.after(lookAgainMs, look));
      else end(offline());
    });
  store.add(clock.after(suspiciousAfterMs, look));
  const onAbort = (): void => end(cancelled(options.what));
  options.signal?.addEventListener("abort", onAbort, { once: true });
  store.add({ dispose: () => options.signal?.removeEventListener("abort", onAbort) });

  const result = await child;
  if (failure !== undefined) throw failure;
  if (result.isMaxBuffer) {
    throw badOutput(
      options.what,
      t("is too long"),
      Buffer.from(result.stdout.slice(0, 2000)).toString(),
    );
  }
  if (result.exitCode === undefined && result.code !== undefined) throw cannotStart(cli, result);
  return { exitCode: result.exitCode ?? null, stdout: result.stdout, stderr: result.stderr };
}

/** A store that ends with its block. */
class DisposableScope extends DisposableStore {
  [Symbol.dispose](): void {
    this.dispose();
  }
}

// Rich wraps at 80 columns when piped; colours and forced terminals would change the text.
const plainOutput: ProcessEnv = {
  COLUMNS: "400",
  LINES: "100",
  NO_COLOR: "1",
  TERM: "dumb",
  PYTHONUTF8: "1",
  PYTHONIOENCODING: "utf-8",
  PYTHONUNBUFFERED: "1",
  FORCE_COLOR: undefined,
  CLICOLOR_FORCE: undefined,
  TTY_COMPATIBLE: undefined,
  TTY_INTERACTIVE: undefined,
  // Set for the extension host itself; a Python child has no use for them.
  ELECTRON_RUN_AS_NODE: undefined,
};

/** The environment of a `modal` process: this one's, plain output, then `extra`. */
export function childEnv(processEnv: ProcessEnv, extra: ProcessEnv = {}): Record<string, string> {
  const merged = { ...processEnv, ...plainOutput, ...extra };
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(merged)) if (value !== undefined) env[name] = value;
  return env;
}

function offline(): Failure {
  return new Failure(
    "offline",
    t("Modal cannot be reached. Check the network connection, then try again."),
  );
}

/** The failure for a command that could not be started at all. */
export function cannotStart(
  cli: CliCommand,
  error: { readonly code?: string | undefined },
): Failure {
  const why = error.code === "EACCES" ? t("permission denied") : t("it does not exist");
  return new Failure(
    "cli-missing",
    t(
      'The modal command cannot be started ({0}): {1}. Install it with "pip install modal", or set modalMeter.cliPath.',
      cli.command,
      why,
    ),
  );
}

/** What it printed, as text. */
export function printedText(result: CliResult): {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return {
    exitCode: result.exitCode,
    stdout: Buffer.from(result.stdout).toString("utf8"),
    stderr: Buffer.from(result.stderr).toString("utf8"),
  };
}
