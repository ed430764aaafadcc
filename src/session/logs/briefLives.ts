import * as z from "zod/mini";
import type { Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import { defaultScaledownSeconds } from "../../cost/metered/endKnowledge.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import { appWindow } from "../appWindow.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import type { AppInfo, ModalControl } from "../modalControl.ts";
import { modalOffsetMs } from "../watch/modalTime.ts";
import { recallNotes } from "./appNotes.ts";
import { PastLogs, type LogWanted, type PastLogsParts, type PastLogsSource } from "./pastLogs.ts";
import { noteRanUnseen } from "./ranUnseen.ts";

export interface BriefLivesParts extends PastLogsParts {
  readonly ledger: PastLogsParts["ledger"] &
    Pick<Ledger, "sessions" | "acquireLease" | "releaseLease">;
  /** Unique per window. */
  readonly holder: string;
  readonly pid: number;
  /** The scaledown window that the app's file gives to its containers, in seconds; null: not known. */
  readonly windowInFile: (appName: string) => number | null;
}

export interface BriefLivesSource extends PastLogsSource {
  readonly control: PastLogsSource["control"] & Pick<ModalControl, "functionContainers">;
}

/** Shorter lives than this may fall between two looks. */
const briefMs = 90_000;
/** Of an app whose containers may come and go unseen, so often; of each one request. */
const everyMs = 300_000;
/** Lines may reach the log so late. */
const lateMs = 10_000;
const dayMs = 24 * 3_600_000;
const leaseMs = 120_000;
const maxApps = 8;
const maxTries = 3;
const maxKept = 500;

const readSchema = z.record(z.string(), z.object({ toMs: z.number(), state: z.string() }));
type ReadByApp = Readonly<Record<string, { readonly toMs: number; readonly state: string }>>;

interface Due extends LogWanted {
  readonly state: AppInfo["state"];
  /** Created, changed or stopped, and never seen with a container. */
  readonly isTouched: boolean;
  /** It is over, and its whole life lay between two looks. */
  readonly hasRun: boolean;
}

/**
 * Finds the containers that live between two looks: jobs of a minute, windows of 2 s, crash loops.
 * The log of an app that was created, changed or stopped and never seen with a container is read
 * once; the log of an app whose containers are known to be brief is read on a pace of its own, though
 * the listing does not change. Where the log names nobody, its calls do; where neither does, it is
 * noted that the app ran, and the bill tells what that cost.
 */
export class BriefLives implements Disposable {
  readonly #parts: BriefLivesParts;
  readonly #ended = new AbortController();
  readonly #logs: PastLogs;
  readonly #before = new Map<string, AppInfo["state"]>();
  /** Apps whose reading failed, how often, and whether they ran. */
  readonly #tries = new Map<string, { readonly count: number; readonly hasRun: boolean }>();
  /** Containers that ran when they were asked for, and their scope. */
  readonly #running = new Map<string, string>();
  /** By app: before this, whether its lives are brief is not asked again. */
  readonly #pacedUntilMs = new Map<string, number>();
  #isBusy = false;

  constructor(parts: BriefLivesParts) {
    this.#parts = parts;
    this.#logs = new PastLogs(parts, this.#ended.signal);
  }

  /** Called for each new listing. Resolves when what follows from it is done; rejects with nothing. */
  async update(source: BriefLivesSource, listing: Listing): Promise<void> {
    const { log } = this.#parts;
    const { sinceMs, scope } = listing;
    // Only the window that took the look knows when the one before it was; nobody looked before the first.
    if (sinceMs === undefined || sinceMs === null) return;
    try {
      const due = this.#due(listing, sinceMs);
      for (const { appId, state } of listing.apps) this.#before.set(`${scope} ${appId}`, state);
      if (due.length === 0 && this.#running.size === 0) return;
      const now = due.slice(0, maxApps);
      if (await this.#take(source, listing, now)) this.#keep(due.slice(maxApps));
      else this.#keep(due);
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      const failure = failureOf(error);
      if (failure === undefined) log.error("Short lives could not be read.", error);
      else log.info(`Short lives could not be read: ${failure.message}`);
    }
  }

  /** False: this window reads already, or another one does. */
  async #take(source: BriefLivesSource, listing: Listing, due: readonly Due[]): Promise<boolean> {
    const { ledger, holder, pid, clock } = this.#parts;
    const key = `briefLives ${listing.scope}`; // not shown: the name of a lease
    if (this.#isBusy || !ledger.acquireLease(key, holder, pid, clock.nowMs(), leaseMs))
      return false;
    this.#isBusy = true;
    try {
      await this.#read(source, listing, due);
      return true;
    } finally {
      this.#isBusy = false;
      ledger.releaseLease(key, holder);
    }
  }

  /** What only one listing shows as changed is due again at the next. */
  #keep(due: readonly Due[]): void {
    for (const { appId, isTouched, hasRun } of due)
      if (isTouched && !this.#tries.has(appId)) this.#tries.set(appId, { count: 0, hasRun });
  }

  dispose(): void {
    this.#ended.abort();
  }

  async #read(source: BriefLivesSource, listing: Listing, due: readonly Due[]): Promise<void> {
    const { ledger } = this.#parts;
    const { scope, observedAtMs } = listing;
    const liveIds = new Set(listing.containers.map(({ containerId }) => containerId));
    // What is listed is the looks' to follow.
    const ofScope = [...this.#running].flatMap(([id, of]) => (of === scope ? [id] : []));
    const waiting = ofScope.filter((id) => !liveIds.has(id));
    for (const id of ofScope) this.#running.delete(id);
    try {
      const { named, readToMs, running } = await this.#logs.read(source, listing, due, waiting);
      for (const id of running) this.#running.set(id, scope);
      for (const app of due) {
        this.#tries.delete(app.appId);
        if (app.isTouched && !named.has(app.appId)) await this.#askCalls(source, listing, app);
        const toMs = readToMs.get(app.appId) ?? observedAtMs;
        this.#noteRead(scope, app, toMs);
      }
    } catch (error) {
      if (failureOf(error) === undefined || this.#ended.signal.aborted) throw error;
      for (const id of waiting) this.#running.set(id, scope);
      for (const app of due) {
        const count = (this.#tries.get(app.appId)?.count ?? 0) + 1;
        this.#tries.set(app.appId, { count, hasRun: app.hasRun });
        if (count < maxTries) continue;
        this.#tries.delete(app.appId);
        if (app.hasRun) noteRanUnseen(ledger, scope, { ...app, toMs: observedAtMs });
        this.#noteRead(scope, app, app.fromMs);
      }
      throw error;
    }
  }

  /** The containers of an app's calls; where nobody tells of any, and it ran, that is all that is known. */
  async #askCalls(source: BriefLivesSource, listing: Listing, app: Due): Promise<void> {
    const { control } = source;
    const options = { signal: this.#ended.signal };
    try {
      const functions = await control.appFunctions(app.appId, options);
      const lists: (readonly string[])[] = [];
      for (const { functionId } of functions)
        lists.push(await control.functionContainers(functionId, options));
      const ids = [...new Set(lists.flat())];
      const { unseen } = await this.#logs.read(source, listing, [], ids);
      // No call: nothing has run.
      if (ids.length === 0 || unseen > 0) return;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || this.#ended.signal.aborted) throw error;
      this.#parts.log.debug(`The calls of ${app.appName} are not known: ${failure.message}`);
    }
    const toMs = listing.observedAtMs;
    if (app.hasRun) noteRanUnseen(this.#parts.ledger, listing.scope, { ...app, toMs });
  }

  #due(listing: Listing, sinceMs: number): readonly Due[] {
    const { ledger } = this.#parts;
    const { scope, observedAtMs, containers } = listing;
    const read: ReadByApp = ledger.recall(keyOf(scope), readSchema) ?? {};
    const spansOf = (appId: string): readonly ContainerSpan[] => {
      const range = { fromMs: observedAtMs - dayMs, toMs: observedAtMs + dayMs };
      return ledger.spans({ scope, appIds: [appId], ...range });
    };
    const offsetMs = modalOffsetMs(ledger, scope, observedAtMs);
    const isLive = new Set(containers.map(({ appId }) => appId));
    const due: Due[] = [];
    for (const app of listing.apps) {
      const { appId, name, state } = app;
      const createdAtMs = app.createdAtMs === null ? null : app.createdAtMs - offsetMs;
      const stoppedAtMs = (app.stoppedAtMs ?? 0) - offsetMs;
      const last = read[appId];
      const isNew = createdAtMs !== null && createdAtMs > sinceMs;
      const before = this.#before.get(`${scope} ${appId}`);
      const hasChanged =
        isNew ||
        stoppedAtMs > sinceMs ||
        (before !== undefined && before !== state) ||
        this.#tries.has(appId);
      const isNews = hasChanged && !isLive.has(appId) && last?.state !== state;
      const isPaced = state !== "stopped" && this.#isPaced(scope, appId, observedAtMs);
      if (!isNews && !isPaced) continue;
      const spans = spansOf(appId);
      const isTouched = isNews && spans.length === 0;
      if (!isTouched && !(isPaced && this.#isBrief(listing, app, spans))) continue;
      const firstMs = Math.max(createdAtMs ?? sinceMs, observedAtMs - dayMs);
      const fromMs = last === undefined ? (isTouched ? firstMs : sinceMs) : last.toMs - lateMs;
      // One that this window has not seen before may have been deployed long ago.
      const wasJob =
        before === "ephemeral" || before === "detached" || (before === undefined && isNew);
      const isOver = isTouched && state === "stopped";
      const hasRun = this.#tries.get(appId)?.hasRun === true || (isOver && wasJob);
      due.push({ appId, appName: name, fromMs, state, isTouched, hasRun });
    }
    return due.toSorted((a, b) => Number(b.isTouched) - Number(a.isTouched));
  }

  /** Whether it is the app's turn again. */
  #isPaced(scope: string, appId: string, nowMs: number): boolean {
    const key = `${scope} ${appId}`;
    const untilMs = this.#pacedUntilMs.get(key) ?? 0;
    // A clock that was set back has no turn to wait for.
    if (nowMs < untilMs && untilMs - nowMs <= everyMs) return false;
    this.#pacedUntilMs.set(key, nowMs + everyMs);
    return true;
  }

  /** Whether containers of the app may come and go between two looks. */
  #isBrief(
    { scope, adapter, observedAtMs }: Listing,
    app: AppInfo,
    spans: readonly ContainerSpan[],
  ): boolean {
    const { appId } = app;
    const windowMs = this.#windowOf(scope, app, observedAtMs);
    if (windowMs !== null && windowMs < briefMs) return true;
    const seen = new Set(spans.map(({ containerId }) => containerId));
    const { logged } = recallNotes(this.#parts.ledger, { scope, appId });
    const isRecent = logged.some(
      ({ containerId, lastLineMs }) => lastLineMs > observedAtMs - dayMs && !seen.has(containerId),
    );
    if (isRecent || spans.some(wasBrief)) return true;
    // Modal's default is brief too; of an app that nobody uses it is worth a request, but no Python.
    return windowMs === null && defaultScaledownSeconds * 1000 < briefMs && adapter === "sdk";
  }

  /** The scaledown window of an app in milliseconds, by the newest session, else by its file; null: nobody tells. */
  #windowOf(scope: string, { appId, name }: AppInfo, nowMs: number): number | null {
    const { ledger, windowInFile } = this.#parts;
    const range = { fromMs: nowMs - dayMs, toMs: nowMs + dayMs };
    const sessions = ledger.sessions({ scope, ...range });
    const session = sessions.find(({ apps }) => apps.some((app) => app.appId === appId));
    const seconds = session === undefined ? windowInFile(name) : appWindow(session, appId);
    return seconds === null ? null : seconds * 1000;
  }

  #noteRead(scope: string, { appId, state }: Due, toMs: number): void {
    const { ledger } = this.#parts;
    const read = new Map(Object.entries(ledger.recall(keyOf(scope), readSchema) ?? {}));
    read.delete(appId);
    read.set(appId, { toMs, state });
    const kept = Object.fromEntries([...read].slice(-maxKept));
    ledger.remember(keyOf(scope), JSON.stringify(kept));
  }
}

/** Whether it surely lived for less than the time that may lie between two looks. */
function wasBrief(span: ContainerSpan): boolean {
  const endMs = span.finishedAtMs ?? span.firstAbsentAtMs;
  const startMs = span.enqueuedAtMs ?? span.startedAtMs ?? span.firstSeenAtMs;
  return endMs !== null && endMs - startMs < briefMs;
}

function keyOf(scope: string): string {
  return `read of brief lives ${scope}`; // not shown: a key of the ledger
}
