interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Stretches of time by their begin, of which those that touch a moment are found without reading all others. */
export class Timeline<T> {
  readonly #items: T[] = [];
  readonly #stretchOf: (item: T) => Stretch;
  /** The latest end among the first so many. */
  readonly #latestMs: number[] = [];

  constructor(stretchOf: (item: T) => Stretch) {
    this.#stretchOf = stretchOf;
  }

  /** By begin; of those that begin at once, the first added is the first. */
  get items(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    const { fromMs } = this.#stretchOf(item);
    // Nearly always the last: what is added comes in order, or nearly so.
    let at = this.#items.length;
    while (at > 0 && this.#beginAt(at - 1) > fromMs) at -= 1;
    this.#items.splice(at, 0, item);
    for (; at < this.#items.length; at += 1) this.#latestMs[at] = this.#latestThrough(at);
  }

  /** Those that overlap [fromMs, toMs), by begin. */
  within(fromMs: number, toMs: number): readonly T[] {
    const found: T[] = [];
    for (let at = this.#countBefore(toMs) - 1; at >= 0; at -= 1) {
      // Neither this one nor any before it lasts so long.
      if ((this.#latestMs[at] ?? -Infinity) <= fromMs) break;
      const item = this.#items[at];
      if (item !== undefined && this.#stretchOf(item).toMs > fromMs) found.push(item);
    }
    return found.toReversed();
  }

  #latestThrough(at: number): number {
    const item = this.#items[at];
    const toMs = item === undefined ? -Infinity : this.#stretchOf(item).toMs;
    return Math.max(this.#latestMs[at - 1] ?? -Infinity, toMs);
  }

  #beginAt(at: number): number {
    const item = this.#items[at];
    return item === undefined ? Infinity : this.#stretchOf(item).fromMs;
  }

  /** How many begin before. */
  #countBefore(atMs: number): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#beginAt(middle) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
