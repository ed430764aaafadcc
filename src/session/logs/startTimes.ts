import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import type { Log } from "../../base/log.ts";
import type { ContainerObservation, Gpu } from "../../cost/span.ts";
import { completedTerms, unknownTerms, type Terms } from "../../cost/terms.ts";
import { inParallel } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { LastDeploys } from "../watch/lastDeploys.ts";
import { modalOffsetMs } from "../watch/modalTime.ts";
import { noteTerms, recallTerms } from "../notedTerms.ts";
import { addNotes, recallNotes } from "./appNotes.ts";
import { noteSandboxes } from "./notedSandboxes.ts";
import type { AppFunction, ContainerStats, ModalControl } from "../modalControl.ts";

export interface StartTimesParts {
  readonly ledger: Pick<Ledger, "recall" | "remember" | "acquireLease">;
  readonly clock: Clock;
  readonly log: Log;
  readonly holder: string;
  readonly pid: number;
}

export interface StartTimesSource {
  readonly control: Pick<
    ModalControl,
    "appFunctions" | "containerStats" | "functionTerms" | "deployments"
  >;
  readonly scopeKey: string;
}

/** Modal says of its stats that they may be late: what is not told yet is asked for again, so often and so long after. */
const tries = 3;
const againAfterMs = 60_000;
/** What a container uses changes: it is asked of again when its life has doubled, but not seldomer than this. */
const seldomMs = 30 * 60_000;
/** Of one look; the others' turn comes with the next. */
const mostAtOnce = 20;
const questionsAtOnce = 4;
const mostFound = 200;
/** The stats of a container are asked for from so long before it was ready: longer than any start. */
const backMs = 3_600_000;
const leaseMs = 300_000;
/** What an adapter cannot tell at all is not asked for again this long. */
const restMs = 3_600_000;

/** What is known here of the questions about one container. */
interface Asked {
  readonly container: ContainerObservation;
  readonly count: number;
  readonly nextMs: number;
  /** It has left the listing, and is asked of a last time. */
  readonly isLast: boolean;
}

/** The stats of a container, and the terms of the function that it runs. */
interface FoundStats {
  readonly functionName: string;
  readonly terms: Terms;
  readonly gpu: Gpu | null | undefined;
  readonly isOfEarlierDeploy?: boolean;
  readonly stats: ContainerStats;
}

const ofEarlierDeploy = { terms: unknownTerms, gpu: undefined, isOfEarlierDeploy: true };

/** A function of an app, and on which terms it runs. */
interface KnownFunction {
  readonly functionId: string;
  readonly name: string;
  readonly terms: Terms;
  /** null: it asks for none; undefined: nobody tells, or it may get any of several. */
  readonly gpu: Gpu | null | undefined;
  /** When Modal was asked, by this machine's clock. */
  readonly askedAtMs: number;
}

/**
 * Asks Modal of each container that has become ready: how long it took from the beginning of its
 * boot, the part of its life that is billed before the start that Modal tells, and what it uses of CPU
 * and memory (`modal function stats`, FunctionGetTimeRangeStats with `container_id`); and of each
 * app's functions what they ask for (`modal function info`). One window of the machine does it, in the
 * background; what is not told stays within its bounds.
 */
export class StartTimes implements Disposable {
  readonly #parts: StartTimesParts;
  readonly #ended = new AbortController();
  readonly #asked = new Map<string, Asked>();
  readonly #functions = new Map<
    string,
    { readonly askedAtMs: number; readonly answer: Promise<readonly KnownFunction[]> }
  >();
  /** Containers that only a log or a call told of, by id: they are in no listing. */
  readonly #found = new Map<
    string,
    { readonly scope: string; readonly container: ContainerObservation }
  >();
  readonly #deploys = new LastDeploys();
  #restsUntilMs = 0;
  #running = false;

  constructor(parts: StartTimesParts) {
    this.#parts = parts;
  }

  /** Containers that no listing has shown: asked for with the next one. */
  found(scope: string, containers: readonly ContainerObservation[]): void {
    for (const container of containers.slice(-mostFound))
      this.#found.set(container.containerId, { scope, container });
  }

