import type { RateCard } from "./rates.ts";

export interface PriceStep {
  readonly fromMs: number;
  readonly card: RateCard;
}

/** The prices over time: one card until the next one comes into force. */
export class PriceList {
  readonly #steps: PriceStep[];

  constructor(card: RateCard) {
    this.#steps = [{ fromMs: Number.NEGATIVE_INFINITY, card }];
  }

  /** The card in force at that instant, and until when. */
  at(ms: number): { readonly card: RateCard; readonly untilMs: number } {
    const index = this.#steps.findLastIndex(({ fromMs }) => fromMs <= ms);
    const step = this.#steps[index];
    if (step === undefined) throw new RangeError("No price is in force.");
    return { card: step.card, untilMs: this.#steps[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY };
  }

  /** The next change after that instant; null when none is known. */
  nextChange(afterMs: number): PriceStep | null {
    return this.#steps.find(({ fromMs }) => fromMs > afterMs) ?? null;
  }

  /** From `fromMs` on, every price is `percent` % of what it was. */
  change(fromMs: number, percent: number): void {
    const { card } = this.at(fromMs);
    const usdPerHour = Object.fromEntries(
      Object.entries(card.usdPerHour).map(([key, text]) => [key, scaled(text, percent)]),
    );
    this.#steps.push({ fromMs, card: { ...card, usdPerHour } });
    this.#steps.sort((a, b) => a.fromMs - b.fromMs);
  }
}

/** In whole millionths of a dollar, as the bill reckons. */
function scaled(text: string, percent: number): string {
  return (Math.round(Number(text) * 1e4 * percent) / 1e6).toString();
}
