import type { InUse, MeanUse } from "../terms.ts";

/** Something that is known within bounds. */
export interface Within {
  readonly least: number;
  readonly likely: number;
  readonly most: number;
}

export function exactly(value: number): Within {
  return { least: value, likely: value, most: value };
}

/** The shares of the time that lie below the first, between them, and above the last of what is told. */
const bands = [0.5, 0.4, 0.09, 0.01] as const;

/**
 * What of a resource is billed on average: at each moment the larger of request and use
 * (modal.com/docs/guide/resources). How use was distributed is told at three points, so the mean lies
 * between two sums of steps. Memory that is held stays, so what half of the time tells is taken for
 * all of that half; cores come and go, so half of it is. Of a mean alone it is as if it were in use
 * all the time; what came and went may be billed on top of the request.
 */
export function billedAmount(
  request: Within,
  inUse: InUse | MeanUse,
  kind: "cores" | "memory",
): Within {
  if ("mean" in inUse)
    return {
      least: Math.max(request.least, inUse.mean),
      likely: Math.max(request.likely, inUse.mean),
      most: request.most + inUse.mean,
    };
  const [half, most, nearlyAll] = inUse;
  const mean = (request: number, steps: readonly number[]): number =>
    bands.reduce((sum, share, at) => sum + share * Math.max(request, steps[at] ?? nearlyAll), 0);
  const lowHalf = kind === "memory" ? half : half / 2;
  return {
    least: mean(request.least, [0, half, most, nearlyAll]),
    likely: mean(request.likely, [lowHalf, (half + most) / 2, (most + nearlyAll) / 2, nearlyAll]),
    most: mean(request.most, [half, most, nearlyAll, nearlyAll]),
  };
}
