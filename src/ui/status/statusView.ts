import { plural, t } from "../../base/text.ts";
import { figureText } from "../../cost/figureText.ts";
import { formatCountdown } from "../../cost/format.ts";
import { unlistedSandboxes } from "../../session/notListed.ts";
import { burnOfApps, withoutOthers } from "../../session/meter/runningApps.ts";
import type { MeterState, RunningApp } from "../../session/meter/meterState.ts";
import { isBlind, type Health } from "../../session/watch/health.ts";
import { scopeKey } from "../../session/scope.ts";
import type { WindowFacts } from "./listSight.ts";
import { perHourTexts } from "./perHour.ts";
import { statusTooltip } from "./statusTooltip.ts";
import { elsewhereAmount, elsewhereSum } from "../../session/runsElsewhere.ts";

export interface StatusView {
  readonly text: string;
  /** Markdown with command links and codicons. */
  readonly tooltip: string;
  readonly accessibilityLabel: string;
  readonly severity: "none" | "warning" | "error";
}

/** What the status bar says. Pure, so that every state of it is a unit test. */
export function statusView(state: MeterState, window: WindowFacts): StatusView {
  const warnings = warningsOf(state);
  const { text, severity } = headline(state, warnings.length > 0);
  return {
    text,
    severity,
    tooltip: statusTooltip(state, warnings, window),
    accessibilityLabel: `Modal Meter${whose(state)}: ${text.replaceAll(/\$\([^)]*\)\s*/g, "").replaceAll(" · ", ", ")}`,
  };
}

/** A screen reader does not get the tooltip, and whose money it is must be said. */
function whose({ scope }: MeterState): string {
  return scope === null ? "" : `, ${scopeKey(scope)}`;
}

interface Headline {
  readonly text: string;
  readonly severity: StatusView["severity"];
}

function headline(state: MeterState, warns: boolean): Headline {
  const blind = isBlind(state.health);
  if (blind && (state.observedAtMs === null || fatal(state.health))) return troubled(state.health);
  if (state.observedAtMs === null) return plain("$(loading~spin) Modal");
  if (state.activity === "stopping") return plain(`$(loading~spin) ${t("stopping…")}`);
  if (state.activity === "releasing") return plain(`$(loading~spin) ${t("releasing GPUs…")}`);
  const seesNothing = blind && withoutOthers(state.apps).length === 0;
  // What was not there is no news of what is there now.
  if (isBlind(state.health) && seesNothing && state.session === null) return troubled(state.health);
  const parts = fitting(
    [...modeParts(state), ...(seesNothing ? [] : appsParts(state)), ...costParts(state)],
    [othersParts(state), elsewhereParts(state)],
    [...ageParts(state), ...settingParts(state)],
  );
  const severity = blind || warns ? "warning" : "none";
  return { text: `${iconOf(state, blind, warns)} ${parts.join(" · ")}`, severity };
}

/** What burns has the pulse; what waits has not; what needs a look has a sign of its own. */
function iconOf(state: MeterState, blind: boolean, warns: boolean): string {
  if (blind) return "$(debug-disconnect)";
  if (warns) return "$(warning)";
  if (state.activity === "starting") return "$(loading~spin)";
  return withoutOthers(state.apps).some(({ running, pending }) => running + pending > 0)
    ? "$(pulse)"
    : "$(circle-outline)";
}

function modeParts(state: MeterState): string[] {
  const parts: string[] = [];
  if (state.scope !== null && state.scope.environment !== "main")
    parts.push(state.scope.environment);
  if (state.session !== null) {
    parts.push(state.session.mode);
    const { expiresAtMs } = state.session;
    if (expiresAtMs !== null) parts.push(t("{0} left", formatCountdown(expiresAtMs - state.nowMs)));
  } else if (withoutOthers(state.apps).length === 0) {
    parts.push("Modal");
  }
  return parts;
}

/** So long at most, without its icon: what is beside mine goes first, and shorter before it goes. */
const mostCharacters = 60;

function fitting(
  mine: readonly string[],
  beside: readonly (readonly string[])[],
  last: readonly string[],
): readonly string[] {
  const isShort = (parts: readonly string[]): boolean => parts.join(" · ").length <= mostCharacters;
  const [others = [], elsewhere = []] = beside;
  const [long, short] = [elsewhere.slice(0, 1), elsewhere.slice(1, 2)];
  const choices = [
    [...mine, ...others, ...long, ...last],
    [...mine, ...others, ...short, ...last],
    [...mine, ...others, ...last],
  ];
  return choices.find(isShort) ?? [...mine, ...last];
}

/** "elsewhere: 2 GPUs in dev", and the same where there is less room: "dev: 2 GPUs". */
function elsewhereParts({ elsewhere = [] }: MeterState): readonly string[] {
  const [only, ...more] = elsewhere;
  if (only === undefined) return [];
  const sum = elsewhereSum(elsewhere);
  const name = more.length === 0 ? only.environment : t("elsewhere");
  return [t("elsewhere: {0}", sum), t("{0}: {1}", name, elsewhereAmount(elsewhere))];
}

