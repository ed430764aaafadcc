import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { throwIfCancelled } from "../../base/abort.ts";
import { asFailure } from "../concurrent.ts";
import type { Deployer, DeployTarget, Deployment } from "../deployer.ts";
import type { Ledger } from "../ledgerPort.ts";
import { deployVariables, type ModeDefinition } from "../mode.ts";
import type { Refresh } from "../refresh.ts";
import { byAutoscaler, readOr } from "./byAutoscaler.ts";
import type { AskWindow } from "./fixedWindow.ts";
import type { PutApp, PutParts } from "./putInForce.ts";
import { windowsToCome, type DeployedWindows } from "../windows/fileWindow.ts";
import { appForce, inWindow, sessionWindows, type AppForce } from "../appWindow.ts";
import { environmentIn } from "../scope.ts";
import type { SessionApp, SessionRecord } from "../session.ts";

/** As `StartTarget` has it, for the mode that it is deployed for. */
export type RedeployTarget = Pick<DeployTarget, "module" | "variable" | "name"> & DeployedWindows;

/** A deploy of an app file, where the autoscaler cannot bring the app into a mode. */
export interface Redeploy {
  readonly deployer: Deployer;
  /** How the CLI is told which app, the name that the user set for it, and its file's idle window in that mode. */
  readonly targetOf: (app: SessionApp, mode: ModeDefinition) => Promise<RedeployTarget>;
  readonly refresh: Refresh;
}

export interface SwitchParts {
  readonly control: PutParts["control"];
  readonly ledger: PutParts["ledger"] & Pick<Ledger, "sessions" | "upsertSession">;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: nobody is there to be asked whether a file's own window is replaced. */
  readonly askWindow?: AskWindow;
  /** The fallback where the autoscaler cannot be changed; without it there is none. */
  readonly redeploy?: Redeploy;
}

