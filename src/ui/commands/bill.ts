import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { billedThroughMs, hourMs } from "../../cost/billed/billedRow.ts";
import { reconcile, type Reconciliation } from "../../cost/billed/reconcile.ts";
import { changedRows, restOfBill, provisionalSum } from "../../cost/billed/restOfBill.ts";
import { billCheckOf, checkedDays, forgetLessons } from "../../session/meter/lessonBook.ts";
import { billPage } from "../pages/billPage.ts";
import { checkPage } from "../pages/checkPage.ts";
import { offerCheck } from "../pages/offerCheck.ts";
import { command } from "../command.ts";
import { sayInfo } from "../say.ts";
import type { AppServices } from "./appServices.ts";

/** How far back the bill is compared. */
export const billDays = 7;

type BillServices = Pick<AppServices, "clock" | "connection" | "ledger" | "meter">;

/** Shows what Modal billed beside what was metered, per app and hour. */
export const compareBill = command(
  "compareBill",
  async (services: BillServices & Pick<AppServices, "pages">) => {
    const { clock, connection, ledger, meter } = services;
    const { scopeKey, scope } = await connection.open();
    const nowMs = clock.nowMs();
    const range = { fromMs: nowMs - billDays * 24 * hourMs, toMs: nowMs };
    const { billed } = meter.costsSince(scopeKey, range.fromMs);
    const rest = ledger
      .scopes({ workspace: scope.workspace, ...range })
      .filter((other) => other !== scopeKey)
      .flatMap((other) => ledger.billed({ scope: other, ...range }));
    await services.pages.show(
      t("Billed beside Metered"),
      billPage(billOf(services, billDays), {
        scope: scopeKey,
        nowMs,
        days: billDays,
        rest: restOfBill(rest),
        soFar: provisionalSum(billed),
        changed: changedRows([...billed, ...rest]),
      }),
    );
  },
);

/**
 * Finds out which Modal the bill fits, on a page that can be pasted into an issue. What can be done with
 * the page is asked beside it: a preview of Markdown runs no command of a link.
 */
export const checkMeter = command(
  "checkMeter",
  async ({
    clock,
    connection,
    ledger,
    meter,
    pages,
  }: BillServices & Pick<AppServices, "pages">) => {
    const { scopeKey } = await connection.open();
    const found = billCheckOf(ledger, scopeKey, {
      nowMs: clock.nowMs(),
      read: (fromMs) => meter.untaughtSince(scopeKey, fromMs),
    });
    const { adapter = null } = ledger.latestListing(scopeKey) ?? {};
    const title = t("Check of the Meter");
    const linesOf = (hasNames: boolean): readonly string[] =>
      checkPage(found, { adapter, days: checkedDays, hasNames });
    await offerCheck({
      show: (hasNames) => pages.show(title, linesOf(hasNames)),
      copy: async (hasNames) => {
        const text = [`# ${title}`, "", ...linesOf(hasNames)].join("\n");
        await vscode.env.clipboard.writeText(text);
        void sayInfo(t("The page is on the clipboard, as Markdown."));
      },
      ask: (...actions) => sayInfo(t("The check of the meter is open as a page."), ...actions),
    });
  },
);

/** Counts again as if no bill had been read; billed hours that begin from now on teach anew. */
export const forgetBill = command(
  "forgetLessons",
  async ({
    clock,
    connection,
    ledger,
    meter,
  }: Pick<AppServices, "clock" | "connection" | "ledger" | "meter">) => {
    const { scopeKey } = await connection.open();
    forgetLessons(ledger, scopeKey, clock.nowMs());
    meter.show();
    sayInfo(
      t(
        "What the bill of {0} has taught is forgotten. Modal Meter learns again from the hours to come, once they are billed.",
        scopeKey,
      ),
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
