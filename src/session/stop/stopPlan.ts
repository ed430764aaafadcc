import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { likelyName, type DeployTarget } from "../deployer.ts";
import type { Listing } from "../ledgerPort.ts";
import { liveThings, type LiveApp } from "../liveApp.ts";
import type { ReceiptApp } from "../receipt.ts";
import { ownerOf, type Owner, type OwnerFacts } from "../owner.ts";
import type { SessionRecord } from "../session.ts";

/** What a person asked to stop. `app` is an app id or a name. */
export type StopWhat =
  | { readonly kind: "all" }
  | { readonly kind: "project" }
  | { readonly kind: "one"; readonly app: string };

export type ExclusionReason =
  | "someone-else"
  | "unknown-owner"
  | "production"
  | "not-asked-for"
  /** Mine, but started elsewhere: a person is asked about it. */
  | "elsewhere";

export interface PlannedApp extends LiveApp {
  readonly owner: Owner;
  /** Deployment version at the time of the plan; a higher one later is a redeploy. null: not known. */
  readonly version: number | null;
}

export interface ExcludedApp extends LiveApp {
  readonly owner: Owner;
  readonly why: ExclusionReason;
  /** The reason in words. */
  readonly reason: string;
  /** Whether naming its id explicitly (a typed confirmation) would take it into the plan. */
  readonly canBeNamed: boolean;
}

/** What a stop is going to do. Every live app of the listing is in exactly one of the two lists. */
export interface StopPlan {
  readonly scope: string;
  readonly what: StopWhat;
  readonly planned: readonly PlannedApp[];
  readonly excluded: readonly ExcludedApp[];
  /** Asked for by name, and stopped already. */
  readonly alreadyStopped: readonly ReceiptApp[];
}

/** All that decides whose an app is. */
export interface StopFacts extends OwnerFacts {
  readonly listing: Listing;
  readonly sessions: readonly SessionRecord[];
  /** The workspace folders of this window, for a stop of the project. */
  readonly folders: readonly string[];
  /** Their app files. A name never makes an app anybody's: it only chooses among those that are. */
  readonly targets: readonly DeployTarget[];
  /** Modes whose apps are production (`confirm` in the mode table). */
  readonly productionModes: readonly string[];
}

const productionEnvironment = /^prod(uction)?$/i;

/**
 * Plans a stop from a fresh listing. Other people's apps, apps of unknown owners and production are
 * excluded with the reason, unless their app id is in `named` (a person typed it). Throws
 * `Failure("not-found")` that lists the real names when one app was asked for that is not there, and
 * `Failure("invalid-argument")` when a name means several apps.
 */
export function planStop(
  facts: StopFacts,
  what: StopWhat,
  named: readonly string[] = [],
): StopPlan {
  const live = liveThings(facts.listing);
  const asked = what.kind === "one" ? findOne(facts.listing, live, what.app) : undefined;
  const planned: PlannedApp[] = [];
  const excluded: ExcludedApp[] = [];
  for (const app of live) {
    const owner = ownerOf(ownedAs(app), facts);
    const exclusion = asksFor(app, facts, what, asked)
      ? named.includes(app.appId)
        ? undefined
        : protection(app, owner, facts)
      : notAskedFor(what);
    if (exclusion === undefined)
      planned.push({ ...app, owner, version: facts.authors.get(app.appId)?.version ?? null });
    else excluded.push({ ...app, owner, ...exclusion });
  }
  return {
    scope: facts.listing.scope,
    what,
    planned,
    excluded,
    alreadyStopped: asked !== undefined && asked.over ? [asked.app] : [],
  };
}

/** The same plan, for some of its apps only. */
export function narrowPlan(plan: StopPlan, appIds: ReadonlySet<string>): StopPlan {
  const rest = plan.planned.filter(({ appId }) => !appIds.has(appId));
  return {
    ...plan,
    planned: plan.planned.filter(({ appId }) => appIds.has(appId)),
    excluded: [...plan.excluded, ...rest.map((app) => ({ ...app, ...notAskedFor(plan.what) }))],
  };
}

/**
 * The same plan, without what is mine and was not started here (a cron, an API deployed from another
 * machine), except for the ids in `chosen`: it may be wanted where it is, so a person chooses it.
 */
