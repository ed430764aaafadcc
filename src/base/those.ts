/**
 * The items of which it holds; where it holds of all, the list itself: what was worked out from it
 * before, and kept beside it, is found again.
 */
export function those<T>(list: readonly T[], holds: (item: T) => boolean): readonly T[] {
  return list.every(holds) ? list : list.filter(holds);
}
