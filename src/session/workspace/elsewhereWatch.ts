import type { Clock } from "../../base/clock.ts";
import { failureOf, type Failure } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import type { AppInfo, ModalControl } from "../modalControl.ts";
import { hasListedSandboxes } from "../sandboxInfo.ts";
import type { Scope } from "../scope.ts";
import { whoseRuns, type Lists } from "./whose.ts";
import {
  countOf,
  isCounted,
  recallEnvironments,
  rememberEnvironments,
  type SeenEnvironment,
} from "./elsewhere.ts";

export interface ElsewhereParts {
  readonly ledger: Pick<Ledger, "recall" | "remember" | "acquireLease" | "sessions">;
  readonly clock: Clock;
  readonly log: Log;
  readonly holder: string;
  readonly pid: number;
}

export interface ElsewhereSource {
  readonly control: Pick<ModalControl, "listEnvironments" | "listApps" | "listContainers">;
  readonly scope: Scope;
  readonly username: string | null;
}

const leaseMs = 120_000;
/** Listed again after this: what Modal does not count, sooner where something ran; and what it counts, which may be others' by then. */
const againMs = { busy: 120_000, idle: 600_000, counted: 300_000 };
/** The command starts a Python for each question. */
const namesEveryMs = 600_000;
/** Where Modal refuses, or an adapter cannot: not asked again this long. */
const restMs = 3_600_000;
/** An environment that could not be listed is left alone so long, and twice as long each time after that. */
const failedRestMs = 60_000;
/** A count that stays the same is written so often, for its age. */
const confirmMs = 60_000;

/**
 * Knows what runs in the other environments of the workspace. With the SDK: one list of the
 * environments with their counts a look, and one environment in full a look at most, where its count
 * changed or none is told; never in a look that listed sandboxes, so that no look asks for more than
 * two things besides its own. With the CLI: one environment in turn in each look that finds nothing
 * here. One window of the machine does it; the others read what it keeps.
 */
export class ElsewhereWatch {
  readonly #parts: ElsewhereParts;
  #lastMs = Number.NEGATIVE_INFINITY;
  #restsUntilMs = 0;
  #namedAtMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  /** Environments whose own lists could not be had, and until when they are left alone. */
  readonly #failing = new Map<string, { readonly times: number; readonly untilMs: number }>();

  constructor(parts: ElsewhereParts) {
    this.#parts = parts;
  }

