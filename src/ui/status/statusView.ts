import { plural, sentences, t } from "../../base/text.ts";
import { figureText } from "../../cost/figureText.ts";
import { knownTiersText } from "../../cost/knownTiersText.ts";
import { formatCountdown, formatMetered, formatPerHour } from "../../cost/format.ts";
import { priceAgeText } from "../../cost/rates/priceAge.ts";
import { zeroUsd } from "../../cost/money.ts";
import { burnOfApps, withoutOthers } from "../../session/meter/runningApps.ts";
import type { MeterState, RunningApp } from "../../session/meter/meterState.ts";
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
    const mine = withoutOthers(state.apps).length;
    const stopping = plural(mine, { one: "stopping {0} app…", other: "stopping {0} apps…" });
    return plain(`$(loading~spin) ${stopping}`);
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
    if (expiresAtMs !== null) parts.push(t("{0} left", formatCountdown(expiresAtMs - state.nowMs)));
  } else if (withoutOthers(state.apps).length === 0) {
    parts.push("Modal");
  }
  return parts;
}

function appsPart(state: MeterState): string {
  const mine = withoutOthers(state.apps);
  return mine.length === 0
    ? t("nothing running")
    : plural(mine.length, { one: "{0} app", other: "{0} apps" });
}

/** What runs here and is someone else's: beside mine, never in its sums. */
function othersParts({ apps }: MeterState): string[] {
  const others = apps.length - withoutOthers(apps).length;
  return others === 0 ? [] : [plural(others, { one: "+{0} other", other: "+{0} others" })];
}

function costParts(state: MeterState): string[] {
  const figure = state.session?.cost.figure ?? null;
  if (figure !== null) return [figureText(figure, "")];
  const mine = withoutOthers(state.apps);
  if (mine.length === 0) return [];
  const burn = burnOfApps(mine);
  // Deployed apps without a container cost nothing until the next request.
  if (burn === zeroUsd) return [t("no container")];
  return [burn === null ? t("rate unknown") : `≈${formatPerHour(burn)}`];
}

function ageParts(state: MeterState): string[] {
  if (state.observedAtMs === null) return [];
  const ageMs = state.nowMs - state.observedAtMs;
  const offline = state.health.kind === "offline" ? [t("offline")] : [];
  return ageMs > state.staleAfterMs ? [...offline, t("{0} ago", formatCountdown(ageMs))] : offline;
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

function expiringSoon(state: MeterState): boolean {
  const expiresAtMs = state.session?.expiresAtMs ?? null;
  return expiresAtMs !== null && expiresAtMs - state.nowMs < 5 * 60_000;
}

/** GPUs at more than this hourly rate get the warning background: about an A100 and up, several of them. */
const hotMicroUsdPerHour = 10_000_000;

function isHot(app: RunningApp): boolean {
  return app.microUsdPerHour !== null && app.microUsdPerHour >= hotMicroUsdPerHour;
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
    lines.push(t("| App | Containers | GPU | Per hour | Idle tail |"), "|:--|--:|:--|--:|:--|");
    for (const app of state.apps) lines.push(appRow(app, state.nowMs));
    lines.push("");
  } else if (state.observedAtMs !== null) {
    lines.push(t("Nothing is running."), "");
  }
  for (const app of state.apps) {
    if (app.microUsdPerHour !== null) continue;
    lines.push(
      `$(question) ${sentences(t("The rate of {0} is not known.", escapeMarkdown(app.name)), howToTell(app))}`,
      "",
    );
  }
  if (state.session !== null) {
    lines.push(
      t(
        "Session ({0}): {1}",
        escapeMarkdown(state.session.mode),
        knownTiersText(state.session.cost),
      ),
      "",
    );
  }
  lines.push(t("Today: {0}", knownTiersText(state.today)), "");
  if (state.prices !== null) lines.push(priceAgeText(state.prices, state.nowMs), "");
  if (state.observedAtMs !== null) {
    const age = formatCountdown(state.nowMs - state.observedAtMs);
    lines.push(
      state.adapter === null
        ? t("Seen {0} ago.", age)
        : t("Seen {0} ago through the {1}.", age, state.adapter.toUpperCase()),
      "",
    );
  }
  lines.push(links(state));
  return lines.join("\n");
}

/** What a person can do about an app without a rate. */
function howToTell({ gpu }: RunningApp): string {
  return gpu === "unknown" || gpu === ""
    ? t("Name its GPU in the setting modalMeter.deployTargets.")
    : t("Set the price of {0} in the setting modalMeter.rates.", escapeMarkdown(gpu));
}

function appRow(app: RunningApp, nowMs: number): string {
  const containers =
    app.pending > 0 ? t("{0} + {1} pending", app.running, app.pending) : String(app.running);
  const perHour = app.microUsdPerHour === null ? t("unknown") : formatPerHour(app.microUsdPerHour);
  const name = app.owner === "someone-else" ? t("{0} (someone else's)", app.name) : app.name;
  return `| ${escapeMarkdown(name)} | ${containers} | ${escapeMarkdown(app.gpu)} | ${perHour} | ${tail(app, nowMs)} |`;
}

function tail(app: RunningApp, nowMs: number): string {
  if (app.warmUntilMs === null || app.warmUntilMs <= nowMs) return "";
  const left = formatCountdown(app.warmUntilMs - nowMs);
  return app.tailMicroUsd === null
    ? t("{0} left", left)
    : t("{0}, {1} left", left, formatMetered(app.tailMicroUsd));
}

function links(state: MeterState): string {
  const shown: string[] = [];
  if (state.apps.length > 0) {
    shown.push(
      commandLink(t("Stop All"), "stopAll"),
      commandLink(t("Release GPUs"), "releaseGpus"),
    );
  } else {
    shown.push(commandLink(t("Start dev"), "startDev"), commandLink(t("Start demo"), "startDemo"));
  }
  if ((state.session?.expiresAtMs ?? null) !== null)
    shown.push(commandLink(t("+30 min"), "extendDemo"));
  shown.push(
    commandLink(t("Invoke Flux"), "invokeFlux"),
    commandLink(t("Costs"), "showCosts"),
    commandLink(t("Refresh"), "refresh"),
  );
  return shown.join(" · ");
}