export interface SwitchOptions {
  /** The definition of the mode that the apps were deployed in, where it is known. */
  readonly from?: ModeDefinition;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** How one app was brought into the mode, or why it is still in the old one. */
export type AppSwitch =
  | {
      readonly app: SessionApp;
      readonly how: "autoscaler" | "redeploy";
      /** What is in force in it now. */
      readonly force: AppForce;
      readonly notes: readonly string[];
    }
  | {
      readonly app: SessionApp;
      readonly how: "failed";
      readonly failure: Failure;
      /** What is in force all the same, where some functions were changed. */
      readonly force?: AppForce | undefined;
    };

export interface SwitchOutcome {
  /** As it is in the ledger now. Its mode is the one that is really in force in all of its apps. */
  readonly session: SessionRecord;
  readonly switched: boolean;
  readonly apps: readonly AppSwitch[];
  /** Worth telling: what differs from a deploy in this mode. */
  readonly notes: readonly string[];
}

/**
 * Brings the apps of a session into another mode: by their autoscaler (milliseconds, no redeploy),
 * else by a redeploy where one is possible. The session's mode changes only when every app was
 * brought into it. Rejects with `Failure("cancelled")` or `Failure("not-found")` for an ended session.
 */
export async function switchMode(
  parts: SwitchParts,
  session: SessionRecord,
  to: ModeDefinition,
  options: SwitchOptions = {},
): Promise<SwitchOutcome> {
  requireOpen(parts.ledger, session);
  const apps: AppSwitch[] = [];
  for (const app of session.apps) {
    throwIfCancelled(options.signal);
    const result = await switchApp(parts, session, app, to, options);
    apps.push(result);
    // At once: whatever becomes of the others, this window is in force.
    if (result.force !== undefined) noteForce(parts.ledger, session, app.appId, result.force);
    if (result.how === "failed") throwIfCancelled(options.signal);
  }
  const failed = apps.filter(({ how }) => how === "failed");
  const notes = apps.flatMap((one) => (one.how === "failed" ? [] : one.notes));
  if (apps.some(({ how }) => how === "autoscaler"))
    notes.unshift(
      t(
        "The app file still sees the variables of its last deploy (MODAL_MODE). They change with the next deploy, which also resets the scaledown window.",
      ),
    );
  const current = requireOpen(parts.ledger, session);
  if (failed.length > 0) return { session: current, switched: false, apps, notes };
  const nowMs = parts.clock.nowMs();
  const next: SessionRecord = {
    ...current,
    apps: current.apps.map((app) => inWindow(app, appForce(current, app), to.scaledownSeconds)),
    mode: to.name,
    scaledownSeconds: to.scaledownSeconds,
    expiresAtMs: to.expiresAfterMinutes === null ? null : nowMs + to.expiresAfterMinutes * 60_000,
  };
  parts.ledger.upsertSession(next);
  return { session: next, switched: true, apps, notes };
}

function noteForce(
  ledger: SwitchParts["ledger"],
  session: SessionRecord,
  appId: string,
  force: AppForce,
): void {
  // Also where it has ended meanwhile: what was put is in force.
  const current = ledger
    .sessions({ scope: session.scope })
    .find(({ sessionId }) => sessionId === session.sessionId);
  if (current === undefined) return;
  const apps = current.apps.map((app) =>
    app.appId === appId ? inWindow(app, force, current.scaledownSeconds) : app,
  );
  ledger.upsertSession({ ...current, apps });
}

/** One sentence about the mode that is in force now. */
export function switchText({ session, switched, apps }: SwitchOutcome): string {
  if (switched) {
    const windows = sessionWindows(session);
    return windows === null
      ? t(
          "Now in {0} mode: an idle container is kept, and billed, for the scaledown window of its function.",
          session.mode,
        )
      : t(
          "Now in {0} mode: an idle container is kept, and billed, for {1}.",
          session.mode,
          windows,
        );
  }
  const failed = apps.filter((app) => app.how === "failed");
  const [first] = failed;
  const names = failed.map(({ app }) => app.appName).join(", ");
  const still = t(
    "Still in {0} mode: {1} ({2}).",
    session.mode,
    names,
    first?.failure.message ?? "",
  );
  return apps.length > failed.length ? `${still} ${t("The other apps were switched.")}` : still;
}

async function switchApp(
  parts: SwitchParts,
  session: SessionRecord,
  app: SessionApp,
  to: ModeDefinition,
  options: SwitchOptions,
): Promise<AppSwitch> {
  const needsDeploy = options.from !== undefined && otherVariables(options.from, to);
  const { forced, failure } = needsDeploy
    ? { forced: null, failure: otherVariablesFailure(to) }
    : await byAutoscaler(parts, { ...placeOf(session, app), deployed: null }, to, options.signal);
  if (forced !== null && failure === undefined) return { app, how: "autoscaler", ...forced };
  const force = forced?.force;
  const { redeploy, log } = parts;
  const why = failure ?? otherVariablesFailure(to);
  if (redeploy === undefined || options.signal?.aborted === true)
    return { app, how: "failed", failure: why, force };
  log.info(`${app.appName} is deployed again for ${to.name} mode: ${why.message}`);
  // At once: the deploy may fail, and what was put stays in force then.
  if (force !== undefined) noteForce(parts.ledger, session, app.appId, force);
  try {
    const environment = environmentIn(session.scope);
    const { file, appName } = app;
    const { windowInFile, windowsInFile, ...target } = await redeploy.targetOf(app, to);
    const windowSeconds = windowInFile === undefined ? to.scaledownSeconds : windowInFile;
    const deployment = await redeploy.deployer.deploy(
      {
        file,
        ...target,
        nameInFile: appName,
        environment,
        folder: session.folder,
      },
      {
        variables: deployVariables(to),
        onLine: (line) => options.onLine?.(line),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
    if (deployment.appName === null || deployment.appName === appName) {
      const place = {
        ...placeOf(session, app),
        deployed: windowsToCome({ windowInFile, windowsInFile }),
      };
      const done = await readOr(parts, place, to, { windowSeconds, signal: options.signal });
      return { app, how: "redeploy", ...done };
    }
    const failure = await wentElsewhere(parts, redeploy, session, {
      app,
      deployment,
      windowSeconds,
    });
    return { app, how: "failed", failure };
  } catch (error) {
    throwIfCancelled(options.signal);
    return { app, how: "failed", failure: asFailure(error) };
  }
}

function otherVariablesFailure(to: ModeDefinition): Failure {
  return new Failure(
    "unsupported",
    t("{0} mode has other variables, which only a deploy sets.", to.name),
  );
}

/** As a session knows the app. */
function placeOf(
  { scope }: SessionRecord,
  { appId, appName: name, file }: SessionApp,
): Omit<PutApp, "deployed"> {
  return { scope, appId, name, file };
}

interface Elsewhere {
  readonly app: SessionApp;
  readonly deployment: Deployment;
  /** What its file fixes for the mode; null: it is not known. */
  readonly windowSeconds: number | null;
}

/**
 * A file may name its app by the mode, so that the deploy has made, or replaced, another app. It was
 * started here like the first one: the session has both.
 */
async function wentElsewhere(
  { ledger }: SwitchParts,
  { refresh }: Redeploy,
  session: SessionRecord,
  { app: { appName, file }, deployment: { appName: other, urls }, windowSeconds }: Elsewhere,
): Promise<Failure> {
  const { apps } = await refresh();
  const [made] = apps
    .filter(({ name, state }) => name === other && state === "deployed")
    .toSorted((a, b) => (b.createdAtMs ?? 0) - (a.createdAtMs ?? 0));
  if (made !== undefined) {
    const current = requireOpen(ledger, session);
    const { appId, name } = made;
    const app = inWindow(
      { appId, appName: name, file, urls },
      { windowSeconds },
      current.scaledownSeconds,
    );
    const others = current.apps.filter((one) => one.appId !== appId);
    ledger.upsertSession({ ...current, apps: [...others, app] });
  }
  return new Failure(
    "deploy-failed",
    t(
      'its file deployed {0} instead of "{1}", and both are in service now',
      other === null ? t("another app") : `"${other}"`,
      appName,
    ),
  );
}

function otherVariables(from: ModeDefinition, to: ModeDefinition): boolean {
  const variablesOf = (mode: ModeDefinition): string =>
    JSON.stringify(
      Object.entries(mode.variables)
        .filter(([name]) => name !== "MODAL_MODE")
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  return variablesOf(from) !== variablesOf(to);
}

/** The session as the ledger has it now. Throws `Failure("not-found")` when it is over. */
export function requireOpen(
  ledger: Pick<Ledger, "sessions">,
  { sessionId, scope }: Pick<SessionRecord, "sessionId" | "scope">,
): SessionRecord {
  const current = ledger.sessions({ scope }).find((session) => session.sessionId === sessionId);
  if (current === undefined || current.endedAtMs !== null)
    throw new Failure("not-found", t("This session is already over."));
  return current;
}
