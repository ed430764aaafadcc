/** One end of a workday: minutes after local midnight, and the days (0 = Sunday). */
export interface WorkdayEnd {
  readonly minuteOfDay: number;
  readonly days: readonly number[];
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function dayOf(text: string): number | undefined {
  const day = dayNames.indexOf(text.toLowerCase());
  return day === -1 ? undefined : day;
}

/** Reads "Mon-Fri 18:00", "Mon,Wed 17:30" or "18:00" (every day). null: empty. undefined: not readable. */
export function parseWorkdayEnd(text: string): WorkdayEnd | null | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const match = /^(?:([A-Za-z]{3}(?:[-,][A-Za-z]{3})*)\s+)?([01]?\d|2[0-3]):([0-5]\d)$/.exec(
    trimmed,
  );
  if (match === null) return undefined;
  const minuteOfDay = Number(match[2]) * 60 + Number(match[3]);
  const days = new Set<number>();
  for (const part of (match[1] ?? "Sun-Sat").split(",")) {
    const [from, to = from, ...rest] = part.split("-").map(dayOf);
    if (from === undefined || to === undefined || rest.length > 0) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return { minuteOfDay, days: [...days].toSorted((a, b) => a - b) };
}
