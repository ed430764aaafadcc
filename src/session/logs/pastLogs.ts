import type { Clock } from "../../base/clock.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { CallRecord } from "../../cost/call.ts";
import { unseenContainerIds } from "../../cost/metered/inferredSpans.ts";
import { LoggedContainers, type LoggedContainer } from "../../cost/metered/loggedContainers.ts";
import { LogLineAssembler } from "../../cost/reported/logLineAssembler.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import { withAppResources } from "../../cost/rates/resources.ts";
import type { ContainerObservation, Gpu } from "../../cost/span.ts";
import { inParallel } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import type { ContainerDetails, ModalControl } from "../modalControl.ts";
import type { AppHint } from "../watch/appHints.ts";
import { commonGpu, AppFunctions } from "../watch/appFunctions.ts";
import { modalOffsetMs } from "../watch/modalTime.ts";
import { addNotes } from "./appNotes.ts";
import type { NamedApp } from "./appsToRead.ts";
import { noteRangeRead } from "./logsRead.ts";
import { LoggedCalls } from "./loggedCalls.ts";

export interface PastLogsParts {
  readonly ledger: Pick<
    Ledger,
    "spans" | "calls" | "upsertCall" | "recordListing" | "remember" | "recall"
  >;
  readonly clock: Clock;
  readonly log: Log;
  readonly rates: () => Rates;
  readonly appHint?: AppHint;
  /** Each new call of somebody else, for the output channel. */
  readonly onCall: (call: CallRecord) => void;
  /** Containers that no look has shown, with their ends: what else there is to ask of them. */
  readonly onFound?: (scope: string, containers: readonly ContainerObservation[]) => void;
}

export interface PastLogsSource {
  readonly control: Pick<
    ModalControl,
    "fetchLogs" | "containerDetails" | "appFunctions" | "deployments"
  >;
  /** "workspace/environment". */
  readonly scopeKey: string;
}

/** An app, and since when its log is wanted, by this machine's clock. */
export interface LogWanted extends NamedApp {
  readonly fromMs: number;
}

export interface PastRead {
  /** By app: until when its log was read. Left out: it could not be. */
  readonly readToMs: ReadonlyMap<string, number>;
  /** Apps whose log named a container. */
  readonly named: ReadonlySet<string>;
  /** How many containers the logs name that no look has shown. */
  readonly unseen: number;
  /** Those of them that ran still when they were asked for: their ends are not known. */
  readonly running: readonly string[];
}

const hourMs = 3_600_000;
/** A log is read in so many pieces at most, of an hour at least. */
const mostPieces = 24;
const maxDetails = 200;
const detailsAtOnce = 8;
/** Of one app in one reading: each costs the CLI a second of CPU. */
const examples = 2;
const maxChars = 16_000_000;

interface AppRead {
  readonly logged: readonly LoggedContainer[];
  readonly readToMs: number;
}

/**
 * Reads what apps have logged before now: which containers came and went, and which calls they ran.
 * The containers that no look has shown are asked for one by one, where the adapter tells their times.
 */
export class PastLogs {
  readonly #parts: PastLogsParts;
  readonly #signal: AbortSignal;
  readonly #functions: AppFunctions;

  constructor(parts: PastLogsParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#functions = new AppFunctions(parts.clock);
  }

