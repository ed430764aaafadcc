import { t } from "../../base/text.ts";
import { billedThroughMs, hourMs } from "../../cost/billed/billedRow.ts";
import { reconcile, type Reconciliation } from "../../cost/billed/reconcile.ts";
import { billPage } from "../pages/billPage.ts";
import { command } from "../command.ts";
import type { AppServices } from "./appServices.ts";

/** How far back the bill is compared. */
export const billDays = 7;

/** Shows what Modal billed beside what was metered, per app and hour. */
export const compareBill = command(
  "compareBill",
  async (services: Pick<AppServices, "clock" | "connection" | "meter" | "pages">) => {
    const { scopeKey } = await services.connection.open();
    const asked = { scope: scopeKey, nowMs: services.clock.nowMs(), days: billDays };
    await services.pages.show(
      t("Billed beside Metered"),
      billPage(billOf(services, billDays), asked),
    );
  },
);

/** The last days' bill beside what was metered. Throws `Failure("ledger")`. */
export function billOf(
  { connection, clock, meter }: Pick<AppServices, "clock" | "connection" | "meter">,
  days: number,
): Reconciliation {
  const fromMs = clock.nowMs() - days * 24 * hourMs;
  const reading = meter.costsSince(connection.last?.scopeKey ?? "", fromMs);
  const throughMs = billedThroughMs(reading.billed);
  return reconcile({ ...reading, fromMs, throughMs });
}
