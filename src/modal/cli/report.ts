import { isAborted } from "../../base/abort.ts";
import { failureOf } from "../../base/failure.ts";
import type { BillingQuery, BillingRow } from "../../session/modalControl.ts";
import { parseBilling, withResources } from "./rows.ts";
import { isoOf } from "./text.ts";

/**
 * `modal billing report`, and once more by resource where that is asked for: with `--show-resources`
 * (client 1.5.1) there is no row of what Modal does not split, so the sums are read without it.
 *
 * @param ask runs the command with these arguments, and gives its JSON. What it throws of the sums is thrown.
 */
export async function reportOf(
  { startMs, endMs, resolution, byResource = false }: BillingQuery,
  ask: (args: readonly string[]) => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<readonly BillingRow[]> {
  const range = ["--start", isoOf(startMs), "--end", isoOf(endMs)];
  const args = [...range, "-r", resolution === "hour" ? "h" : "d"];
  const rows = parseBilling(await ask(args));
  if (!byResource || rows.length === 0) return rows;
  try {
    return withResources(rows, await ask([...args, "--show-resources"]));
  } catch (error) {
    // An older client does not know the option, and Modal refuses who asks much: the sums stand.
    if (failureOf(error) === undefined || isAborted(signal)) throw error;
    return rows;
  }
}
