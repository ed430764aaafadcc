import type { Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import { appsToRead, type NamedApp } from "./appsToRead.ts";
import { addNotes } from "./appNotes.ts";
import { leaveToRead, leftToRead, noteAllRead } from "./leftToRead.ts";
import { wasEmptied } from "../ledgerLoss.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { PastLogs, type PastLogsParts, type PastLogsSource } from "./pastLogs.ts";
import { noteUnread, type Unread } from "./unread.ts";

export interface LookBackParts extends PastLogsParts {
  readonly ledger: PastLogsParts["ledger"] &
    Pick<Ledger, "sessions" | "acquireLease" | "releaseLease">;
  /** Unique per window. */
  readonly holder: string;
  readonly pid: number;
}

/** What looking back needs of a connection. */
export type LookBackSource = PastLogsSource;

/**
 * So long without a look, and containers may have come and gone unseen. The CLI's is longer, because
 * each log costs it a second of CPU.
 */
const gapMs: Readonly<Record<Listing["adapter"], number>> = { sdk: 90_000, cli: 300_000 };
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Modal's logs reach no further back than this on most plans, and nobody waits for more. */
const longestMs = 7 * dayMs;
/** An example of a cold start is looked for so far before the gap. */
const exampleBackMs = 6 * hourMs;
const maxApps = 8;
const leaseMs = 300_000;
const maxTries = 3;

/** Whether nobody looked for so long that the logs have to tell what happened. */
function isGap(listing: Pick<Listing, "adapter" | "observedAtMs">, sinceMs: number): boolean {
  return listing.observedAtMs - sinceMs > gapMs[listing.adapter];
}

/**
 * Finds out what looks alone did not show: when apps were stopped and deployed, and, after a gap in
 * the looks (the laptop slept, no window was open), which containers came and went in it and which
 * calls they ran. One window of the machine does it, once per gap, in the background.
 */
export class LookBack implements Disposable {
  readonly #parts: LookBackParts;
  readonly #ended = new AbortController();
  readonly #logs: PastLogs;
  readonly #deploysAsked = new Set<string>();
  #tries = 0;
  #running: Promise<void> | undefined;

  constructor(parts: LookBackParts) {
    this.#parts = parts;
    this.#logs = new PastLogs(parts, this.#ended.signal);
  }

  /** Called for each new listing. Resolves when what follows from it is done; rejects with nothing. */
  async update(source: LookBackSource, listing: Listing): Promise<void> {
    // Only the window that took the look knows when the one before it was.
    if (listing.sinceMs === undefined || this.#running !== undefined) return;
    this.#running = this.#work(source, listing, listing.sinceMs).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  dispose(): void {
    this.#ended.abort();
  }

  async #work(source: LookBackSource, listing: Listing, sinceMs: number | null): Promise<void> {
    const { log } = this.#parts;
    try {
      this.#noteStops(listing);
      await this.#noteDeploys(source, listing);
      const fromMs = this.#gapFrom(listing, sinceMs);
      if (fromMs !== null) await this.#alone(source, listing, fromMs);
    } catch (error) {
      const failure = failureOf(error);
      if (this.#ended.signal.aborted) return;
      if (failure === undefined) log.error("Looking back failed.", error);
      else log.info(`Looking back failed: ${failure.message}`);
    }
  }

  #noteStops({ scope, apps }: Listing): void {
    for (const { appId, stoppedAtMs } of apps) {
      if (stoppedAtMs === null) continue;
      addNotes(this.#parts.ledger, { scope, appId }, { endedOnPurposeAtMs: [stoppedAtMs] });
    }
  }

  /** A deploy ends the containers of the version before. Sessions deploy; each is asked about once. */
  async #noteDeploys(
    { control, scopeKey }: LookBackSource,
    { observedAtMs }: Listing,
  ): Promise<void> {
    const recent = { scope: scopeKey, fromMs: observedAtMs - dayMs, toMs: observedAtMs + dayMs };
    const newestFirst = this.#parts.ledger.sessions(recent);
    const answered = new Set<string>();
    for (const { sessionId, apps } of newestFirst) {
      for (const { appId } of apps) {
        const key = `${sessionId} ${appId}`;
        // One answer tells all deployments of the app.
        if (answered.has(appId)) continue;
        answered.add(appId);
        if (this.#deploysAsked.has(key)) continue;
        this.#deploysAsked.add(key);
        await this.#askDeploys(control, scopeKey, appId);
      }
    }
  }

  async #askDeploys(
    control: LookBackSource["control"],
    scope: string,
    appId: string,
  ): Promise<void> {
    try {
      const deployments = await control.deployments(appId, { signal: this.#ended.signal });
      const endedOnPurposeAtMs = deployments.flatMap(({ deployedAtMs }) => deployedAtMs ?? []);
      addNotes(this.#parts.ledger, { scope, appId }, { endedOnPurposeAtMs });
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || failure.reason === "ledger") throw error;
      this.#parts.log.debug(`The deployments of ${appId} are not known: ${failure.message}`);
    }
  }

  /** Since when nobody looked; also a gap that could not be read the last time. null: there is none. */
  #gapFrom(listing: Listing, sinceMs: number | null): number | null {
    const { ledger } = this.#parts;
    const left = leftToRead(ledger, listing.scope);
    const firstMs = wasEmptied(ledger) ? 0 : null;
    const lastMs = sinceMs ?? firstMs;
    const gap = lastMs !== null && isGap(listing, lastMs) ? lastMs : null;
    if (left === null) return gap;
    return gap === null ? left : Math.min(left, gap);
  }

  async #alone(source: LookBackSource, listing: Listing, fromMs: number): Promise<void> {
    const { ledger, holder, pid, clock, log } = this.#parts;
    const { scope } = listing;
    const key = `lookBack ${scope}`; // not shown: the name of a lease
    if (!ledger.acquireLease(key, holder, pid, clock.nowMs(), leaseMs)) return;
    try {
      // Kept until it is done, so that a window that is closed meanwhile leaves it to the next.
      leaveToRead(ledger, scope, fromMs);
      const toMs = listing.observedAtMs;
      const firstMs = Math.max(fromMs, toMs - longestMs);
      const unread = await this.#read(source, listing, firstMs);
      const before = firstMs > fromMs ? [{ fromMs, toMs: firstMs, apps: [] }] : [];
      // Where the ledger was emptied, what was before it is told as such.
      const named = fromMs === 0 ? unread : [...before, ...unread];
      noteUnread(ledger, scope, { fromMs, toMs }, named);
      noteAllRead(ledger, scope);
      this.#tries = 0;
    } catch (error) {
      this.#tries += 1;
      if (this.#tries >= maxTries) {
        this.#tries = 0;
        const range = { fromMs, toMs: listing.observedAtMs };
        noteUnread(ledger, scope, range, [{ ...range, apps: [] }]);
        noteAllRead(ledger, scope);
        log.warn("What happened while nobody looked could not be read. The bill will tell.");
      }
      throw error;
    } finally {
      ledger.releaseLease(key, holder);
    }
  }

  /** Reads the logs since then; gives what was left unread. */
  async #read(
    source: LookBackSource,
    listing: Listing,
    fromMs: number,
  ): Promise<readonly Unread[]> {
    const { ledger, log } = this.#parts;
    const wanted = appsToRead(ledger, listing, fromMs);
    const apps = wanted.slice(0, maxApps);
    const { scope, observedAtMs: toMs } = listing;
    const appIds = apps.map(({ appId }) => appId);
    const range = { fromMs: fromMs - exampleBackMs, toMs: toMs + hourMs };
    const spans = ledger.spans({ scope, appIds, ...range });
    const { readToMs, unseen } = await this.#logs.read(
      source,
      listing,
      apps.map((app) => ({ ...app, fromMs: exampleMs(listing, app, spans, fromMs) })),
    );
    if (apps.length > 0) {
      // not shown: for the log
      const text = `Nobody looked for ${Math.round((toMs - fromMs) / 60_000)} min. Apps whose logs were read: ${apps.length}; containers that they name and that were not seen: ${unseen}.`;
      // A window without the focus looks every few minutes: hundreds of lines a day that tell of nothing.
      if (unseen > 0 || toMs - fromMs >= hourMs) log.info(text);
      else log.debug(text);
    }
    return wanted.flatMap(({ appId, appName }) => {
      const readMs = readToMs.get(appId) ?? fromMs;
      return readMs < toMs ? [{ fromMs: Math.max(fromMs, readMs), toMs, apps: [appName] }] : [];
    });
  }
}

/**
 * Since when to read an app's log. Where exact starts cannot be asked for, the log of the last
 * container that was seen is read too: it tells how long this app's cold starts take.
 */
function exampleMs(
  { adapter }: Listing,
  { appId }: NamedApp,
  spans: readonly ContainerSpan[],
  fromMs: number,
): number {
  if (adapter === "sdk") return fromMs;
  const startsMs = spans.flatMap((span) =>
    span.appId === appId && span.startedAtMs !== null && span.startedAtMs < fromMs
      ? [span.startedAtMs]
      : [],
  );
  if (startsMs.length === 0) return fromMs;
  return Math.max(fromMs - exampleBackMs, Math.max(...startsMs));
}
