import type { DisposableStore } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import type { CallRecord } from "../cost/call.ts";
import type { Listing } from "../session/ledgerPort.ts";
import { BriefLives } from "../session/logs/briefLives.ts";
import { LogFollower } from "../session/logs/logFollower.ts";
import { LookBack } from "../session/logs/lookBack.ts";
import type { PastLogsParts } from "../session/logs/pastLogs.ts";
import { WindowRestorer } from "../session/mode/restoreWindows.ts";
import { endGoneSessions, resumeSession, type Resumed } from "../session/start/sessionLifecycle.ts";
import type { Connected } from "../session/watch/modalConnection.ts";
import { StartTimes } from "../session/logs/startTimes.ts";
import { healthOf } from "../session/watch/health.ts";
import type { ThisWindow } from "./thisWindow.ts";
import type { Watching } from "./watching.ts";

export interface FollowParts extends ThisWindow, Omit<Watching, "connection"> {
  /** The folders whose sessions this window takes up. */
  readonly folders: () => readonly string[];
  /** A call that a log line told of. */
  readonly onCall: (call: CallRecord) => void;
  /** A session that a reload, a crash or a closed window left open. */
  readonly onResumed: (resumed: Resumed) => void;
  /** What else follows from a look, each on its own: one that fails does not hold up the others. */
  readonly followers: readonly LookFollower[];
}

export interface LookFollower {
  /** For the log: "The guardian". */
  readonly name: string;
  readonly update: (connected: Connected, listing: Listing) => Promise<void>;
}

/** What follows from each look at Modal: health, sessions that are over, logs to read, and the rest. */
export function followLooks(store: DisposableStore, parts: FollowParts): void {
  const { ledger, clock, log, poller, meter, appHint } = parts;
  const logParts = {
    ledger,
    clock,
    log,
    holder: parts.windowId,
    pid: parts.pid,
    rates: () => meter.rates(),
    onCall: parts.onCall,
  };
  const follower = store.add(new LogFollower(logParts));
  const startTimes = store.add(new StartTimes(logParts));
  const onFound: PastLogsParts["onFound"] = (scope, containers) =>
    startTimes.found(scope, containers);
  const lookBack = store.add(new LookBack({ ...logParts, appHint, onFound }));
  const { windowInFile } = parts;
  const briefLives = store.add(new BriefLives({ ...logParts, appHint, windowInFile, onFound }));
  let resumed = false;
  const sessions: LookFollower = {
    name: "The sessions", // not shown: for the log
    update: (connected, listing) => {
      if (!resumed) {
        resumed = true;
        for (const folder of parts.folders())
          parts.onResumed(resumeSession(ledger, listing, folder, clock.nowMs()));
      }
      endGoneSessions(ledger, listing, clock.nowMs());
      follower.update(connected, listing);
      return Promise.resolve();
    },
  };
  const missedTime: LookFollower = {
    name: "The time without a look", // not shown: for the log
    update: (connected, listing) => lookBack.update(connected, listing),
  };
  const brief: LookFollower = {
    name: "What ran between two looks", // not shown: for the log
    update: (connected, listing) => briefLives.update(connected, listing),
  };
  const followers = [
    sessions,
    missedTime,
    brief,
    ...workspaceFollowers(parts, startTimes),
    ...parts.followers,
  ];
  store.add(poller.onFailed((failure) => meter.setHealth(healthOf(failure))));
  store.add(
    poller.onSeen(({ connected, listing }) => {
      meter.setHealth({ kind: "ok" });
      for (const { name, update } of followers) {
        inBackground(log, name, () => update(connected, listing));
      }
    }),
  );
}

/** How long starts took, whose the apps are, and what runs in the workspace's other environments. */
function workspaceFollowers(
  { owners, elsewhere, ledger, clock, log }: FollowParts,
  startTimes: StartTimes,
): readonly LookFollower[] {
  const restorer = new WindowRestorer({ ledger, clock, log });
  return [
    {
      name: "How long containers took to start", // not shown: for the log
      update: (connected, listing) => startTimes.update(connected, listing),
    },
    {
      name: "Whose the apps are", // not shown: for the log
      update: (connected, listing) => owners.update(connected, listing),
    },
    {
      name: "What runs in other environments", // not shown: for the log
      update: (connected, listing) => elsewhere.update(connected, listing),
    },
    {
      name: "The idle windows of ended sessions", // not shown: for the log
      update: ({ control }, listing) => restorer.update(control, listing),
    },
  ];
}

/** Work that nobody waits for: what it throws is logged with its name. */
export function inBackground(log: Log, name: string, work: () => Promise<void>): void {
  Promise.resolve()
    .then(work)
    .catch((error: unknown) => log.error(`${name}: an unexpected error.`, error));
}
