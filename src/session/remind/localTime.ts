import { periodOf, zoneOffset } from "../../cost/spending/calendar.ts";

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

export function localTime(atMs: number, timeZone: string): LocalTime {
  const { key, fromMs } = periodOf("day", atMs, timeZone);
  const wall = new Date(atMs + zoneOffset(timeZone)(atMs));
  return {
    day: key,
    weekday: wall.getUTCDay(),
    minuteOfDay: wall.getUTCHours() * 60 + wall.getUTCMinutes(),
    dayStartMs: fromMs,
  };
}
