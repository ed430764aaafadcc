import { readFileSync } from "node:fs";

/**
 * A clock, in milliseconds, that stands still while this thread could run and the machine runs others
 * (Linux; elsewhere it does not): what is measured with it is the product's, and not the machine's load.
 */
export function awakeMs(): number {
  if (process.platform !== "linux") return performance.now();
  const [, waitedNs = "0"] = readFileSync("/proc/self/schedstat", "latin1").split(" ");
  return performance.now() - Number(waitedNs) / 1e6;
}

/** The processor's time that this thread has used, in milliseconds. */
export function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
