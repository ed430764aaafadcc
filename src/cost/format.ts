import { t } from "../base/text.ts";
import type { Bounds } from "./bounds.ts";
import type { Cost } from "./cost.ts";
import { microUsd, type MicroUsd } from "./money.ts";

/** What a header or a log line said: `$0.0014`, `$0.43`. */
export function formatReported(amount: MicroUsd): string {
  return dollars(amount, Math.abs(amount) < 100_000 ? 4 : 2);
}

/** What was metered: `≈ $0.41`; `<$0.0001`, which says by itself that it is not exact. `space` for where there is room. */
export function formatMetered(amount: MicroUsd, space = " "): string {
  return approximately(formatAmount(amount), space);
}

/** An amount that was made a text before, as one that is not exact. */
export function approximately(amount: string, space = " "): string {
  return amount.startsWith("<") ? amount : `≈${space}${amount}`;
}

/** What it is at least: `≥ $0.41`; of less than can be shown, that it is more than nothing. */
export function formatFloor(amount: MicroUsd, space = " "): string {
  const text = formatAmount(amount);
  return text.startsWith("<") ? `>${space}$0` : `≥${space}${text}`;
}

/** What Modal billed: `$0.43 billed`. */
export function formatBilled(amount: MicroUsd): string {
  return t("{0} billed", formatAmount(amount));
}

/** A rate of burning: `$1.95/h`. */
export function formatPerHour(microUsdPerHour: MicroUsd): string {
  return `${formatAmount(microUsdPerHour)}/h`;
}

/** A metered cost, or `unknown`; never $0 for what is not known. */
export function formatCost(cost: Cost): string {
  return cost.known ? formatMetered(cost.microUsd) : t("unknown");
}

/** A plain amount to the cent, finer below one cent: `$2,880.00`, `$0.41`, `$0.0014`, `<$0.0001`. */
export function formatAmount(amount: MicroUsd): string {
  return dollars(amount, decimalsOf(amount));
}

/** Between what an amount lies, both to the same digit: `$0.36 to $0.44`, `at least $0.36`. */
export function formatBounds({ low, high }: Bounds): string {
  const decimals = decimalsOf(high ?? low);
  const [from, to] = [dollars(low, decimals), high === null ? null : dollars(high, decimals)];
  if (to === null) return t("at least {0}", from);
  return from === to ? from : t("{0} to {1}", from, to);
}

/** ` ($0.36–$0.44)` behind an amount that is known within bounds, to the digit of the amount; nothing where they round to one. */
export function formatRange(amount: MicroUsd, { low, high }: Bounds): string {
  const decimals = decimalsOf(amount);
  const [from, to] = [dollars(low, decimals), high === null ? null : dollars(high, decimals)];
  return to === null || from === to ? "" : ` (${from}–${to})`;
}

/** The `X-Cost-USD` header's own form, exact to the micro-dollar: `0.001388`. */
export function formatExactUsd(amount: MicroUsd): string {
  const digits = Math.abs(amount).toString().padStart(7, "0");
  return `${amount < 0 ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/**
 * Reads a dollar amount as programs write it: `0.001388`, `$0.001388`, `1.388e-3 USD`. Finer digits
 * are rounded to the micro-dollar. undefined for anything else; a sign is read, so that the caller
 * can say that the amount is negative.
 */
export function parseUsd(text: string): MicroUsd | undefined {
  const match = /^([+-]?)\s*\$?\s*(\d{1,9}(?:\.\d*)?|\.\d+)(e[+-]?\d{1,2})?\s*(?:usd)?$/i.exec(
    text.trim(),
  );
  if (match === null) return undefined;
  const [, sign = "", digits = "", exponent = ""] = match;
  // Shifting the exponent in the text, not multiplying, keeps every decimal digit exact.
  const shifted = Number(`${sign}${digits}e${Number(exponent.slice(1)) + 6}`);
  return Math.abs(shifted) <= Number.MAX_SAFE_INTEGER ? microUsd(shifted) : undefined;
}

/** How long something took: `0.4 s`, `12.3 s`, `4 min 5 s`, `1 h 12 min`, `2 d 3 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : wholeDuration(Math.round(seconds));
}

/** What is left of a countdown, rounded up so that it shows `0 s` only when it is over: `45 s`, `3 min 20 s`, `42 min`. */
export function formatCountdown(ms: number): string {
  const seconds = Math.ceil(Math.max(0, ms) / 1000);
  return seconds <= 600 ? wholeDuration(seconds) : wholeDuration(Math.ceil(seconds / 60) * 60);
}

/** The time on the wall in `timeZone` (IANA name; the machine's own when omitted): `14:32`. */
export function formatClock(atMs: number, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(atMs);
}

/** A drift or a share: `+1.4 %`, `0.0 %`, `-3.2 %`. */
export function formatDrift(fraction: number): string {
  const percent = (fraction * 100).toFixed(1);
  if (Number(percent) === 0) return "0.0 %";
  return `${fraction > 0 ? "+" : ""}${percent} %`;
}

function decimalsOf(amount: MicroUsd): 2 | 4 {
  return Math.abs(amount) < 10_000 && amount !== 0 ? 4 : 2;
}

function dollars(amount: MicroUsd, decimals: 2 | 4): string {
  const unit = decimals === 2 ? 10_000 : 100;
  const rounded = microUsd(Math.round(Math.abs(amount) / unit) * unit);
  return `${amount < 0 ? "-" : ""}${formatRounded(rounded, decimals, amount !== 0)}`;
}

/** An amount that is rounded already, and not negative. `isSome`: it was more than nothing before, so it is no `$0.00`. */
export function formatRounded(amount: MicroUsd, decimals: 2 | 4, isSome: boolean): string {
  if (amount === 0 && isSome) return `<$0.${"1".padStart(decimals, "0")}`;
  const scale = 10 ** decimals;
  const rounded = Math.round((amount / 1e6) * scale);
  const whole = Math.floor(rounded / scale).toString();
  const fraction = (rounded % scale).toString().padStart(decimals, "0");
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction}`;
}

function wholeDuration(seconds: number): string {
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
