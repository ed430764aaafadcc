const hourMs = 3_600_000;
/** Texts with changing parts would be kept for ever. */
const maxKept = 500;

/** Says whether a text is to be told: the same one once an hour at most. */
export class HourlyTexts {
  readonly #toldAtMs = new Map<string, number>();

  isDue(text: string, nowMs: number): boolean {
    const told = this.#toldAtMs.get(text);
    if (told !== undefined && Math.abs(nowMs - told) < hourMs) return false;
    // Set anew, so that the first one is the one told longest ago.
    this.#toldAtMs.delete(text);
    this.#toldAtMs.set(text, nowMs);
    const [oldest] = this.#toldAtMs.keys();
    if (this.#toldAtMs.size > maxKept && oldest !== undefined) this.#toldAtMs.delete(oldest);
    return true;
  }
}
