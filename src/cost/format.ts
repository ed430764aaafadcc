import { t } from "../base/text.ts";
import type { Cost } from "./cost.ts";
import { microUsd, type MicroUsd } from "./money.ts";

/** What a header or a log line said: `$0.0014`, `$0.43`. */
export function formatReported(amount: MicroUsd): string {
  return dollars(amount, Math.abs(amount) < 100_000 ? 4 : 2);
}

/** What was metered: `≈ $0.41`. */
export function formatMetered(amount: MicroUsd): string {
  return `≈ ${formatAmount(amount)}`;
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
  return dollars(amount, Math.abs(amount) < 10_000 && amount !== 0 ? 4 : 2);
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

function dollars(amount: MicroUsd, decimals: 2 | 4): string {
  const unit = decimals === 2 ? 10_000 : 100;
  const rounded = Math.round(Math.abs(amount) / unit);
  const sign = amount < 0 ? "-" : "";
  if (rounded === 0 && amount !== 0) return `${sign}<$0.${"1".padStart(decimals, "0")}`;
  const scale = 10 ** decimals;
  const whole = Math.floor(rounded / scale).toString();
  const fraction = (rounded % scale).toString().padStart(decimals, "0");
  return `${sign}$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction}`;
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
