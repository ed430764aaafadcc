import type { DisposableStore } from "../base/disposable.ts";
import type { RateHistory } from "../cost/rates/rates.ts";
import type { LifeInFile } from "../session/meter/costReader.ts";
import { Meter } from "../session/meter/meter.ts";
import type { ModalControl } from "../session/modalControl.ts";
import type { SettingProblem } from "../session/settings/settings.ts";
import { appHints, type AppHint, type FileResources } from "../session/watch/appHints.ts";
import { AppOwners } from "../session/watch/appOwners.ts";
import { ModalConnection } from "../session/watch/modalConnection.ts";
import { Poller } from "../session/watch/poller.ts";
import { ElsewhereWatch } from "../session/workspace/elsewhereWatch.ts";
import type { ThisWindow } from "./thisWindow.ts";

/** What the open folders and the settings tell about apps. */
export interface ProjectFacts {
  currentFolder(): string | null;
  /** undefined: no file of that app was found. */
  factsInFile(appName: string): (FileResources & ReturnType<LifeInFile>) | undefined;
  /** The GPU that the settings name for an app. */
  gpuSetting(appName: string): string | undefined;
}

export interface WatchingParts extends ThisWindow {
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  /** Modal as the settings say. Rejects with a `Failure`. */
  readonly control: () => Promise<ModalControl>;
  readonly project: ProjectFacts;
  /** The rates in force for a scope; undefined: it is not known yet who this window speaks for. */
  readonly rates: (scopeKey: string | undefined) => RateHistory;
  readonly settingProblems: () => readonly SettingProblem[];
}

/** The parts that see what runs: from Modal through the ledger to the state that the views show. */
export interface Watching {
  readonly connection: ModalConnection;
  readonly poller: Poller;
  readonly meter: Meter;
  readonly owners: AppOwners;
  readonly elsewhere: ElsewhereWatch;
  readonly appHint: AppHint;
  /** The scaledown window in an app's file, in seconds; null: not known. */
  readonly windowInFile: (appName: string) => number | null;
}

/** Builds what watches one workspace; its timers belong to the store. Nothing is asked before `poller.start()`. */
export function buildWatching(store: DisposableStore, parts: WatchingParts): Watching {
  const { ledger, clock, log, project } = parts;
  const connection = new ModalConnection(parts.control, log);
  const appHint = appHints({
    inFile: (appName) => project.factsInFile(appName),
    inSettings: (appName) => project.gpuSetting(appName),
  });
  const poller = store.add(
    new Poller({
      open: () => connection.open(),
      ledger,
      clock,
      log,
      appHint,
      holder: parts.windowId,
      pid: parts.pid,
      random: parts.random,
    }),
  );
  const owners = new AppOwners(clock, log);
  const elsewhere = new ElsewhereWatch({
    ledger,
    clock,
    log,
    holder: parts.windowId,
    pid: parts.pid,
  });
  const meter = store.add(
    new Meter({
      ledger,
      clock,
      poller,
      scope: () => connection.last?.scope ?? null,
      folder: () => project.currentFolder(),
      rates: () => parts.rates(connection.last?.scopeKey),
      settingProblems: parts.settingProblems,
      authorshipOf: (scopeKey) => owners.authorshipOf(scopeKey),
      appKnowledge: { appHint, lifeInFile: (appName) => project.factsInFile(appName) },
      timeZone: parts.timeZone,
    }),
  );
  store.add(owners.onChange(() => meter.show()));
  const windowInFile = (appName: string): number | null =>
    project.factsInFile(appName)?.scaledownSeconds ?? null;
  return { connection, poller, meter, owners, elsewhere, appHint, windowInFile };
}

/** Resolves when Modal was looked at for the first time from now on, by whichever window, or could not be. */
export async function firstLook(poller: Pick<Poller, "onFailed" | "onSeen">): Promise<void> {
  const looked = Promise.withResolvers<void>();
  const heard = [poller.onSeen(() => looked.resolve()), poller.onFailed(() => looked.resolve())];
  await looked.promise;
  for (const one of heard) one.dispose();
}
