import { appForce, inWindow } from "../appWindow.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { ReleaseTarget } from "./releaseGpus.ts";

/** A release sets `min_containers` to 0 until the next deploy: nothing of these apps is kept warm any more. */
export function noteReleased(
  ledger: Pick<Ledger, "sessions" | "upsertSession">,
  scope: string,
  released: readonly Pick<ReleaseTarget, "appId">[],
): void {
  const ids = new Set(released.map(({ appId }) => appId));
  for (const session of ledger.sessions({ scope })) {
    if (!session.apps.some(({ appId, keptWarm }) => ids.has(appId) && (keptWarm ?? 0) > 0))
      continue;
    const apps = session.apps.map((app) =>
      ids.has(app.appId)
        ? inWindow(app, { ...appForce(session, app), keptWarm: 0 }, session.scaledownSeconds)
        : app,
    );
    ledger.upsertSession({ ...session, apps });
  }
}
