import { t } from "../../base/text.ts";
import type { Rate, RateOrigin, Rates } from "./rates.ts";

/** Where most of the prices in force come from, and how old they are. */
export interface PriceAge {
  readonly origin: Exclude<RateOrigin, "settings">;
  /** "2026-11-26", UTC: the day on which they were true. */
  readonly asOf: string;
  /** What the user has a price of their own for: GPU types, "cpu", "memory". */
  readonly userPriced: readonly string[];
}

/** Modal's own prices where it told any, else the built-in table. */
export function priceAge({ gpus, cpu, memory }: Rates): PriceAge {
  const all: readonly (readonly [string, Rate])[] = [...gpus, ["cpu", cpu], ["memory", memory]];
  const newest = (origin: RateOrigin): string | undefined =>
    all
      .flatMap(([, rate]) => (rate.origin === origin && rate.asOf !== null ? [rate.asOf] : []))
      .toSorted()
      .at(-1);
  const fromModal = newest("workspace");
  return {
    origin: fromModal === undefined ? "bundled" : "workspace",
    asOf: fromModal ?? newest("bundled") ?? "",
    userPriced: all.flatMap(([name, { origin }]) => (origin === "settings" ? [name] : [])),
  };
}

/** "Prices of 26 Nov, from Modal.", "List prices of 29 Sep 2025, built in. Your own for L40S." */
export function priceAgeText({ origin, asOf, userPriced }: PriceAge, nowMs: number): string {
  const day = dayText(asOf, nowMs);
  const of =
    origin === "workspace"
      ? t("Prices of {0}, from Modal.", day)
      : t("List prices of {0}, built in.", day);
  return userPriced.length === 0 ? of : `${of} ${t("Your own for {0}.", userPriced.join(", "))}`;
}

function dayText(asOf: string, nowMs: number): string {
  const atMs = Date.parse(`${asOf}T00:00:00Z`);
  const isThisYear = new Date(atMs).getUTCFullYear() === new Date(nowMs).getUTCFullYear();
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
    ...(isThisYear ? {} : { year: "numeric" }),
  }).format(atMs);
}
