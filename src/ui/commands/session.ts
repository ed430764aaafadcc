import * as vscode from "vscode";
import { sentences, t } from "../../base/text.ts";
import { burnByContainer } from "../../cost/rates/burnRate.ts";
import { formatCountdown } from "../../cost/format.ts";
import { extendDemo as extend, extensionMinutes } from "../../session/mode/demoExpiry.ts";
import { liveApps } from "../../session/liveApp.ts";
import { restingMode, type ModeDefinition } from "../../session/mode.ts";
import { releaseGpus as release } from "../../session/mode/releaseGpus.ts";
import { releaseText } from "../../session/mode/releaseText.ts";
import { windowNow } from "../../session/windows/windowNow.ts";
import { startedHere } from "../../session/owner.ts";
import type { SessionRecord } from "../../session/session.ts";
import {
  switchMode as switchTo,
  switchText,
  type Redeploy,
  type SwitchOutcome,
} from "../../session/mode/switchMode.ts";
import { command, runCommand, type Command } from "../command.ts";
import { askFixedWindow } from "../start/ask.ts";
import { pickMode } from "../start/modePicker.ts";
import { offerFolder } from "../project/openFolder.ts";
import { inNotification } from "../progress.ts";
import type { AppServices } from "./appServices.ts";
import { sayError, sayInfo, sayWarning } from "../say.ts";
import { thisSession } from "../thisSession.ts";
import { maySpend } from "../trust.ts";

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
  if (services.project.folders().length === 0) {
    await offerFolder();
    return undefined;
  }
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
    if (!(await maySpend())) return;
    const session = await currentSession(services);
    if (session === undefined) return;
    const { project } = services;
    await project.look();
    const apps = session.apps.map(({ appName, file }) => ({
      name: appName,
      factsIn: (mode: ModeDefinition) => {
        const variable = project.variableOf(session.folder, { appName, file });
        return project.factsInMode({ file, variable }, mode);
      },
    }));
    const mode = await pickMode(services, t("Switch Mode (now {0})", session.mode), apps);
    if (mode === undefined) return;
    const outcome = await switchMode(services, session, mode);
    if (outcome === undefined) return;
    await (outcome.switched ? sayInfo : sayError)(switchText(outcome));
  }),
  command("backToDev", async (services: SessionServices) => {
    const session = await currentSession(services);
    if (session === undefined) return;
    const switched = await switchMode(
      services,
      session,
      services.settings.current.modes.named(restingMode),
    );
    await releaseGpus(services, switched);
  }),
  command("extendDemo", extendDemo),
  command("releaseGpus", (services: SessionServices) => releaseGpus(services)),
];

/** Switches, and writes it down; the caller tells. undefined: it is in that mode. */
async function switchMode(
  services: SessionServices,
  session: SessionRecord,
  mode: ModeDefinition,
): Promise<SwitchOutcome | undefined> {
  if (mode.name === session.mode) return undefined;
  const { control } = await services.connection.open();
  const from = services.settings.current.modes.modes.find(({ name }) => name === session.mode);
  const outcome = await services.meter.during("starting", () =>
    inNotification(t("Switching to {0} mode", mode.name), async (_report, signal) => {
      const { ledger, clock, log } = services;
      const redeploy = vscode.workspace.isTrusted
        ? { redeploy: await redeployOf(services, session.folder) }
        : {};
      const askWindow = askFixedWindow(signal);
      return switchTo({ control, ledger, clock, log, askWindow, ...redeploy }, session, mode, {
        ...(from === undefined ? {} : { from }),
        signal,
        onLine: (line) => log.info(`deploy | ${line}`),
      });
    }),
  );
  services.costs.line(`🔁 ${switchText(outcome)}`);
  for (const note of outcome.notes) services.costs.line(`   ${note}`);
  return outcome;
}

async function redeployOf(
  { deployer, project, meter }: Pick<AppServices, "deployer" | "meter" | "project">,
  folder: string,
): Promise<Redeploy> {
  return {
    deployer: await deployer(),
    targetOf: (app, mode) => project.again(folder, app, mode),
    refresh: (options) => meter.refreshNow(options),
  };
}

async function extendDemo(services: SessionServices): Promise<void> {
  if (!(await maySpend())) return;
  const session = await currentSession(services);
  if (session === undefined) return;
  const extended = extend(services.ledger, session, extensionMinutes, services.clock.nowMs());
  services.meter.show();
  const left = (extended.expiresAtMs ?? 0) - services.clock.nowMs();
  services.costs.line(
    t("⏳ Extended by {0} min: {1} left.", extensionMinutes, formatCountdown(left)),
  );
}

/** `after`: the switch that this release belongs to, told with it. */
async function releaseGpus(services: SessionServices, after?: SwitchOutcome): Promise<void> {
  const { control, scopeKey } = await services.connection.open();
  // A call that waits for its turn would start a container again.
  services.calls.dropQueued();
  const listing = await services.meter.refreshNow();
  const sessions = services.ledger.sessions({ scope: scopeKey });
  const started = startedHere(sessions);
  const targets = liveApps(listing)
    .filter(({ appId, containerCount }) => started.has(appId) && containerCount > 0)
    .map(({ appId, name }) => ({
      appId,
      name,
      scaledownSeconds: () => windowNow(services.ledger, { scope: scopeKey, appId }),
    }));
  if (targets.length === 0) {
    const none = t("No container of an app that was started here runs in {0}.", scopeKey);
    await tellRelease(none, true, after);
    return;
  }
  const result = await services.meter.during("releasing", () =>
    inNotification(t("Releasing GPUs in {0}", scopeKey), (_report, signal) => {
      const { clock, log, meter, ledger } = services;
      return release(
        { control, ledger, clock, log, refresh: (options) => meter.refreshNow(options) },
        targets,
        {
          signal,
          burnByContainer: burnByContainer(
            listing.containers,
            meter.rates(),
            meter.hourlyOf(scopeKey),
          ),
        },
      );
    }),
  );
  const text = releaseText(result);
  services.costs.line(`🧊 ${text}`);
  for (const note of result.notes) services.costs.line(`   ${note}`);
  await tellRelease(text, result.verified && result.left.length === 0, after);
}

async function tellRelease(
  text: string,
  isGood: boolean,
  after: SwitchOutcome | undefined,
): Promise<void> {
  const whole = sentences(after === undefined ? "" : switchText(after), text);
  if (after?.switched === false) await sayError(whole);
  else await (isGood ? sayInfo : sayWarning)(whole);
}
