import { t } from "../../base/text.ts";
import type { Budget, BudgetAlert } from "../../cost/spending/budget.ts";
import { usd } from "../../cost/money.ts";
import type { SettingValues } from "../../session/settings/shape.ts";
import type { Services } from "../services.ts";
import { mute } from "../settings/mute.ts";
import { sayWarning } from "../say.ts";
import { runCommand } from "../command.ts";

/** The budgets of the setting; 0 or nothing turns one off. */
function budgetsIn({ weekUsd = 0, monthUsd = 0 }: SettingValues["budget"]): readonly Budget[] {
  const both: readonly Budget[] = [
    { unit: "week", limit: usd(weekUsd) },
    { unit: "month", limit: usd(monthUsd) },
  ];
  return both.filter(({ limit }) => limit > 0);
}

/** What the settings, as they are now, say of budgets and of notices about Modal's own limits. */
export function budgetSettings(current: () => Services["settings"]["current"]): {
  readonly budgets: () => readonly Budget[];
  readonly mutesLimits: () => boolean;
} {
  return {
    budgets: () => budgetsIn(current().sound("budget") ?? {}),
    mutesLimits: () => current().sound("mutedReminders")?.includes("limits") ?? false,
  };
}

/** Says that a budget is used up, and leads to what to do about it. */
export async function showBudgetAlert(
  { costs, settings }: Pick<Services, "costs" | "settings">,
  { message, mutes }: BudgetAlert,
): Promise<void> {
  costs.line(`📈 ${message}`);
  const look = t("Show Spending");
  const stop = t("Stop All");
  const never = t("Don't Show Again");
  const buttons = mutes === undefined ? [look, stop] : [look, stop, never];
  const pressed = await sayWarning(message, ...buttons);
  if (pressed === look) await runCommand("showSpending");
  if (pressed === stop) await runCommand("stopAll");
  if (pressed === never && mutes !== undefined) await mute(settings, mutes);
}
