import { formatCountdown } from "../cost/format.ts";
import type { SessionApp, SessionRecord } from "./session.ts";

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

/** An app in which this window is in force, as a session with that one has it. */
export function inWindow(
  { appId, appName, file, urls }: SessionApp,
  seconds: number | null,
  sessionSeconds: number,
): SessionApp {
  const app = { appId, appName, file, urls };
  return seconds === sessionSeconds ? app : { ...app, scaledownSeconds: seconds };
}

/** "10 min"; "5 min, 10 min" where there are several. null: one is not known. */
export function windowsText(windows: readonly (number | null)[]): string | null {
  const allSeconds = windows.filter((seconds) => seconds !== null);
  if (allSeconds.length < windows.length) return null;
  return [...new Set(allSeconds)].map((seconds) => formatCountdown(seconds * 1000)).join(", ");
}
