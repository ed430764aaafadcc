import { appForce, inWindow } from "../appWindow.ts";
import type { Log } from "../../base/log.ts";
import { asFailure } from "../concurrent.ts";
import type { Ledger } from "../ledgerPort.ts";

/**
 * All functions of an app took `min_containers` 0, until the next deploy: nothing of it is kept warm any
 * more. A ledger that cannot be written to is in no release's way: it is logged.
 */
export function noteNoneKept(
  {
    ledger,
    log,
  }: { readonly ledger: Pick<Ledger, "sessions" | "upsertSession">; readonly log: Log },
  scope: string,
  { appId, name }: { readonly appId: string; readonly name: string },
): void {
  try {
    for (const session of ledger.sessions({ scope })) {
      if (!session.apps.some((app) => app.appId === appId && (app.keptWarm ?? 0) > 0)) continue;
      const apps = session.apps.map((app) =>
        app.appId === appId
          ? inWindow(app, { ...appForce(session, app), keptWarm: 0 }, session.scaledownSeconds)
          : app,
      );
      ledger.upsertSession({ ...session, apps });
    }
  } catch (error) {
    log.warn(`${name}: its min_containers was not noted: ${asFailure(error).message}`);
  }
}
