import { t } from "../../base/text.ts";
import { formatCountdown, formatPerHour } from "../../cost/format.ts";
import { withoutOthers } from "../../session/meter/runningApps.ts";
import type { RunningApp, ShownSandbox } from "../../session/meter/meterState.ts";
import { perHourTexts } from "./perHour.ts";
import { askedText, bootingText, keptWarmText } from "./statusTooltip.ts";

/**
 * What stands beside the name of an app or a sandbox in the side bar.
 *
 * @param all what runs: what is mine is rounded together.
 */
export function rowText(app: RunningApp, all: readonly RunningApp[], nowMs: number): string {
  return app.sandbox === undefined
    ? appText(app, all, nowMs)
    : sandboxText(app, app.sandbox, all, nowMs);
}

function sandboxText(
  app: RunningApp,
  sandbox: ShownSandbox,
  all: readonly RunningApp[],
  nowMs: number,
): string {
  return [
    t("sandbox"),
    ...(app.owner === "someone-else" ? [t("someone else's")] : []),
    burnText(app, all),
    app.gpu,
    ...(askedText(sandbox) === "" ? [] : [askedText(sandbox)]),
    ...(sandbox.sinceMs === null ? [] : [t("for {0}", formatCountdown(nowMs - sandbox.sinceMs))]),
  ].join(" · ");
}

function appText(app: RunningApp, all: readonly RunningApp[], nowMs: number): string {
  const whose = app.owner === "someone-else" ? [t("someone else's")] : [];
  if (app.running + app.pending === 0)
    return [t("{0}, no container", app.state), ...whose].join(" · ");
  // The money first, then for how long it goes on: a narrow side bar cuts what comes last.
  const parts = [burnText(app, all)];
  if (app.warmUntilMs !== null && app.warmUntilMs > nowMs) {
    parts.push(t("warm for {0}", formatCountdown(app.warmUntilMs - nowMs)));
  }
  if (app.keptWarmMicroUsdPerDay !== undefined)
    parts.push(keptWarmText(app.keptWarmMicroUsdPerDay));
  if (app.pending > 0) parts.push(bootingText(app, nowMs));
  const gpus = app.running > 0 ? `${app.running} × ${app.gpu}` : app.gpu;
  return [...parts, gpus, ...whose].join(" · ");
}

function burnText(app: RunningApp, all: readonly RunningApp[]): string {
  if (app.microUsdPerHour === null) return t("rate unknown");
  const mine = withoutOthers(all);
  const at = mine.findIndex(({ appId }) => appId === app.appId);
  return `≈ ${perHourTexts(mine).apps[at] ?? formatPerHour(app.microUsdPerHour)}`;
}
