import { appendFileSync, renameSync, statSync } from "node:fs";
import { HourlyTexts } from "../base/hourlyTexts.ts";
import type { Log } from "../base/log.ts";

/** The log and its predecessor take at most twice this, in bytes. */
const maxBytes = 256 * 1024;

/** The guardian's own log file: few lines, each fault once an hour, two files at most. A disk that is full silences it. */
export function fileLog(file: string): Log {
  const hourlyTexts = new HourlyTexts();
  const write = (level: string, message: string): void => {
    if (level !== "info" && !hourlyTexts.isDue(message, Date.now())) return;
    try {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > maxBytes)
        renameSync(file, `${file}.old`);
      const line = `${new Date().toISOString()} ${process.pid} ${level} ${message}\n`;
      appendFileSync(file, line, { mode: 0o600 });
    } catch {
      // Nothing that the guardian does depends on its log.
    }
  };
  return {
    debug: () => undefined,
    info: (message) => write("info", message),
    warn: (message) => write("warn", message),
    error: (message, cause) =>
      write(
        "error",
        cause instanceof Error ? `${message} ${cause.stack ?? cause.message}` : message,
      ),
  };
}
