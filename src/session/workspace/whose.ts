import type { Ledger } from "../ledgerPort.ts";
import type { AppInfo, ContainerInfo } from "../modalControl.ts";
import { isMine, ownerOf } from "../owner.ts";
import type { Whose } from "../runsElsewhere.ts";
import { scopeKey, type Scope } from "../scope.ts";

/** Who looks: this login, and what this machine has started. */
export interface Viewer {
  readonly username: string | null;
  readonly ledger: Pick<Ledger, "sessions">;
}

/** What an environment's own lists show that runs. */
export interface Lists {
  readonly apps: readonly AppInfo[];
  readonly containers: readonly Pick<ContainerInfo, "appId">[];
}

/** Whose containers an environment has, from its own lists: no other request is made for it. */
export function whoseRuns(
  { username, ledger }: Viewer,
  scope: Scope,
  { apps, containers }: Lists,
): Whose {
  const sessions = ledger.sessions({ scope: scopeKey(scope) });
  const byId = new Map(apps.map((app) => [app.appId, app]));
  const authors = new Map(
    apps.flatMap(({ appId, by }) =>
      by === undefined ? [] : [[appId, { deployedBy: by, version: null }] as const],
    ),
  );
  const running = new Set([
    ...apps.filter(({ containerCount }) => containerCount > 0).map(({ appId }) => appId),
    ...containers.map(({ appId }) => appId),
  ]);
  const owners = [...running].map((appId) => ({
    owner: ownerOf(appId, { scope, sessions, username, authors }),
    by: byId.get(appId)?.by,
  }));
  return {
    mine: owners.some(({ owner }) => isMine(owner)),
    others: [
      ...new Set(
        owners.flatMap(({ owner, by }) =>
          owner === "someone-else" && by !== undefined ? [by] : [],
        ),
      ),
    ].toSorted(),
    unknown: owners.some(({ owner }) => owner === "unknown"),
  };
}
