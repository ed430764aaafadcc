import { throwIfCancelled } from "../../base/abort.ts";
import type { Failure } from "../../base/failure.ts";
import type { AppForce } from "../appWindow.ts";
import { asFailure } from "../concurrent.ts";
import type { ModeDefinition } from "../mode.ts";
import type { ModalControl } from "../modalControl.ts";
import { putInForce, type InForce, type PutApp, type PutParts } from "./putInForce.ts";
import { scaleFailure } from "./scaleApp.ts";

export interface ForceParts extends PutParts {
  readonly control: PutParts["control"] & Pick<ModalControl, "listFunctions">;
}

/** What came to be in force, and what is worth telling of it. */
export interface Forced {
  readonly force: AppForce;
  readonly notes: readonly string[];
}

/**
 * Brings an app that runs into a mode without a deploy; the failure where that cannot be done. Where
 * autoscalers can be changed but not read, the mode's window is put in force in each function.
 */
export async function byAutoscaler(
  parts: ForceParts,
  app: PutApp,
  mode: ModeDefinition,
  signal: AbortSignal | undefined,
): Promise<Forced | Failure> {
  const done = await attempt(parts, app, mode, signal);
  if (!isFailure(done)) return done.failure ?? forced(done);
  const failure = await scaleFailure(parts.control, app, mode, signal);
  return failure ?? { force: { windowSeconds: mode.scaledownSeconds }, notes: [] };
}

/** After a deploy for this mode: what is in force, or what its file says where that cannot be read. */
export async function readOr(
  parts: ForceParts,
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

function forced({ windowSeconds, keptWarm, ownWindows, notes }: InForce): Forced {
  return { force: { windowSeconds, keptWarm, ownWindows }, notes };
}
