import { t } from "../../base/text.ts";
import { formatClock } from "../../cost/format.ts";
import { unreportedIncidents } from "../../guardian/incident/record.ts";
import { liveGuardian } from "../../guardian/guardianLease.ts";
import { pidAlive } from "../../guardian/pidAlive.ts";
import { unreportedText } from "../../guardian/incident/reminderText.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import type { Listing } from "../../session/ledgerPort.ts";
import { liveApps, type LiveApp } from "../../session/liveApp.ts";
import { ownerOf } from "../../session/owner.ts";
import { appsToRemindOf } from "../../session/remind/appsToRemindOf.ts";
import { lateReminder } from "../../session/remind/lateReminder.ts";
import { takeOverStops } from "../../session/stop/begunStop.ts";
import { receiptLines, receiptSummary } from "../../session/stop/receiptText.ts";
import { runCommand } from "../command.ts";
import { sayWarning } from "../say.ts";
import type { Services } from "../services.ts";

/*
 * What processes that are gone have begun and left: this window closes it by what it sees, and tells
 * it. It sends nothing unasked.
 */

/** Closes the receipts of stops that nobody is at any more. What still runs then is told. */
export function closeStops(
  { ledger, costs }: Pick<Services, "costs" | "ledger">,
  windowId: string,
  listing: Listing,
): void {
  const parts = { ledger, holder: windowId, pid: process.pid, pidAlive };
  for (const receipt of ifReadable(() => takeOverStops(parts, listing)) ?? []) {
    costs.line(
      t("🧾 The stop of {0} was not finished; this look closes it:", formatClock(receipt.atMs)),
      ...receiptLines(receipt),
    );
    if (receipt.verified === "left")
      warn(t("A stop was not finished. {0}", receiptSummary(receipt)), t("Stop All"), "stopAll");
  }
}

/**
 * What the guardian had to say or to do, and did not come to. What a reminder said was true when it was
 * due: of what this window sees, it tells what is true now, and nothing where nothing runs, or where
 * the report after the absence has told it.
 */
export function tellUnreported(
  services: Pick<Services, "clock" | "connection" | "costs" | "ledger" | "log" | "owners">,
  listing: Listing,
  isReported: boolean,
): void {
  const { ledger, log, clock, costs } = services;
  const nowMs = clock.nowMs();
  const livePid = liveGuardian(ledger, nowMs, pidAlive)?.pid ?? null;
  for (const incident of unreportedIncidents(ledger, { scope: listing.scope, livePid, nowMs })) {
    const { scope, goneAtMs, reminder, act, news } = incident;
    const dueAtMs = news?.atMs ?? reminder.atMs ?? goneAtMs;
    const report = unreportedText(incident);
    costs.line(
      t(
        "🔔 {0}, {1}: {2} (This could not be shown when it was due.)",
        scope,
        formatClock(dueAtMs),
        report,
      ),
    );
    log.info("The guardian did not come to what it had to say or to do.");
    const isHere = scope === listing.scope;
    const isCutOff = act?.state === "begun";
    if (isReported && isHere && !isCutOff) continue;
    const about = { scope, dueAtMs, title: reminder.title };
    const now = isHere ? mineIn(services, listing) : null;
    const text = isCutOff || news !== null ? report : lateReminder(about, now);
    if (text !== undefined) warn(text, t("Check What Is Running"), "checkRunning");
  }
}

/** The apps of a listing that a reminder would speak of now. */
function mineIn(
  { ledger, connection, owners }: Pick<Services, "connection" | "ledger" | "owners">,
  listing: Listing,
): readonly LiveApp[] {
  const scope = connection.last?.scope;
  if (scope === undefined) return [];
  const sessions = ledger.sessions({ scope: listing.scope });
  const whose = { scope, sessions, ...owners.authorshipOf(listing.scope) };
  return appsToRemindOf(liveApps(listing), (appId) => ownerOf(appId, whose));
}

function warn(text: string, action: string, command: "stopAll" | "checkRunning"): void {
  void sayWarning(text, action).then((pressed) => {
    if (pressed === action) void runCommand(command);
  });
}
