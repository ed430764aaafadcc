import { plural, t } from "../../base/text.ts";
import type { CommandId } from "../commandArguments.ts";
import { withoutOthers } from "../../session/meter/runningApps.ts";
import { countText } from "../../session/liveApp.ts";
import type { MeterState, RunningApp } from "../../session/meter/meterState.ts";
import type { SettingName } from "../../session/settings/shape.ts";
import { scopeKey } from "../../session/scope.ts";
import { settingNamedIn } from "../settings/links.ts";
import { canRelease, canStart, isSeen, type WindowFacts } from "./listSight.ts";

/** One entry of the status bar's menu: a command that makes sense now. */
export interface MenuEntry {
  readonly label: string;
  readonly description: string;
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

/** What the status bar's click offers. Pure: what makes sense depends on the state and the window alone. */
export function menuEntries(state: MeterState, window: WindowFacts): readonly MenuEntry[] {
  const entries = [
    ...troubleEntries(state),
    ...(state.apps.length > 0 ? stopEntries(state, window) : []),
    ...settingEntries(state),
    ...(state.session === null ? [] : sessionEntries(state.session)),
    entry(`$(sparkle) ${t("Invoke Flux Schnell")}`, t("image from a prompt"), "invokeFlux"),
    entry(`$(device-camera-video) ${t("Invoke Wan 2.1")}`, t("video from a prompt"), "invokeWan2"),
    entry(`$(zap) ${t("Invoke Endpoint…")}`, t("any endpoint, every value"), "invokeEndpoint"),
    entry(`$(history) ${t("Repeat Last Call")}`, "", "repeatLastCall"),
    ...startEntries(state, window),
    entry(`$(output) ${t("Show Costs")}`, "", "showCosts"),
    entry(`$(question) ${t("Explain Costs")}`, t("where each figure comes from"), "explainCost"),
    entry(
      `$(graph) ${t("Show Spending")}`,
      t("by day, app and endpoint, beside the budget"),
      "showSpending",
    ),
    entry(
      `$(law) ${t("Compare with the Bill")}`,
      t("billed beside metered, hour by hour"),
      "compareBill",
    ),
    entry(
      `$(checklist) ${t("Check the Meter against Your Bill")}`,
      t("from when containers cost, by the bill"),
      "checkMeter",
    ),
    entry(`$(file-media) ${t("Show Results")}`, "", "showResults"),
    entry(`$(search) ${t("Check What Is Running")}`, t("a fresh look"), "checkRunning"),
    entry(`$(pulse) ${t("Run Diagnosis")}`, "", "runDiagnosis"),
  ];
  const labels = entries.map(({ label }) => nameIn(label));
  // What leads out of trouble stands first already.
  return entries.filter(({ label }, at) => labels.indexOf(nameIn(label)) === at);
}

/** A label without its icon. */
function nameIn(label: string): string {
  return label.replace(/^\$\(\S+\) /, "");
}

function stopEntries(state: MeterState, { hasFolder }: WindowFacts): readonly MenuEntry[] {
  const { apps } = state;
  const mine = withoutOthers(apps);
  const here = mine.filter(({ owner }) => owner === "started-here");
  const rest = mine.filter((app) => !here.includes(app));
  const where = state.scope === null ? "" : scopeKey(state.scope);
  const what = [
    ...(here.length === 0 ? [] : [startedText(here, where)]),
    ...(rest.length === 0
      ? []
      : here.length === 0
        ? [asksText(rest, where)]
        : [plural(rest.length, { one: "asks about {0} more", other: "asks about {0} more" })]),
  ].join(" · ");
  const entries = [
    entry(`$(debug-stop) ${t("Stop All Apps")}`, what, "stopAll"),
    ...(hasFolder
      ? [entry(`$(debug-stop) ${t("Stop This Project's Apps")}`, "", "stopProject")]
      : []),
    entry(`$(debug-stop) ${t("Stop App…")}`, t("pick one"), "stopApp"),
  ];
  if (canRelease(apps)) {
    entries.push(
      entry(
        `$(debug-pause) ${t("Release GPUs")}`,
        t("end idle containers, keep the deployment"),
        "releaseGpus",
      ),
    );
  }
  return entries;
}

/** "2 apps started here in acme/main". */
function startedText(things: readonly RunningApp[], where: string): string {
  return where === ""
    ? t("{0} started here", countText(things))
    : t("{0} started here in {1}", countText(things), where);
}

/** Of mine nothing was started here, so all of it is asked about. */
function asksText(things: readonly RunningApp[], where: string): string {
  const { length } = things;
  return where === ""
    ? plural(
        length,
        {
          one: "asks about {1} that was not started here",
          other: "asks about {1} that were not started here",
        },
        countText(things),
      )
    : plural(
        length,
        {
          one: "asks about {1} in {2} that was not started here",
          other: "asks about {1} in {2} that were not started here",
        },
        countText(things),
        where,
      );
}

function sessionEntries({
  mode,
  expiresAtMs,
}: NonNullable<MeterState["session"]>): readonly MenuEntry[] {
  return [
    ...(expiresAtMs === null
      ? []
      : [entry(`$(watch) ${t("Extend Demo by 30 Minutes")}`, "", "extendDemo")]),
    entry(`$(arrow-swap) ${t("Switch Mode…")}`, t("now {0}", mode), "switchMode"),
  ];
}

function startEntries(state: MeterState, window: WindowFacts): readonly MenuEntry[] {
  if (isSeen(state) && !window.hasFolder)
    return [
      {
        label: `$(folder-opened) ${t("Open Folder…")}`,
        description: t("a session belongs to the folder of its app"),
        command: "vscode.openFolder",
      },
    ];
  if (!canStart(state, window)) return [];
  if (state.session !== null)
    return [
      entry(`$(rocket) ${t("Start Session…")}`, t("deploy again or more apps"), "startSession"),
    ];
  return [
    entry(`$(play) ${t("Start Dev Session")}`, t("deploy, cold starts are fine"), "startDev"),
    entry(
      `$(broadcast) ${t("Start Demo Session")}`,
      t("deploy and warm up, expires by itself"),
      "startDemo",
    ),
    entry(`$(rocket) ${t("Start Session…")}`, t("pick a mode"), "startSession"),
  ];
}

/** One for each setting that is wrong; the settings page opens at it. */
function settingEntries({ settingProblems }: MeterState): readonly MenuEntry[] {
  const firsts = new Map(
    settingProblems.toReversed().map((problem) => [problem.setting, problem] as const),
  );
  return [...firsts.values()]
    .toReversed()
    .map(({ setting: name, message, effect }) =>
      setting(settingNamedIn(name), `$(gear) ${t("Correct {0}", name)}`, `${message}. ${effect}`),
    );
}

function troubleEntries(state: MeterState): readonly MenuEntry[] {
  switch (state.health.kind) {
    case "no-cli":
      return [
        setting(
          "cliPath",
          `$(gear) ${t("Set the Path of the modal Command")}`,
          state.health.message,
        ),
      ];
    case "not-authenticated":
      return [entry(`$(key) ${t("Run Diagnosis")}`, state.health.message, "runDiagnosis")];
    case "bad-setting":
      return [
        setting(
          settingNamedIn(state.health.message),
          `$(gear) ${t("Correct the Settings")}`,
          state.health.message,
        ),
      ];
    case "offline":
    case "denied":
    case "failing":
      return [entry(`$(refresh) ${t("Try Again")}`, state.health.message, "refresh")];
    default:
      return [];
  }
}

function entry(label: string, description: string, command: CommandId): MenuEntry {
  return { label, description, command: `modalMeter.${command}` };
}

function setting(name: SettingName | undefined, label: string, description: string): MenuEntry {
  return {
    ...entry(label, description, "openSettings"),
    arguments: name === undefined ? [] : [name],
  };
}