  /** Called for each new listing. Rejects with nothing that Modal can be blamed for. */
  async update(source: ElsewhereSource, listing: Listing): Promise<void> {
    const { scope } = source;
    const { clock, ledger, log, holder, pid } = this.#parts;
    const nowMs = clock.nowMs();
    if (this.#isAsking || nowMs < this.#restsUntilMs || listing.observedAtMs === this.#lastMs)
      return;
    const lease = `elsewhere ${scope.workspace}`; // not shown: the name of a lease
    if (!ledger.acquireLease(lease, holder, pid, nowMs, leaseMs)) return;
    this.#lastMs = listing.observedAtMs;
    this.#isAsking = true;
    try {
      if (listing.adapter === "cli") await this.#byCommand(source, listing);
      else await this.#byCounts(source, listing);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      log.info(`Other environments could not be looked at: ${failure.message}`);
      if (isRefusal(failure)) this.#restsUntilMs = nowMs + restMs;
    } finally {
      this.#isAsking = false;
    }
  }

  async #byCounts(source: ElsewhereSource, listing: Listing): Promise<void> {
    const { control, scope } = source;
    const nowMs = this.#parts.clock.nowMs();
    const before = this.#remembered(scope);
    const counted = (await control.listEnvironments()).map(
      ({ name, gpusNow, containersNow, usageMicroUsd, limitMicroUsd }): SeenEnvironment => ({
        ...(before.get(name) ?? unlisted(name)),
        gpusTold: gpusNow,
        containersTold: containersNow,
        usageMicroUsd,
        limitMicroUsd,
        toldAtMs: nowMs,
      }),
    );
    const due = hasListedSandboxes(listing)
      ? undefined
      : counted
          .filter(({ name }) => name !== scope.environment)
          .filter((seen) => isDue(seen, nowMs) && !this.#isFailing(seen, nowMs))
          .toSorted((a, b) => (a.listedAtMs ?? 0) - (b.listedAtMs ?? 0))[0];
    // What Modal counted is shown, whether or not the environment's own lists can be had.
    this.#keep(scope, counted);
    if (due === undefined) return;
    const options = { environment: due.name };
    const lists = await this.#unlessFailing(due, async () => {
      const [apps, containers] = await Promise.all([
        control.listApps(options),
        control.listContainers(options),
      ]);
      return { apps, containers };
    });
    if (lists !== undefined) this.#listed(source, counted, due, lists);
  }

  async #byCommand(source: ElsewhereSource, listing: Listing): Promise<void> {
    const { control, scope } = source;
    if (listing.containers.length > 0) return;
    const nowMs = this.#parts.clock.nowMs();
    const before = this.#remembered(scope);
    let seen = [...before.values()];
    if (nowMs - this.#namedAtMs >= namesEveryMs) {
      seen = (await control.listEnvironments()).map(({ name }) => ({
        ...(before.get(name) ?? unlisted(name)),
        gpusTold: null,
        containersTold: null,
        toldAtMs: nowMs,
      }));
      this.#namedAtMs = nowMs;
      this.#keep(scope, seen);
    }
    const [next] = seen
      .filter((one) => one.name !== scope.environment && !this.#isFailing(one, nowMs))
      .toSorted((a, b) => (a.listedAtMs ?? 0) - (b.listedAtMs ?? 0));
    if (next === undefined) return;
    const lists = await this.#unlessFailing(next, async () => ({
      apps: await control.listApps({ environment: next.name }),
      containers: [],
    }));
    if (lists !== undefined) this.#listed(source, seen, next, lists);
  }

  /** What one environment's own lists show; undefined: they cannot be had, and it rests while others are listed. */
  async #unlessFailing(
    { name }: SeenEnvironment,
    list: () => Promise<Lists>,
  ): Promise<Lists | undefined> {
    const { clock, log } = this.#parts;
    try {
      const lists = await list();
      this.#failing.delete(name);
      return lists;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || failure.reason === "cancelled") throw error;
      log.info(`The environment ${name} could not be listed: ${failure.message}`);
      const times = (this.#failing.get(name)?.times ?? 0) + 1;
      const forMs = isRefusal(failure)
        ? restMs
        : Math.min(restMs, failedRestMs * 2 ** Math.min(times - 1, 10));
      this.#failing.set(name, { times, untilMs: clock.nowMs() + forMs });
      return undefined;
    }
  }

  #isFailing({ name }: SeenEnvironment, nowMs: number): boolean {
    return nowMs < (this.#failing.get(name)?.untilMs ?? 0);
  }

  #remembered({ workspace }: Scope): ReadonlyMap<string, SeenEnvironment> {
    return new Map(
      recallEnvironments(this.#parts.ledger, workspace).map((seen) => [seen.name, seen] as const),
    );
  }

  #listed(
    { scope, username }: ElsewhereSource,
    all: readonly SeenEnvironment[],
    of: SeenEnvironment,
    lists: Lists,
  ): void {
    const { clock, ledger } = this.#parts;
    const listedAtMs = clock.nowMs();
    const containersListed = Math.max(countedIn(lists.apps), lists.containers.length);
    const there = { ...scope, environment: of.name };
    const whose =
      containersListed === 0 ? undefined : whoseRuns({ username, ledger }, there, lists);
    const listedNow = { ...of, containersListed, listedAtMs, listedFor: countOf(of), whose };
    this.#keep(
      scope,
      all.map((seen) => (seen.name === of.name ? listedNow : seen)),
    );
  }

  /** Written when something of it is news, or its age would be wrong. */
  #keep(scope: Scope, all: readonly SeenEnvironment[]): void {
    const before = this.#remembered(scope);
    const isSame =
      before.size === all.length &&
      all.every((seen) => {
        // What was spent grows with each look, and is no news by itself.
        const { toldAtMs = 0, usageMicroUsd: _, ...rest } = before.get(seen.name) ?? {};
        const { toldAtMs: atMs, usageMicroUsd: _now, ...now } = seen;
        const age = Math.abs(atMs - toldAtMs);
        return age < confirmMs && JSON.stringify(rest) === JSON.stringify(now);
      });
    if (!isSame) rememberEnvironments(this.#parts.ledger, scope.workspace, all);
  }
}

/** It will be refused the next time too. */
function isRefusal({ reason }: Failure): boolean {
  return ["unsupported", "permission-denied", "cli-too-old"].includes(reason);
}

function countedIn(apps: readonly AppInfo[]): number {
  return apps.reduce((sum, { containerCount }) => sum + containerCount, 0);
}

function unlisted(name: string): SeenEnvironment {
  return {
    name,
    gpusTold: null,
    containersTold: null,
    toldAtMs: 0,
    containersListed: null,
    listedAtMs: null,
    listedFor: "",
  };
}

/** Its count changed since it was listed, or Modal counts nothing there, which may mean that it does not tell. */
function isDue(seen: SeenEnvironment, nowMs: number): boolean {
  const { listedAtMs, listedFor, containersListed } = seen;
  if (listedAtMs === null || listedFor !== countOf(seen)) return true;
  const uncountedMs = (containersListed ?? 0) > 0 ? againMs.busy : againMs.idle;
  const afterMs = isCounted(seen) ? againMs.counted : uncountedMs;
  return nowMs - listedAtMs >= afterMs || nowMs < listedAtMs;
}
