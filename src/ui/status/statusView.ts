import { plural, t } from "../../base/text.ts";
import { knownTiersText } from "../../cost/knownTiersText.ts";
import {
  formatAmount,
  formatBilled,
  formatCountdown,
  formatMetered,
  formatPerHour,
  formatReported,
} from "../../cost/format.ts";
import { priceAgeText } from "../../cost/rates/priceAge.ts";
import { zeroUsd } from "../../cost/money.ts";
import { burnOfApps, withoutOthers } from "../../session/meter/runningApps.ts";
import type { MeterState, RunningApp } from "../../session/meter/meterState.ts";
import type { CostTiers } from "../../cost/tiers.ts";
import type { Health } from "../../session/watch/health.ts";
import { escapeMarkdown } from "../markdown.ts";
import { commandLink } from "../commandArguments.ts";
import { scopeKey } from "../../session/scope.ts";

export interface StatusView {
  readonly text: string;
  /** Markdown with command links and codicons. */
  readonly tooltip: string;
  readonly accessibilityLabel: string;
  readonly severity: "none" | "warning" | "error";
}

/** What the status bar says. Pure, so that every state of it is a unit test. */
export function statusView(state: MeterState): StatusView {
  const { text, severity } = headline(state);
  return {
    text,
    severity,
    tooltip: tooltip(state),
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

function headline(state: MeterState): Headline {
  const blind = state.health.kind !== "ok" && state.health.kind !== "starting";
  if (blind && (state.observedAtMs === null || fatal(state.health))) return troubled(state.health);
  if (state.observedAtMs === null) return plain("$(loading~spin) Modal");
  if (state.activity === "stopping") {
    return plain(`$(loading~spin) stopping ${counted(withoutOthers(state.apps).length)}…`);
  }

  const parts = [
    ...modeParts(state),
    appsPart(state),
    ...costParts(state),
    ...othersParts(state),
    ...ageParts(state),
    ...settingParts(state),
  ];
  const icon = iconOf(state, blind);
  const warns =
    blind ||
    state.ledger !== null ||
    expiringSoon(state) ||
    withoutOthers(state.apps).some(isHot) ||
    state.settingProblems.length > 0;
  const severity = warns ? "warning" : "none";
  return { text: `${icon} ${parts.join(" · ")}`, severity };
}

function iconOf(state: MeterState, blind: boolean): string {
  if (blind) return "$(debug-disconnect)";
  if (state.ledger !== null) return "$(warning)";
  if (state.activity === "starting") return "$(loading~spin)";
  return withoutOthers(state.apps).length > 0 ? "$(pulse)" : "$(circle-outline)";
}

function modeParts(state: MeterState): string[] {
  const parts: string[] = [];
  if (state.scope !== null && state.scope.environment !== "main")
    parts.push(state.scope.environment);
  if (state.session !== null) {
    parts.push(state.session.mode);
    const { expiresAtMs } = state.session;
    if (expiresAtMs !== null) parts.push(`${formatCountdown(expiresAtMs - state.nowMs)} left`);
  } else if (withoutOthers(state.apps).length === 0) {
    parts.push("Modal");
  }
  return parts;
}

function appsPart(state: MeterState): string {
  const mine = withoutOthers(state.apps);
  return mine.length === 0 ? "nothing running" : counted(mine.length);
}

/** What runs here and is someone else's: beside mine, never in its sums. */
function othersParts({ apps }: MeterState): string[] {
  const others = apps.length - withoutOthers(apps).length;
  return others === 0 ? [] : [plural(others, { one: "+{0} other", other: "+{0} others" })];
}

function costParts(state: MeterState): string[] {
  const session = state.session === null ? undefined : tierText(state.session.cost);
  if (session !== undefined) return [session];
  const mine = withoutOthers(state.apps);
  if (mine.length === 0) return [];
  const burn = burnOfApps(mine);
  // Deployed apps without a container cost nothing until the next request.
  if (burn === zeroUsd) return ["no container"];
  return [burn === null ? "rate unknown" : `≈${formatPerHour(burn)}`];
}

function ageParts(state: MeterState): string[] {
  if (state.observedAtMs === null) return [];
  const ageMs = state.nowMs - state.observedAtMs;
  const offline = state.health.kind === "offline" ? ["offline"] : [];
  return ageMs > state.staleAfterMs ? [...offline, `${formatCountdown(ageMs)} ago`] : offline;
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
      return { text: "$(warning) Modal: CLI not found", severity: "warning" };
    case "not-authenticated":
      return { text: "$(key) Modal: not logged in", severity: "warning" };
    case "offline":
      return { text: "$(debug-disconnect) Modal: offline", severity: "warning" };
    case "denied":
      return { text: "$(lock) Modal: permission denied", severity: "warning" };
    case "bad-setting":
      return { text: "$(error) Modal: wrong setting", severity: "error" };
    case "failing":
      return { text: "$(warning) Modal: no answer", severity: "warning" };
    default:
      return plain("$(loading~spin) Modal");
  }
}

function plain(text: string): Headline {
  return { text, severity: "none" };
}

function expiringSoon(state: MeterState): boolean {
  const expiresAtMs = state.session?.expiresAtMs ?? null;
  return expiresAtMs !== null && expiresAtMs - state.nowMs < 5 * 60_000;
}

/** GPUs at more than this hourly rate get the warning background: about an A100 and up, several of them. */
const hotMicroUsdPerHour = 10_000_000;

function isHot(app: RunningApp): boolean {
  return app.microUsdPerHour !== null && app.microUsdPerHour >= hotMicroUsdPerHour;
}

/** One figure for the status bar: metered, else billed, else reported; undefined when nothing is known. */
function tierText(cost: CostTiers): string | undefined {
  if (cost.metered !== null) {
    return `${cost.meteredIsFloor ? "≥" : "≈"}${formatAmount(cost.metered)}`;
  }
  if (cost.billed !== null) return formatBilled(cost.billed);
  return cost.reported === null ? undefined : formatReported(cost.reported);
}

function counted(apps: number): string {
  return apps === 1 ? "1 app" : `${apps} apps`;
}

function tooltip(state: MeterState): string {
  const lines: string[] = [];
  const scope = state.scope === null ? "" : ` — ${escapeMarkdown(scopeKey(state.scope))}`;
  lines.push(`**Modal Meter**${scope}`, "");
  if (state.health.kind !== "ok" && state.health.kind !== "starting") {
    lines.push(`$(warning) ${escapeMarkdown(state.health.message)}`, "");
  }
  for (const { setting, message, effect } of state.settingProblems) {
    const text = t("{0} is wrong: {1}. {2}", setting, message, effect);
    lines.push(`$(warning) ${escapeMarkdown(text)}`, "");
  }
  if (state.ledger !== null) lines.push(`$(warning) ${escapeMarkdown(state.ledger.message)}`, "");
  if (state.apps.length > 0) {
    lines.push("| App | Containers | GPU | Per hour | Idle tail |", "|:--|--:|:--|--:|:--|");
    for (const app of state.apps) lines.push(appRow(app, state.nowMs));
    lines.push("");
  } else if (state.observedAtMs !== null) {
    lines.push("Nothing is running.", "");
  }
  for (const app of state.apps) {
    if (app.microUsdPerHour !== null) continue;
    lines.push(
      `$(question) The rate of ${escapeMarkdown(app.name)} is not known. ${howToTell(app)}`,
      "",
    );
  }
  if (state.session !== null) {
    lines.push(
      `Session (${escapeMarkdown(state.session.mode)}): ${knownTiersText(state.session.cost)}`,
      "",
    );
  }
  lines.push(`Today: ${knownTiersText(state.today)}`, "");
  if (state.prices !== null) lines.push(priceAgeText(state.prices, state.nowMs), "");
  if (state.observedAtMs !== null) {
    const by = state.adapter === null ? "" : ` through the ${state.adapter.toUpperCase()}`;
    lines.push(`Seen ${formatCountdown(state.nowMs - state.observedAtMs)} ago${by}.`, "");
  }
  lines.push(links(state));
  return lines.join("\n");
}

/** What a person can do about an app without a rate. */
function howToTell({ gpu }: RunningApp): string {
  return gpu === "unknown" || gpu === ""
    ? "Name its GPU in the setting modalMeter.deployTargets."
    : `Set the price of ${escapeMarkdown(gpu)} in the setting modalMeter.rates.`;
}

function appRow(app: RunningApp, nowMs: number): string {
  const containers =
    app.pending > 0 ? `${app.running} + ${app.pending} pending` : String(app.running);
  const perHour = app.microUsdPerHour === null ? "unknown" : formatPerHour(app.microUsdPerHour);
  const name = app.owner === "someone-else" ? t("{0} (someone else's)", app.name) : app.name;
  return `| ${escapeMarkdown(name)} | ${containers} | ${escapeMarkdown(app.gpu)} | ${perHour} | ${tail(app, nowMs)} |`;
}

function tail(app: RunningApp, nowMs: number): string {
  if (app.warmUntilMs === null || app.warmUntilMs <= nowMs) return "";
  const left = app.tailMicroUsd === null ? "" : `, ${formatMetered(app.tailMicroUsd)}`;
  return `${formatCountdown(app.warmUntilMs - nowMs)}${left} left`;
}

function links(state: MeterState): string {
  const shown: string[] = [];
  if (state.apps.length > 0) {
    shown.push(commandLink("Stop All", "stopAll"), commandLink("Release GPUs", "releaseGpus"));
  } else {
    shown.push(commandLink("Start dev", "startDev"), commandLink("Start demo", "startDemo"));
  }
  if ((state.session?.expiresAtMs ?? null) !== null)
    shown.push(commandLink("+30 min", "extendDemo"));
  shown.push(
    commandLink("Invoke Flux", "invokeFlux"),
    commandLink("Costs", "showCosts"),
    commandLink("Refresh", "refresh"),
  );
  return shown.join(" · ");
}
