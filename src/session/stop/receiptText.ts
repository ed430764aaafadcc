import { plural, sentences, t } from "../../base/text.ts";
import { figureText } from "../../cost/figureText.ts";
import {
  formatBilled,
  formatMetered,
  formatPerHour,
  formatRange,
  formatReported,
} from "../../cost/format.ts";
import { zeroUsd } from "../../cost/money.ts";
import type { CostTiers, ShownCost } from "../../cost/tiers.ts";
import { countText } from "../liveApp.ts";
import { nothingRunsText } from "../notListed.ts";
import type { ReceiptApp, StopReceipt } from "../receipt.ts";
import { elsewhereText, unaskedElsewhere } from "../runsElsewhere.ts";

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
      : t("🛑 Stopping… {0} in {1}: {2}", countText(planned), scope, names(planned)),
  );
  if (stopped.length > 0 || (planned.length > 0 && left.length === 0))
    lines.push(t("✅ Stopped {0}{1}", countText(stopped), listed(stopped)));
  if (alreadyStopped.length > 0) lines.push(t("☑️ Already stopped: {0}", names(alreadyStopped)));
  for (const app of left)
    lines.push(t("⚠️ Not stopped: {0} ({1}): {2}", app.name, app.appId, app.reason));
  if (stopped.length > 0) {
    const saved = receipt.savedMicroUsdPerHour;
    lines.push(
      saved === null
        ? t("💰 Cost savings activated! (the rate is not known)")
        : saved === zeroUsd
          ? t("💰 No container ran, so nothing was burning.")
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
        return nothingRunsText(scope, [
          ...(receipt.notListed ?? []),
          ...(receipt.elsewhere?.notListed ?? []),
        ]);
      case "excluded-left":
        return plural(
          excluded.length,
          {
            one: "{1} was left alone and still runs in {2}: {3}.",
            other: "{1} were left alone and still run in {2}: {3}.",
          },
          countText(excluded),
          scope,
          names(excluded),
        );
      case "left":
        return plural(
          left.length,
          { one: "{1} still runs in {2}: {3}.", other: "{1} still run in {2}: {3}." },
          countText(left),
          scope,
          names(left),
        );
      default:
        return t("Modal could not be asked whether everything in {0} stopped. Check again.", scope);
    }
  }
  const done = t("Stopped {0} in {1}.", countText(stopped), scope);
  return `${done} ${afterStop(receipt)}`;
}

function afterStop(receipt: StopReceipt): string {
  const { verified, left, excluded } = receipt;
  switch (verified) {
    case "clear":
      if (runningElsewhere(receipt) !== "")
        return t("Nothing runs there any more. Elsewhere: {0}.", runningElsewhere(receipt));
      return unlistedIn(receipt) === ""
        ? t("Nothing runs any more.")
        : t("Modal lists nothing that still runs; not listed: {0}.", unlistedIn(receipt));
    case "excluded-left":
      return plural(
        excluded.length,
        {
          one: "{1} was left alone and still runs: {2}.",
          other: "{1} were left alone and still run: {2}.",
        },
        countText(excluded),
        names(excluded),
      );
    case "left":
      return plural(
        left.length,
        { one: "{1} still runs: {2}.", other: "{1} still run: {2}." },
        countText(left),
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
    : t(
        "Session cost: {0} ({1})",
        `${figureText(cost.figure)}${formatRange(cost.figure.microUsd, cost.figure.bounds)}`,
        tiersText(cost),
      );
}

/** "$0.0014 reported · ≈ $0.41 metered · not billed yet". */
function tiersText(cost: CostTiers): string {
  const { reported, metered, billed, meteredIsFloor } = cost;
  return [
    reported === null ? t("nothing reported") : t("{0} reported", formatReported(reported)),
    metered === null
      ? t("no container seen")
      : meteredIsFloor
        ? t("{0} metered at least", formatMetered(metered))
        : t("{0} metered", formatMetered(metered)),
    billed === null ? t("not billed yet") : formatBilled(billed),
  ].join(" · ");
}

function verdict(receipt: StopReceipt): string {
  const { left, excluded, scope, others } = receipt;
  const unlisted = unlistedIn(receipt);
  if (receipt.verified === "clear" && runningElsewhere(receipt) !== "")
    return sentences(
      t("ℹ️ Nothing runs in {0}. Elsewhere: {1}.", scope, runningElsewhere(receipt)),
      unlisted === "" ? "" : t("Not listed: {0}.", unlisted),
    );
  if (receipt.verified === "clear" && unlisted !== "")
    return t("Modal lists nothing of yours that runs; not listed: {0}. ({1})", unlisted, scope);
  if (receipt.verified === "clear")
    return t("🎯 All clear! No Modal resources running. ({0})", scope);
  if (receipt.verified === "excluded-left" && others !== undefined)
    return sentences(
      othersText(receipt, others),
      runningElsewhere(receipt) === "" ? "" : t("Elsewhere: {0}.", runningElsewhere(receipt)),
      unlisted === "" ? "" : t("Not listed: {0}.", unlisted),
    );
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

/** What runs in other environments, in words; "": nothing, or they were not asked. */
export function runningElsewhere({ elsewhere }: StopReceipt): string {
  return (elsewhere?.running ?? []).map(elsewhereText).join(", ");
}

/** What may run and could not be listed, here and elsewhere, in words; "": nothing. */
export function unlistedIn({
  notListed = [],
  elsewhere = unaskedElsewhere(),
}: StopReceipt): string {
  return [...notListed, ...elsewhere.notListed].join(", ");
}

function othersText(
  { excluded, scope }: StopReceipt,
  { microUsdPerHour }: NonNullable<StopReceipt["others"]>,
): string {
  const count = countText(excluded);
  return microUsdPerHour === null
    ? t("Nothing of yours runs. Others: {0}, rate unknown. ({1})", count, scope)
    : t(
        "Nothing of yours runs. Others: {0}, {1}. ({2})",
        count,
        formatPerHour(microUsdPerHour),
        scope,
      );
}

function listed(apps: readonly ReceiptApp[]): string {
  return apps.length === 0 ? "" : `: ${names(apps)}`;
}

function names(apps: readonly ReceiptApp[]): string {
  return apps.map(({ name }) => name).join(", ");
}
