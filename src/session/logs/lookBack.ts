import * as z from "zod/mini";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { CallRecord } from "../../cost/call.ts";
import { unseenContainerIds } from "../../cost/metered/inferredSpans.ts";
import { LoggedContainers } from "../../cost/metered/loggedContainers.ts";
import { LogLineAssembler } from "../../cost/reported/logLineAssembler.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import { withAppResources } from "../../cost/rates/resources.ts";
import type { ContainerObservation, ContainerSpan } from "../../cost/span.ts";
import type { AppHint } from "../watch/appHints.ts";
import { addNotes } from "./appNotes.ts";
import { inParallel } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { LoggedCalls } from "./loggedCalls.ts";
import type { ModalControl } from "../modalControl.ts";

export interface LookBackParts {
  readonly ledger: Pick<
    Ledger,
    | "spans"
    | "calls"
    | "upsertCall"
    | "sessions"
    | "recordListing"
    | "acquireLease"
    | "releaseLease"
    | "remember"
    | "recall"
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique per window. */
  readonly holder: string;
  readonly pid: number;
  readonly rates: () => Rates;
  readonly appHint?: AppHint;
  /** Each new call of somebody else, for the output channel. */
  readonly onCall: (call: CallRecord) => void;
}

/** What looking back needs of a connection. */
export interface LookBackSource {
  readonly control: Pick<ModalControl, "fetchLogs" | "containerDetails" | "deployments">;
  /** "workspace/environment". */
  readonly scopeKey: string;
}

/**
 * So long without a look, and containers may have come and gone unseen. The CLI's is longer, because
 * each log costs it a second of CPU.
 */
