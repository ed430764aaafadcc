import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { burnByContainer } from "../../cost/rates/burnRate.ts";
import { formatCountdown } from "../../cost/format.ts";
import { extendDemo as extend, extensionMinutes } from "../../session/mode/demoExpiry.ts";
import { liveApps } from "../../session/liveApp.ts";
import { restingMode, type ModeDefinition } from "../../session/mode.ts";
import { releaseGpus as release, releaseText } from "../../session/mode/releaseGpus.ts";
import { startedHere } from "../../session/owner.ts";
import type { SessionRecord } from "../../session/session.ts";
import {
  switchMode as switchTo,
  switchText,
  type Redeploy,
} from "../../session/mode/switchMode.ts";
import { command, runCommand, type Command } from "../command.ts";
import { pickMode } from "../start/modePicker.ts";
import { inNotification } from "../progress.ts";
import type { AppServices } from "./appServices.ts";
import { sayError, sayInfo, sayWarning } from "../say.ts";
import { thisSession } from "../thisSession.ts";

/** What the functions here work with. */
type SessionServices = Pick<
  AppServices,
  | "calls"
  | "clock"
  | "connection"
  | "costs"
  | "deployer"
  | "ledger"
  | "log"
  | "meter"
  | "project"
  | "settings"
>;

/** The open session of this window's folder; tells when there is none. */
async function currentSession(
  services: Pick<AppServices, "connection" | "ledger" | "project">,
): Promise<SessionRecord | undefined> {
  await services.connection.open();
  const session = thisSession(services);
  if (session === undefined) {
    const start = t("Start a Session…");
    const pressed = await sayInfo(t("No session is open in this folder."), start);
    if (pressed === start) await runCommand("startSession");
  }
  return session;
}

export const sessionCommands: readonly Command<AppServices>[] = [
  command("switchMode", async (services: SessionServices) => {
    const session = await currentSession(services);
    if (session === undefined) return;
    const mode = await pickMode(services, t("Switch Mode (now {0})", session.mode));
    if (mode !== undefined) await switchMode(services, session, mode);
  }),
  command("backToDev", async (services: SessionServices) => {
    const session = await currentSession(services);
    if (session === undefined) return;
    await switchMode(services, session, services.settings.current.modes.named(restingMode));
    await releaseGpus(services);
  }),
  command("extendDemo", extendDemo),
  command("releaseGpus", releaseGpus),
];

async function switchMode(
  services: SessionServices,
  session: SessionRecord,
  mode: ModeDefinition,
): Promise<void> {
  if (mode.name === session.mode) return;
  const { control } = await services.connection.open();
  const from = services.settings.current.modes.modes.find(({ name }) => name === session.mode);
  const outcome = await services.meter.during("starting", () =>
    inNotification(t("Switching to {0} mode", mode.name), async (_report, signal) => {
      const { ledger, clock, log } = services;
      const redeploy = vscode.workspace.isTrusted
        ? { redeploy: await redeployOf(services, session.folder) }
        : {};
      return switchTo({ control, ledger, clock, log, ...redeploy }, session, mode, {
        ...(from === undefined ? {} : { from }),
        signal,
        onLine: (line) => log.info(`deploy | ${line}`),
      });
    }),
  );
  services.costs.line(`🔁 ${switchText(outcome)}`);
  for (const note of outcome.notes) services.costs.line(`   ${note}`);
  const tell = outcome.switched ? sayInfo : sayError;
  // Not awaited: that would be until a person has closed it, and what follows ends what costs money.
  void tell(switchText(outcome));
}

async function redeployOf(
  { deployer, project, meter }: Pick<AppServices, "deployer" | "meter" | "project">,
  folder: string,
): Promise<Redeploy> {
  return {
    deployer: await deployer(),
    targetOf: (app) => project.targetOf(folder, app),
    refresh: (options) => meter.refreshNow(options),
  };
}

async function extendDemo(services: SessionServices): Promise<void> {
  const session = await currentSession(services);
  if (session === undefined) return;
  const extended = extend(services.ledger, session, extensionMinutes, services.clock.nowMs());
  services.meter.show();
  const left = (extended.expiresAtMs ?? 0) - services.clock.nowMs();
  services.costs.line(
    t("⏳ Extended by {0} min: {1} left.", extensionMinutes, formatCountdown(left)),
  );
}

async function releaseGpus(services: SessionServices): Promise<void> {
  const { control, scopeKey } = await services.connection.open();
  // A call that waits for its turn would start a container again.
  services.calls.dropQueued();
  const listing = await services.meter.refreshNow();
  const sessions = services.ledger.sessions({ scope: scopeKey });
  const started = startedHere(sessions);
  const targets = liveApps(listing)
    .filter(({ appId, containerCount }) => started.has(appId) && containerCount > 0)
    .map(({ appId, name }) => ({ appId, name, scaledownSeconds: scaledownOf(appId, sessions) }));
  if (targets.length === 0) {
    await sayInfo(t("No container of an app that was started here runs in {0}.", scopeKey));
    return;
  }
  const result = await services.meter.during("stopping", () =>
    inNotification(t("Releasing GPUs in {0}", scopeKey), (_report, signal) => {
      const { clock, log, meter } = services;
      return release(
        { control, clock, log, refresh: (options) => meter.refreshNow(options) },
        targets,
        { signal, burnByContainer: burnByContainer(listing.containers, meter.rates()) },
      );
    }),
  );
  const text = releaseText(result);
  services.costs.line(`🧊 ${text}`);
  for (const note of result.notes) services.costs.line(`   ${note}`);
  const tell = result.verified && result.left.length === 0 ? sayInfo : sayWarning;
  await tell(text);
}

function scaledownOf(appId: string, sessions: readonly SessionRecord[]): number | null {
  const last = sessions
    .filter(({ apps }) => apps.some((app) => app.appId === appId))
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0];
  return last?.scaledownSeconds ?? null;
}
