import { Failure } from "../../base/failure.ts";
import { pause, throwIfCancelled } from "../concurrent.ts";
import type { Deployment } from "../deployer.ts";
import { liveApps } from "../liveApp.ts";
import type { AppInfo } from "../modalControl.ts";
import { freshListing } from "./check.ts";
import type { StopParts } from "../stop/stopApps.ts";
import { nearestNames } from "../stop/stopPlan.ts";

const looks = 6;

/**
 * The app of a deploy, by its name, in a fresh listing: the deploy itself does not print its id. With
 * an unknown name, the one app that is new. Rejects with `Failure("not-found")` that lists what runs.
 */
export async function findDeployed(
  parts: Pick<StopParts, "refresh" | "clock">,
  targetName: string | null,
  deployment: Deployment,
  before: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<AppInfo> {
  const name = targetName ?? nameInUrl(deployment.dashboardUrl);
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
    `Modal took the deploy, but ${name === null ? "its app" : `"${name}"`} is not in the listing. Running: ${names.length === 0 ? "nothing" : names.join(", ")}. Set "name" of the deploy target.`,
  );
}

/** "https://modal.com/apps/acme/main/deployed/demo" → "demo". */
function nameInUrl(url: string | null): string | null {
  return url === null ? null : (/\/deployed\/([^/?#]+)/.exec(url)?.[1] ?? null);
}
