import type { Clock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import { appForce } from "../appWindow.ts";
import type { Ledger } from "../ledgerPort.ts";
import { byAutoscaler, type Forced } from "../mode/byAutoscaler.ts";
import type { PutApp, PutParts } from "../mode/putInForce.ts";
import type { ModeDefinition } from "../mode.ts";

export interface UseParts extends PutParts {
  readonly ledger: PutParts["ledger"] & Pick<Ledger, "sessions">;
  readonly clock: Clock;
}

export interface TakenOver extends Forced {
  /** The mode that it stays in, where it could not be put into the wanted one; null: it is in that. */
  readonly staysIn: ModeDefinition | null;
}

/**
 * Puts a deployment that runs already into a mode. One that cannot be stays in the mode of its last
 * session here, with what is in force in it now. Rejects with `Failure("unsupported")` where there was
 * none: what it was given until then is noted, and put back after a while.
 */
export async function takeOver(
  parts: UseParts,
  app: Omit<PutApp, "deployed">,
  mode: ModeDefinition,
  signal: AbortSignal | undefined,
): Promise<TakenOver> {
  const last = parts.ledger
    .sessions({ scope: app.scope })
    .find(({ apps }) => apps.some(({ appId }) => appId === app.appId));
  const before = last?.apps.find(({ appId }) => appId === app.appId);
  const { forced, failure } = await byAutoscaler(parts, { ...app, deployed: null }, mode, signal);
  if (forced !== null && failure === undefined) return { ...forced, staysIn: null };
  if (last === undefined || before === undefined)
    throw new Failure(
      "unsupported",
      t(
        "{0} cannot be put into {1} mode without a deploy: {2} Retry, and choose to start anyway.",
        app.name,
        mode.name,
        failure?.message ?? "",
      ),
      { cause: failure },
    );
  // The ledger never says a mode that is not in force; a demo that goes on keeps its end.
  const leftMs = (last.expiresAtMs ?? 0) - parts.clock.nowMs();
  const expiresAfterMinutes = last.expiresAtMs === null ? null : Math.max(0, leftMs) / 60_000;
  const { mode: name, scaledownSeconds } = last;
  return {
    force: forced?.force ?? appForce(last, before),
    notes: [
      t("{0} stays in {1} mode: {2}", app.name, last.mode, failure?.message ?? ""),
      ...(forced?.notes ?? []),
    ],
    staysIn: { ...mode, name, scaledownSeconds, expiresAfterMinutes },
  };
}
