import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import { isAborted } from "../../base/abort.ts";
import { asFailure, within } from "../concurrent.ts";
import type { Probe } from "../probe.ts";
import type { SessionApp } from "../session.ts";
import type { StartOptions, StartTarget } from "./start.ts";

/** A target, and the app that it has become. */
export interface StartedApp {
  readonly wanted: StartTarget;
  readonly app: SessionApp;
}

const timeoutMs = 30_000;

/**
 * Asks each health URL once. Rejects with a `Failure` when an app is not well; no answer within 30 s
 * is no illness but a cold start, and is noted.
 */
export async function checkHealth(
  { probe, clock }: { readonly probe: Probe; readonly clock: Clock },
  started: readonly StartedApp[],
  { onEvent, signal }: Pick<StartOptions, "onEvent" | "signal">,
  note: (text: string) => void,
): Promise<void> {
  for (const { wanted, app } of started) {
    const url = addressOf(wanted.healthUrl, app) ?? urlNamed(app, /health/i);
    if (url === null) {
      if (wanted.healthUrl !== null) note(unreachable(app, wanted.healthUrl));
      onEvent({ kind: "skipped", step: "health", why: t("{0}: no health URL", app.appName) });
      continue;
    }
    try {
      const { status } = await within(
        clock,
        timeoutMs + 5000,
        t("The health URL"),
        signal,
        (signal) => probe(url, { timeoutMs, signal }),
      );
      // 405: the route exists and only takes another method, so the app is up.
      if (status >= 400 && status !== 405)
        throw new Failure(
          "endpoint-failed",
          t(
            "{0} is deployed, but its health URL answered HTTP {1}. Look at its log, or correct healthUrl.",
            app.appName,
            status,
          ),
        );
    } catch (error) {
      const failure = asFailure(error);
      if (failure.reason !== "timed-out" || isAborted(signal)) throw failure;
      note(t("{0} did not answer within 30 s: it is still starting (cold start).", app.appName));
    }
  }
}

/**
 * Where "URL or path" of a setting leads: a URL as it is, a path below the app's first web address.
 * null: nothing is set, or no address of the app is known.
 */
function addressOf(urlOrPath: string | null, { urls }: SessionApp): string | null {
  if (urlOrPath === null || /^[a-z][a-z0-9+.-]*:\/\//i.test(urlOrPath)) return urlOrPath;
  const [first] = urls;
  // Below it, not from the root of its host: an address may have a path of its own.
  return first === undefined
    ? null
    : `${first.url.replace(/\/+$/, "")}/${urlOrPath.replace(/^\/+/, "")}`;
}

/** Said where a path is set and there is no address that it could go below. */
export function unreachable({ appName }: SessionApp, path: string): string {
  return t(
    'No web address of {0} is known, so "{1}" was not asked. Set a full URL instead.',
    appName,
    path,
  );
}

/** The URL of the app's web function with such a name. */
function urlNamed(app: SessionApp, pattern: RegExp): string | null {
  return app.urls.find(({ functionName }) => pattern.test(functionName))?.url ?? null;
}

/** Where the request goes that loads an app's model; null: nothing tells. */
export function warmUpAddress(
  { warmUpUrl, healthUrl }: StartTarget,
  app: SessionApp,
): string | null {
  return addressOf(warmUpUrl, app) ?? urlNamed(app, /warm/i) ?? addressOf(healthUrl, app);
}
