import { t } from "../base/text.ts";
import type { Listing } from "./ledgerPort.ts";
import type { SandboxSight } from "./sandboxInfo.ts";

/**
 * What a look does not show although it may run, in words, for "not listed: …". Empty: it shows all
 * that Modal lists of the environment.
 */
export function notListed({
  observedAtMs,
  sandboxes,
}: Pick<Listing, "observedAtMs" | "sandboxes">): readonly string[] {
  const words = unlistedSandboxes(sandboxes);
  if (words !== undefined) return [words];
  return sandboxes !== undefined && sandboxes.listedAtMs !== observedAtMs
    ? [t("sandboxes (Modal did not list them this time)")]
    : [];
}

/** Which sandboxes cannot be listed here, in words; undefined: none. */
export function unlistedSandboxes(sandboxes: SandboxSight | undefined): string | undefined {
  switch (sandboxes?.kinds) {
    case "none":
      return t("sandboxes (they cannot be listed here)");
    case "first":
      return t("v2 sandboxes");
    default:
      return sandboxes?.isCut === true
        ? t("some sandboxes (there are more than can be read at once)")
        : undefined;
  }
}

/** That nothing of what can be listed runs in a scope, and what cannot. */
export function nothingRunsText(scope: string, unlisted: readonly string[]): string {
  return unlisted.length === 0
    ? t("Nothing runs in {0}.", scope)
    : t("No app runs in {0}. Not listed: {1}.", scope, unlisted.join(", "));
}
