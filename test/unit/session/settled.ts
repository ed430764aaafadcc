import type { VirtualClock } from "../virtualClock.ts";

/** The result of `work`, with the clock moved on until it is there (an hour at most). */
export async function settled<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const state = { done: false };
  const watched = work.finally(() => {
    state.done = true;
  });
  watched.catch(() => undefined);
  for (let moved = 0; moved < 3_600_000; moved += 250) {
    if (state.done) break;
    await clock.advance(250);
  }
  if (!state.done) throw new Error("Nothing came of it within an hour.");
  return watched;
}
