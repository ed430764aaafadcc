import { appForce, inWindow } from "../appWindow.ts";
import type { Log } from "../../base/log.ts";
import { asFailure } from "../concurrent.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { SessionApp } from "../session.ts";

/** All functions of an app took `min_containers` 0, until the next deploy: nothing of it is kept warm any more. */
export function noteReleased(
  ledger: Pick<Ledger, "sessions" | "upsertSession">,
  scope: string,
  { appId }: Pick<SessionApp, "appId">,
): void {
  for (const session of ledger.sessions({ scope })) {
    if (!session.apps.some((app) => app.appId === appId && (app.keptWarm ?? 0) > 0)) continue;
    const apps = session.apps.map((app) =>
      app.appId === appId
        ? inWindow(app, { ...appForce(session, app), keptWarm: 0 }, session.scaledownSeconds)
        : app,
    );
    ledger.upsertSession({ ...session, apps });
  }
}

/** The same of a release. A ledger that cannot be written to is in no release's way. */
export function noteNoneKept(
  { ledger, log }: { readonly ledger: Parameters<typeof noteReleased>[0]; readonly log: Log },
  scope: string,
  target: { readonly appId: string; readonly name: string },
): void {
  try {
    noteReleased(ledger, scope, target);
  } catch (error) {
    log.warn(`${target.name}: its min_containers was not noted: ${asFailure(error).message}`);
  }
}
