import { relative } from "node:path";
import { plural, t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { maxFiles, type DeployCandidate } from "../../modal/deploy/targets.ts";
import type { TargetChoice } from "../../session/start/chooseTargets.ts";
import { problemText } from "./target.ts";

/** What a person is asked who has to say what to start. */
export function questionOf(choice: Extract<TargetChoice, { kind: "ask" }>, folder: string): string {
  switch (choice.why) {
    case "gone": {
      const gone = choice.refs.map((file) => relative(folder, file)).join(", ");
      return t("Which app should run? The last one was not found: {0}.", gone);
    }
    case "incomplete":
      return t("Which app should run? Only the first {0} Python files were read.", maxFiles);
    default:
      return t("Which app should run? It is remembered for this folder.");
  }
}

/** What a folder's settings name outside of it, and where a person may name it instead. */
export function outsideText(folder: string, outside: readonly string[]): string {
  return plural(
    outside.length,
    {
      one: "{1} lies outside the folder, so it is not deployed: modalMeter.deployTargets stands in the folder's settings. Name it in your user settings.",
      other:
        "{1} lie outside the folder, so they are not deployed: modalMeter.deployTargets stands in the folder's settings. Name them in your user settings.",
    },
    outside.map((path) => relative(folder, path) || path).join(", "),
  );
}

/** Why nothing can be started: nothing was found, or what was found cannot be deployed. */
export function nothingToStart(
  folder: string,
  isComplete: boolean,
  broken: readonly DeployCandidate[],
): Failure {
  const [first] = broken;
  if (first !== undefined) {
    return new Failure(
      "not-found",
      t(
        "{0} cannot be deployed. {1}",
        relative(folder, first.target.file),
        problemText(first) ?? "",
      ),
    );
  }
  return new Failure(
    "not-found",
    isComplete
      ? t(
          "No Modal app was found in this folder: no Python file makes a modal.App. Name your app file in the setting modalMeter.deployTargets.",
        )
      : t(
          "No Modal app was found in the first {0} Python files of this folder. Name your app file in the setting modalMeter.deployTargets.",
          maxFiles,
        ),
  );
}
