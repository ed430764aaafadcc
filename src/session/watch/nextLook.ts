/** When the next look is due. */
export class NextLook {
  #atMs: number | null = 0;
  /** What was asked for is not begun: a look that was under way then began too early to answer it. */
  #isAsked = false;

  /** Milliseconds since the epoch; null: none is planned. */
  get atMs(): number | null {
    return this.#atMs;
  }

  isDue(nowMs: number): boolean {
    return this.#atMs !== null && nowMs >= this.#atMs;
  }

  /** A look that begins from now on is due at once, whatever is planned until then. */
  ask(): void {
    this.#isAsked = true;
    this.#atMs = 0;
  }

  /** The next one is due at once; one that is under way will do. */
  hasten(): void {
    this.#atMs = 0;
  }

  /** A look begins: it answers all that was asked for. */
  begin(): void {
    this.#isAsked = false;
  }

  /** Plans anew. */
  plan(atMs: number | null): void {
    this.#atMs = this.#isAsked ? 0 : atMs;
  }

  /** Plans one only where none is due sooner. */
  planEarlier(atMs: number | null): void {
    if (atMs !== null) this.#atMs = Math.min(this.#atMs ?? Infinity, atMs);
  }
}
