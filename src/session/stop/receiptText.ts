import { formatBilled, formatMetered, formatPerHour, formatReported } from "../../cost/format.ts";
import type { CostTiers } from "../../cost/tiers.ts";
import type { ReceiptApp, StopReceipt } from "../receipt.ts";

/**
 * The lines of a receipt for the output channel. "All clear" appears only for a receipt that a fresh
 * listing has proven ("clear"); every other one says what is left, and why. `cost` is what the
 * session cost until the stop, in its three tiers; undefined: no session was open.
 */
export function receiptLines(receipt: StopReceipt, cost?: CostTiers): readonly string[] {
  const { planned, stopped, alreadyStopped, left, excluded, scope } = receipt;
  const lines: string[] = [];
  lines.push(
    planned.length === 0
      ? `🛑 Stopping… nothing to stop in ${scope}.`
      : `🛑 Stopping… ${planned.length} app(s) in ${scope}: ${names(planned)}`,
  );
  if (stopped.length > 0 || (planned.length > 0 && left.length === 0))
    lines.push(`✅ Stopped ${stopped.length} app(s)${listed(stopped)}`);
  if (alreadyStopped.length > 0) lines.push(`☑️ Already stopped: ${names(alreadyStopped)}`);
  for (const app of left) lines.push(`⚠️ Not stopped: ${app.name} (${app.appId}): ${app.reason}`);
  if (stopped.length > 0) {
    const saved = receipt.savedMicroUsdPerHour;
    lines.push(
      saved === null
        ? "💰 Cost savings activated! (the rate is not known)"
        : `💰 Cost savings activated! ≈ ${formatPerHour(saved)} no longer burning.`,
    );
  }
  if (cost !== undefined) lines.push(`   Session cost: ${tiersText(cost)}`);
  for (const app of excluded)
    lines.push(`🔒 Left alone: ${app.name} (${app.appId}): ${app.reason}`);
  lines.push(verdict(receipt));
  return lines;
}

/** One sentence about the outcome, for a notification. */
export function receiptSummary(receipt: StopReceipt): string {
  const { stopped, left, excluded, scope } = receipt;
  const done = stopped.length === 0 ? "" : `Stopped ${stopped.length} app(s) in ${scope}. `;
  // Every sentence says which workspace and environment it speaks of, once.
  const where = stopped.length === 0 ? ` in ${scope}` : "";
  if (receipt.verified === "clear")
    return stopped.length === 0 ? `Nothing runs in ${scope}.` : `${done}Nothing runs any more.`;
  if (receipt.verified === "excluded-left")
    return `${done}${excluded.length} app(s) were left alone and still run${where}: ${names(excluded)}.`;
  if (receipt.verified === "left")
    return `${done}${left.length} app(s) still run${where}: ${names(left)}.`;
  return `${done}Modal could not be asked whether everything${where} stopped. Check again.`;
}

/** "$0.0014 reported · ≈ $0.41 metered · not billed yet". */
function tiersText(cost: CostTiers): string {
  const { reported, metered, billed, meteredIsFloor } = cost;
  return [
    reported === null ? "nothing reported" : `${formatReported(reported)} reported`,
    metered === null
      ? "metered: unknown"
      : `${formatMetered(metered)} metered${meteredIsFloor ? " at least" : ""}`,
    billed === null ? "not billed yet" : formatBilled(billed),
  ].join(" · ");
}

function verdict(receipt: StopReceipt): string {
  const { left, excluded, scope } = receipt;
  if (receipt.verified === "clear") return `🎯 All clear! No Modal resources running. (${scope})`;
  if (receipt.verified === "excluded-left")
    return `ℹ️ Still running in ${scope}, and not part of this stop: ${names(excluded)}`;
  if (receipt.verified === "left")
    return `⚠️ Still running in ${scope}: ${names([...left, ...excluded])}. They may cost money: stop again, or look at the Modal dashboard.`;
  return `❓ Not verified: Modal could not be asked what still runs in ${scope}. Check again before you rely on it.`;
}

function listed(apps: readonly ReceiptApp[]): string {
  return apps.length === 0 ? "" : `: ${names(apps)}`;
}

function names(apps: readonly ReceiptApp[]): string {
  return apps.map(({ name }) => name).join(", ");
}
