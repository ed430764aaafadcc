import { periodOf } from "../cost/calendar.ts";

/** An instant as the wall clock of a time zone shows it. */
export interface LocalTime {
  /** "2026-11-21". */
  readonly day: string;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly minuteOfDay: number;
  /** The first instant of the day. */
  readonly dayStartMs: number;
}

// Building a formatter takes longer than all the rest, and a policy asks every few seconds.
const formats = new Map<string, Intl.DateTimeFormat>();
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export function localTime(atMs: number, timeZone: string): LocalTime {
  const { key, fromMs } = periodOf("day", atMs, timeZone);
  const parts = new Map(
    format(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, value]),
  );
  return {
    day: key,
    weekday: weekdays.indexOf(parts.get("weekday") ?? ""),
    minuteOfDay: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
    dayStartMs: fromMs,
  };
}

function format(timeZone: string): Intl.DateTimeFormat {
  let known = formats.get(timeZone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "numeric",
      minute: "numeric",
      hourCycle: "h23",
    });
    formats.set(timeZone, known);
  }
  return known;
}
