import { plural, t } from "../../base/text.ts";
import { formatPerHour } from "../../cost/format.ts";
import { zeroUsd, type MicroUsd } from "../../cost/money.ts";
import { isSandbox } from "../../session/liveApp.ts";
import type { ExcludedApp } from "../../session/stop/stopPlan.ts";
import { askText, pickSeveral } from "../ask.ts";

/** Which of mine that were not started here are to be stopped too: one list, with what each costs. */
export async function chooseElsewhere(
  apps: readonly ExcludedApp[],
  burn: ReadonlyMap<string, MicroUsd | null>,
  scope: string,
): Promise<readonly string[]> {
  const perHour = ({ appId }: ExcludedApp): number => burn.get(appId) ?? 0;
  return pickSeveral(
    t("Yours in {0}, but not started here", scope),
    t("Which of them do you want to stop too?"),
    apps
      .toSorted((a, b) => perHour(b) - perHour(a))
      .map((app) => ({
        label: app.name,
        description: [
          ...(isSandbox(app) ? [t("sandbox")] : []),
          costText(app, burn.get(app.appId)),
        ].join(" · "),
        detail: app.appId,
        value: app.appId,
      })),
  );
}

function costText({ containerCount }: ExcludedApp, burn: MicroUsd | null | undefined): string {
  if (containerCount === 0) return t("idle");
  if (burn === undefined || burn === null) return t("rate unknown");
  return burn === zeroUsd ? t("idle") : `≈ ${formatPerHour(burn)}`;
}

/** Which of those that were left alone are to be stopped. What is not theirs, a person types. */
export async function nameThem(
  apps: readonly ExcludedApp[],
  scope: string,
): Promise<readonly string[]> {
  const picked = await pickSeveral(
    t("Apps in {0} that were left alone", scope),
    t("Which of them do you want to stop?"),
    apps.map((app) => ({
      label: app.name,
      description: app.reason,
      detail: app.appId,
      value: app,
    })),
  );
  const foreign = picked.filter(({ why }) => why !== "elsewhere");
  if (foreign.length > 0 && (await typeNames(foreign, scope)).length === 0) return [];
  return picked.map(({ appId }) => appId);
}

/** A person types what they want stopped: nothing that is not theirs is one click away. Empty: they did not. */
export async function typeNames(
  apps: readonly ExcludedApp[],
  scope: string,
): Promise<readonly string[]> {
  const [first, ...more] = apps;
  if (first === undefined) return [];
  const expected =
    more.length === 0
      ? first.name
      : plural(apps.length, { one: "stop {0} app", other: "stop {0} apps" });
  const typed = await askText({
    title: t("Stop {0} in {1}", apps.map(({ name }) => name).join(", "), scope),
    prompt: t("This cannot be undone. Type {0} to continue.", expected),
    check: (text) =>
      text === "" || expected.startsWith(text) ? undefined : t("Type {0}", expected),
  });
  return typed === expected ? apps.map(({ appId }) => appId) : [];
}
