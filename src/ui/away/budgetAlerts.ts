import { t } from "../../base/text.ts";
import type { Budget, BudgetAlert } from "../../cost/spending/budget.ts";
import { usd } from "../../cost/money.ts";
import type { SettingValues } from "../../session/settings/shape.ts";
import type { Services } from "../services.ts";
import { sayWarning } from "../say.ts";
import { runCommand } from "../command.ts";

/** The budgets of the setting; 0 or nothing turns one off. */
export function budgetsIn({
  weekUsd = 0,
  monthUsd = 0,
}: SettingValues["budget"]): readonly Budget[] {
  const both: readonly Budget[] = [
    { unit: "week", limit: usd(weekUsd) },
    { unit: "month", limit: usd(monthUsd) },
  ];
  return both.filter(({ limit }) => limit > 0);
}

/** Says that a budget is used up, and leads to what to do about it. */
export async function showBudgetAlert(
  { costs }: Pick<Services, "costs">,
  { message }: BudgetAlert,
): Promise<void> {
  costs.line(`📈 ${message}`);
  const look = t("Show Spending");
  const stop = t("Stop All");
  const pressed = await sayWarning(message, look, stop);
  if (pressed === look) await runCommand("showSpending");
  if (pressed === stop) await runCommand("stopAll");
}
