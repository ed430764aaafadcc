import { formatCountdown } from "../cost/format.ts";
import type { FunctionWindow, SessionApp, SessionRecord } from "./session.ts";

/**
 * The idle window that a session put into force in one of its apps, in seconds: its mode's, unless the
 * app's file fixes another. null: it is not known, or the app's functions have several.
 */
export function appWindow(
  { apps, scaledownSeconds }: Pick<SessionRecord, "apps" | "scaledownSeconds">,
  appId: string,
): number | null {
  const fixedSeconds = apps.find((app) => app.appId === appId)?.scaledownSeconds;
  return fixedSeconds === undefined ? scaledownSeconds : fixedSeconds;
}

/** What is in force in an app, besides its session's mode. */
export interface AppForce {
  readonly windowSeconds: number | null;
  readonly keptWarm?: number | undefined;
  /** By function; told where they have several. */
  readonly windows?: readonly FunctionWindow[] | undefined;
}

/** An app in which this is in force, as a session with that window has it. */
export function inWindow(
  { appId, appName, file, urls }: SessionApp,
  { windowSeconds, keptWarm, windows = [] }: AppForce,
  sessionSeconds: number,
): SessionApp {
  return {
    appId,
    appName,
    file,
    urls,
    ...(windowSeconds === sessionSeconds ? {} : { scaledownSeconds: windowSeconds }),
    ...(keptWarm === undefined ? {} : { keptWarm }),
    ...(windowSeconds !== null || windows.length === 0 ? {} : { windows }),
  };
}

/** What a session has noted of one of its apps. */
export function appForce(
  session: Pick<SessionRecord, "apps" | "scaledownSeconds">,
  app: Pick<SessionApp, "appId" | "keptWarm" | "windows">,
): AppForce {
  const { keptWarm, windows } = app;
  return { windowSeconds: appWindow(session, app.appId), keptWarm, windows };
}

/** "10 min"; "5 min, 10 min" where there are several. null: one is not known. */
function windowsText(windows: readonly (number | null)[]): string | null {
  const allSeconds = windows.filter((seconds) => seconds !== null);
  if (allSeconds.length < windows.length) return null;
  return [...new Set(allSeconds)].map((seconds) => formatCountdown(seconds * 1000)).join(", ");
}

/** The idle windows that are in force in a session's apps; null: they are not all known. */
export function sessionWindows(
  session: Pick<SessionRecord, "apps" | "scaledownSeconds">,
): string | null {
  const windows = session.apps.map(({ appId }) => appWindow(session, appId));
  return windowsText(windows.length === 0 ? [session.scaledownSeconds] : windows);
}
