import { Failure } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import type { MicroUsd } from "../../cost/money.ts";
import type { ShownCost } from "../../cost/tiers.ts";
import { appAuthors } from "../../session/appAuthors.ts";
import type { Listing } from "../../session/ledgerPort.ts";
import { liveApps } from "../../session/liveApp.ts";
import type { StopReceipt } from "../../session/receipt.ts";
import { stopApps, type StopProgress } from "../../session/stop/stopApps.ts";
import {
  deferElsewhere,
  planStop,
  type StopFacts,
  type StopPlan,
  type StopWhat,
} from "../../session/stop/stopPlan.ts";
import type { Connected } from "../../session/watch/modalConnection.ts";
import { inNotification } from "../progress.ts";
import type { AppServices } from "./appServices.ts";
import type { StopPlace } from "./stopPlace.ts";

/** What a stop works with. */
export type StopServices = Pick<
  AppServices,
  | "calls"
  | "clock"
  | "connection"
  | "costs"
  | "ledger"
  | "log"
  | "meter"
  | "newId"
  | "project"
  | "serves"
  | "settings"
  | "starts"
>;

/** What one round of a stop planned, sent and proved. */
export interface StopRound {
  readonly connected: Connected;
  readonly plan: StopPlan;
  readonly receipt: StopReceipt;
  readonly costSoFar: () => ShownCost | undefined;
  readonly burn: ReadonlyMap<string, MicroUsd | null>;
}

/** One round of a stop: what runs, the plan, the requests, the proof. Rejects with a `Failure` before anything was stopped, never after. */
export async function stopRound(
  services: StopServices,
  place: StopPlace,
  what: StopWhat,
  chosen: readonly string[],
): Promise<StopRound> {
  const { meter, ledger, clock, log } = services;
  const connected = await place.open();
  return meter.during("stopping", () =>
    inNotification(t("Stopping in {0}", connected.scopeKey), async (report, signal) => {
      const onProgress = progressIn(report, signal);
      const prepared = await prepare(services, place, connected, what, chosen, report);
      const refresh = place.refreshOf(connected);
      const receipt = await stopApps(
        { control: connected.control, refresh, ledger, clock, log, pid: process.pid },
        prepared.plan,
        { receiptId: services.newId(), by: "person", burnByApp: prepared.burn, signal, onProgress },
      );
      return { ...prepared, connected, receipt };
    }),
  );
}

/** Ends what would start containers again, looks at what runs, and plans. */
async function prepare(
  services: StopServices,
  place: StopPlace,
  // The one whose name stands on the screen: settings may change meanwhile.
  connected: Connected,
  what: StopWhat,
  chosen: readonly string[],
  report: (message: string) => void,
) {
  const { starts } = services;
  const { scopeKey } = connected;
  const endsAll = what.kind !== "one" && !place.isElsewhere;
  // A call that waits for its turn would start containers again.
  if (endsAll) services.calls.dropQueued();
  if (endsAll && starts.count > 0) {
    report(t("Cancelling the start that is under way…"));
    await starts.cancelAll();
  }
  report(t("Looking at what runs…"));
  const listing = await place.refreshOf(connected)();
  if (listing.scope !== scopeKey) {
    throw new Failure(
      "invalid-argument",
      t(
        "The settings changed from {0} to {1} just now. Nothing was stopped. Stop again.",
        scopeKey,
        listing.scope,
      ),
    );
  }
  const all = planStop(await factsOf(services, connected, listing), what, chosen);
  const plan = what.kind === "one" ? all : deferElsewhere(all, chosen);
  const costSoFar = place.costSoFar();
  const burn = place.burnOf(listing);
  // Told first, so that the processes do not take their stopped apps for a fault.
  if (endsAll) await services.serves.endAll();
  return { plan, costSoFar, burn };
}

/** Reports the names of the apps that are being stopped, then how many are still listed. */
function progressIn(
  report: (message: string) => void,
  signal: AbortSignal,
): (progress: StopProgress) => void {
  const stopping = new Set<string>();
  signal.addEventListener(
    "abort",
    () => report(t("Stopped waiting. Stop requests already sent still take effect.")),
    { once: true },
  );
  return (progress) => {
    if (progress.kind === "stopping") stopping.add(progress.app.name);
    if (signal.aborted) return;
    report(
      progress.kind === "verifying"
        ? t("Verifying: {0} still listed…", progress.stillLive.length)
        : [...stopping].join(", "),
    );
  };
}

/** What a plan to stop is made from. */
async function factsOf(
  { ledger, log, project, settings }: StopServices,
  { control, scope, scopeKey, username }: Connected,
  listing: Listing,
): Promise<StopFacts> {
  return {
    scope,
    listing,
    sessions: ledger.sessions({ scope: scopeKey }),
    folders: project.folders(),
    targets: await project.knownTargets(),
    username,
    authors: await appAuthors(control, liveApps(listing), log),
    productionModes: settings.current.modes.productionNames,
  };
}
