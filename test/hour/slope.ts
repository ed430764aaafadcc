/** How fast something grows, per hour, with the half width of its 95 % interval. */
export interface Slope {
  readonly perHour: number;
  readonly plusMinus: number;
}

/**
 * The straight line of least squares. Neighbours of a measured row resemble each other, which makes the
 * plain interval too narrow: it is widened by what the first autocorrelation of the rest says.
 */
export function slopeOf(points: readonly (readonly [minutes: number, value: number])[]): Slope {
  const count = points.length;
  const meanX = meanOf(points.map(([x]) => x));
  const meanY = meanOf(points.map(([, y]) => y));
  const spread = sumOf(points.map(([x]) => (x - meanX) ** 2));
  const slope = sumOf(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const rests = points.map(([x, y]) => y - meanY - slope * (x - meanX));
  const squares = sumOf(rests.map((rest) => rest ** 2));
  const neighbours = sumOf(rests.slice(1).map((rest, index) => rest * (rests[index] ?? 0)));
  const likeness = squares === 0 ? 0 : Math.min(0.95, Math.max(0, neighbours / squares));
  const widening = Math.sqrt((1 + likeness) / (1 - likeness));
  const error = Math.sqrt(squares / (count - 2) / spread) * widening;
  // Student's factor for a hundred rows; for fewer it is a little more.
  return { perHour: slope * 60, plusMinus: error * (1.96 + 2.4 / (count - 2)) * 60 };
}

function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
