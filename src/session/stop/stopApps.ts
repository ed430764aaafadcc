import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import type { Failure, FailureReason } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import { lastDeployment } from "../appAuthors.ts";
import { asFailure, inParallel, pause, within } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { isSandbox, liveThings, type LiveApp } from "../liveApp.ts";
import type { ModalControl } from "../modalControl.ts";
import type { ReceiptApp, StopReceipt } from "../receipt.ts";
import type { Refresh } from "../refresh.ts";
import { noteBegun, noteEnded } from "./begunStop.ts";
import { endStoppedSessions } from "./sessionEnd.ts";
import type { PlannedApp, StopPlan } from "./stopPlan.ts";
import {
  begunReceipt,
  receiptOf,
  type Proof,
  type ReceiptBasis,
  type SendResult,
} from "./stopReceipt.ts";

export interface StopParts {
  readonly control: Pick<ModalControl, "stopApp" | "stopSandbox" | "deployments">;
  readonly refresh: Refresh;
  readonly ledger: Pick<
    Ledger,
    "recordReceipt" | "sessions" | "upsertSession" | "acquireLease" | "releaseLease" | "settled"
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** The process that is at the stop: while it lives, nobody takes the stop over. */
  readonly pid: number;
}

export type StopProgress =
  | { readonly kind: "stopping"; readonly app: ReceiptApp }
  /** Modal took the stop; not proven yet. */
  | { readonly kind: "accepted"; readonly app: ReceiptApp }
  | { readonly kind: "failed"; readonly app: ReceiptApp; readonly failure: Failure }
  | { readonly kind: "verifying"; readonly stillLive: readonly LiveApp[] };

export interface StopOptions extends ReceiptBasis {
  readonly concurrency?: number;
  /** How long to look for the proof after the last stop was sent. */
  readonly verifyForMs?: number;
  /** Ends the wait. What was sent to Modal stays sent; the receipt then says "unverified" unless proven before. */
  readonly signal?: AbortSignal;
  /** True: no request will be sent any more. Then one look says what is left, and nothing is waited for. */
  readonly isCalledOff?: () => boolean;
  readonly onProgress?: (progress: StopProgress) => void;
}

const callTimeoutMs = 30_000;
const attempts = 4;
const retriable: ReadonlySet<FailureReason> = new Set([
  "offline",
  "timed-out",
  "rate-limited",
  "service-error",
  "bad-output",
]);

/**
 * Stops what the plan says and proves it by fresh listings. Resolves with the receipt in every case
 * of an expected failure: a stop is never reported better than the last listing shows it, and a
 * missing listing is "unverified". The receipt is in the ledger, and sessions that are over are ended.
 */
export async function stopApps(
  parts: StopParts,
  plan: StopPlan,
  options: StopOptions,
): Promise<StopReceipt> {
  const { clock, ledger } = parts;
  const sent = new Map<string, SendResult>();
  const startedAtMs = clock.nowMs();
  const send = (app: PlannedApp): Promise<void> => sendStop(parts, app, sent, options);
  // In the ledger before the first request: a stop that is cut off leaves a receipt, which says so.
  await recording(parts, plan, async () => {
    if (plan.planned.length === 0) return;
    const begun = begunReceipt(plan, options, startedAtMs);
    await noteBegun(ledger, begun, { pid: parts.pid, nowMs: startedAtMs });
  });
  // Asked before the first request, and not waited for: what is newer is told by the version, and not by a clock.
  const versions = new Map(
    plan.planned.map((app) => [app.appId, versionBefore(parts, app, options.signal)]),
  );
  await inParallel(plan.planned, options.concurrency ?? 4, send);
  const proof = await verify(parts, plan, sent, versions, send, options);
  const receipt = receiptOf(plan, sent, proof, options, clock.nowMs());
  await recording(parts, plan, () => {
    ledger.recordReceipt(receipt);
    const sessions = ledger.sessions({ scope: plan.scope });
    for (const session of endStoppedSessions(sessions, receipt, proof, clock.nowMs()))
      ledger.upsertSession(session);
    noteEnded(ledger, receipt.receiptId);
  });
  return receipt;
}

/** A ledger that cannot be written neither prevents a stop nor hides its outcome. */
async function recording(
  { log }: StopParts,
  { scope }: StopPlan,
  write: () => void | Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    log.error(`The receipt of the stop in ${scope} could not be recorded.`, error);
  }
}

/** Asks Modal to stop one app, as often as it takes, and notes in `sent` what came of it. */
async function sendStop(
  { control, clock, log }: StopParts,
  { appId, name }: ReceiptApp,
  sent: Map<string, SendResult>,
  { signal, onProgress }: StopOptions,
): Promise<void> {
  const app: ReceiptApp = { appId, name };
  onProgress?.({ kind: "stopping", app });
  let result: SendResult | undefined;
  for (let attempt = 1; result === undefined; attempt += 1) {
    try {
      const answer = await within(clock, callTimeoutMs, "Modal", signal, (signal) =>
        isSandbox(app)
          ? control.stopSandbox(appId, { signal })
          : control.stopApp(appId, { signal }),
      );
      result = { kind: answer === "already-stopped" ? "already-stopped" : "accepted" };
    } catch (error) {
      const failure = asFailure(error);
      // An app that Modal no longer knows is over as well; the listing has the last word.
      if (failure.reason === "already-stopped" || failure.reason === "not-found") {
        result = { kind: "already-stopped" };
        continue;
      }
      log.warn(`Stop of ${name} (${appId}), attempt ${attempt}: ${failure.message}`);
      const again = retriable.has(failure.reason) && attempt < attempts;
      if (!again || !(await pause(clock, 500 * 2 ** (attempt - 1), signal)))
        result = { kind: "failed", failure };
    }
  }
  onProgress?.(result.kind === "failed" ? { ...result, app } : { kind: "accepted", app });
  // A repetition that finds it stopped, or that fails, does not undo that Modal took the first one.
  if (sent.get(appId)?.kind !== "accepted") sent.set(appId, result);
}

