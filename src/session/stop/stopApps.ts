import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import type { Failure, FailureReason } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import { lastDeployment } from "../appAuthors.ts";
import { asFailure, inParallel, pause, within } from "../concurrent.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
import type { AppDeployment, ModalControl } from "../modalControl.ts";
import type { ReceiptApp, StopReceipt } from "../receipt.ts";
import type { Refresh } from "../refresh.ts";
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
  readonly control: Pick<ModalControl, "stopApp" | "deployments">;
  readonly refresh: Refresh;
  readonly ledger: Pick<Ledger, "recordReceipt" | "sessions" | "upsertSession">;
  readonly clock: Clock;
  readonly log: Log;
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
  const send = async (app: PlannedApp): Promise<void> => {
    const result = await sendStop(parts, app, options);
    // A repetition that finds it stopped, or that fails, does not undo that Modal took the first one.
    if (sent.get(app.appId)?.kind !== "accepted") sent.set(app.appId, result);
  };
  // Written before the first request: a stop that is cut off leaves a receipt, which says so.
  if (plan.planned.length > 0) record(parts, begunReceipt(plan, options, startedAtMs));
  await inParallel(plan.planned, options.concurrency ?? 4, send);
  const proof = await verify(parts, plan, sent, startedAtMs, send, options);
  const receipt = receiptOf(plan, sent, proof, options, clock.nowMs());
  record(parts, receipt, () => {
    const sessions = ledger.sessions({ scope: plan.scope });
    for (const session of endStoppedSessions(sessions, receipt, proof, clock.nowMs()))
      ledger.upsertSession(session);
  });
  return receipt;
}

/** A ledger that cannot be written neither prevents a stop nor hides its outcome. */
function record({ ledger, log }: StopParts, receipt: StopReceipt, andThen = (): void => {}): void {
  try {
    ledger.recordReceipt(receipt);
    andThen();
  } catch (error) {
    log.error(`The receipt of the stop in ${receipt.scope} could not be recorded.`, error);
  }
}

async function sendStop(
  { control, clock, log }: StopParts,
  app: ReceiptApp,
  { signal, onProgress }: StopOptions,
): Promise<SendResult> {
  const about: ReceiptApp = { appId: app.appId, name: app.name };
  onProgress?.({ kind: "stopping", app: about });
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await within(clock, callTimeoutMs, "Modal", signal, (signal) =>
        control.stopApp(app.appId, { signal }),
      );
      onProgress?.({ kind: "accepted", app: about });
      return { kind: answer === "already-stopped" ? "already-stopped" : "accepted" };
    } catch (error) {
      const failure = asFailure(error);
      // An app that Modal no longer knows is over as well; the listing has the last word.
      if (failure.reason === "already-stopped" || failure.reason === "not-found") {
        onProgress?.({ kind: "accepted", app: about });
        return { kind: "already-stopped" };
      }
      log.warn(`Stop of ${app.name} (${app.appId}), attempt ${attempt}: ${failure.message}`);
      const again = retriable.has(failure.reason) && attempt < attempts;
      if (!again || !(await pause(clock, 500 * 2 ** (attempt - 1), signal))) {
        onProgress?.({ kind: "failed", app: about, failure });
        return { kind: "failed", failure };
      }
    }
  }
}

async function verify(
  parts: StopParts,
  plan: StopPlan,
  sent: ReadonlyMap<string, SendResult>,
  startedAtMs: number,
  send: (app: PlannedApp) => Promise<void>,
  { verifyForMs = 60_000, concurrency = 4, signal, onProgress }: StopOptions,
): Promise<Proof> {
  const { clock, refresh, log } = parts;
  const deadlineMs = clock.nowMs() + verifyForMs;
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
      onProgress?.({ kind: "verifying", stillLive: liveApps(look).filter(among(waiting)) });
      if (clock.nowMs() >= deadlineMs) break;
      await inParallel(waiting, concurrency, async (app) => {
        if (redeployed.has(app.appId)) return;
        if (await insist(parts, app, look, sent, startedAtMs, redeployed, signal)) await send(app);
      });
    } catch (error) {
      failure = asFailure(error);
      log.warn(`The stop in ${plan.scope} could not be verified yet: ${failure.message}`);
    }
    if (clock.nowMs() >= deadlineMs) break;
    const waitMs = Math.min(500 * 2 ** round, 5000, Math.max(deadlineMs - clock.nowMs(), 1));
    if (!(await pause(clock, waitMs, signal))) {
      failure ??= asFailure(signal?.reason);
      break;
    }
  }
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
  startedAtMs: number,
  redeployed: Map<string, string>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
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
    if (!isNewer(last, app.version, startedAtMs)) return true;
    redeployed.set(app.appId, redeployedText(last.deployedBy));
  } catch (error) {
    log.warn(`The history of ${app.name} is not known: ${String(error)}`);
  }
  return false;
}

function isNewer(last: AppDeployment, plannedVersion: number | null, startedAtMs: number): boolean {
  if (plannedVersion !== null) return last.version > plannedVersion;
  return last.deployedAtMs !== null && last.deployedAtMs > startedAtMs;
}

function redeployedText(deployedBy: string | null): string {
  return deployedBy === null
    ? t("deployed again during the stop")
    : t("deployed again by {0} during the stop", deployedBy);
}

function isLive(listing: Listing, appId: string): boolean {
  return liveApps(listing).some((app) => app.appId === appId);
}

function among(apps: readonly ReceiptApp[]): (app: LiveApp) => boolean {
  const ids = new Set(apps.map(({ appId }) => appId));
  return ({ appId }) => ids.has(appId);
}
