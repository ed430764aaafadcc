import { plural, t } from "../../base/text.ts";
import type { Failure } from "../../base/failure.ts";
import { zeroUsd, type MicroUsd } from "../../cost/money.ts";
import { sumPerHour } from "../../cost/rates/burnRate.ts";
import type { Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
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

/** What stands in the ledger while a stop is under way, and for ever when it was cut off. */
export function begunReceipt(plan: StopPlan, basis: ReceiptBasis, atMs: number): StopReceipt {
  const proof: Proof = { listing: undefined, failure: undefined, redeployed: new Map() };
  const receipt = receiptOf(plan, new Map(), proof, basis, atMs);
  const reason = t("the stop was begun, and what came of it is not known");
  return {
    ...receipt,
    left: receipt.planned.map((app) => ({ ...app, reason })),
    savedMicroUsdPerHour: null,
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
  const live = listing === undefined ? [] : liveApps(listing);
  const stopped: ReceiptApp[] = [];
  const alreadyStopped: ReceiptApp[] = [...plan.alreadyStopped];
  const left: (ReceiptApp & { reason: string })[] = [];
  for (const { appId, name } of plan.planned) {
    const result = sent.get(appId);
    const app = live.find((candidate) => candidate.appId === appId);
    if (listing !== undefined && app === undefined)
      (result?.kind === "already-stopped" ? alreadyStopped : stopped).push({ appId, name });
    else
      left.push({
        appId,
        name,
        reason: proof.redeployed.get(appId) ?? leftText(result, app, failure),
      });
  }
  const plannedIds = new Set(plan.planned.map(({ appId }) => appId));
  const plannedNames = new Set(plan.planned.map(({ name }) => name));
  const known = new Map(plan.excluded.map((app) => [app.appId, app]));
  const excluded: (ReceiptApp & { reason: string })[] = [];
  for (const { appId, name } of live) {
    if (plannedIds.has(appId)) continue;
    const reason = known.get(appId)?.reason;
    if (reason !== undefined) excluded.push({ appId, name, reason });
    else if (plannedNames.has(name))
      left.push({ appId, name, reason: t("deployed again under the same name during the stop") });
    else excluded.push({ appId, name, reason: t("started during the stop") });
  }
  if (listing === undefined)
    for (const { appId, name, reason } of plan.excluded) excluded.push({ appId, name, reason });
  const proven = listing !== undefined && failure === undefined;
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
  };
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
