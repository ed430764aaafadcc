import type { World } from "../worlds/world.ts";
import type { RateCard } from "./rates.ts";

/** Where the world has changing prices: when after the beginning, and to how much of what they were. */
const PRICES_STAY_MS = 60 * 3_600_000;
const CHANGED_PRICE_PERCENT = 112;

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

/** The prices of a world whose time begins at `startMs`. */
export function pricesIn(world: World, card: RateCard, startMs: number): PriceList {
  const prices = new PriceList(card);
  if (world.prices === "changing") prices.change(startMs + PRICES_STAY_MS, CHANGED_PRICE_PERCENT);
  return prices;
}

/** In whole millionths of a dollar, as the bill reckons. */
function scaled(text: string, percent: number): string {
  return (Math.round(Number(text) * 1e4 * percent) / 1e6).toString();
}
