import { t } from "../../base/text.ts";
import { appAuthors } from "../appAuthors.ts";
import { isByLogin, startedHere } from "../owner.ts";
import { asFailure, pause, within } from "../concurrent.ts";
import type { ServeHandle } from "../deployer.ts";
import type { Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
import type { ReceiptApp, StopReceipt } from "../receipt.ts";
import type { SessionRecord } from "../session.ts";
import type { StartRecord } from "./record.ts";
import { stopApps, type StopParts } from "../stop/stopApps.ts";
import type { StopPlan } from "../stop/stopPlan.ts";

export interface UndoRequest {
  readonly session: SessionRecord | null;
  readonly scope: string;
  readonly username: string | null;
  readonly record: StartRecord;
  /** Apps that this start is known to have created. */
  readonly createdIds: ReadonlySet<string>;
  readonly serves: readonly ServeHandle[];
  /** A deploy may still land: look more than once before believing that nothing came. */
  readonly mayLand: boolean;
}

/** What an undo did. */
export interface UndoResult {
  readonly receipts: readonly StopReceipt[];
  /** Created by this start and still live, or possibly so. */
  readonly left: readonly ReceiptApp[];
  /** True only when a fresh listing proves that nothing of this start runs. */
  readonly verified: boolean;
}

/** How long after the end of the `modal` process its deploy may still appear in a listing. */
const settleMs = 3000;

/** Stops what a start created, also what only landed while it was cancelled, and nothing else. */
export async function undoStart(parts: StopParts, request: UndoRequest): Promise<UndoResult> {
  const { clock, ledger, log } = parts;
  for (const serve of request.serves) {
    try {
      await within(clock, 20_000, "modal serve", undefined, () => serve.end());
    } catch (error) {
      log.warn(`modal serve did not end: ${String(error)}`);
    }
  }
  const receipts: StopReceipt[] = [];
  const quietNeeded = request.mayLand ? 2 : 1;
  let left: readonly ReceiptApp[] = [...request.createdIds].map((appId) => ({
    appId,
    name: appId,
  }));
  let quietLooks = 0;
  let last: Listing | undefined;
  for (let round = 0; round < 8 && quietLooks < quietNeeded; round += 1) {
    if (round > 0) await pause(clock, settleMs);
    last = await look(parts);
    if (last === undefined) {
      quietLooks = 0;
      // Without a listing, at least what this start is known to have made is told to stop.
      if (round > 0 || left.length === 0) continue;
    } else {
      left = await createdBy(parts, request, last);
    }
    if (left.length === 0) {
      quietLooks += 1;
      continue;
    }
    quietLooks = 0;
    const receipt = await stopApps(parts, planOf(request, last, left), {
      receiptId: `${request.session?.sessionId ?? "start"}-undo-${clock.nowMs()}-${round}`,
      by: "person",
    });
    receipts.push(receipt);
  }
  const verified = last !== undefined && quietLooks >= quietNeeded;
  const { session } = request;
  if (session !== null && last !== undefined && verified) {
    const live = new Set(liveApps(last).map(({ appId }) => appId));
    const current = ledger
      .sessions({ scope: request.scope })
      .find(({ sessionId }) => sessionId === session.sessionId);
    if (current !== undefined && current.endedAtMs === null)
      ledger.upsertSession({
        ...current,
        endedAtMs: clock.nowMs(),
        // Apps that ran before the start and still do are not the undo's to stop.
        end: current.apps.some(({ appId }) => live.has(appId)) ? "partly-stopped" : "stopped",
      });
  }
  return { receipts, left, verified };
}

async function look({ refresh, clock, log }: StopParts): Promise<Listing | undefined> {
  try {
    return await within(clock, 30_000, "Modal", undefined, (signal) => refresh({ signal }));
  } catch (error) {
    log.warn(`No look at what runs after the cancelled start: ${asFailure(error).message}`);
    return undefined;
  }
}

/**
 * Live apps that came with this start: known ones, new ones of its names unless Modal names another
 * author, and, when a name is not known, new ones that Modal says you deployed. An app that a start
 * in another window counts on is left to that one.
 */
async function createdBy(
  { control, ledger, log }: StopParts,
  request: UndoRequest,
  listing: Listing,
): Promise<readonly LiveApp[]> {
  const { record, createdIds, username, scope, session } = request;
  const kept = new Set([
    ...record.beforeIds,
    ...startedHere(
      ledger
        .sessions({ scope })
        .filter(
          ({ sessionId, endedAtMs, end }) =>
            sessionId !== session?.sessionId &&
            (endedAtMs === null || (end === "replaced" && endedAtMs >= record.startedAtMs)),
        ),
    ),
  ]);
  const fresh = liveApps(listing).filter(({ appId }) => !kept.has(appId));
  const authors = await appAuthors(
    control,
    fresh.filter(({ appId }) => !createdIds.has(appId)),
    log,
  );
  return fresh.filter(({ appId, name }) => {
    if (createdIds.has(appId)) return true;
    const author = authors.get(appId)?.deployedBy ?? null;
    if (record.targets.some((target) => target.name === name))
      return author === null || isByLogin(author, username);
    return record.unnamed && isByLogin(author, username);
  });
}

function planOf(
  request: UndoRequest,
  listing: Listing | undefined,
  apps: readonly ReceiptApp[],
): StopPlan {
  const ids = new Set(apps.map(({ appId }) => appId));
  const live: readonly LiveApp[] =
    listing === undefined
      ? apps.map(({ appId, name }) => ({ appId, name, state: "unknown", containerCount: 0 }))
      : liveApps(listing);
  return {
    scope: request.scope,
    what: { kind: "project" },
    planned: live
      .filter(({ appId }) => ids.has(appId))
      .map((app) => ({ ...app, owner: "started-here", version: null })),
    excluded: live
      .filter(({ appId }) => !ids.has(appId))
      .map((app) => ({
        ...app,
        owner: "unknown",
        why: "not-asked-for",
        reason: t("not created by this start"),
        canBeNamed: false,
      })),
    alreadyStopped: [],
  };
}
