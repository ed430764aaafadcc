import { isApp } from "../../cost/billed/billedRow.ts";
import { those } from "../../base/those.ts";
import type { CostReading } from "./costReader.ts";

/** The part of a reading that is of these apps. What is billed and is no app is nobody's. */
export function ofApps(reading: CostReading, isAsked: (appId: string) => boolean): CostReading {
  return {
    ...reading,
    priced: those(reading.priced, ({ span }) => isAsked(span.appId)),
    calls: those(reading.calls, ({ appId }) => appId === null || isAsked(appId)),
    billed: those(reading.billed, (row) => isApp(row) && isAsked(row.objectId)),
  };
}
