// Days as a wall clock in a place counts them. The offset of the place comes from the platform's own
// time zone data; the rest is counted here.

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  formats.set(zone, made);
  return made;
}

/** The date on the wall, as 2026-11-26. */
export function dateIn(zone: string, atMs: number): string {
  return formatOf(zone).format(atMs);
}

export interface LocalDay {
  readonly date: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The first millisecond at which the wall shows another date than just before `highMs`, after `lowMs`. */
function turnBetween(zone: string, lowMs: number, highMs: number): number {
  const date = dateIn(zone, lowMs);
  let [low, high] = [lowMs, highMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (dateIn(zone, middle) === date) low = middle;
    else high = middle;
  }
  return high;
}

const step = 6 * 3_600_000;

/** The days that touch the range, each from its first to its last moment (23 h and 25 h days included). */
export function daysIn(zone: string, fromMs: number, toMs: number): LocalDay[] {
  const turns: number[] = [];
  const start = fromMs - 30 * 3_600_000;
  for (let at = start; turns.at(-1) === undefined || (turns.at(-1) ?? 0) < toMs; at += step)
    if (dateIn(zone, at) !== dateIn(zone, at + step)) turns.push(turnBetween(zone, at, at + step));
  return turns.flatMap((dayFromMs, index) => {
    const dayToMs = turns[index + 1];
    return dayToMs === undefined || dayToMs <= fromMs
      ? []
      : [{ date: dateIn(zone, dayFromMs), fromMs: dayFromMs, toMs: dayToMs }];
  });
}

const offsetFormats = new Map<string, Intl.DateTimeFormat>();

function offsetFormatOf(zone: string): Intl.DateTimeFormat {
  const known = offsetFormats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  offsetFormats.set(zone, made);
  return made;
}

/** Wall clock minus UTC in a place, in minutes, by the platform's data: "GMT+05:45". */
function offsetMinutes(zone: string, atMs: number): number {
  const text = offsetFormatOf(zone)
    .formatToParts(atMs)
    .find(({ type }) => type === "timeZoneName")?.value;
  const parts = /^GMT(?:([+-])(\d\d):(\d\d))?$/u.exec(text ?? "");
  if (!parts) throw new Error(`no offset in ${text}`);
  const minutes = Number(parts[2] ?? 0) * 60 + Number(parts[3] ?? 0);
  return parts[1] === "-" ? -minutes : minutes;
}

/** An instant cut to the second, as Modal's CLI prints it in a place: 2026-11-21 04:40:00+05:45. */
export function wallText(zone: string, atMs: number): string {
  const minutes = offsetMinutes(zone, atMs);
  const wall = new Date(atMs + minutes * 60_000).toISOString();
  const two = (value: number): string => Math.floor(value).toString().padStart(2, "0");
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
  return `${wall.slice(0, 10)} ${wall.slice(11, 19)}${offset}`;
}
