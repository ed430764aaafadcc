import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { throwIfCancelled } from "../../base/abort.ts";
import { pause } from "../concurrent.ts";
import { likelyName, type Deployment, type DeployTarget } from "../deployer.ts";
import { liveApps } from "../liveApp.ts";
import type { AppInfo } from "../modalControl.ts";
import { freshListing } from "./check.ts";
import type { StopParts } from "../stop/stopApps.ts";
import { nearestNames } from "../stop/stopPlan.ts";

const looks = 6;

/**
 * The app of a deploy, by its name, in a fresh listing: the deploy itself does not print its id. Its
 * name is what the deploy says, else what it was told; with an unknown name, the one app that is new.
 * Rejects with `Failure("not-found")` that lists what runs.
 */
export async function findDeployed(
  parts: Pick<StopParts, "refresh" | "clock">,
  target: DeployTarget,
  deployment: Deployment,
  before: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<AppInfo> {
  const name = deployment.appName ?? likelyName(target);
  let names: readonly string[] = [];
  for (let attempt = 0; attempt < looks; attempt += 1) {
    if (attempt > 0) await pause(parts.clock, 1000 * attempt, signal);
    throwIfCancelled(signal);
    const listing = await freshListing(parts, signal);
    const deployed = listing.apps
      .filter(({ state }) => state === "deployed" || state === "initializing")
      .toSorted((a, b) => (b.createdAtMs ?? 0) - (a.createdAtMs ?? 0));
    const matching =
      name === null
        ? deployed.filter(({ appId }) => !before.has(appId))
        : deployed.filter((candidate) => candidate.name === name);
    const [app] = matching;
    if (app !== undefined && (name !== null || matching.length === 1)) return app;
    names = nearestNames(liveApps(listing), name ?? "");
  }
  throw new Failure(
    "not-found",
    [
      name === null
        ? t("Modal accepted the deployment, but its app is not listed.")
        : t('Modal accepted the deployment, but "{0}" is not listed.', name),
      names.length === 0 ? t("Nothing runs.") : t("Running: {0}.", names.join(", ")),
      t('Set "name" of the deploy target.'),
    ].join(" "),
  );
}
