import { plural, sentences, t } from "../../base/text.ts";
import { knownTiersText } from "../../cost/knownTiersText.ts";
import {
  formatAmount,
  formatCountdown,
  formatMetered,
  formatPerHour,
  formatRange,
} from "../../cost/format.ts";
import type { ShownCost } from "../../cost/tiers.ts";
import { priceAgeText } from "../../cost/rates/priceAge.ts";
import { zeroUsd, type MicroUsd } from "../../cost/money.ts";
import { withoutOthers } from "../../session/meter/runningApps.ts";
import { unlistedSandboxes } from "../../session/notListed.ts";
import type { MeterState, RunningApp, ShownSandbox } from "../../session/meter/meterState.ts";
import { isBlind } from "../../session/watch/health.ts";
import { clockText } from "../clockText.ts";
import { table, type Column } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";
import { settingNamedIn } from "../settings/links.ts";
import { scopeKey } from "../../session/scope.ts";
import { canRelease, canStart, isSeen, sightOf, type WindowFacts } from "./listSight.ts";
import { elsewhereText } from "../../session/runsElsewhere.ts";
import { perHourTexts, type PerHourTexts } from "./perHour.ts";
import { tooltipLink } from "./tooltipLinks.ts";

/** So many of a kind are named; a tooltip that is longer than the screen hides its links. */
const most = 5;

/** What the status bar tells where the pointer rests: Markdown with command links. */
export function statusTooltip(
  state: MeterState,
  warnings: readonly string[],
  window: WindowFacts,
): string {
  const lines: string[] = [];
  const scope = state.scope === null ? "" : ` — ${escapeMarkdown(scopeKey(state.scope))}`;
  lines.push(`**Modal Meter**${scope}`, "");
  if (isBlind(state.health)) {
    lines.push(`$(debug-disconnect) ${escapeMarkdown(state.health.message)}`, "");
  }
  for (const warning of warnings.slice(0, most))
    lines.push(`$(warning) ${escapeMarkdown(warning)}`, "");
  if (warnings.length > most)
    lines.push(
      `$(warning) ${plural(warnings.length - most, { one: "{0} more warning.", other: "{0} more warnings." })}`,
      "",
    );
  if (
    isBlind(state.health) ? state.health.kind === "bad-setting" : state.settingProblems.length > 0
  )
    lines.push(settingsLink(state), "");
  lines.push(...appLines(state), ...elsewhereLines(state));
  if (state.session !== null) {
    lines.push(
      t(
        "Session ({0}): {1}",
        escapeMarkdown(state.session.mode),
        costText(state.session.cost, state),
      ),
      "",
    );
  }
  // Of whose day it would be the cost is not known before that.
  if (state.scope !== null) lines.push(t("Today: {0}", costText(state.today, state)), "");
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
  const clocks = clockText(state.clockOffsetMs);
  if (clocks !== undefined) lines.push(clocks, "");
  lines.push(links(state, window));
  return lines.join("\n");
}

/** Where the past can be read and nothing was seen in it, that is what there is to say. */
function costText(cost: ShownCost, { ledger, observedAtMs }: MeterState): string {
  const isSeen = ledger === null && observedAtMs !== null;
  const isNothing = cost.reported === null && cost.metered === null && cost.billed === null;
  if (isSeen && isNothing) return t("no cost seen");
  return `${knownTiersText(cost)}${cost.figure === null ? "" : formatRange(cost.figure.microUsd, cost.figure.bounds)}`;
}

/** The settings page, at the first setting that is wrong. */
function settingsLink({ settingProblems, health }: MeterState): string {
  const [first] = settingProblems;
  const message = isBlind(health) ? health.message : first?.setting;
  const name = settingNamedIn(message ?? "");
  return tooltipLink(t("Open Settings"), "openSettings", ...(name === undefined ? [] : [name]));
}

