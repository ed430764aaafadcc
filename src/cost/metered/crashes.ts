import type { SignsOfLife } from "./coldStart.ts";
import type { EndKnowledge } from "./endKnowledge.ts";

/** So many in a row have served nothing, and it is a loop; one alone may have found nothing to do. */
const fewest = 3;
/** From the end of one to the boot of the next: the machine is there, and has the image. */
export const restartMs = 1_500;
/** Longer ago than this, the next one has nothing to do with it. */
const longestPauseMs = 120_000;

/**
 * Containers that came to nothing, by when the next of their app was first heard of: each of several
 * in a row wrote a line, served no call, and was followed by another. One that waits for work would
 * have got the next call itself, so it was gone: it has no scaledown window.
 */
export function crashedBefore(
  signs: ReadonlyMap<string, SignsOfLife>,
  { logged = [] }: Pick<EndKnowledge, "logged">,
): ReadonlyMap<string, number> {
  const appOf = new Map(logged.map(({ containerId, appId }) => [containerId, appId]));
  const byApp = Map.groupBy([...signs], ([containerId]) => appOf.get(containerId));
  const crashed = new Map<string, number>();
  for (const [appId, all] of byApp) {
    if (appId === undefined) continue;
    const inOrder = all.toSorted(([, a], [, b]) => a.firstMs - b.firstMs);
    let run: (readonly [containerId: string, nextMs: number])[] = [];
    const end = (): void => {
      if (run.length >= fewest) for (const [id, nextMs] of run) crashed.set(id, nextMs);
      run = [];
    };
    for (const [index, [containerId, { lastMs, servedMs }]] of inOrder.entries()) {
      const next = inOrder[index + 1]?.[1];
      const isFollowed =
        next !== undefined && next.firstMs > lastMs && next.firstMs - lastMs < longestPauseMs;
      if (isFollowed && servedMs === Number.POSITIVE_INFINITY)
        run.push([containerId, next.firstMs]);
      else end();
    }
    end();
  }
  return crashed;
}
