declare const microUsdBrand: unique symbol;

/** Integer micro-dollars: 1 µ$ = $0.000001, the resolution of the `X-Cost-USD` header. May be negative only in differences. */
export type MicroUsd = number & { readonly [microUsdBrand]: "MicroUsd" };

function isMicroUsd(value: number): value is MicroUsd {
  return Number.isSafeInteger(value);
}

/** Rounds to whole micro-dollars, half away from zero. Throws a RangeError on NaN, infinities and unsafe integers: those are bugs. */
export function microUsd(value: number): MicroUsd {
  const rounded = Math.sign(value) * Math.round(Math.abs(value)) + 0;
  if (!isMicroUsd(rounded)) throw new RangeError(`Not an amount of money: ${value} µ$`);
  return rounded;
}

export const zeroUsd: MicroUsd = microUsd(0);

/** Dollars → micro-dollars. */
export function usd(dollars: number): MicroUsd {
  return microUsd(dollars * 1_000_000);
}

export function addUsd(...amounts: readonly MicroUsd[]): MicroUsd {
  return sumUsd(amounts);
}

export function sumUsd(amounts: Iterable<MicroUsd>): MicroUsd {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return microUsd(sum);
}
