import { workspaceIn, type Scope } from "./scope.ts";
import { appIdsOf, type SessionRecord } from "./session.ts";

/**
 * Whose an app is, in two words. "started-here": by a session of this machine. "mine": created or
 * deployed by this login, on any machine. What was started here is mine as well.
 *
 * What is metered, reminded of and listed is mine. What is done without a person (on closing, at the
 * end of a time box) touches only what was started here.
 */
export type Owner = "started-here" | "mine" | "someone-else" | "unknown";

/** All that tells whose an app is. Names are no evidence: any repository can have a file with the name of what runs. */
export interface OwnerFacts {
  readonly scope: Scope;
  /** Sessions of this scope in the ledger, open and ended. */
  readonly sessions: readonly Pick<SessionRecord, "apps">[];
  /** The login that this window speaks for; null: Modal does not say. */
  readonly username: string | null;
  /** Who deployed each app last, as far as it is known. */
  readonly authors: ReadonlyMap<string, AppAuthor>;
}

/** Who deployed an app last. */
export interface AppAuthor {
  /** null: Modal does not say. */
  readonly deployedBy: string | null;
  /** The version that ran when this was asked; null: not known. */
  readonly version: number | null;
}

/** What Modal has said about a scope: who speaks for it, and who deployed its apps. */
export type Authorship = Pick<OwnerFacts, "username" | "authors">;

/** Modal has not said anything yet. */
export const unknownAuthorship: Authorship = { username: null, authors: new Map() };

/** Ids of the apps that a session of this machine started. */
export function startedHere(sessions: readonly Pick<SessionRecord, "apps">[]): ReadonlySet<string> {
  const cached = startedIn.get(sessions);
  if (cached !== undefined) return cached;
  const appIds = appIdsOf(sessions);
  startedIn.set(sessions, appIds);
  return appIds;
}

/** Asked once for each of a thousand apps, of the same sessions. */
const startedIn = new WeakMap<readonly Pick<SessionRecord, "apps">[], ReadonlySet<string>>();

/** Whose it is. The last deployment's author outweighs everything: a teammate may have taken it over. */
export function ownerOf(appId: string, facts: OwnerFacts): Owner {
  const author = facts.authors.get(appId)?.deployedBy ?? null;
  if (isByOther(author, facts.username)) return "someone-else";
  if (startedHere(facts.sessions).has(appId)) return "started-here";
  const { scope, username } = facts;
  return isByLogin(author, username) || isPersonal(scope.workspace, username) ? "mine" : "unknown";
}

/** The apps that somebody else deployed last, as far as Modal has said. */
export function appsOfOthers(owners: Authorship): ReadonlySet<string> {
  const { username, authors } = owners;
  return new Set(
    [...authors].flatMap(([appId, { deployedBy }]) =>
      isByOther(deployedBy, username) ? [appId] : [],
    ),
  );
}

/** The apps that are known to be mine, by id: started here, or deployed by this login. "all" in a personal workspace. */
export function myApps(
  scopeKey: string,
  { username, authors }: Authorship,
  sessions: OwnerFacts["sessions"],
): "all" | ReadonlySet<string> {
  if (isPersonal(workspaceIn(scopeKey), username)) return "all";
  const mine = new Set(startedHere(sessions));
  for (const [appId, { deployedBy }] of authors) {
    if (isByLogin(deployedBy, username)) mine.add(appId);
    else if (isByOther(deployedBy, username)) mine.delete(appId);
  }
  return mine;
}

/** Created or deployed by this login, here or elsewhere. */
export function isMine(owner: Owner): boolean {
  return owner === "started-here" || owner === "mine";
}

/** All but what is known to be someone else's: what sums of money count, since nobody else would be told of it. */
export function countsAsMine(owner: Owner): boolean {
  return owner !== "someone-else";
}

/** Whether this login deployed it. Nobody did where Modal does not say who, or who asks. */
export function isByLogin(deployedBy: string | null, username: string | null): boolean {
  return deployedBy !== null && isSame(deployedBy, username);
}

/** Whether somebody else than this login deployed it, by Modal's own word. */
function isByOther(deployedBy: string | null, username: string | null): boolean {
  return deployedBy !== null && username !== null && !isSame(deployedBy, username);
}

/** A personal workspace has the name of its login, which is the only one there is. */
export function isPersonal(workspace: string, username: string | null): boolean {
  return isSame(workspace, username);
}

function isSame(name: string, other: string | null): boolean {
  return other !== null && name.toLowerCase() === other.toLowerCase();
}
