import { spawn } from "node:child_process";
import { tokenFree } from "../../base/tokenFree.ts";

/** One program of the operating system, to be run without a shell. */
export interface ToolCall {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment. Data goes here or into `args`, never into a script. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its standard input is held open for as long as it is wanted, and it ends when that ends (heldTool.ts). */
  readonly isHeld?: boolean;
}

export interface ToolResult {
  /** null: it could not be started, or it was killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be started. */
  readonly startError: string | undefined;
}

export type RunTool = (call: ToolCall, signal: AbortSignal) => Promise<ToolResult>;

const maxOutput = 64 * 1024;

/** Runs a program to its end. Never rejects. The signal kills it, or lets go of it where it is held. */
export const runTool: RunTool = (call, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ exitCode: null, stdout: "", stderr: "", startError: undefined });
      return;
    }
    const { isHeld = false } = call;
    const child = spawn(call.file, call.args, {
      env: { ...tokenFree(process.env), ...call.env },
      stdio: [isHeld ? "pipe" : "ignore", "pipe", "pipe"],
      windowsHide: true,
      ...(isHeld ? {} : { signal }),
    });
    // It may have ended before.
    child.stdin?.on("error", () => undefined);
    signal.addEventListener("abort", () => child.stdin?.end(), { once: true });
    let stdout = "";
    let stderr = "";
    let startError: string | undefined;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (stdout.length < maxOutput) stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (stderr.length < maxOutput) stderr += text;
    });
    child.on("error", (error) => {
      if (child.pid === undefined) {
        startError = error.message;
        resolve({ exitCode: null, stdout, stderr, startError });
      }
    });
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr, startError }));
  });
