/** An answer's `Date` has whole seconds: each sample is known to half of one. */
const sampleErrorMs = 500;

/**
 * Modal's clock minus this machine's, from samples of single answers, newest first: what all of
 * them allow that are of one mind with the newest. A clock that was set meanwhile leaves the older
 * ones behind. null without samples.
 */
export function clockOffset(samplesMs: readonly number[]): number | null {
  const [newest] = samplesMs;
  if (newest === undefined) return null;
  let [least, most] = [newest - sampleErrorMs, newest + sampleErrorMs];
  for (const sample of samplesMs) {
    const narrower = [
      Math.max(least, sample - sampleErrorMs),
      Math.min(most, sample + sampleErrorMs),
    ] as const;
    if (narrower[0] > narrower[1]) break;
    [least, most] = narrower;
  }
  return (least + most) / 2;
}
