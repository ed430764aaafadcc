/** A stretch of local time with a name: "2026-11-21", "2026-W47", "2026-11". Start inclusive, end exclusive. */
export interface Period {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export type PeriodUnit = "day" | "week" | "month";

interface LocalDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The day, week (from Monday, ISO) or month of `timeZone` (IANA name) that holds `atMs`. Days of 23 and 25 hours included. */
export function periodOf(unit: PeriodUnit, atMs: number, timeZone: string): Period {
  const date = localDate(atMs, timeZone);
  if (unit === "month") {
    const next = date.month === 12 ? [date.year + 1, 1] : [date.year, date.month + 1];
    const [year = date.year, month = 1] = next;
    return {
      key: `${date.year}-${pad(date.month)}`,
      fromMs: startOfDay({ ...date, day: 1 }, timeZone),
      toMs: startOfDay({ year, month, day: 1 }, timeZone),
    };
  }
  if (unit === "week") {
    const monday = plusDays(date, -((weekday(date) + 6) % 7));
    return {
      key: weekKey(monday),
      fromMs: startOfDay(monday, timeZone),
      toMs: startOfDay(plusDays(monday, 7), timeZone),
    };
  }
  return {
    key: `${date.year}-${pad(date.month)}-${pad(date.day)}`,
    fromMs: startOfDay(date, timeZone),
    toMs: startOfDay(plusDays(date, 1), timeZone),
  };
}

/** All periods that touch [fromMs, toMs), in order. */
export function periodsBetween(
  unit: PeriodUnit,
  fromMs: number,
  toMs: number,
  timeZone: string,
): readonly Period[] {
  const periods: Period[] = [];
  for (let atMs = fromMs; atMs < toMs;) {
    const period = periodOf(unit, atMs, timeZone);
    periods.push(period);
    atMs = Math.max(period.toMs, atMs + 1);
  }
  return periods;
}

function localDate(atMs: number, timeZone: string): LocalDate {
  const date = new Date(atMs + offsetMs(atMs, timeZone));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** The first instant of a local day. Where clocks jump over midnight, the day starts with the jump. */
function startOfDay({ year, month, day }: LocalDate, timeZone: string): number {
  const asUtc = Date.UTC(year, month - 1, day);
  const before = asUtc - offsetMs(asUtc - dayMs / 2, timeZone);
  const after = asUtc - offsetMs(asUtc + dayMs / 2, timeZone);
  for (const atMs of [Math.min(before, after), Math.max(before, after)]) {
    if (atMs + offsetMs(atMs, timeZone) >= asUtc) return atMs;
  }
  return Math.max(before, after);
}

function plusDays(date: LocalDate, days: number): LocalDate {
  const moved = new Date(Date.UTC(date.year, date.month - 1, date.day) + days * dayMs);
  return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() };
}

/** 0 is Sunday. */
function weekday({ year, month, day }: LocalDate): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function weekKey(monday: LocalDate): string {
  const { year, month, day } = plusDays(monday, 3);
  const dayOfYear = (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / dayMs;
  return `${year}-W${pad(Math.floor(dayOfYear / 7) + 1)}`;
}

/** Local time minus UTC, in milliseconds. */
function offsetMs(atMs: number, timeZone: string): number {
  return zoneOffset(timeZone)(atMs);
}

/**
 * Local time minus UTC at an instant, in milliseconds, as a time zone of the IANA database has it,
 * summer time included. Throws a RangeError for an unknown zone.
 */
export function zoneOffset(timeZone: string): (atMs: number) => number {
  const formatter = format(timeZone);
  return (atMs) => {
    const parts = new Map<string, number>(
      formatter.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
    );
    const part = (name: string): number => parts.get(name) ?? 0;
    const local = Date.UTC(
      part("year"),
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute"),
      part("second"),
    );
    return local - Math.floor(atMs / 1000) * 1000;
  };
}

function format(timeZone: string): Intl.DateTimeFormat {
  let cached = formats.get(timeZone);
  if (cached === undefined) {
    cached = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timeZone, cached);
  }
  return cached;
}

function pad(value: number): string {
  return value.toString().padStart(2, "0");
}
