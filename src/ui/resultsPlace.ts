import { isAbsolute, join } from "node:path";
import { isInside } from "../endpoints/folderBounds.ts";
import type { ResultsPlace } from "../endpoints/result/resultsPlace.ts";
import type { SettingsSource } from "./settings/source.ts";

/**
 * Where the results of a folder go. What the person's own settings name may be anywhere; what the
 * folder's settings or its links lead to has to be in an open folder. Throws `Failure("bad-setting")`.
 */
export function resultsPlace(
  settings: Pick<SettingsSource, "current" | "isOfFolder">,
  folder: string,
  open: readonly string[],
): ResultsPlace {
  const setting = settings.current.get("resultsFolder");
  const path = isAbsolute(setting) ? setting : join(folder, setting);
  const isNamedElsewhere = isAbsolute(setting) || !isInside(folder, path);
  return isNamedElsewhere && !settings.isOfFolder("resultsFolder")
    ? { folder: path }
    : { folder: path, within: [folder, ...open] };
}
