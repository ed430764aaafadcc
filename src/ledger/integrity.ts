import { noteSuspicion } from "./generation.ts";
import { integrityProblems } from "./thread.ts";

/** What SQLite's full check finds; empty: sound. A suspicion that proves right is noted for the next opening. */
export async function integrityOf(file: string): Promise<readonly string[]> {
  const problems = await integrityProblems(file);
  if (problems.length > 0) noteSuspicion(file);
  return problems;
}
