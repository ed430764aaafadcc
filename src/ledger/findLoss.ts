import { t } from "../base/text.ts";
import { noteEmptied, noteLoss } from "../session/ledgerLoss.ts";
import { noteLedgerNews } from "../session/ledgerNews.ts";
import type { Connection } from "./connection.ts";
import type { SqliteLedger } from "./sqliteLedger.ts";
import { setWriteCount, writeCount } from "./tables/writeCount.ts";
import type { TallyMark } from "./tally.ts";

/**
 * Whether the file has lost writes that were acknowledged, told by the first window or guardian that
 * finds it; undefined: none, or it was told before. What Modal can tell again is left to be asked
 * for. `acknowledged` must have been read before this call.
 */
export function findLoss(
  ledger: SqliteLedger,
  connection: Connection,
  acknowledged: TallyMark | null,
  nowMs: number,
): string | undefined {
  if (acknowledged === null || writeCount(connection).writes >= acknowledged.writes)
    return undefined;
  return connection.write(() => {
    const kept = writeCount(connection);
    if (kept.writes >= acknowledged.writes) return undefined;
    setWriteCount(connection, acknowledged.writes, nowMs);
    if (kept.atMs === null) noteEmptied(ledger);
    else noteLoss(ledger, scopesOf(connection), kept.atMs);
    const news = lossNews(kept, acknowledged);
    // This process may end before somebody has seen it.
    noteLedgerNews(ledger, news);
    return news;
  });
}

function scopesOf(connection: Connection): readonly string[] {
  return connection
    .all("SELECT scope FROM listing UNION SELECT scope FROM session")
    .map((row) => String(row["scope"]));
}

function lossNews(kept: TallyMark, acknowledged: TallyMark): string {
  const until = timeText(acknowledged.atMs);
  if (kept.atMs === null)
    return t(
      "The ledger of Modal Meter was emptied or deleted: all that was written until {0} is lost. Calls and containers of the last seven days are read again from the apps' logs, and the bill of the last two months is asked for again; sessions and receipts are gone.",
      until,
    );
  return t(
    "The ledger of Modal Meter has lost what was written after {0} and until {1} (writes: {2}): its log was damaged, or an older copy took its place. Calls and containers are read again from the apps' logs, and the bill is asked for again; sessions and receipts of that time are gone.",
    timeText(kept.atMs),
    until,
    acknowledged.writes - kept.writes,
  );
}

function timeText(atMs: number | null): string {
  return atMs === null ? "?" : new Date(atMs).toLocaleString();
}