  /** Called for each new listing. Resolves when what follows from it is done; rejects with nothing. */
  async update(source: StartTimesSource, listing: Listing): Promise<void> {
    const { clock, ledger, holder, pid, log } = this.#parts;
    const nowMs = clock.nowMs();
    noteSandboxes(ledger, listing, nowMs);
    if (this.#running || nowMs < this.#restsUntilMs) return;
    const due = this.#due(listing, nowMs);
    const fresh = this.#unknownApps(listing);
    if (due.length === 0 && fresh.length === 0) return;
    const lease = `startTimes ${listing.scope}`; // not shown: the name of a lease
    if (!ledger.acquireLease(lease, holder, pid, nowMs, leaseMs)) return;
    this.#running = true;
    try {
      await inParallel(fresh, questionsAtOnce, (appId) => this.#functionsOf(source, appId, 0));
      await inParallel(due, questionsAtOnce, (asked) => this.#ask(source, asked));
    } catch (error) {
      const failure = failureOf(error);
      if (this.#ended.signal.aborted) return;
      if (failure === undefined) log.error("Containers' stats could not be read.", error);
      else log.info(`Containers' stats could not be read: ${failure.message}`);
      this.#restsUntilMs = clock.nowMs() + restMs;
    } finally {
      this.#running = false;
    }
  }

  dispose(): void {
    this.#ended.abort();
  }

  /** Apps of which containers are there, ready or not, and no functions are known yet. */
  #unknownApps({ scope, containers }: Listing): readonly string[] {
    const ofFunctions = containers.filter(({ terms }) => terms?.isSandbox !== true);
    const appIds = new Set(ofFunctions.map(({ appId }) => appId));
    return [...appIds].filter((appId) => !this.#functions.has(`${scope} ${appId}`));
  }

  #due({ scope, containers, ended }: Listing, nowMs: number): readonly Asked[] {
    for (const [id, found] of this.#found) {
      if (found.scope !== scope || (this.#asked.get(id)?.count ?? 0) >= tries)
        this.#found.delete(id);
    }
    const found = [...this.#found.values()].map(({ container }) => container);
    const here = new Map(
      [...containers, ...ended, ...found].map((container) => [container.containerId, container]),
    );
    for (const [id, asked] of this.#asked) {
      if (here.has(id) || asked.isLast) continue;
      // What it used in its last minutes may not be told yet.
      this.#asked.set(id, { ...asked, isLast: true, nextMs: nowMs + againAfterMs });
    }
    // A sandbox is no function's: no stats of functions tell of it.
    const ready = [...here.values()].filter(
      ({ startedAtMs, terms }) => startedAtMs !== null && terms?.isSandbox !== true,
    );
    const saved = new Map(
      [...new Set(ready.map(({ appId }) => appId))].map((appId) => {
        const app = { scope, appId };
        const { startups } = recallNotes(this.#parts.ledger, app);
        return [
          appId,
          {
            startups: new Set(startups.map(({ containerId }) => containerId)),
            terms: new Map(
              recallTerms(this.#parts.ledger, app).containers.map((one) => [one.containerId, one]),
            ),
          },
        ] as const;
      }),
    );
    const due = ready.flatMap((container): readonly Asked[] => {
      const { containerId, appId } = container;
      const savedOfApp = saved.get(appId);
      const { count = 0, nextMs = 0 } = this.#asked.get(containerId) ?? {};
      const noted = savedOfApp?.terms.get(containerId);
      const isStartKnown = savedOfApp?.startups.has(containerId) === true;
      const againMs =
        noted === undefined ? nextMs : Math.max(nextMs, nextOf(noted.readyMs, noted.askedAtMs));
      const isUseTold = (noted?.terms.coresInUse ?? noted?.terms.gibInUse ?? null) !== null;
      const isWanted = isUseTold || count < tries;
      if (!isWanted || (againMs > nowMs && (isStartKnown || nextMs > nowMs))) return [];
      return [{ container, count, nextMs, isLast: false }];
    });
    const gone = [...this.#asked.values()].filter((one) => one.isLast && one.nextMs <= nowMs);
    return [...gone, ...due].slice(0, mostAtOnce);
  }

  async #ask(source: StartTimesSource, { container, count, isLast }: Asked): Promise<void> {
    const { clock, ledger } = this.#parts;
    const { containerId, appId, appName, startedAtMs, gpu, gpuSource } = container;
    const nowMs = clock.nowMs();
    const offsetMs = modalOffsetMs(ledger, source.scopeKey, nowMs);
    // By the machine's clock, as everything that says when to ask again.
    const readyMs = startedAtMs === null ? nowMs : startedAtMs - offsetMs;
    if (isLast) this.#asked.delete(containerId);
    else
      this.#asked.set(containerId, {
        container,
        count: count + 1,
        nextMs: nextOf(readyMs, nowMs),
        isLast,
      });
    const found = await this.#statsOf(source, container, { count: count + 1, offsetMs });
    if (found === undefined) return;
    const { functionName, terms, gpu: functionGpu, isOfEarlierDeploy = false, stats } = found;
    const { startupMs, coresInUse, gibInUse } = stats;
    const app = { scope: source.scopeKey, appId };
    const termsNow = completedTerms({ isSandbox: false, coresInUse, gibInUse }, terms);
    noteTerms(ledger, app, {
      containers: [
        {
          containerId,
          readyMs,
          askedAtMs: nowMs,
          terms: termsNow,
          gpu: functionGpu,
          functionName,
          ...(isOfEarlierDeploy ? { isOfEarlierDeploy } : {}),
        },
      ],
    });
    if (startupMs === null) return;
    this.#found.delete(containerId);
    const readyByModalMs = startedAtMs ?? nowMs + offsetMs;
    addNotes(ledger, app, {
      startups: [
        {
          containerId,
          appName,
          readyMs: readyByModalMs,
          startupMs,
          functionName,
          ...(gpuSource === "unknown" ? {} : { gpu: gpuLabel(gpu) }),
        },
      ],
    });
  }

  /** undefined: it is none of the app's functions'. */
  async #statsOf(
    source: StartTimesSource,
    container: ContainerObservation,
    { count, offsetMs }: { readonly count: number; readonly offsetMs: number },
  ): Promise<FoundStats | undefined> {
    const { appId, startedAtMs, enqueuedAtMs } = container;
    // One that is newer than the answer may be of another deployment.
    const asOfMs = (enqueuedAtMs ?? startedAtMs ?? 0) - offsetMs;
    const functions = await this.#functionsOf(source, appId, asOfMs);
    const found = await this.#statsAmong(source, functions, container, offsetMs);
    if (found !== undefined || count === 1) return found;
    const newest = await this.#functionsOf(source, appId, this.#parts.clock.nowMs());
    return this.#statsAmong(source, newest, container, offsetMs);
  }

  async #statsAmong(
    { control, scopeKey }: StartTimesSource,
    functions: readonly KnownFunction[],
    container: ContainerObservation,
    offsetMs: number,
  ): Promise<FoundStats | undefined> {
    const { containerId, appId, enqueuedAtMs, startedAtMs } = container;
    const nowMs = this.#parts.clock.nowMs() + offsetMs;
    const range = { fromMs: (startedAtMs ?? nowMs) - backMs, toMs: nowMs + 1000 };
    const options = { signal: this.#ended.signal };
    for (const { functionId, name, terms, gpu, askedAtMs } of functions) {
      const stats = await control.containerStats({ functionId, containerId, ...range }, options);
      if (stats.containers === 0) continue;
      // Before the container was there, another deployment may have had another GPU under this name;
      // and so may one that came after it.
      const app = { scope: scopeKey, appId };
      const time = { askedAtMs, offsetMs };
      const isOfAnother = await this.#deploys.cameBetween(control, app, container, time, options);
      // Asked of again later: what is noted of a container stays.
      if (isOfAnother === "unknown") return undefined;
      if (isOfAnother) return { functionName: name, ...ofEarlierDeploy, stats };
      const isOfItsTime = askedAtMs + offsetMs >= (enqueuedAtMs ?? startedAtMs ?? Infinity);
      return { functionName: name, terms, gpu: isOfItsTime ? gpu : undefined, stats };
    }
    return undefined;
  }

  /** As they are known since `asOfMs`, or a minute before; else asked anew. */
  async #functionsOf(
    source: StartTimesSource,
    appId: string,
    asOfMs: number,
  ): Promise<readonly KnownFunction[]> {
    const key = `${source.scopeKey} ${appId}`;
    const before = this.#functions.get(key);
    const nowMs = this.#parts.clock.nowMs();
    const isRecent = before !== undefined && nowMs - before.askedAtMs < againAfterMs;
    if (before !== undefined && (isRecent || before.askedAtMs >= asOfMs)) return before.answer;
    const answer = this.#askFunctions(source, appId);
    this.#functions.set(key, { askedAtMs: nowMs, answer });
    answer.catch(() => this.#functions.delete(key));
    return answer;
  }

  async #askFunctions(
    { control, scopeKey }: StartTimesSource,
    appId: string,
  ): Promise<readonly KnownFunction[]> {
    const options = { signal: this.#ended.signal };
    const askedAtMs = this.#parts.clock.nowMs();
    const functions = await control.appFunctions(appId, options);
    // Where none names a GPU, nobody can say whether that is "none" or "not told".
    const namesGpu = functions.some(({ gpus }) => gpus.length > 0);
    const withTerms = await inParallel(
      functions,
      questionsAtOnce,
      async ({ functionId, name, gpus }) => ({
        functionId,
        name,
        terms: await this.#termsOf(control, { functionId }),
        gpu: namesGpu && gpus.length <= 1 ? (gpus[0] ?? null) : undefined,
        askedAtMs,
      }),
    );
    const functionsNoted = withTerms.map(({ functionId, terms, gpu }) => ({
      functionId,
      terms,
      ...(gpu === undefined ? {} : { gpu }),
    }));
    noteTerms(this.#parts.ledger, { scope: scopeKey, appId }, { functions: functionsNoted });
    return withTerms;
  }

  async #termsOf(
    control: StartTimesSource["control"],
    { functionId }: Pick<AppFunction, "functionId">,
  ): Promise<Terms> {
    const isSandbox = { isSandbox: false };
    try {
      const options = { signal: this.#ended.signal };
      return completedTerms(isSandbox, await control.functionTerms(functionId, options));
    } catch (error) {
      // What one function asks for is no reason to ask of nothing else.
      if (failureOf(error) === undefined || this.#ended.signal.aborted) throw error;
      return completedTerms(isSandbox, undefined);
    }
  }
}

/** When a container is asked of again that was ready then and is asked of now. */
function nextOf(readyMs: number, askedAtMs: number): number {
  return askedAtMs + Math.min(Math.max(askedAtMs - readyMs, againAfterMs), seldomMs);
}
