import { plural } from "../../base/text.ts";

/** A size as people say it: "1.4 MB". Decimal units. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return plural(bytes, { one: "{0} byte", other: "{0} bytes" });
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = -1;
  // 999.95 would otherwise be rounded to "1000.0 kB".
  while (unit < 0 || (value >= 999.95 && unit < units.length - 1)) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ""}`;
}
