import { plural, t } from "../../base/text.ts";
import type { Failure } from "../../base/failure.ts";
import { zeroUsd, type MicroUsd } from "../../cost/money.ts";
import { sumPerHour } from "../../cost/rates/burnRate.ts";
import type { Listing } from "../ledgerPort.ts";
import { isSandbox, liveThings, type LiveApp } from "../liveApp.ts";
import { notListed } from "../notListed.ts";
import { provesSandboxes } from "../sandboxInfo.ts";
import type { ReceiptApp, StopReceipt } from "../receipt.ts";
import type { StopPlan } from "./stopPlan.ts";

/** What became of the stop of one app. */
export type SendResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "already-stopped" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** What the looks after the stop proved. */
export interface Proof {
  /** The last complete look that began after every stop was answered. */
  readonly listing: Listing | undefined;
  /** Why the very last look failed; undefined: it succeeded, so `listing` is the present truth. */
  readonly failure: Failure | undefined;
  /** Deployed again during the stop, by app id: the reason in words. */
  readonly redeployed: ReadonlyMap<string, string>;
}

/** Who asked for the stop, and what the apps cost per hour until then. */
export interface ReceiptBasis {
  readonly receiptId: string;
  readonly by: StopReceipt["by"];
  /** null: a rate is unknown. Missing: no container ran. */
  readonly burnByApp?: ReadonlyMap<string, MicroUsd | null>;
}

/** What stands in the ledger while a stop is under way, and until somebody takes it over when it was cut off. */
export function begunReceipt(plan: StopPlan, basis: ReceiptBasis, atMs: number): StopReceipt {
  const proof: Proof = { listing: undefined, failure: undefined, redeployed: new Map() };
  const receipt = receiptOf(plan, new Map(), proof, basis, atMs);
  const reason = t("the stop was started, but its outcome is not known");
  return {
    ...receipt,
    left: receipt.planned.map((app) => ({ ...app, reason })),
    savedMicroUsdPerHour: null,
  };
}

/** Whether sandboxes that were to be stopped still run, only a list of them can tell. */
export function canProve(listing: Listing, planned: readonly ReceiptApp[]): boolean {
  return provesSandboxes(
    listing,
    planned.filter(isSandbox).map(({ appId }) => appId),
  );
}

/**
 * The receipt of a stop that nobody is at any more, closed by a later look that can prove it
 * (`canProve`). It keeps its instant: what is gone was stopped then, unless another receipt of these
 * says that it did it.
 */
export function closedReceipt(
  begun: StopReceipt,
  listing: Listing,
  receipts: readonly StopReceipt[],
): StopReceipt {
  const live = liveThings(listing);
  const isLive = ({ appId }: ReceiptApp): boolean => live.some((app) => app.appId === appId);
  const others = receipts.filter(({ receiptId }) => receiptId !== begun.receiptId);
  const byOthers = new Set(others.flatMap(({ stopped }) => stopped).map(({ appId }) => appId));
  const gone = begun.planned.filter((app) => !isLive(app));
  const begunReasons = new Map(begun.left.map(({ appId, reason }) => [appId, reason]));
  const left = begun.planned.filter(isLive).map((app) => ({
    ...app,
    reason: t(
      "{0}; it still ran when Modal was asked again",
      begunReasons.get(app.appId) ?? t("the stop was started, but its outcome is not known"),
    ),
  }));
  const planned = new Set(begun.planned.map(({ appId }) => appId));
  const reasons = new Map(begun.excluded.map(({ appId, reason }) => [appId, reason]));
  const excluded = live
    .filter(({ appId }) => !planned.has(appId))
    .map(({ appId, name }) => ({
      appId,
      name,
      reason: reasons.get(appId) ?? t("started since the stop"),
    }));
  return {
    ...begun,
    stopped: gone.filter(({ appId }) => !byOthers.has(appId)),
    alreadyStopped: [
      ...begun.alreadyStopped,
      ...gone.filter(({ appId }) => byOthers.has(appId)),
    ].filter((app, at, all) => all.findIndex(({ appId }) => appId === app.appId) === at),
    left,
    excluded,
    verified: left.length > 0 ? "left" : excluded.length > 0 ? "excluded-left" : "clear",
    ...unlistedIn(listing),
  };
}

