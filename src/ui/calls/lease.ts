import type { Disposable } from "../../base/disposable.ts";
import type { CallRecord } from "../../cost/call.ts";
import type { Services } from "../services.ts";

/** A window that runs a call says so in the ledger, so that no other one resumes it. */
const leaseMs = 20_000;
const renewMs = 5_000;

type LeaseServices = Pick<Services, "ledger" | "clock">;

/** Takes the call for this holder; false while another one has it. */
export function takeCall(
  { ledger, clock }: LeaseServices,
  call: CallRecord,
  holder: string,
): boolean {
  return ledger.acquireLease(leaseName(call), holder, process.pid, clock.nowMs(), leaseMs);
}

/** Keeps the call until the lease is disposed. */
export function holdCall(services: LeaseServices, call: CallRecord, holder: string): Disposable {
  const held: { timer: Disposable | undefined } = { timer: undefined };
  const renew = (): void => {
    takeCall(services, call, holder);
    held.timer = services.clock.after(renewMs, renew);
  };
  renew();
  return {
    dispose: () => {
      if (held.timer === undefined) return;
      held.timer.dispose();
      held.timer = undefined;
      letGoOfCall(services, call, holder);
    },
  };
}

export function letGoOfCall({ ledger }: LeaseServices, call: CallRecord, holder: string): void {
  ledger.releaseLease(leaseName(call), holder);
}

/** Milliseconds until the one that has the call has to say so again. */
export function callHeldForMs({ ledger, clock }: LeaseServices, call: CallRecord): number {
  const nowMs = clock.nowMs();
  return (ledger.leaseHolder(leaseName(call), nowMs)?.expiresAtMs ?? nowMs) - nowMs;
}

function leaseName(call: CallRecord): string {
  return `call:${call.callId}`;
}
