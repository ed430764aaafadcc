import { isAborted } from "../../base/abort.ts";
import { failureOf } from "../../base/failure.ts";

/**
 * What Modal answers, or none where Modal does not tell it. Rejects when cancelled, also because
 * the profile changed in the middle: an answer of another workspace would be mixed in.
 */
export async function orNone<T>(
  ask: () => Promise<readonly T[]>,
  signal: AbortSignal | undefined,
): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || failure.reason === "cancelled" || isAborted(signal)) throw error;
    return [];
  }
}
