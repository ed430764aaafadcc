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

/** The deployment with the highest version. */
export function lastDeployment(history: readonly AppDeployment[]): AppDeployment | undefined {
  return history.toSorted((a, b) => b.version - a.version)[0];
}
