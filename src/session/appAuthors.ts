import type { Log } from "../base/log.ts";
import { inParallel } from "./concurrent.ts";
import type { LiveApp } from "./liveApp.ts";
import type { AppDeployment, ModalControl } from "./modalControl.ts";

/** Who deployed an app last. */
export interface AppAuthor {
  /** null: Modal does not say. */
  readonly deployedBy: string | null;
  /** The version that ran when this was asked; null: not known. */
  readonly version: number | null;
}

/**
 * The author of each live deployment. An app whose history cannot be had is left out: nobody
 * becomes its owner by that.
 */
export async function appAuthors(
  control: Pick<ModalControl, "deployments">,
  apps: readonly LiveApp[],
  log: Log,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, AppAuthor>> {
  const authors = new Map<string, AppAuthor>();
  await inParallel(
    apps.filter(({ state }) => state === "deployed" || state === "disabled"),
    4,
    async ({ appId }) => {
      try {
        const options = signal === undefined ? {} : { signal };
        const last = lastDeployment(await control.deployments(appId, options));
        if (last !== undefined)
          authors.set(appId, { deployedBy: last.deployedBy, version: last.version });
      } catch (error) {
        log.warn(`Who deployed ${appId} is not known: ${String(error)}`);
      }
    },
  );
  return authors;
}

/**
 * Which of the apps, running or not, somebody else deployed last. One whose history cannot be had,
 * or names nobody, is not among them: it may be this person's.
 */
export async function askAppsOfOthers(
  control: Pick<ModalControl, "deployments">,
  appIds: Iterable<string>,
  username: string | null,
  log: Log,
): Promise<ReadonlySet<string>> {
  const others = new Set<string>();
  if (username === null) return others;
  await inParallel([...appIds], 4, async (appId) => {
    try {
      const by = lastDeployment(await control.deployments(appId))?.deployedBy ?? null;
      if (by !== null && by !== username) others.add(appId);
    } catch (error) {
      log.debug(`Who deployed ${appId} is not known: ${String(error)}`);
    }
  });
  return others;
}

/** The deployment with the highest version. */
export function lastDeployment(history: readonly AppDeployment[]): AppDeployment | undefined {
  return history.toSorted((a, b) => b.version - a.version)[0];
}
