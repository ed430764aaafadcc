import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { appAuthors } from "../appAuthors.ts";
import { within } from "../concurrent.ts";
import { likelyName } from "../deployer.ts";
import type { Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
import type { AlreadyRunning, RunningChoice, StartOptions, StartRequest } from "./start.ts";
import { ownerOf } from "../owner.ts";
import type { StopReceipt } from "../receipt.ts";
import { scopeKey } from "../scope.ts";
import { stopApps, type StopParts } from "../stop/stopApps.ts";
import { narrowPlan, planStop, type StopFacts } from "../stop/stopPlan.ts";

/** What the check before a start found, and what the person chose. */
export type CheckResult =
  | { readonly kind: "declined" }
  | {
      readonly kind: "go";
      /** Everything that is live just before the deploy. */
      readonly before: readonly LiveApp[];
      /** Deployments to take over instead of deploying. */
      readonly use: readonly LiveApp[];
    };

/**
 * Throws a `Failure` where a target is set to run in another environment than the one that is
 * watched: nobody would see its cost there, nor its end.
 */
export function refuseElsewhere({ targets, scope }: Pick<StartRequest, "targets" | "scope">): void {
  const elsewhere = targets.find(
    ({ target }) => target.environment !== null && target.environment !== scope.environment,
  );
  if (elsewhere === undefined) return;
  const { file, environment } = elsewhere.target;
  throw new Failure(
    "bad-setting",
    t(
      "{0} is set to run in the environment {1}, but this window watches {2}. Name the same environment in modalMeter.deployTargets and in modalMeter.environment. Nothing was started.",
      likelyName(elsewhere.target) ?? file,
      environment ?? "",
      scopeKey(scope),
    ),
  );
}

/**
 * Looks for apps that already run: those with a target's name, and those started here. Asks what to
 * do about them. Rejects with a `Failure` when no listing can be had, or when what was to be stopped
 * first still runs.
 */
export async function checkRunning(
  parts: StopParts,
  request: StartRequest,
  productionModes: readonly string[],
  { ask, signal }: StartOptions,
): Promise<CheckResult> {
  const listing = await freshListing(parts, signal);
  const names = new Set(request.targets.map(({ target }) => likelyName(target)));
  const live = liveApps(listing).filter(({ state }) => state !== "stopping" && state !== "stopped");
  const authors = await appAuthors(parts.control, live, parts.log, signal);
  const facts: StopFacts = {
    scope: request.scope,
    listing,
    sessions: parts.ledger.sessions({ scope: listing.scope }),
    folders: [request.folder],
    targets: request.targets.map(({ target }) => target),
    username: request.username,
    authors,
    productionModes,
  };
  const found = live
    .map((app): AlreadyRunning => {
      const sameName = names.has(app.name) && isDeployed(app);
      const deployedBy = authors.get(app.appId)?.deployedBy ?? null;
      return { ...app, sameName, owner: ownerOf(app.appId, facts), deployedBy };
    })
    .filter(({ sameName, owner }) => sameName || owner === "started-here");
  if (found.length === 0) return { kind: "go", before: liveApps(listing), use: [] };
  const choice = await ask.alreadyRunning(found, offers(found, request));
  if (choice.kind === "cancel") return { kind: "declined" };
  if (choice.kind === "start-anyway") return { kind: "go", before: liveApps(listing), use: [] };
  if (choice.kind === "use") {
    const use = found.filter(({ sameName }) => sameName);
    return { kind: "go", before: liveApps(listing), use };
  }
  const plan = narrowPlan(
    planStop(facts, { kind: "all" }, choice.named ?? []),
    new Set(found.map(({ appId }) => appId)),
  );
  const receipt = await stopApps(parts, plan, {
    receiptId: `${request.sessionId}-before-${parts.clock.nowMs()}`,
    by: "person",
    ...(signal === undefined ? {} : { signal }),
  });
  refuseWhileRunning(found, receipt);
  return { kind: "go", before: liveApps(await freshListing(parts, signal)), use: [] };
}

/** Throws when something that was to be stopped first still runs. */
function refuseWhileRunning(found: readonly AlreadyRunning[], receipt: StopReceipt): void {
  const still = found.filter(
    ({ appId }) =>
      !receipt.stopped.some((app) => app.appId === appId) &&
      !receipt.alreadyStopped.some((app) => app.appId === appId),
  );
  if (still.length === 0) return;
  const reasons = new Map(
    [...receipt.left, ...receipt.excluded].map(({ appId, reason }) => [appId, reason]),
  );
  const list = still.map(({ appId, name }) => `${name} (${reasons.get(appId) ?? t("still runs")})`);
  throw new Failure(
    "service-error",
    t(
      "Not everything that runs could be stopped first: {0}. Nothing was started.",
      list.join("; "),
    ),
  );
}

/** A look that began now. */
export function freshListing(
  { refresh, clock }: Pick<StopParts, "refresh" | "clock">,
  signal: AbortSignal | undefined,
): Promise<Listing> {
  return within(clock, 30_000, "Modal", signal, (signal) => refresh({ signal }));
}

function offers(
  found: readonly AlreadyRunning[],
  { how, targets }: StartRequest,
): readonly RunningChoice["kind"][] {
  const covered = targets.every(({ target }) =>
    found.some(({ sameName, name }) => sameName && name === likelyName(target)),
  );
  const use: readonly RunningChoice["kind"][] = covered && how === "deploy" ? ["use"] : [];
  return [...use, "stop-first", "start-anyway", "cancel"];
}

function isDeployed({ state }: LiveApp): boolean {
  return state === "deployed" || state === "initializing" || state === "disabled";
}