async function verify(
  parts: StopParts,
  plan: StopPlan,
  sent: ReadonlyMap<string, SendResult>,
  versions: ReadonlyMap<string, Promise<number | null>>,
  send: (app: PlannedApp) => Promise<void>,
  {
    verifyForMs = 60_000,
    concurrency = 4,
    signal,
    isCalledOff = () => false,
    onProgress,
  }: StopOptions,
): Promise<Proof> {
  const { clock, refresh, log } = parts;
  // A timer, and not an instant: a clock that is set back meanwhile must not keep the person waiting.
  let isOver = false;
  const deadline = clock.after(verifyForMs, () => {
    isOver = true;
  });
  const redeployed = new Map<string, string>();
  let listing: Listing | undefined;
  let failure: Failure | undefined;
  for (let round = 0; ; round += 1) {
    const askedAtMs = clock.nowMs();
    try {
      const look = await within(clock, callTimeoutMs, "Modal", signal, (signal) =>
        refresh({ signal }),
      );
      if (look.observedAtMs < askedAtMs || look.scope !== plan.scope)
        throw new Error(`a look at ${look.scope} of ${look.observedAtMs} is no proof`);
      listing = look;
      failure = undefined;
      const waiting = plan.planned.filter((app) => isLive(look, app.appId));
      const settled = waiting.every(({ appId }) => redeployed.has(appId));
      if (settled) break;
      onProgress?.({ kind: "verifying", stillLive: liveThings(look).filter(among(waiting)) });
      if (isOver || isCalledOff()) break;
      await inParallel(waiting, concurrency, async (app) => {
        if (redeployed.has(app.appId)) return;
        if (await insist(parts, app, look, sent, versions, redeployed, signal)) await send(app);
      });
    } catch (error) {
      failure = asFailure(error);
      log.warn(`The stop in ${plan.scope} could not be verified yet: ${failure.message}`);
    }
    if (isOver || isCalledOff()) break;
    const waitMs = Math.min(500 * 2 ** round, 5000);
    if (!(await pause(clock, waitMs, signal))) {
      failure ??= asFailure(signal?.reason);
      break;
    }
  }
  deadline.dispose();
  return { listing, failure, redeployed };
}

/**
 * Whether to send the stop once more: Modal took it, and yet the app neither stops nor was deployed
 * again by somebody in the meantime. Without its history we do not fight over a deployment.
 */
async function insist(
  { control, clock, log }: StopParts,
  app: PlannedApp,
  look: Listing,
  sent: ReadonlyMap<string, SendResult>,
  versions: ReadonlyMap<string, Promise<number | null>>,
  redeployed: Map<string, string>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (isSandbox(app)) {
    const before = sent.get(app.appId);
    return before?.kind !== "failed" || retriable.has(before.failure.reason);
  }
  const state = look.apps.find(({ appId }) => appId === app.appId)?.state;
  const result = sent.get(app.appId);
  if (state === "stopping" || state === "stopped" || state === undefined) return false;
  if (result?.kind === "failed") return retriable.has(result.failure.reason);
  if (state !== "deployed" && state !== "disabled") return true;
  try {
    const history = await within(clock, callTimeoutMs, "Modal", signal, (signal) =>
      control.deployments(app.appId, { signal }),
    );
    const last = lastDeployment(history);
    if (last === undefined) return true;
    const before = (await versions.get(app.appId)) ?? null;
    if (before === null) {
      log.warn(`The version of ${app.name} before the stop is not known: it is not stopped again.`);
      return false;
    }
    if (last.version <= before) return true;
    redeployed.set(app.appId, redeployedText(last.deployedBy));
  } catch (error) {
    log.warn(`The history of ${app.name} is not known: ${String(error)}`);
  }
  return false;
}

/** The deployment that the stop is for; null: not known, as its history could not be had. Never rejects. */
async function versionBefore(
  { control, clock }: StopParts,
  { appId, state, version }: PlannedApp,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  if (version !== null) return version;
  // Only what is deployed has a history.
  if (state !== "deployed" && state !== "disabled") return null;
  try {
    const history = await within(clock, callTimeoutMs, "Modal", signal, (signal) =>
      control.deployments(appId, { signal }),
    );
    return lastDeployment(history)?.version ?? 0;
  } catch {
    return null;
  }
}

function redeployedText(deployedBy: string | null): string {
  return deployedBy === null
    ? t("deployed again during the stop")
    : t("deployed again by {0} during the stop", deployedBy);
}

function isLive(listing: Listing, appId: string): boolean {
  return liveThings(listing).some((app) => app.appId === appId);
}

function among(apps: readonly ReceiptApp[]): (app: LiveApp) => boolean {
  const ids = new Set(apps.map(({ appId }) => appId));
  return ({ appId }) => ids.has(appId);
}
