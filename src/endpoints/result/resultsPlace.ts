import { Failure } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import type { CallTarget } from "../callTypes.ts";
import { realPath, staysIn } from "../folderBounds.ts";

/** Where results go, and where that has to be. */
export type ResultsPlace = Pick<CallTarget, "folder" | "within">;

/**
 * A link in a repository, or its settings, must not have results written to where nobody chose to have
 * them: among what starts with the session, into a folder that others read.
 * @throws Failure "bad-setting".
 */
export function requireWithin({ folder, within }: ResultsPlace): void {
  if (within === undefined || within.some((one) => staysIn(one, folder))) return;
  throw new Failure(
    "bad-setting",
    t(
      '{0} leads to {1}, outside of the folder that is open. If results belong there, name that folder as "modalMeter.resultsFolder" in your user settings.',
      folder,
      realPath(folder),
    ),
  );
}
