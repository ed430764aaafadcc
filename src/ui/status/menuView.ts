import { plural, t } from "../../base/text.ts";
import type { CommandId } from "../commandArguments.ts";
import { withoutOthers } from "../../session/meter/runningApps.ts";
import type { MeterState } from "../../session/meter/meterState.ts";
import { scopeKey } from "../../session/scope.ts";

/** One entry of the status bar's menu: a command that makes sense now. */
export interface MenuEntry {
  readonly label: string;
  readonly description: string;
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

/** What the status bar's click offers. Pure: what makes sense depends on the state alone. */
export function menuEntries(state: MeterState): readonly MenuEntry[] {
  return [
    ...troubleEntries(state),
    ...(state.apps.length > 0 ? stopEntries(state) : []),
    ...settingEntries(state),
    ...(state.session === null ? [] : sessionEntries(state.session)),
    entry(`$(sparkle) ${t("Invoke Flux")}`, t("image from a prompt"), "invokeFlux"),
    entry(`$(device-camera-video) ${t("Invoke Wan2")}`, t("video from a prompt"), "invokeWan2"),
    entry(`$(zap) ${t("Invoke Endpoint…")}`, t("any endpoint, every value"), "invokeEndpoint"),
    entry(`$(history) ${t("Repeat Last Call")}`, "", "repeatLastCall"),
    ...startEntries(state.session !== null),
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
    entry(`$(file-media) ${t("Show Results")}`, "", "showResults"),
    entry(`$(search) ${t("Check What Is Running")}`, t("a fresh look"), "checkRunning"),
    entry(`$(pulse) ${t("Run Diagnosis")}`, "", "runDiagnosis"),
  ];
}

function stopEntries(state: MeterState): readonly MenuEntry[] {
  const { apps } = state;
  const mine = withoutOthers(apps).length;
  const what =
    state.scope === null
      ? plural(mine, { one: "{0} app", other: "{0} apps" })
      : plural(mine, { one: "{0} app in {1}", other: "{0} apps in {1}" }, scopeKey(state.scope));
  const entries = [
    entry(`$(debug-stop) ${t("Stop All Apps")}`, what, "stopAll"),
    entry(`$(debug-stop) ${t("Stop This Project's Apps")}`, "", "stopProject"),
    entry(`$(debug-stop) ${t("Stop App…")}`, t("pick one"), "stopApp"),
  ];
  if (apps.some(({ running, pending }) => running + pending > 0)) {
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

function startEntries(hasSession: boolean): readonly MenuEntry[] {
  if (hasSession)
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
      setting(
        name.replace("modalMeter.", ""),
        `$(gear) ${t("Correct {0}", name)}`,
        `${message}. ${effect}`,
      ),
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
      return [setting("", `$(gear) ${t("Correct the Settings")}`, state.health.message)];
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

function setting(name: string, label: string, description: string): MenuEntry {
  return {
    label,
    description,
    command: "workbench.action.openSettings",
    arguments: [`modalMeter.${name}`],
  };
}
