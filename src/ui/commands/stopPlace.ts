import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import type { ShownCost } from "../../cost/tiers.ts";
import { costOfSession } from "../../session/meter/deriveState.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import { thisSession } from "../thisSession.ts";
import type { MicroUsd } from "../../cost/money.ts";
import { burnByApp, runningApps } from "../../session/meter/runningApps.ts";
import type { MeterState } from "../../session/meter/meterState.ts";
import type { Listing } from "../../session/ledgerPort.ts";
import type { Refresh } from "../../session/refresh.ts";
import { scopeKey } from "../../session/scope.ts";
import { Look } from "../../session/watch/look.ts";
import type { Connected } from "../../session/watch/modalConnection.ts";
import type { AppServices } from "./appServices.ts";

/** Where a stop takes place, and how it looks there. */
export interface StopPlace {
  /** What this window starts and calls is not in the way of a stop elsewhere. */
  readonly isElsewhere: boolean;
  /** Rejects with a `Failure`. */
  readonly open: () => Promise<Connected>;
  readonly refreshOf: (connected: Connected) => Refresh;
  /** What the apps cost per hour; null: a rate is unknown. */
  readonly burnOf: (listing: Listing) => ReadonlyMap<string, MicroUsd | null>;
  /** What the session that is open now has cost when it is asked; undefined: none is open, or it is not known. */
  readonly costSoFar: () => () => ShownCost | undefined;
  /** What was last seen there, for when nothing can be stopped. */
  readonly shown: () => MeterState;
}

type Here = Pick<AppServices, "connection" | "ledger" | "meter" | "project">;

/** In the environment that this window watches. */
export function stopHere(services: Here): StopPlace {
  const { connection, meter } = services;
  return {
    isElsewhere: false,
    open: () => connection.open(),
    refreshOf: () => (options) => meter.refreshNow(options),
    burnOf: () => burnByApp(meter.state().apps),
    costSoFar: () => sessionCost(services),
    shown: () => meter.state(),
  };
}

function sessionCost(services: Here): () => ShownCost | undefined {
  const session = thisSession(services);
  return () =>
    session === undefined
      ? undefined
      : ifReadable(() =>
          costOfSession(services.meter.costsSince(session.scope, session.startedAtMs), session),
        );
}

type There = Pick<AppServices, "clock" | "ledger"> & {
  readonly access: Pick<AppServices["access"], "control">;
  readonly meter: Pick<AppServices["meter"], "rates" | "state">;
};

/** In another one, by a connection of its own: what is watched stays. */
export function stopThere(services: There, environment: string): StopPlace {
  const { access, clock, ledger, meter } = services;
  const look = new Look({ ledger, clock });
  return {
    isElsewhere: true,
    open: async () => {
      const control = await access.control(environment);
      const { scope, username } = await control.whoami();
      if (scope.environment !== environment)
        throw new Failure(
          "invalid-argument",
          t(
            "Modal answered for the environment {0}, not for {1}. Nothing was stopped.",
            scope.environment,
            environment,
          ),
        );
      return { control, scope, scopeKey: scopeKey(scope), username };
    },
    refreshOf: (connected) => (options) => look.take(connected, { ...options, isProof: true }),
    burnOf: (listing) =>
      burnByApp(
        runningApps(
          listing,
          meter.rates(),
          listing.observedAtMs,
          () => null,
          () => "unknown",
        ),
      ),
    costSoFar: () => () => undefined,
    shown: () => {
      const { scope, ...state } = meter.state();
      const there = scope === null ? null : { ...scope, environment };
      return { ...state, scope: there, apps: [], observedAtMs: null };
    },
  };
}
