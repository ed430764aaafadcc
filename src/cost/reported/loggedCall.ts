import { creditedClaim } from "./audit.ts";
import { emptyCall, type CallRecord } from "../call.ts";
import type { CostHeaders, HeaderField } from "./headers.ts";
import type { LoggedCost } from "./logLineAssembler.ts";
import type { Rates } from "../rates/rates.ts";

/** The app whose log was read. */
export interface LoggedApp {
  readonly scope: string;
  readonly appId: string;
  readonly appName: string;
}

/**
 * The ledger's row for a cost line: a call that a script or a teammate made. The line is written
 * when the handler is done; its time, or `nowMs` where the log told none, is the call's end.
 */
export function loggedCall(
  logged: LoggedCost,
  app: LoggedApp,
  rates: Rates,
  nowMs: number,
): CallRecord {
  const endedAtMs = logged.atMs ?? nowMs;
  const { row } = creditedClaim(headersOf(logged), {
    status: "succeeded",
    requestSeconds: null,
    containerGpu: null,
    rates,
  });
  const startedAtMs = Math.round(endedAtMs - (row.executionSeconds ?? 0) * 1000);
  const { callId } = logged;
  const { scope, appId, appName } = app;
  return {
    ...emptyCall({ callId, scope, source: "log", startedAtMs, status: "succeeded" }),
    appId,
    appName,
    endedAtMs,
    ...row,
    functionCallId: logged.functionCallId,
  };
}

/** A line claims what headers claim, with the same gaps. */
function headersOf({ microUsd, executionSeconds, gpuType }: LoggedCost): CostHeaders {
  return {
    cost: field(microUsd),
    executionSeconds: field(executionSeconds),
    gpuType: field(gpuType),
  };
}

function field<T>(value: T | null): HeaderField<T> {
  return value === null ? { state: "missing" } : { state: "read", value };
}