function appsParts(state: MeterState): readonly string[] {
  // It would be read as of all that there is.
  const isElsewhere = (state.elsewhere ?? []).length > 0;
  return isElsewhere && withoutOthers(state.apps).length === 0 ? [] : [appsPart(state)];
}

function appsPart(state: MeterState): string {
  const mine = withoutOthers(state.apps);
  const sandboxes = mine.filter(({ sandbox }) => sandbox !== undefined).length;
  const apps = mine.length - sandboxes;
  if (mine.length === 0)
    return unlistedSandboxes(state.sandboxes) === undefined
      ? t("nothing running")
      : t("no app running");
  return [
    ...(apps === 0 ? [] : [plural(apps, { one: "{0} app", other: "{0} apps" })]),
    ...(sandboxes === 0 ? [] : [plural(sandboxes, { one: "{0} sandbox", other: "{0} sandboxes" })]),
  ].join(" · ");
}

/** What runs here and is someone else's: beside mine, never in its sums. */
function othersParts({ apps }: MeterState): string[] {
  const others = apps.length - withoutOthers(apps).length;
  return others === 0 ? [] : [plural(others, { one: "+{0} other", other: "+{0} others" })];
}

/** What the session has cost, then what burns now: "≈$0.22", "$2.11/h"; or that nothing does. */
function costParts(state: MeterState): string[] {
  const mine = withoutOthers(state.apps);
  const figure = state.session?.cost.figure ?? null;
  const spent = figure === null ? [] : [figureText(figure, "")];
  return mine.length === 0 ? spent : [...spent, burnPart(mine)];
}

function burnPart(mine: readonly RunningApp[]): string {
  // A deployed app without a container costs nothing.
  return burnOfApps(mine) === null ? t("rate unknown") : perHourTexts(mine).rest(0);
}

function ageParts(state: MeterState): string[] {
  if (state.observedAtMs === null) return [];
  const ageMs = state.nowMs - state.observedAtMs;
  const blind = blindParts(state.health);
  return ageMs > state.staleAfterMs ? [...blind, t("{0} ago", formatCountdown(ageMs))] : blind;
}

/** Why what stands before is of then and not of now, in a word. */
function blindParts({ kind }: Health): string[] {
  if (kind === "offline") return [t("offline")];
  if (kind === "denied") return [t("permission denied")];
  return kind === "failing" ? [t("no answer")] : [];
}

/** A mistyped setting may have turned a reminder off: that must be seen at a glance. */
function settingParts({ settingProblems }: MeterState): string[] {
  const names = new Set(settingProblems.map(({ setting }) => setting));
  if (names.size === 0) return [];
  return [plural(names.size, { one: "{0} wrong setting", other: "{0} wrong settings" })];
}

/** Without these nothing at all can be known or done, so the status bar says only that. */
function fatal(health: Health): boolean {
  return ["no-cli", "not-authenticated", "bad-setting"].includes(health.kind);
}

function troubled(health: Health): Headline {
  switch (health.kind) {
    case "no-cli":
      return { text: `$(warning) ${t("Modal: CLI not found")}`, severity: "warning" };
    case "not-authenticated":
      return { text: `$(key) ${t("Modal: not logged in")}`, severity: "warning" };
    case "offline":
      return { text: `$(debug-disconnect) ${t("Modal: offline")}`, severity: "warning" };
    case "denied":
      return { text: `$(lock) ${t("Modal: permission denied")}`, severity: "warning" };
    case "bad-setting":
      return { text: `$(error) ${t("Modal: wrong setting")}`, severity: "error" };
    case "failing":
      return { text: `$(warning) ${t("Modal: no answer")}`, severity: "warning" };
    default:
      return plain("$(loading~spin) Modal");
  }
}

function plain(text: string): Headline {
  return { text, severity: "none" };
}

/** Why the status bar warns, though it can see: each reason is a sentence of the tooltip. */
function warningsOf(state: MeterState): readonly string[] {
  const warnings: string[] = [];
  if (state.ledger !== null) warnings.push(state.ledger.message);
  const leftMs = (state.session?.expiresAtMs ?? Infinity) - state.nowMs;
  if (state.session !== null && leftMs < noticeMs)
    warnings.push(t("The {0} session ends in {1}.", state.session.mode, formatCountdown(leftMs)));
  const mine = withoutOthers(state.apps);
  const perHour = perHourTexts(mine);
  for (const [index, app] of mine.entries())
    if (isHot(app)) warnings.push(t("{0} burns {1}.", app.name, `≈ ${perHour.apps[index] ?? ""}`));
  for (const { setting, message, effect } of state.settingProblems)
    warnings.push(t("{0} is wrong: {1}. {2}", setting, message, effect));
  return warnings;
}

/** A demo's end is announced so long before. */
const noticeMs = 5 * 60_000;

/** GPUs at more than this hourly rate get the warning background: about an A100 and up, several of them. */
const hotMicroUsdPerHour = 10_000_000;

function isHot(app: RunningApp): boolean {
  return app.microUsdPerHour !== null && app.microUsdPerHour >= hotMicroUsdPerHour;
}