  /**
   * Reads the logs until the look, and notes what they tell. Rejects with the `Failure` that Modal
   * gives; a bug in one app's log keeps no other from being read.
   * @param ask containers to ask for besides those that the logs name
   */
  async read(
    source: PastLogsSource,
    listing: Listing,
    apps: readonly LogWanted[],
    ask: readonly string[] = [],
  ): Promise<PastRead> {
    const { ledger, log } = this.#parts;
    const { scope, observedAtMs } = listing;
    const budget = { chars: maxChars };
    const readToMs = new Map<string, number>();
    const logged: LoggedContainer[] = [];
    const named = new Set<string>();
    for (const app of apps) {
      try {
        const read = await this.#readApp(source, listing, app, budget);
        logged.push(...read.logged);
        if (read.logged.length > 0) named.add(app.appId);
        readToMs.set(app.appId, read.readToMs);
      } catch (error) {
        if (failureOf(error) !== undefined || this.#signal.aborted) throw error;
        log.error(`The log of ${app.appName} could not be read back.`, error);
      }
    }
    const appIds = apps.map(({ appId }) => appId);
    const fromMs = Math.min(...apps.map((app) => app.fromMs), observedAtMs);
    const range = { fromMs: fromMs - hourMs, toMs: observedAtMs + hourMs };
    const spans = ledger.spans({ scope, appIds, ...range });
    const found = [...ask, ...logged.map(({ containerId }) => containerId)];
    const unseen = unseenContainerIds(spans, found).slice(-maxDetails);
    const { ended, running, canTell } = await this.#details(source, listing, unseen, apps);
    if (ended.length > 0) {
      ledger.recordListing({ ...listing, ended });
      this.#parts.onFound?.(scope, ended);
    }
    if (!canTell) this.#parts.onFound?.(scope, examplesOf(logged, new Set(unseen)));
    return { readToMs, named, unseen: unseen.length, running };
  }

  /** Notes the app's calls and containers since then; gives the containers, and until when it was read. */
  async #readApp(
    { control }: PastLogsSource,
    { scope, observedAtMs }: Listing,
    { appId, appName, fromMs }: LogWanted,
    budget: { chars: number },
  ): Promise<AppRead> {
    const { ledger } = this.#parts;
    const app = { scope, appId, appName };
    const lines = new LogLineAssembler(appId);
    const calls = new LoggedCalls(app, this.#parts);
    const containers = new LoggedContainers(app);
    const offsetMs = modalOffsetMs(ledger, scope, observedAtMs);
    // Whole seconds: equal lines within one are told apart by their order.
    const startMs = Math.floor((fromMs + offsetMs) / 1000) * 1000 - 2000;
    const endMs = observedAtMs + offsetMs;
    const pieceMs = Math.max(hourMs, Math.ceil((endMs - startMs) / mostPieces / 1000) * 1000);
    let readToMs = startMs;
    for (let atMs = startMs; atMs < endMs && budget.chars > 0; atMs += pieceMs) {
      const query = { sinceMs: atMs, untilMs: Math.min(atMs + pieceMs, endMs) };
      try {
        for (const chunk of await control.fetchLogs(appId, query, { signal: this.#signal })) {
          budget.chars -= chunk.text.length;
          // A line without a time may be one that the follower has read: only it can tell them apart.
          calls.add(lines.add(chunk).filter(({ isStable }) => isStable));
          containers.add(chunk);
        }
        readToMs = query.untilMs;
      } catch (error) {
        const reason = failureOf(error)?.reason;
        if (reason !== "not-found" && reason !== "unsupported" && reason !== "cli-too-old")
          throw error;
        this.#parts.log.debug(`The log of ${appName} cannot be read back: ${String(error)}`);
        break;
      }
    }
    addNotes(ledger, app, { logged: containers.list() });
    noteRangeRead(ledger, app, { fromMs, toMs: readToMs - offsetMs });
    return { logged: containers.list(), readToMs: readToMs - offsetMs };
  }

  /** The exact times of containers that nobody saw, where the adapter tells them. */
  async #details(
    { control }: PastLogsSource,
    { scope, observedAtMs, apps: listed, containers: live }: Listing,
    containerIds: readonly string[],
    apps: readonly NamedApp[],
  ): Promise<{
    readonly ended: readonly ContainerObservation[];
    readonly running: readonly string[];
    /** Whether the adapter tells the times of single containers. */
    readonly canTell: boolean;
  }> {
    const { appHint } = this.#parts;
    const names = new Map([
      ...listed.map(({ appId, name }) => [appId, name] as const),
      ...apps.map(({ appId, appName }) => [appId, appName] as const),
    ]);
    const liveIds = new Set(live.map(({ containerId }) => containerId));
    const state = { canTell: true };
    const options = { signal: this.#signal };
    const offsetMs = modalOffsetMs(this.#parts.ledger, scope, observedAtMs);
    const question = { scope, isNew: true, offsetMs };
    const gpuOf = async (container: ContainerDetails): Promise<Gpu | undefined> =>
      commonGpu(await this.#functions.functionsOf(control, container, question, options));
    const running: string[] = [];
    const ask = async (containerId: string): Promise<readonly ContainerObservation[]> => {
      // One that still runs is the next look's.
      if (!state.canTell || liveIds.has(containerId)) return [];
      try {
        const details = await control.containerDetails(containerId, options);
        if (details.finishedAtMs === null) {
          running.push(containerId);
          return [];
        }
        const container: ContainerObservation = {
          ...details,
          appName: names.get(details.appId) ?? details.appId,
          gpuSource: details.gpu === null ? "unknown" : "container",
          cpuCores: null,
          memoryGib: null,
        };
        const appGpu = details.gpu === null ? await gpuOf(details) : undefined;
        return [withAppResources(container, { ...appHint?.(scope, container), appGpu })];
      } catch (error) {
        const reason = failureOf(error)?.reason;
        if (reason === "unsupported") state.canTell = false;
        else if (reason !== "not-found") throw error;
        return [];
      }
    };
    const ended = (await inParallel(containerIds, detailsAtOnce, ask)).flat();
    return { ended, running, canTell: state.canTell };
  }
}

/** Some containers of each app of which only the log tells, to learn from how long such containers take to start. */
function examplesOf(
  logged: readonly LoggedContainer[],
  unseen: ReadonlySet<string>,
): readonly ContainerObservation[] {
  const byApp = Map.groupBy(
    logged.filter(({ containerId }) => unseen.has(containerId)),
    ({ appId }) => appId,
  );
  return [...byApp.values()].flatMap((ofApp) =>
    ofApp
      .slice(-examples)
      .map(({ containerId, appId, appName, firstLineMs }): ContainerObservation => ({
        containerId,
        appId,
        appName,
        enqueuedAtMs: null,
        startedAtMs: firstLineMs,
        finishedAtMs: null,
        gpu: null,
        gpuSource: "unknown",
        cpuCores: null,
        memoryGib: null,
      })),
  );
}
