import { throwIfCancelled } from "../../base/abort.ts";
import type { Failure } from "../../base/failure.ts";
import type { AppForce } from "../appWindow.ts";
import { asFailure } from "../concurrent.ts";
import type { ModeDefinition } from "../mode.ts";
import { putInForce, type InForce, type PutApp, type PutParts } from "./putInForce.ts";

/** What came to be in force, and what is worth telling of it. */
export interface Forced {
  readonly force: AppForce;
  readonly notes: readonly string[];
}

/** What an attempt without a deploy came to. */
export interface Attempt {
  /** What is in force now, also where only some functions were changed; null: nothing was changed or read. */
  readonly forced: Forced | null;
  /** Why the app is not in the mode; undefined: it is. */
  readonly failure: Failure | undefined;
}

/**
 * Brings an app that runs into a mode without a deploy. Where its autoscalers cannot be read, nothing
 * is changed: nobody would know what to put back.
 */
export async function byAutoscaler(
  parts: PutParts,
  app: PutApp,
  mode: ModeDefinition,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const done = await attempt(parts, app, mode, signal);
  if (isFailure(done)) return { forced: null, failure: done };
  return { forced: forced(done), failure: done.failure };
}

/** After a deploy for this mode: what is in force, or what its file says where that cannot be read. */
export async function readOr(
  parts: PutParts,
  app: PutApp,
  mode: ModeDefinition,
  {
    windowSeconds,
    signal,
  }: { readonly windowSeconds: number | null; readonly signal: AbortSignal | undefined },
): Promise<Forced> {
  const done = await attempt(parts, app, mode, signal);
  if (!isFailure(done)) return forced(done);
  parts.log.info(`What is in force in ${app.name} could not be read: ${done.message}`);
  return { force: { windowSeconds }, notes: [] };
}

/** Where it was cancelled before anything was put, it rejects. */
async function attempt(
  parts: PutParts,
  app: PutApp,
  mode: ModeDefinition,
  signal: AbortSignal | undefined,
): Promise<InForce | Failure> {
  try {
    return await putInForce(parts, app, mode, signal);
  } catch (error) {
    throwIfCancelled(signal);
    return asFailure(error);
  }
}

function isFailure(done: InForce | Failure): done is Failure {
  return done instanceof Error;
}

function forced({ windowSeconds, windows, keptWarm, notes }: InForce): Forced {
  return { force: { windowSeconds, keptWarm, windows }, notes };
}
