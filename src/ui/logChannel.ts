import * as vscode from "vscode";
import type { Disposable } from "../base/disposable.ts";
import { Failure } from "../base/failure.ts";
import type { Log } from "../base/log.ts";

/** The diagnostics log: a `LogOutputChannel`, so that its level is the user's to choose. */
export class LogChannel implements Log, Disposable {
  readonly #channel = vscode.window.createOutputChannel("Modal Meter", { log: true });

  debug(message: string): void {
    this.#channel.debug(message);
  }
  info(message: string): void {
    this.#channel.info(message);
  }
  warn(message: string): void {
    this.#channel.warn(message);
  }
  error(message: string, cause?: unknown): void {
    this.#channel.error(cause === undefined ? message : `${message}\n${describe(cause)}`);
  }
  show(): void {
    this.#channel.show(true);
  }
  dispose(): void {
    this.#channel.dispose();
  }
}

function describe(cause: unknown): string {
  if (cause instanceof Failure) {
    const parts = [`${cause.reason}: ${cause.message}`];
    if (cause.evidence !== undefined) parts.push(cause.evidence);
    if (cause.cause !== undefined) parts.push(`caused by ${describe(cause.cause)}`);
    return parts.join("\n");
  }
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