/** What runs: the most expensive of mine, what all of them cost, and what is others'. */
function appLines(state: MeterState): readonly string[] {
  const { apps, nowMs, observedAtMs } = state;
  if (observedAtMs === null)
    return sightOf(state) === "looking" ? [t("Looking at what runs…"), ""] : [];
  if (apps.length === 0) {
    const age = formatCountdown(nowMs - observedAtMs);
    return [
      isBlind(state.health)
        ? t("Nothing ran {0} ago. What runs now is not known.", age)
        : nothingText(state),
      "",
    ];
  }
  const mine = withoutOthers(apps);
  const others = apps.filter((app) => !mine.includes(app));
  const lines: string[] = [];
  if (mine.length > 0) {
    const shown = mine.slice(0, most);
    const perHour = perHourTexts(mine);
    lines.push(
      ...table(
        [
          t("App"),
          { figures: t("Containers") },
          t("GPU"),
          { figures: t("Per hour") },
          t("Idle tail"),
        ].map(spaced),
        [
          ...shown.map((app, index) => appCells(app, perHour.apps[index] ?? "", nowMs)),
          ...sumRows(mine, shown.length, perHour),
        ].map((cells) => cells.map((cell) => spacedCell(cell))),
      ),
    );
  }
  if (others.length > 0) lines.push(othersText(others), "");
  return [...lines, ...unknownRates(mine), ...unlistedLines(state)];
}

/** What runs in other environments, how old that is, and one click to watch or stop it there. */
function elsewhereLines({
  elsewhere = [],
  unseenEnvironments = [],
  nowMs,
}: MeterState): readonly string[] {
  const lines = elsewhere
    .slice(0, most)
    .flatMap((one) => [
      [
        t(
          "Elsewhere: {0}, seen {1} ago.",
          escapeMarkdown(elsewhereText(one)),
          formatCountdown(Math.max(0, nowMs - one.seenAtMs)),
        ),
        [
          tooltipLink(t("Watch"), "watchEnvironment", one.environment),
          tooltipLink(t("Stop There…"), "stopElsewhere", one.environment),
        ].join(" · "),
      ].join(" "),
      "",
    ]);
  if (unseenEnvironments.length > 0)
    lines.push(
      t("Not looked at yet: {0}.", escapeMarkdown(unseenEnvironments.slice(0, most).join(", "))),
      "",
    );
  return lines;
}

/** That nothing runs, as far as Modal lists what does. */
function nothingText({ sandboxes, elsewhere = [], scope }: MeterState): string {
  const unlisted = unlistedSandboxes(sandboxes);
  if (elsewhere.length > 0 && unlisted === undefined && scope !== null)
    return t("Nothing runs in {0}.", escapeMarkdown(scopeKey(scope)));
  return unlisted === undefined
    ? t("Nothing is running.")
    : t("No app is running. Not listed: {0}.", unlisted);
}

/** What some lists of what runs leave out: beside rows, so that they are not taken for all. */
function unlistedLines({ sandboxes }: MeterState): readonly string[] {
  const unlisted = unlistedSandboxes(sandboxes);
  return unlisted === undefined ? [] : [t("Not listed: {0}.", unlisted), ""];
}

/** The hover's tables have no room between their columns. */
const gap = "&nbsp;&nbsp;&nbsp;";

function spaced(column: Column): Column {
  return typeof column === "string" ? column + gap : { figures: column.figures + gap };
}

function spacedCell(cell: string): string {
  return cell + gap;
}

/** What the rows above leave out, and what all of mine cost together. */
function sumRows(
  mine: readonly RunningApp[],
  shown: number,
  perHour: PerHourTexts,
): readonly (readonly string[])[] {
  const rest = mine.slice(shown);
  const more = plural(rest.length, { one: "and {0} more", other: "and {0} more" });
  return [
    ...(rest.length > 0 ? [sumCells(more, rest, perHour.rest(shown))] : []),
    ...(mine.length > 1
      ? [
          sumCells(t("Together"), mine, perHour.rest(0)).map((cell) =>
            cell === "" ? "" : `**${cell}**`,
          ),
        ]
      : []),
  ];
}

function sumCells(label: string, apps: readonly RunningApp[], perHour: string): readonly string[] {
  const running = apps.reduce((sum, app) => sum + app.running, 0);
  return [label, String(running), "", perHour, ""];
}

/** "Someone else's, not in these sums: llm $12.00/h, tts, and 3 more." */
function othersText(others: readonly RunningApp[]): string {
  const named = others
    .slice(0, most)
    .map(({ name, microUsdPerHour: burn }) =>
      [
        escapeMarkdown(name),
        ...(burn === null || burn === zeroUsd ? [] : [formatPerHour(burn)]),
      ].join(" "),
    );
  const more = others.length - named.length;
  const rest = more === 0 ? [] : [plural(more, { one: "and {0} more", other: "and {0} more" })];
  return t("Someone else's, not in these sums: {0}.", [...named, ...rest].join(", "));
}

