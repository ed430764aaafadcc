/** The value below which the share `q` of the sorted values lies, linear between neighbours. Throws on an empty list. */
export function percentile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError("No values.");
  return below + (above - below) * (position - Math.floor(position));
}

/** Throws on an empty list. */
export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
