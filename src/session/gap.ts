import { t } from "../base/text.ts";
import type { TimeRange } from "./ledgerPort.ts";

/** A time of which it is not known what ran: nobody looked, and not all logs could be read. */
export interface Gap extends TimeRange {
  /** Names of the apps whose logs were not read; none: of all of them. "not-yet": they are still to be read. */
  readonly apps: readonly string[] | "not-yet";
  /** The app that ran then, of which nothing but the bill will tell what that cost. */
  readonly ran?: string;
}

/** "Fri 18:00 to Mon 09:00 (the log of flux was not read)", as the wall clock says it. */
export function gapText({ fromMs, toMs, apps, ran }: Gap, timeZone?: string): string {
  const range = t("{0} to {1}", weekTime(fromMs, timeZone), weekTime(toMs, timeZone));
  if (ran !== undefined)
    return t("{0} ({1} ran; what it cost is not known until it is billed)", range, ran);
  if (apps === "not-yet") return t("{0} (the logs are not read yet)", range);
  return apps.length === 0
    ? t("{0} (no log could be read)", range)
    : t("{0} (not read: the logs of {1})", range, apps.join(", "));
}

function weekTime(atMs: number, timeZone: string | undefined): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(timeZone === undefined ? {} : { timeZone }),
  })
    .format(atMs)
    .replaceAll(",", "");
}
