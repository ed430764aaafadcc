const dayMs = 86_400_000;

/** Milliseconds to add to UTC for the local clock, at an instant. */
export type OffsetAt = (atMs: number) => number;

/** The same all year. */
export function fixedOffset(utcOffsetMinutes: number): OffsetAt {
  return () => utcOffsetMinutes * 60_000;
}

/** The local day of an instant, and the instant at which the next one begins. */
export function localDay(
  atMs: number,
  offsetAt: OffsetAt,
): { readonly day: string; readonly endMs: number } {
  const day = Math.floor((atMs + offsetAt(atMs)) / dayMs);
  const midnightMs = (day + 1) * dayMs;
  // The clock may be changed during the day: what counts is its offset at midnight.
  const guessMs = midnightMs - offsetAt(atMs);
  return {
    day: new Date(day * dayMs).toISOString().slice(0, 10),
    endMs: Math.max(midnightMs - offsetAt(guessMs), atMs + 1),
  };
}
