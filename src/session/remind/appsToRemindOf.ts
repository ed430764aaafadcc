import type { LiveApp } from "../liveApp.ts";
import { isMine, type Owner } from "../owner.ts";

/**
 * The apps that reminders speak of: mine that have a container now, and all that were started here. A
 * deployment from elsewhere that is idle by design costs nothing, and is no news every evening.
 */
export function appsToRemindOf(
  live: readonly LiveApp[],
  ownerOf: (appId: string) => Owner,
): readonly LiveApp[] {
  return live.filter(({ appId, containerCount }) => {
    const owner = ownerOf(appId);
    return owner === "started-here" || (isMine(owner) && containerCount > 0);
  });
}
