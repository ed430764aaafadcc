import type { SessionRecord } from "../session/session.ts";
import type { Services } from "./services.ts";

/**
 * The open session of this window: that of its folder, in the workspace and environment that it last
 * spoke to. undefined: there is none, no folder is open, or nobody has asked Modal yet.
 */
export function thisSession({
  connection,
  ledger,
  project,
}: Pick<Services, "connection" | "ledger" | "project">): SessionRecord | undefined {
  const folder = project.currentFolder();
  const scope = connection.last?.scopeKey;
  if (folder === null || scope === undefined) return undefined;
  return ledger.openSession(scope, folder);
}
