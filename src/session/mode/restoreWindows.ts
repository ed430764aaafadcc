import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { asFailure } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
import type { AppFunction, ModalControl } from "../modalControl.ts";
import type { FunctionWindow, SessionRecord } from "../session.ts";
import { leastScaledownSeconds } from "./scaleDown.ts";
import { whileScaling } from "../windows/scalingLease.ts";
import {
  isPut,
  recallBook,
  rememberBook,
  type BookPlace,
  type NotedWindow,
} from "../windows/windowBook.ts";

export interface RestoreParts {
  readonly ledger: Pick<
    Ledger,
    "sessions" | "remember" | "recall" | "acquireLease" | "releaseLease"
  >;
  readonly clock: Clock;
  readonly log: Log;
}

type Control = Pick<ModalControl, "appFunctions" | "functionScaling" | "scale">;

/** After a failure the same function, or app, is left alone so long. */
const restMs = 300_000;
/** What was put for a session that is not in the ledger so long afterwards was put for none. */
const unclaimedMs = 30 * 60_000;

/**
 * Puts the idle windows of deploys back in force in what still lives of sessions that are over,
 * however they ended: it is asked after each look, so that the next window does what a killed one
 * could not.
 */
export class WindowRestorer {
  readonly #parts: RestoreParts;
  /** By app, or app and function. */
  readonly #restsUntilMs = new Map<string, number>();
  #isAsking = false;

  constructor(parts: RestoreParts) {
    this.#parts = parts;
  }

  /** Rejects with nothing that Modal can be blamed for. */
  async update(control: Control, listing: Listing): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (const app of liveApps(listing)) {
        const place = { scope: listing.scope, appId: app.appId };
        if (this.#rests(app.appId) || this.#dueIn(place).length === 0) continue;
        // Another one is at it: the next look comes soon.
        await whileScaling(this.#parts, app.appId, { waitMs: 0 }, () =>
          this.#restoreApp(control, place, app),
        );
      }
    } finally {
      this.#isAsking = false;
    }
  }

  /** What is to be put back in an app that is in no open session. */
  #dueIn(place: BookPlace): readonly NotedWindow[] {
    const { ledger, clock } = this.#parts;
    const put = recallBook(ledger, place).functions.filter(isPut);
    if (put.length === 0) return [];
    const sessions = ledger
      .sessions({ scope: place.scope })
      .filter(({ apps }) => apps.some(({ appId }) => appId === place.appId));
    if (sessions.some(({ endedAtMs }) => endedAtMs === null)) return [];
    return put.filter(
      ({ functionName, putAtMs }) =>
        !this.#rests(`${place.appId}/${functionName}`) && isOver(sessions, putAtMs, clock.nowMs()),
    );
  }

  async #restoreApp(control: Control, place: BookPlace, { name }: LiveApp): Promise<void> {
    const { log, clock } = this.#parts;
    try {
      // Names stay over a deploy, ids may not.
      const functions = new Map(
        (await control.appFunctions(place.appId)).map((one) => [one.name, one]),
      );
      // Read again: nobody else changes it while the lease is held.
      for (const noted of this.#dueIn(place)) {
        try {
          const left = await restore(control, name, functions.get(noted.functionName), noted);
          this.#noteDone(place, noted.functionName, left);
          log.info(`The idle window of ${name}/${noted.functionName}: ${left.why}.`);
        } catch (error) {
          if (asFailure(error).reason === "not-found")
            this.#noteDone(place, noted.functionName, gone);
          else this.#rest(`${place.appId}/${noted.functionName}`, error);
        }
      }
    } catch (error) {
      this.#rest(place.appId, error);
    }
    // What rested long ago is no more to be kept in mind.
    for (const [key, untilMs] of this.#restsUntilMs)
      if (untilMs <= clock.nowMs()) this.#restsUntilMs.delete(key);
  }

  #noteDone(place: BookPlace, functionName: string, { seconds, isRestored }: Left): void {
    const { ledger, clock } = this.#parts;
    const book = recallBook(ledger, place);
    const functions = book.functions.map((one) =>
      one.functionName === functionName ? { ...one, putSeconds: [] } : one,
    );
    const windows = functions.map((one): FunctionWindow => ({
      functionName: one.functionName,
      seconds:
        one.functionName === functionName && seconds !== null
          ? seconds
          : (one.putSeconds.at(-1) ?? one.ownSeconds),
    }));
    const restored = isRestored
      ? [...book.restored, { atMs: clock.nowMs(), windows }]
      : book.restored;
    rememberBook(ledger, place, { functions, restored });
  }

  #rests(key: string): boolean {
    return (this.#restsUntilMs.get(key) ?? 0) > this.#parts.clock.nowMs();
  }

  #rest(key: string, error: unknown): void {
    const { log, clock } = this.#parts;
    log.warn(
      `An idle window of ${key} could not be put back; tried again later: ${asFailure(error).message}`,
    );
    this.#restsUntilMs.set(key, clock.nowMs() + restMs);
  }
}

/** A session that was opened after the put may still be on its way into the ledger. */
function isOver(sessions: readonly SessionRecord[], putAtMs: number, nowMs: number): boolean {
  return (
    nowMs - putAtMs > unclaimedMs || sessions.some(({ endedAtMs }) => (endedAtMs ?? 0) >= putAtMs)
  );
}

/** What a function is left with. */
interface Left {
  /** In force now; null: not known, or the function is gone. */
  readonly seconds: number | null;
  /** It was put back here. */
  readonly isRestored: boolean;
  readonly why: "gone" | "deployed-since" | "in-force" | "changed-since" | "restored";
}

const gone: Left = { seconds: null, isRestored: false, why: "gone" };

/** A window that somebody has changed since is theirs, and so is a deploy with another one. */
async function restore(
  control: Control,
  appName: string,
  found: AppFunction | undefined,
  { functionName, ownSeconds, putSeconds }: NotedWindow,
): Promise<Left> {
  if (found === undefined) return gone;
  const { functionId } = found;
  const { scaledownSeconds: seconds, ownScaledownSeconds } =
    await control.functionScaling(functionId);
  if (ownScaledownSeconds !== null && ownScaledownSeconds !== ownSeconds)
    return { seconds, isRestored: false, why: "deployed-since" };
  if (seconds === ownSeconds) return { seconds, isRestored: false, why: "in-force" };
  // A release that was cut off leaves the least.
  if (!putSeconds.includes(seconds) && seconds !== leastScaledownSeconds)
    return { seconds, isRestored: false, why: "changed-since" };
  const target = { appName, functionName, functionId };
  await control.scale(target, { scaledownWindowSeconds: ownSeconds });
  return { seconds: ownSeconds, isRestored: true, why: "restored" };
}
