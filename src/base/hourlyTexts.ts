const hourMs = 3_600_000;
/** Texts with changing parts would be kept for ever. */
const maxKept = 500;

/** Says whether a text is to be told: the same one once an hour at most. */
export class HourlyTexts {
  readonly #passedAtMs = new Map<string, number>();

  isDue(text: string, nowMs: number): boolean {
    const lastMs = this.#passedAtMs.get(text);
    if (lastMs !== undefined && Math.abs(nowMs - lastMs) < hourMs) return false;
    // Set anew, so that the first one is the one told longest ago.
    this.#passedAtMs.delete(text);
    this.#passedAtMs.set(text, nowMs);
    const [oldest] = this.#passedAtMs.keys();
    if (this.#passedAtMs.size > maxKept && oldest !== undefined) this.#passedAtMs.delete(oldest);
    return true;
  }
}
