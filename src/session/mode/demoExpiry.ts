import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import type { MicroUsd } from "../../cost/money.ts";
import { windowNow } from "../windows/windowNow.ts";
import { asFailure } from "../concurrent.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { ModeDefinition } from "../mode.ts";
import { releaseGpus, type ReleaseParts } from "./releaseGpus.ts";
import type { ReleaseResult } from "./releaseText.ts";
import type { SessionRecord } from "../session.ts";
import { requireOpen, switchMode, type SwitchOutcome, type SwitchParts } from "./switchMode.ts";

/** Where a session stands in its time box. */
export type DemoState =
  | { readonly kind: "none" }
  | { readonly kind: "running"; readonly leftMs: number }
  /** Soon over: to be told once. The key is new after every extension. */
  | { readonly kind: "notice"; readonly leftMs: number; readonly key: string }
  | { readonly kind: "expired" };

/** How long before the end the person is told. */
const noticeMs = 600_000;
/** What "+30 min" adds. */
export const extensionMinutes = 30;

export function demoState(session: SessionRecord, nowMs: number): DemoState {
  const { endedAtMs, expiresAtMs, sessionId, startedAtMs } = session;
  if (endedAtMs !== null || expiresAtMs === null) return { kind: "none" };
  const leftMs = expiresAtMs - nowMs;
  if (leftMs <= 0) return { kind: "expired" };
  // A short time box must not open with the notice of its end.
  const early = Math.min(noticeMs, (expiresAtMs - startedAtMs) / 4);
  if (leftMs > early) return { kind: "running", leftMs };
  return { kind: "notice", leftMs, key: `demo-notice:${sessionId}:${expiresAtMs}` };
}

/**
 * Moves the end of the time box. Throws `Failure("not-found")` when the session is over, and
 * `Failure("invalid-argument")` when it has no time box (it was expired, or switched, meanwhile).
 */
export function extendDemo(
  ledger: Pick<Ledger, "sessions" | "upsertSession">,
  session: Pick<SessionRecord, "sessionId" | "scope">,
  minutes: number,
  nowMs: number,
): SessionRecord {
  const current = requireOpen(ledger, session);
  if (current.expiresAtMs === null)
    throw new Failure(
      "invalid-argument",
      t(
        "This session is in {0} mode and does not expire. Switch to demo mode to start a new time box.",
        current.mode,
      ),
    );
  const extended = {
    ...current,
    expiresAtMs: Math.max(current.expiresAtMs, nowMs) + minutes * 60_000,
  };
  ledger.upsertSession(extended);
  return extended;
}

export interface ExpiryParts extends SwitchParts, ReleaseParts {
  readonly control: SwitchParts["control"] & ReleaseParts["control"];
  readonly ledger: SwitchParts["ledger"] &
    Pick<Ledger, "acquireLease" | "releaseLease" | "remember" | "recall">;
}

export interface ExpiryOptions {
  /** The mode to return to. */
  readonly resting: ModeDefinition;
  /** Who does it: a window or the guardian. */
  readonly holder: string;
  readonly pid: number;
  readonly burnByContainer?: ReadonlyMap<string, MicroUsd | null>;
}

export type ExpiryOutcome =
  /** It has no time box (any more), is over, or is not due; or a failed attempt waits for its next turn. */
  | { readonly kind: "not-due" }
  /** Another window or the guardian is doing it right now. */
  | { readonly kind: "elsewhere" }
  | {
      readonly kind: "expired";
      readonly switched: SwitchOutcome;
      /** null: Modal could not be asked. Idle containers then end by the window now in force. */
      readonly released: ReleaseResult | null;
    }
  /** The scaledown window could not be changed: tried again later, by whoever is there. */
  | { readonly kind: "failed"; readonly failure: Failure };

const leaseMs = 180_000;
const attempt = z.object({ attempts: z.number(), nextTryAtMs: z.number() });

/**
 * Ends the time box of a session when it is due: its scaledown window returns to the resting mode's
 * and idle GPUs are released; a running request is not interrupted. Any window and the guardian may
 * call this at any time: a lease and the ledger's state see to it that it happens once.
 */
export async function expireDemo(
  parts: ExpiryParts,
  session: Pick<SessionRecord, "sessionId" | "scope">,
  options: ExpiryOptions,
): Promise<ExpiryOutcome> {
  const { ledger, clock, log } = parts;
  const lease = `expiry:${session.sessionId}`;
  const { holder, pid } = options;
  if (!isDue(parts, session)) return { kind: "not-due" };
  if (!ledger.acquireLease(lease, holder, pid, clock.nowMs(), leaseMs))
    return { kind: "elsewhere" };
  try {
    // Somebody may have done it between the look and the lease.
    if (!isDue(parts, session)) return { kind: "not-due" };
    const current = requireOpen(ledger, session);
    const switched = await switchMode(parts, current, options.resting);
    const released = await release(parts, switched.session, options);
    if (switched.switched) return { kind: "expired", switched, released };
    const failed = switched.apps.find((app) => app.how === "failed");
    const attempts = (ledger.recall(lease, attempt)?.attempts ?? 0) + 1;
    const waitMs = Math.min(60_000 * 2 ** (attempts - 1), 1_800_000);
    const nextTryAtMs = clock.nowMs() + waitMs;
    ledger.remember(lease, JSON.stringify({ attempts, nextTryAtMs }));
    log.warn(`The expired session ${session.sessionId} is still in ${current.mode} mode.`);
    return {
      kind: "failed",
      failure: failed?.failure ?? new Failure("service-error", t("Nothing could be switched.")),
    };
  } finally {
    ledger.releaseLease(lease, holder);
  }
}

function isDue(
  { ledger, clock }: ExpiryParts,
  { sessionId, scope }: Pick<SessionRecord, "sessionId" | "scope">,
): boolean {
  const current = ledger.sessions({ scope }).find((session) => session.sessionId === sessionId);
  if (current === undefined || demoState(current, clock.nowMs()).kind !== "expired") return false;
  const last = ledger.recall(`expiry:${sessionId}`, attempt);
  return last === undefined || clock.nowMs() >= last.nextTryAtMs;
}

async function release(
  parts: ExpiryParts,
  session: SessionRecord,
  { burnByContainer }: ExpiryOptions,
): Promise<ReleaseResult | null> {
  const targets = session.apps.map(({ appId, appName }) => ({
    appId,
    name: appName,
    // A window that the file fixes may be in force, whatever the mode says.
    scaledownSeconds: () => windowNow(parts.ledger, { scope: session.scope, appId }),
  }));
  try {
    return await releaseGpus(
      parts,
      targets,
      burnByContainer === undefined ? {} : { burnByContainer },
    );
  } catch (error) {
    parts.log.warn(`The GPUs of an expired session were not released: ${asFailure(error).message}`);
    return null;
  }
}
