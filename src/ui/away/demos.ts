import { sentences, t } from "../../base/text.ts";
import type { Connected } from "../../session/watch/modalConnection.ts";
import { expireDemo } from "../../session/mode/demoExpiry.ts";
import type { Listing } from "../../session/ledgerPort.ts";
import { releaseText } from "../../session/mode/releaseText.ts";
import { burnByContainer } from "../../cost/rates/burnRate.ts";
import type { Services } from "../services.ts";
import { sayInfo } from "../say.ts";

/** What the functions here work with. */
type DemosServices = Pick<Services, "clock" | "costs" | "ledger" | "log" | "meter" | "settings">;

/** Ends the time boxes that are over: once, whichever window or guardian is first. */
export async function endDemos(
  services: DemosServices,
  { control, scopeKey }: Connected,
  listing: Listing,
  holder: string,
): Promise<void> {
  const { ledger, clock, log, meter, costs } = services;
  const due = ledger
    .sessions({ scope: scopeKey })
    .filter(
      ({ endedAtMs, expiresAtMs }) =>
        endedAtMs === null && expiresAtMs !== null && expiresAtMs <= clock.nowMs(),
    );
  for (const session of due) {
    const outcome = await expireDemo(
      { control, ledger, clock, log, refresh: (options) => meter.refreshNow(options) },
      session,
      {
        resting: services.settings.current.modes.resting,
        holder,
        pid: process.pid,
        burnByContainer: burnByContainer(
          listing.containers,
          meter.rates(),
          meter.hourlyOf(scopeKey),
        ),
      },
    );
    if (outcome.kind === "failed") {
      costs.line(
        t(
          "⚠️ The demo is over, but it could not be brought back to dev mode: {0}",
          outcome.failure.message,
        ),
      );
      log.error("A demo could not be expired.", outcome.failure);
    }
    if (outcome.kind !== "expired") continue;
    const text = sentences(
      t("The demo is over: back in dev mode."),
      outcome.released === null ? "" : releaseText(outcome.released),
    );
    costs.line(`⏰ ${text}`);
    void sayInfo(text);
  }
}
