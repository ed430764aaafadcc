import { t } from "../../base/text.ts";
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
  const trouble = troubleEntries(state);
  const { session, apps } = state;
  const entries: MenuEntry[] = [...trouble];
  if (apps.length > 0) {
    const count = counted(withoutOthers(apps).length);
    const where = state.scope === null ? "" : ` in ${scopeKey(state.scope)}`;
    entries.push(
      entry("$(debug-stop) Stop All Apps", `${count}${where}`, "stopAll"),
      entry("$(debug-stop) Stop This Project's Apps", "", "stopProject"),
      entry("$(debug-stop) Stop App…", "pick one", "stopApp"),
    );
    if (apps.some(({ running, pending }) => running + pending > 0)) {
      entries.push(
        entry(
          "$(debug-pause) Release GPUs",
          "end idle containers, keep the deployment",
          "releaseGpus",
        ),
      );
    }
  }
  entries.push(...settingEntries(state));
  if (session !== null) {
    if (session.expiresAtMs !== null) {
      entries.push(entry("$(watch) Extend Demo by 30 Minutes", "", "extendDemo"));
    }
    entries.push(entry("$(arrow-swap) Switch Mode…", `now ${session.mode}`, "switchMode"));
  }
  entries.push(
    entry("$(sparkle) Invoke Flux", "image from a prompt", "invokeFlux"),
    entry("$(device-camera-video) Invoke Wan2", "video from a prompt", "invokeWan2"),
    entry("$(zap) Invoke Endpoint…", "any endpoint, every value", "invokeEndpoint"),
    entry("$(history) Repeat Last Call", "", "repeatLastCall"),
  );
  if (session === null) {
    entries.push(
      entry("$(play) Start Dev Session", "deploy, cold starts are fine", "startDev"),
      entry(
        "$(broadcast) Start Demo Session",
        "deploy and warm up, expires by itself",
        "startDemo",
      ),
      entry("$(rocket) Start Session…", "pick a mode", "startSession"),
    );
  } else {
    entries.push(entry("$(rocket) Start Session…", "deploy again or more apps", "startSession"));
  }
  entries.push(
    entry("$(output) Show Costs", "", "showCosts"),
    entry("$(question) Explain Costs", "where each figure comes from", "explainCost"),
    entry("$(graph) Show Spending", "by day, app and endpoint, beside the budget", "showSpending"),
    entry("$(law) Compare with the Bill", "billed beside metered, hour by hour", "compareBill"),
    entry("$(file-media) Show Results", "", "showResults"),
    entry("$(search) Check What Is Running", "a fresh look", "checkRunning"),
    entry("$(pulse) Run Diagnosis", "", "runDiagnosis"),
  );
  return entries;
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
        t("$(gear) Correct {0}", name),
        `${message}. ${effect}`,
      ),
    );
}

function troubleEntries(state: MeterState): readonly MenuEntry[] {
  switch (state.health.kind) {
    case "no-cli":
      return [
        setting("cliPath", "$(gear) Set the Path of the modal Command", state.health.message),
      ];
    case "not-authenticated":
      return [entry("$(key) Run Diagnosis", state.health.message, "runDiagnosis")];
    case "bad-setting":
      return [setting("", "$(gear) Correct the Settings", state.health.message)];
    case "offline":
    case "denied":
    case "failing":
      return [entry("$(refresh) Try Again", state.health.message, "refresh")];
    default:
      return [];
  }
}

function counted(apps: number): string {
  return apps === 1 ? "1 app" : `${apps} apps`;
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
