import { plural, t } from "../../base/text.ts";
import { formatAmount } from "../../cost/format.ts";
import type { EnvironmentInfo } from "../../session/modalControl.ts";

/** "main (default), staging: $12.30 of $100.00". Throws where one may spend no more. */
export function environmentsText(environments: readonly EnvironmentInfo[]): string {
  const stopped = environments.filter(({ spendLimitReached }) => spendLimitReached === true);
  if (stopped.length > 0) {
    const names = stopped.map(({ name }) => name).join(", ");
    throw new Error(
      plural(
        stopped.length,
        {
          one: "{1} has reached its spend limit: Modal starts nothing there.",
          other: "{1} have reached their spend limits: Modal starts nothing there.",
        },
        names,
      ),
    );
  }
  return environments.map(environmentText).join(", ");
}

function environmentText({ name, isDefault, ...spent }: EnvironmentInfo): string {
  const { budgetMicroUsd: budget, usageMicroUsd: usage } = spent;
  const named = isDefault ? t("{0} (default)", name) : name;
  // Modal may not tell what was used, and then says 0.
  if (usage === null || usage === 0) return named;
  if (budget === null) return t("{0}: {1} in this billing cycle", named, formatAmount(usage));
  return t(
    "{0}: {1} of {2} in this billing cycle",
    named,
    formatAmount(usage),
    formatAmount(budget),
  );
}
