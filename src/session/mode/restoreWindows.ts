import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { inWindow } from "../appWindow.ts";
import { asFailure } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { liveApps } from "../liveApp.ts";
import type { ModalControl } from "../modalControl.ts";
import type { OwnWindow, SessionApp, SessionRecord } from "../session.ts";

export interface RestoreParts {
  readonly ledger: Pick<Ledger, "sessions" | "upsertSession">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Log;
}

type Control = Pick<ModalControl, "functionScaling" | "scale">;

/** After a failure nothing is tried so long. */
const restMs = 300_000;

/**
 * Puts the idle windows of app files back in force in what still lives of sessions that are over,
 * however they ended: it is asked after each look, so that the next window does what a killed one
 * could not.
 */
export class WindowRestorer {
  readonly #parts: RestoreParts;
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;

  constructor(parts: RestoreParts) {
    this.#parts = parts;
  }

  /** Rejects with nothing that Modal can be blamed for. */
  async update(control: Control, listing: Listing): Promise<void> {
    const { ledger, clock, log } = this.#parts;
    if (this.#isAsking || clock.nowMs() < this.#restsUntilMs) return;
    const due = dueIn(ledger.sessions({ scope: listing.scope }), listing);
    if (due.length === 0) return;
    this.#isAsking = true;
    try {
      for (const { session, app, ownWindows } of due) {
        for (const replaced of ownWindows) await restore(control, app, replaced);
        ledger.upsertSession(withOwn(session, app, ownWindows));
        log.info(`The idle window of ${app.appName} is its file's again.`);
      }
    } catch (error) {
      const { message } = asFailure(error);
      log.warn(`An idle window could not be put back; tried again later: ${message}`);
      this.#restsUntilMs = clock.nowMs() + restMs;
    } finally {
      this.#isAsking = false;
    }
  }
}

interface Due {
  readonly session: SessionRecord;
  readonly app: SessionApp;
  readonly ownWindows: readonly OwnWindow[];
}

/** What lives of ended sessions with the mode's window in the place of the file's, and is in no open session. */
function dueIn(sessions: readonly SessionRecord[], listing: Listing): readonly Due[] {
  const replaced = sessions.filter(({ endedAtMs, apps }) => endedAtMs !== null && apps.some(isPut));
  if (replaced.length === 0) return [];
  const open = new Set(
    sessions
      .filter(({ endedAtMs }) => endedAtMs === null)
      .flatMap(({ apps }) => apps.map(({ appId }) => appId)),
  );
  const live = new Set(liveApps(listing).map(({ appId }) => appId));
  return replaced.flatMap((session) =>
    session.apps
      .filter((app) => isPut(app) && live.has(app.appId) && !open.has(app.appId))
      .map((app) => ({ session, app, ownWindows: app.ownWindows ?? [] })),
  );
}

function isPut({ ownWindows = [] }: SessionApp): boolean {
  return ownWindows.some(({ ownSeconds, putSeconds }) => putSeconds !== ownSeconds);
}

/** A window that somebody has changed since is theirs. */
async function restore(
  control: Control,
  { appName }: SessionApp,
  { functionId, functionName, ownSeconds, putSeconds }: OwnWindow,
): Promise<void> {
  if (ownSeconds === putSeconds) return;
  const { scaledownSeconds } = await control.functionScaling(functionId);
  if (scaledownSeconds !== putSeconds) return;
  const target = { appName, functionName, functionId };
  await control.scale(target, { scaledownWindowSeconds: ownSeconds });
}

function withOwn(
  session: SessionRecord,
  of: SessionApp,
  ownWindows: readonly OwnWindow[],
): SessionRecord {
  const windows = new Set(ownWindows.map(({ ownSeconds }) => ownSeconds));
  const [only = null] = windows;
  const restored = inWindow(
    of,
    {
      windowSeconds: windows.size === 1 ? only : null,
      keptWarm: of.keptWarm,
      ownWindows: ownWindows.map((one) => ({ ...one, putSeconds: one.ownSeconds })),
    },
    session.scaledownSeconds,
  );
  const apps = session.apps.map((app) => (app.appId === of.appId ? restored : app));
  return { ...session, apps };
}