const gapMs: Readonly<Record<Listing["adapter"], number>> = { sdk: 90_000, cli: 300_000 };
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Modal's logs reach no further back than this on most plans, and nobody waits for more. */
const longestMs = 7 * dayMs;
/** A log is read in so many pieces at most, of an hour at least. */
const mostPieces = 24;
/** An example of a cold start is looked for so far before the gap. */
const exampleBackMs = 6 * hourMs;
const maxApps = 8;
/** An unfocused window looks every 10 minutes with the CLI. Then only logs of apps in use are worth a second of CPU each. */
const ordinaryMs = 15 * 60_000;
const maxDetails = 200;
const detailsAtOnce = 8;
const maxChars = 16_000_000;
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
  readonly #deploysAsked = new Set<string>();
  #tries = 0;
  #running: Promise<void> | undefined;

  constructor(parts: LookBackParts) {
    this.#parts = parts;
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
    const left = this.#parts.ledger.recall(leftKey(listing.scope), leftShape) ?? null;
    const gap = sinceMs !== null && isGap(listing, sinceMs) ? sinceMs : null;
    if (left === null) return gap;
    return gap === null ? left : Math.min(left, gap);
  }

  async #alone(source: LookBackSource, listing: Listing, fromMs: number): Promise<void> {
    const { ledger, holder, pid, clock, log } = this.#parts;
    const key = leftKey(listing.scope);
    if (!ledger.acquireLease(key, holder, pid, clock.nowMs(), leaseMs)) return;
    try {
      // Kept until it is done, so that a window that is closed meanwhile leaves it to the next.
      ledger.remember(key, JSON.stringify(fromMs));
      await this.#read(source, listing, Math.max(fromMs, listing.observedAtMs - longestMs));
      ledger.remember(key, "null");
      this.#tries = 0;
    } catch (error) {
      this.#tries += 1;
      if (this.#tries >= maxTries) {
        this.#tries = 0;
        ledger.remember(key, "null");
        log.warn("What happened while nobody looked could not be read. The bill will tell.");
      }
      throw error;
    } finally {
      ledger.releaseLease(key, holder);
    }
  }

  async #read(source: LookBackSource, listing: Listing, fromMs: number): Promise<void> {
    const apps = this.#appsToRead(listing, fromMs);
    const budget = { chars: maxChars };
    const { scope, observedAtMs } = listing;
    const appIds = apps.map(({ appId }) => appId);
    const range = { fromMs: fromMs - exampleBackMs, toMs: observedAtMs + hourMs };
    const spans = this.#parts.ledger.spans({ scope, appIds, ...range });
    const found: string[] = [];
    for (const app of apps) {
      const sinceMs = exampleMs(listing, app, spans, fromMs);
      try {
        found.push(...(await this.#readApp(source, listing, app, sinceMs, budget)));
      } catch (error) {
        if (failureOf(error) !== undefined || this.#ended.signal.aborted) throw error;
        // Nothing in one app's log may keep the others' from being read.
        this.#parts.log.error(`The log of ${app.appName} could not be read back.`, error);
      }
    }
    const unseen = unseenContainerIds(spans, found).slice(-maxDetails);
    const ended = await this.#details(source, listing, unseen, apps);
    if (ended.length > 0) this.#parts.ledger.recordListing({ ...listing, ended });
    if (apps.length > 0) {
      this.#parts.log.info(
        `Nobody looked for ${Math.round((observedAtMs - fromMs) / 60_000)} min. Apps whose logs were read: ${apps.length}; containers that they name and that were not seen: ${unseen.length}.`,
      );
    }
  }

  /** Apps that are up or were in the gap, those with containers first. */
  #appsToRead(listing: Listing, fromMs: number): readonly NamedApp[] {
    const { scope, observedAtMs } = listing;
    const spans = this.#parts.ledger.spans({ scope, fromMs: fromMs - dayMs, toMs: observedAtMs });
    const active = new Map(spans.map((span) => [span.appId, span.lastSeenAtMs]));
    const wanted = new Map<string, string>();
    for (const { appId, appName, lastSeenAtMs } of spans) {
      if (lastSeenAtMs >= fromMs - hourMs) wanted.set(appId, appName);
    }
    for (const { appId, name, state, stoppedAtMs } of listing.apps) {
      if (state !== "stopped" || (stoppedAtMs ?? 0) > fromMs) wanted.set(appId, name);
    }
    for (const { appId, appName } of listing.containers) {
      wanted.set(appId, appName);
      active.set(appId, observedAtMs);
    }
    const isOrdinary = listing.adapter === "cli" && observedAtMs - fromMs < ordinaryMs;
    return [...wanted]
      .map(([appId, appName]) => ({ appId, appName }))
      .filter(({ appId }) => !isOrdinary || active.has(appId))
      .toSorted((a, b) => (active.get(b.appId) ?? 0) - (active.get(a.appId) ?? 0))
      .slice(0, maxApps);
  }

  /** Notes the app's calls and containers since then; gives the containers' ids. */
  async #readApp(
    { control }: LookBackSource,
    { scope, observedAtMs }: Listing,
    { appId, appName }: NamedApp,
    fromMs: number,
    budget: { chars: number },
  ): Promise<readonly string[]> {
    const { ledger } = this.#parts;
    const app = { scope, appId, appName };
    const lines = new LogLineAssembler(appId);
    const calls = new LoggedCalls(app, this.#parts);
    const containers = new LoggedContainers(app);
    // Whole seconds: equal lines within one are told apart by their order.
    const startMs = Math.floor(fromMs / 1000) * 1000 - 2000;
    const pieceMs = Math.max(
      hourMs,
      Math.ceil((observedAtMs - startMs) / mostPieces / 1000) * 1000,
    );
    for (let atMs = startMs; atMs < observedAtMs && budget.chars > 0; atMs += pieceMs) {
      const query = { sinceMs: atMs, untilMs: Math.min(atMs + pieceMs, observedAtMs) };
      try {
        for (const chunk of await control.fetchLogs(appId, query, { signal: this.#ended.signal })) {
          budget.chars -= chunk.text.length;
          // A line without a time may be one that the follower has read: only it can tell them apart.
          calls.add(lines.add(chunk).filter(({ isStable }) => isStable));
          containers.add(chunk);
        }
      } catch (error) {
        const reason = failureOf(error)?.reason;
        if (reason !== "not-found" && reason !== "unsupported" && reason !== "cli-too-old")
          throw error;
        this.#parts.log.debug(`The log of ${appName} cannot be read back: ${String(error)}`);
        break;
      }
    }
    addNotes(ledger, app, { logged: containers.list() });
    return containers.list().map(({ containerId }) => containerId);
  }

  /** The exact times of containers that nobody saw, where the adapter tells them. */
  async #details(
    { control }: LookBackSource,
    { scope, containers: live }: Listing,
    containerIds: readonly string[],
    apps: readonly NamedApp[],
  ): Promise<readonly ContainerObservation[]> {
    const { appHint } = this.#parts;
    const names = new Map(apps.map(({ appId, appName }) => [appId, appName]));
    const liveIds = new Set(live.map(({ containerId }) => containerId));
    const state = { canTell: true };
    const ask = async (containerId: string): Promise<readonly ContainerObservation[]> => {
      if (!state.canTell || liveIds.has(containerId)) return [];
      try {
        const told = await control.containerDetails(containerId, { signal: this.#ended.signal });
        // One that still runs is the next look's.
        if (told.finishedAtMs === null) return [];
        const container: ContainerObservation = {
          ...told,
          appName: names.get(told.appId) ?? told.appId,
          gpuSource: "container",
          cpuCores: null,
          memoryGib: null,
        };
        const hint = appHint?.(scope, container);
        return [hint === undefined ? container : withAppResources(container, hint)];
      } catch (error) {
        const reason = failureOf(error)?.reason;
        if (reason === "unsupported") state.canTell = false;
        else if (reason !== "not-found") throw error;
        return [];
      }
    };
    return (await inParallel(containerIds, detailsAtOnce, ask)).flat();
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

interface NamedApp {
  readonly appId: string;
  readonly appName: string;
}

/** Since when; null: nothing is left to be read. */
const leftShape = z.nullable(z.number());

function leftKey(scope: string): string {
  return `lookBack ${scope}`; // not shown: a key of the ledger
}
