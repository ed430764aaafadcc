/** The diagnostics log, as the parts see it. Never receives a secret or a prompt. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
}