function unknownRates(mine: readonly RunningApp[]): readonly string[] {
  const unknown = mine.filter(({ microUsdPerHour }) => microUsdPerHour === null);
  const lines = unknown
    .slice(0, most)
    .flatMap((app) => [
      `$(question) ${sentences(t("The rate of {0} is not known.", escapeMarkdown(app.name)), howToTell(app))}`,
      "",
    ]);
  const more = unknown.length - most;
  return more <= 0
    ? lines
    : [
        ...lines,
        `$(question) ${plural(more, { one: "Nor is that of {0} more app.", other: "Nor are those of {0} more apps." })}`,
        "",
      ];
}

/** What a person can do about an app without a rate. */
function howToTell({ gpu }: RunningApp): string {
  return gpu === "unknown" || gpu === ""
    ? t("Name its GPU in the setting modalMeter.deployTargets.")
    : t("Set the price of {0} in the setting modalMeter.rates.", escapeMarkdown(gpu));
}

function appCells(app: RunningApp, perHour: string, nowMs: number): readonly string[] {
  const ready = String(app.running);
  const containers = app.pending > 0 ? `${ready} + ${bootingText(app, nowMs)}` : ready;
  const { sandbox } = app;
  const name = escapeMarkdown(app.name);
  return [
    sandbox === undefined ? name : t("{0} (sandbox)", name),
    containers,
    escapeMarkdown(app.gpu),
    perHour,
    sandbox === undefined ? tail(app, nowMs) : sandboxTail(sandbox, nowMs),
  ];
}

/** It has no window: it runs until somebody ends it, or its time is over. */
function sandboxTail({ endsByMs }: ShownSandbox, nowMs: number): string {
  return endsByMs === null || endsByMs <= nowMs
    ? ""
    : t("ends in {0} at the latest", formatCountdown(endsByMs - nowMs));
}

/** "2 cores, 8 GiB", as far as it is told what a sandbox asks for. */
export function askedText({ cores, gib }: ShownSandbox): string {
  return [
    ...(cores === null ? [] : [plural(cores, { one: "{0} core", other: "{0} cores" })]),
    ...(gib === null ? [] : [t("{0} GiB", Math.round(gib * 100) / 100)]),
  ].join(", ");
}

/** "1 booting for 1:40, ≈ $0.07 so far": a container that loads costs before it is ready. */
export function bootingText({ pending, booting }: RunningApp, nowMs: number): string {
  if (booting === null) return t("{0} booting", pending);
  const forText = formatCountdown(nowMs - booting.sinceMs);
  return booting.microUsd === null
    ? t("{0} booting for {1}", pending, forText)
    : t("{0} booting for {1}, {2} so far", pending, forText, formatMetered(booting.microUsd));
}

/** "kept warm, $46.80 a day": min_containers ends with no idle window. */
export function keptWarmText(perDay: MicroUsd | null): string {
  return perDay === null
    ? t("kept warm, rate unknown")
    : t("kept warm, {0} a day", formatAmount(perDay));
}

function tail(app: RunningApp, nowMs: number): string {
  const kept =
    app.keptWarmMicroUsdPerDay === undefined ? "" : keptWarmText(app.keptWarmMicroUsdPerDay);
  return [kept, countdown(app, nowMs)].filter((text) => text !== "").join(", ");
}

function countdown(app: RunningApp, nowMs: number): string {
  if (app.warmUntilMs === null || app.warmUntilMs <= nowMs) return "";
  const left = formatCountdown(app.warmUntilMs - nowMs);
  return app.tailMicroUsd === null
    ? t("{0} left", left)
    : t("{0}, {1} left", left, formatMetered(app.tailMicroUsd));
}

function links(state: MeterState, window: WindowFacts): string {
  const shown: string[] = [];
  if (state.apps.length > 0) {
    shown.push(tooltipLink(t("Stop All"), "stopAll"));
    if (canRelease(state.apps)) shown.push(tooltipLink(t("Release GPUs"), "releaseGpus"));
  } else if (canStart(state, window)) {
    shown.push(tooltipLink(t("Start dev"), "startDev"), tooltipLink(t("Start demo"), "startDemo"));
  }
  if ((state.session?.expiresAtMs ?? null) !== null)
    shown.push(tooltipLink(t("+30 min"), "extendDemo"));
  shown.push(
    isSeen(state)
      ? tooltipLink(t("Invoke Flux Schnell"), "invokeFlux")
      : tooltipLink(t("Run Diagnosis"), "runDiagnosis"),
    tooltipLink(t("Costs"), "showCosts"),
    tooltipLink(t("Refresh"), "refresh"),
  );
  return shown.join(" · ");
}
