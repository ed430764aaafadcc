import { plural, t } from "../../base/text.ts";
import { figureText } from "../../cost/figureText.ts";
import { formatBilled, formatMetered, formatPerHour, formatReported } from "../../cost/format.ts";
import type { CostTiers, ShownCost } from "../../cost/tiers.ts";
import type { ReceiptApp, StopReceipt } from "../receipt.ts";

/**
 * The lines of a receipt for the output channel. "All clear" appears only for a receipt that a fresh
 * listing has proven ("clear"); every other one says what is left, and why. `cost` is what the
 * session cost until the stop; undefined: no session was open.
 */
export function receiptLines(receipt: StopReceipt, cost?: ShownCost): readonly string[] {
  const { planned, stopped, alreadyStopped, left, excluded, scope } = receipt;
  const lines: string[] = [];
  lines.push(
    planned.length === 0
      ? t("🛑 Stopping… nothing to stop in {0}.", scope)
      : plural(
          planned.length,
          { one: "🛑 Stopping… {0} app in {1}: {2}", other: "🛑 Stopping… {0} apps in {1}: {2}" },
          scope,
          names(planned),
        ),
  );
  if (stopped.length > 0 || (planned.length > 0 && left.length === 0))
    lines.push(
      plural(
        stopped.length,
        { one: "✅ Stopped {0} app{1}", other: "✅ Stopped {0} apps{1}" },
        listed(stopped),
      ),
    );
  if (alreadyStopped.length > 0) lines.push(t("☑️ Already stopped: {0}", names(alreadyStopped)));
  for (const app of left)
    lines.push(t("⚠️ Not stopped: {0} ({1}): {2}", app.name, app.appId, app.reason));
  if (stopped.length > 0) {
    const saved = receipt.savedMicroUsdPerHour;
    lines.push(
      saved === null
        ? t("💰 Cost savings activated! (the rate is not known)")
        : t("💰 Cost savings activated! ≈ {0} no longer burning.", formatPerHour(saved)),
    );
  }
  if (cost !== undefined) lines.push(`   ${costText(cost)}`);
  for (const app of excluded)
    lines.push(t("🔒 Left alone: {0} ({1}): {2}", app.name, app.appId, app.reason));
  lines.push(verdict(receipt));
  return lines;
}

/** One sentence about the outcome, for a notification. */
export function receiptSummary(receipt: StopReceipt): string {
  const { stopped, left, excluded, scope } = receipt;
  // Every sentence says which workspace and environment it speaks of, once.
  if (stopped.length === 0) {
    switch (receipt.verified) {
      case "clear":
        return t("Nothing runs in {0}.", scope);
      case "excluded-left":
        return plural(
          excluded.length,
          {
            one: "{0} app was left alone and still runs in {1}: {2}.",
            other: "{0} apps were left alone and still run in {1}: {2}.",
          },
          scope,
          names(excluded),
        );
      case "left":
        return plural(
          left.length,
          { one: "{0} app still runs in {1}: {2}.", other: "{0} apps still run in {1}: {2}." },
          scope,
          names(left),
        );
      default:
        return t("Modal could not be asked whether everything in {0} stopped. Check again.", scope);
    }
  }
  const done = plural(
    stopped.length,
    { one: "Stopped {0} app in {1}.", other: "Stopped {0} apps in {1}." },
    scope,
  );
  return `${done} ${afterStop(receipt)}`;
}

function afterStop({ verified, left, excluded }: StopReceipt): string {
  switch (verified) {
    case "clear":
      return t("Nothing runs any more.");
    case "excluded-left":
      return plural(
        excluded.length,
        {
          one: "{0} app was left alone and still runs: {1}.",
          other: "{0} apps were left alone and still run: {1}.",
        },
        names(excluded),
      );
    case "left":
      return plural(
        left.length,
        { one: "{0} app still runs: {1}.", other: "{0} apps still run: {1}." },
        names(left),
      );
    default:
      return t("Modal could not be asked whether everything stopped. Check again.");
  }
}

/** "Session cost: ≈ $0.41 ($0.0014 reported · …)". */
function costText(cost: ShownCost): string {
  return cost.figure === null
    ? t("Session cost: {0}", tiersText(cost))
    : t("Session cost: {0} ({1})", figureText(cost.figure), tiersText(cost));
}

/** "$0.0014 reported · ≈ $0.41 metered · not billed yet". */
function tiersText(cost: CostTiers): string {
  const { reported, metered, billed, meteredIsFloor } = cost;
  return [
    reported === null ? t("nothing reported") : t("{0} reported", formatReported(reported)),
    metered === null
      ? t("metered: unknown")
      : meteredIsFloor
        ? t("{0} metered at least", formatMetered(metered))
        : t("{0} metered", formatMetered(metered)),
    billed === null ? t("not billed yet") : formatBilled(billed),
  ].join(" · ");
}

function verdict(receipt: StopReceipt): string {
  const { left, excluded, scope } = receipt;
  if (receipt.verified === "clear")
    return t("🎯 All clear! No Modal resources running. ({0})", scope);
  if (receipt.verified === "excluded-left")
    return t("ℹ️ Still running in {0}, and not part of this stop: {1}", scope, names(excluded));
  if (receipt.verified === "left")
    return t(
      "⚠️ Still running in {0}: {1}. They may cost money: stop again, or look at the Modal dashboard.",
      scope,
      names([...left, ...excluded]),
    );
  return t(
    "❓ Not verified: Modal could not be asked what still runs in {0}. Check again before you rely on it.",
    scope,
  );
}

function listed(apps: readonly ReceiptApp[]): string {
  return apps.length === 0 ? "" : `: ${names(apps)}`;
}

function names(apps: readonly ReceiptApp[]): string {
  return apps.map(({ name }) => name).join(", ");
}
