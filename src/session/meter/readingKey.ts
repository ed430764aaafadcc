import { textKey } from "../../base/textKey.ts";
import { hourMs, hourOf } from "../../cost/billed/billedRow.ts";
import { rangesRead } from "../logs/logsRead.ts";
import { notedApps, recallNotes, type AppNotes } from "../logs/appNotes.ts";
import { modalOffsetMs } from "../watch/modalTime.ts";
import { recallLessons } from "./lessonBook.ts";
import type { AppKnowledge } from "./costReader.ts";
import type { Ledger, TimeRange } from "../ledgerPort.ts";
import { recallTerms, type NotedTerms } from "../notedTerms.ts";

export interface ReadingKeyParts {
  readonly ledger: Pick<Ledger, "costBasis" | "recall">;
  readonly appKnowledge: AppKnowledge;
  /** RateHistory.key */
  readonly ratesKey: string;
  readonly scope: string;
  /** This machine's time. */
  readonly nowMs: number;
}

/**
 * Tells, without working it out, whether the cost of a range can have changed: keys of all that it is
 * made from, the rows of the ledger, the rates, the notes of logs and what the app files say. For many
 * ranges of one moment: what they share is read once.
 */
export function readingKeys(parts: ReadingKeyParts): (range: TimeRange) => string {
  const { ledger, appKnowledge, ratesKey, scope, nowMs } = parts;
  const offsetMs = modalOffsetMs(ledger, scope, nowMs);
  const names = notedApps(ledger, scope);
  const notesOf = readOnce((appId) => recallNotes(ledger, { scope, appId }));
  const { begin, possible, apps: learned } = recallLessons(ledger, scope);
  const lessons = [begin, possible, learned.map((app) => ({ ...app, kinds: [...app.kinds] }))];
  const termsOf = readOnce((appId) => recallTerms(ledger, { scope, appId }));
  const termsIn = (appId: string, fromMs: number, toMs: number): unknown => [
    rangesRead(ledger, { scope, appId }).filter(
      (read) => read.fromMs < toMs && read.toMs >= fromMs,
    ),
    termsWithin(termsOf(appId), fromMs, toMs),
  ];
  const hints = new Map<string, unknown>();
  const hintsOf = (app: ReturnType<Ledger["costBasis"]>["apps"][number]): unknown => {
    // Where its GPU is told, only the file's cores and memory count: then no spans have to be read.
    const gpuSource = app.gpuSource === "unknown" ? "unknown" : "container";
    const key = JSON.stringify([app.appId, app.appName, gpuSource]);
    if (!hints.has(key))
      hints.set(key, [
        key,
        appKnowledge.appHint?.(scope, { ...app, gpuSource }),
        appKnowledge.lifeInFile?.(app.appName),
      ]);
    return hints.get(key);
  };
  return ({ fromMs: firstMs, toMs: lastMs }) => {
    // As the reader reads: whole hours, and one around them.
    const [fromMs, toMs] = [hourOf(firstMs) - hourMs, hourOf(lastMs) + 2 * hourMs];
    const { stamp, apps } = ledger.costBasis({ scope, fromMs, toMs });
    const namesHere = new Map([
      ...apps.map(({ appId, appName }) => [appId, appName] as const),
      ...names,
    ]);
    const noted = [...namesHere].flatMap(([appId, appName]) => {
      const within = notesIn(notesOf(appId), fromMs, toMs);
      const isNoted = Object.values(within).some(({ length }) => length > 0);
      const app = { appId, appName, gpuSource: "unknown" } as const;
      return isNoted ? [[within, hintsOf(app)]] : [];
    });
    const termsOfApps = [...namesHere.keys()].map((appId) => termsIn(appId, fromMs, toMs));
    const taught = [lessons, termsOfApps, offsetMs];
    return textKey(JSON.stringify([ratesKey, stamp, apps.map(hintsOf), noted, taught]));
  };
}

function readOnce<T>(read: (appId: string) => T): (appId: string) => T {
  const all = new Map<string, { readonly value: T }>();
  return (appId) => {
    const kept = all.get(appId) ?? { value: read(appId) };
    all.set(appId, kept);
    return kept.value;
  };
}

function termsWithin({ functions, containers }: NotedTerms, fromMs: number, toMs: number): unknown {
  const within = containers.filter(
    ({ readyMs, askedAtMs }) => readyMs < toMs && askedAtMs >= fromMs,
  );
  // All that is noted of them, but when they were asked of: it tells of the range alone whether they count.
  const counting = within.map((one) => {
    const { readyMs: _, askedAtMs: _asked, ...counts } = one;
    return counts;
  });
  return [functions, counting];
}

function notesIn(
  { endedOnPurposeAtMs, logged, startups }: AppNotes,
  fromMs: number,
  toMs: number,
): AppNotes {
  return {
    endedOnPurposeAtMs: endedOnPurposeAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs),
    logged: logged.filter((one) => one.lastLineMs >= fromMs && one.firstLineMs < toMs),
    // Of others the usual time of an app is learned.
    startups,
  };
}
