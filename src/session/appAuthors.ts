import type { Log } from "../base/log.ts";
import { inParallel } from "./concurrent.ts";
import type { LiveApp } from "./liveApp.ts";
import type { AppDeployment, ModalControl } from "./modalControl.ts";
import { appsOfOthers, type AppAuthor } from "./owner.ts";

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
  const deployed = apps.filter(({ state }) => state === "deployed" || state === "disabled");
  const appIds = deployed.map(({ appId }) => appId);
  const { authors, unread } = await authorsOf(control, appIds, signal);
  for (const { appId, error } of unread)
    log.warn(`Who deployed ${appId} is not known: ${String(error)}`);
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
  if (username === null) return new Set();
  const { authors, unread } = await authorsOf(control, [...appIds]);
  for (const { appId, error } of unread)
    log.debug(`Who deployed ${appId} is not known: ${String(error)}`);
  return appsOfOthers({ username, authors });
}

/** An app whose history could not be had, and why. */
interface Unread {
  readonly appId: string;
  readonly error: unknown;
}

interface Authors {
  readonly authors: ReadonlyMap<string, AppAuthor>;
  readonly unread: readonly Unread[];
}

async function authorsOf(
  control: Pick<ModalControl, "deployments">,
  appIds: readonly string[],
  signal?: AbortSignal,
): Promise<Authors> {
  const authors = new Map<string, AppAuthor>();
  const unread: Unread[] = [];
  const options = signal === undefined ? {} : { signal };
  await inParallel(appIds, 4, async (appId) => {
    try {
      const last = lastDeployment(await control.deployments(appId, options));
      if (last !== undefined)
        authors.set(appId, { deployedBy: last.deployedBy, version: last.version });
    } catch (error) {
      unread.push({ appId, error });
    }
  });
  return { authors, unread };
}

/** The deployment with the highest version. */
export function lastDeployment(history: readonly AppDeployment[]): AppDeployment | undefined {
  return history.toSorted((a, b) => b.version - a.version)[0];
}