/** The receipt of a stop: never better than the last listing shows, "unverified" without one. */
export function receiptOf(
  plan: StopPlan,
  sent: ReadonlyMap<string, SendResult>,
  proof: Proof,
  { receiptId, by, burnByApp }: ReceiptBasis,
  atMs: number,
): StopReceipt {
  const { listing, failure } = proof;
  const live = listing === undefined ? [] : liveThings(listing);
  const stopped: ReceiptApp[] = [];
  const alreadyStopped: ReceiptApp[] = [...plan.alreadyStopped];
  const left: (ReceiptApp & { reason: string })[] = [];
  for (const { appId, name } of plan.planned) {
    const result = sent.get(appId);
    const app = live.find((candidate) => candidate.appId === appId);
    if (listing !== undefined && app === undefined && canProve(listing, [{ appId, name }]))
      (result?.kind === "already-stopped" ? alreadyStopped : stopped).push({ appId, name });
    else
      left.push({
        appId,
        name,
        reason: proof.redeployed.get(appId) ?? leftText(result, app, failure),
      });
  }
  const { again, excluded } = unplanned(plan, live);
  left.push(...again);
  if (listing === undefined)
    for (const { appId, name, reason } of plan.excluded) excluded.push({ appId, name, reason });
  const proven = listing !== undefined && failure === undefined && canProve(listing, plan.planned);
  return {
    receiptId,
    scope: plan.scope,
    atMs,
    by,
    planned: plan.planned.map(({ appId, name }) => ({ appId, name })),
    stopped,
    alreadyStopped,
    left,
    excluded,
    verified: !proven
      ? "unverified"
      : left.length > 0
        ? "left"
        : excluded.length > 0
          ? "excluded-left"
          : "clear",
    savedMicroUsdPerHour: savedBy(stopped, burnByApp),
    ...(listing === undefined ? {} : unlistedIn(listing)),
    ...othersIn(plan, excluded, burnByApp),
  };
}

function unlistedIn(listing: Listing): Pick<StopReceipt, "notListed"> {
  const unlisted = notListed(listing);
  return unlisted.length === 0 ? {} : { notListed: unlisted };
}

type Named = ReceiptApp & { readonly reason: string };

/** What runs and was not planned: some of it came again under the name of what was stopped. */
function unplanned(
  plan: StopPlan,
  live: readonly LiveApp[],
): { readonly again: readonly Named[]; readonly excluded: Named[] } {
  const plannedIds = new Set(plan.planned.map(({ appId }) => appId));
  const plannedNames = new Set(plan.planned.map(({ name }) => name));
  const excludedById = new Map(plan.excluded.map((app) => [app.appId, app]));
  const again: Named[] = [];
  const excluded: Named[] = [];
  for (const { appId, name } of live) {
    if (plannedIds.has(appId)) continue;
    const reason = excludedById.get(appId)?.reason;
    if (reason !== undefined) excluded.push({ appId, name, reason });
    else if (plannedNames.has(name))
      again.push({ appId, name, reason: t("deployed again under the same name during the stop") });
    else excluded.push({ appId, name, reason: t("started during the stop") });
  }
  return { again, excluded };
}

/** Where all that runs on is somebody else's: what it costs. */
function othersIn(
  plan: StopPlan,
  excluded: readonly ReceiptApp[],
  burnByApp: ReceiptBasis["burnByApp"],
): Pick<StopReceipt, "others"> {
  const owners = new Map(plan.excluded.map(({ appId, owner }) => [appId, owner]));
  const isOthers = excluded.every(({ appId }) => owners.get(appId) === "someone-else");
  if (excluded.length === 0 || !isOthers || burnByApp === undefined) return {};
  const burns = excluded.map(({ appId }) => burnByApp.get(appId) ?? null);
  return { others: { microUsdPerHour: sumPerHour(burns) } };
}

function leftText(
  result: SendResult | undefined,
  app: LiveApp | undefined,
  failure: Failure | undefined,
): string {
  if (result?.kind === "failed") return t("the stop failed: {0}", result.failure.message);
  if (failure !== undefined || app === undefined)
    return t(
      "Modal accepted the stop request, but it could not be verified: {0}",
      failure?.message ?? t("no listing"),
    );
  if (isSandbox(app)) return t("Modal accepted the stop request, but the sandbox is still listed");
  if (app.state === "stopping") return t("still stopping");
  if (app.state === "stopped" || app.state === "unknown")
    return plural(app.containerCount, {
      one: "{0} container is still listed",
      other: "{0} containers are still listed",
    });
  return t("Modal accepted the stop request, but the app is still {0}", app.state);
}

/** Only what was stopped by this stop and is proven gone counts as saved. */
function savedBy(
  stopped: readonly ReceiptApp[],
  burnByApp: ReadonlyMap<string, MicroUsd | null> | undefined,
): MicroUsd | null {
  if (burnByApp === undefined) return null;
  const burns = stopped.map(({ appId }) => burnByApp.get(appId));
  return sumPerHour(burns.map((burn) => (burn === undefined ? zeroUsd : burn)));
}
