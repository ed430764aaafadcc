import { throwIfCancelled } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import { appForce } from "../appWindow.ts";
import type { Ledger } from "../ledgerPort.ts";
import { byAutoscaler, type ForceParts, type Forced } from "../mode/byAutoscaler.ts";
import type { PutApp } from "../mode/putInForce.ts";
import type { ModeDefinition } from "../mode.ts";

export interface UseParts extends ForceParts {
  readonly ledger: ForceParts["ledger"] & Pick<Ledger, "sessions">;
  readonly clock: Clock;
}

export interface TakenOver extends Forced {
  /** The mode that it stays in, where it could not be put into the wanted one; null: it is in that. */
  readonly staysIn: ModeDefinition | null;
}

/**
 * Puts a deployment that runs already into a mode. One that cannot be stays in the mode of its last
 * session here. Rejects with `Failure("unsupported")` where there was none.
 */
export async function takeOver(
  parts: UseParts,
  app: Omit<PutApp, "fixed">,
  mode: ModeDefinition,
  signal: AbortSignal | undefined,
): Promise<TakenOver> {
  const last = parts.ledger
    .sessions({ scope: app.scope })
    .find(({ apps }) => apps.some(({ appId }) => appId === app.appId));
  const before = last?.apps.find(({ appId }) => appId === app.appId);
  const fixed = before === undefined ? null : (before.ownWindows ?? []);
  const forced = await byAutoscaler(parts, { ...app, fixed }, mode, signal);
  throwIfCancelled(signal);
  if (!(forced instanceof Failure)) return { ...forced, staysIn: null };
  if (last === undefined || before === undefined)
    throw new Failure(
      "unsupported",
      t(
        "{0} cannot be put into {1} mode without a deploy: {2} Retry, and choose to start anyway.",
        app.name,
        mode.name,
        forced.message,
      ),
      { cause: forced },
    );
  // The ledger never says a mode that is not in force; a demo that goes on keeps its end.
  const leftMs = (last.expiresAtMs ?? 0) - parts.clock.nowMs();
  const expiresAfterMinutes = last.expiresAtMs === null ? null : Math.max(0, leftMs) / 60_000;
  const { mode: name, scaledownSeconds } = last;
  return {
    force: appForce(last, before),
    notes: [t("{0} stays in {1} mode: {2}", app.name, last.mode, forced.message)],
    staysIn: { ...mode, name, scaledownSeconds, expiresAfterMinutes },
  };
}