export function deferElsewhere(plan: StopPlan, chosen: readonly string[]): StopPlan {
  const isDeferred = ({ appId, owner }: PlannedApp): boolean =>
    owner === "mine" && !chosen.includes(appId);
  const deferred = plan.planned.filter(isDeferred).map((app) => ({
    ...app,
    why: "elsewhere" as const,
    reason: t("yours, but not started here"),
    canBeNamed: true,
  }));
  return {
    ...plan,
    planned: plan.planned.filter((app) => !isDeferred(app)),
    excluded: [...plan.excluded, ...deferred],
  };
}

interface Found {
  readonly app: ReceiptApp;
  readonly over: boolean;
}

function findOne(listing: Listing, live: readonly LiveApp[], asked: string): Found {
  const byId = live.find(({ appId }) => appId === asked);
  if (byId !== undefined) return { app: byId, over: false };
  const byName = live.filter(({ name }) => name === asked);
  if (byName.length > 1) {
    const ids = byName.map(({ appId, state }) => `${appId} (${state})`).join(", ");
    throw new Failure(
      "invalid-argument",
      t('{0} apps are called "{1}": {2}. Choose one by its id.', byName.length, asked, ids),
    );
  }
  const [app] = byName;
  if (app !== undefined) return { app, over: false };
  const over = listing.apps.find(({ appId, name }) => appId === asked || name === asked);
  if (over !== undefined) return { app: { appId: over.appId, name: over.name }, over: true };
  const names = nearestNames(live, asked);
  throw new Failure(
    "not-found",
    names.length === 0
      ? t('App "{0}" not found: nothing runs in {1}.', asked, listing.scope)
      : t(
          'App "{0}" not found in {1}. Running there: {2}.',
          asked,
          listing.scope,
          names.join(", "),
        ),
  );
}

/** The real names, the most similar one first. */
export function nearestNames(live: readonly LiveApp[], asked: string): readonly string[] {
  const names = [...new Set(live.map(({ name }) => name))];
  return names
    .map((name) => ({ name, distance: editDistance(name.toLowerCase(), asked.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

function asksFor(
  app: LiveApp,
  facts: StopFacts,
  what: StopWhat,
  asked: Found | undefined,
): boolean {
  if (what.kind === "all") return true;
  if (what.kind === "one") return asked !== undefined && asked.app.appId === app.appId;
  const folders = new Set(facts.folders);
  const fromHere = sessionsOf(ownedAs(app), facts.sessions).some(({ folder }) =>
    folders.has(folder),
  );
  return fromHere || isTarget(app, facts);
}

/** A sandbox is whose its app is: Modal does not say who made it. */
function ownedAs({ appId, inApp }: LiveApp): string {
  return inApp ?? appId;
}

type Exclusion = Pick<ExcludedApp, "why" | "reason" | "canBeNamed">;

function notAskedFor(what: StopWhat): Exclusion {
  const reason = what.kind === "project" ? t("not part of this project") : t("not asked for");
  return { why: "not-asked-for", reason, canBeNamed: false };
}

function protection(app: LiveApp, owner: Owner, facts: StopFacts): Exclusion | undefined {
  const mode = lastModeOf(ownedAs(app), facts.sessions);
  if (mode !== undefined && facts.productionModes.includes(mode))
    return { why: "production", reason: t("production ({0} mode)", mode), canBeNamed: true };
  if (productionEnvironment.test(facts.scope.environment))
    return {
      why: "production",
      reason: t("production (environment {0})", facts.scope.environment),
      canBeNamed: true,
    };
  if (owner === "someone-else") {
    const author = facts.authors.get(ownedAs(app))?.deployedBy ?? null;
    const reason = author === null ? t("deployed by someone else") : t("deployed by {0}", author);
    return { why: "someone-else", reason, canBeNamed: true };
  }
  if (owner === "unknown")
    return {
      why: "unknown-owner",
      reason: t("Modal does not say who started it"),
      canBeNamed: true,
    };
  return undefined;
}

function sessionsOf(appId: string, sessions: readonly SessionRecord[]): readonly SessionRecord[] {
  return sessions.filter(({ apps }) => apps.some((app) => app.appId === appId));
}

function lastModeOf(appId: string, sessions: readonly SessionRecord[]): string | undefined {
  return sessionsOf(appId, sessions).toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0]?.mode;
}

/** Names of ephemeral apps are no evidence: they are free text and repeat. */
function isTarget(app: LiveApp, facts: Pick<StopFacts, "targets" | "scope">): boolean {
  if (app.state === "ephemeral" || app.state === "detached" || app.inApp !== undefined)
    return false;
  return facts.targets.some(
    (target) =>
      likelyName(target) === app.name &&
      (target.environment === null || target.environment === facts.scope.environment),
  );
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const changed = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, changed));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
