import type { Clock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import type { CallRecord } from "../../cost/call.ts";
import { callCosts, type CallCost, type CallCostQuestion } from "../../cost/spending/callCost.ts";
import type { Ledger } from "../../session/ledgerPort.ts";
import { amendSidecar, readSidecar } from "./sidecar.ts";

export interface ResultCostParts {
  readonly ledger: Pick<Ledger, "calls" | "acquireLease" | "releaseLease">;
  readonly clock: Clock;
  /** All that cost since then is answered from. Throws `Failure("ledger")`. */
  readonly read: (scope: string, fromMs: number) => CallCostQuestion;
  /** This window, for the lease: one of them writes. */
  readonly holder: string;
  readonly pid: number;
}

interface Result {
  readonly call: CallRecord;
  readonly path: string;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Results that are older have what they will ever have. Looked for at the start, and when a bill has come. */
const oldestMs = 35 * 24 * hourMs;
/** The tail of a young result may end at any time; that of an older one, in a container that goes on, seldom does. */
const youngMs = 2 * hourMs;
const olderMs = 26 * hourMs;
const olderEveryMs = 15 * minuteMs;
const mostResults = 500;
/** A sidecar lies beside its result so soon after the call, or never. */
const writtenWithinMs = minuteMs;
const leaseMs = 2 * minuteMs;

/**
 * Writes into the sidecars of results what their calls cost, as soon as that is known: metered when
 * the container's tail is over, billed when the bill has come. The sidecars themselves say what is
 * missing, so a reload, a crash or a closed window loses nothing.
 */
export class ResultCosts {
  readonly #parts: ResultCostParts;
  /** Ids of calls whose sidecar is complete, or cannot be changed. */
  readonly #settled = new Set<string>();
  /** When the older results of a scope were looked for last. */
  readonly #olderAtMs = new Map<string, number>();
  #last: Promise<void> = Promise.resolve();

  constructor(parts: ResultCostParts) {
    this.#parts = parts;
  }

  /** Call it after each look, and when the bill has brought something. Rejects with `Failure("ledger")`. */
  update(scope: string, { isBilled = false } = {}): Promise<void> {
    // One after another: two at once would write the same sidecar.
    const next = this.#last.then(() => this.#update(scope, isBilled));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #update(scope: string, isBilled: boolean): Promise<void> {
    const { ledger, clock, holder, pid } = this.#parts;
    const nowMs = clock.nowMs();
    // Nothing but a bill changes what is known of what was billed.
    const withBill = isBilled || !this.#olderAtMs.has(scope);
    const due = this.#due(scope, nowMs, withBill);
    if (due.length === 0) return;
    const lease = `result-costs:${scope}`;
    if (!ledger.acquireLease(lease, holder, pid, nowMs, leaseMs)) return;
    try {
      await this.#amend(scope, due, withBill);
    } finally {
      ledger.releaseLease(lease, holder);
    }
  }

  #due(scope: string, nowMs: number, withBill: boolean): readonly Result[] {
    const withOlder = withBill || nowMs - (this.#olderAtMs.get(scope) ?? 0) >= olderEveryMs;
    if (withOlder) this.#olderAtMs.set(scope, nowMs);
    const fromMs = nowMs - (withBill ? oldestMs : withOlder ? olderMs : youngMs);
    return this.#parts.ledger
      .calls({ scope, source: "editor", status: "succeeded", fromMs, limit: mostResults })
      .flatMap((call) =>
        call.resultPath === null || this.#settled.has(call.callId)
          ? []
          : [{ call, path: call.resultPath }],
      );
  }

  async #amend(scope: string, due: readonly Result[], withBill: boolean): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    const missing: Result[] = [];
    for (const result of due) {
      const { call, path } = result;
      const sidecar = await readSidecar(path);
      if (sidecar?.callId !== call.callId) {
        // Another file has its place by now, or the sidecar is only just being written.
        if (nowMs - endOf(call) > writtenWithinMs) this.#settled.add(call.callId);
        continue;
      }
      const { meteredMicroUsd, billedMicroUsd } = sidecar.cost;
      if (meteredMicroUsd !== null && billedMicroUsd !== null) this.#settled.add(call.callId);
      else if (meteredMicroUsd === null || withBill) missing.push(result);
    }
    const earliestMs = Math.min(...missing.map(({ call }) => call.startedAtMs));
    if (missing.length === 0) return;
    const costs = callCosts(this.#parts.read(scope, earliestMs));
    for (const { call, path } of missing) {
      const cost = costs.get(call.callId);
      if (cost !== undefined) await write(path, cost);
    }
  }
}

function endOf({ startedAtMs, endedAtMs }: CallRecord): number {
  return endedAtMs ?? startedAtMs;
}

/** Rejects with a `Failure` that does not name the file: its name has words of the prompt, which no log may hold. */
async function write(path: string, cost: CallCost): Promise<void> {
  try {
    await amend(path, cost);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new Failure("disk", t("A result's metadata file could not be updated. {0}", code));
  }
}

async function amend(path: string, { metered, billed }: CallCost): Promise<void> {
  await amendSidecar(path, ({ cost }) => {
    const next = {
      ...cost,
      meteredMicroUsd: metered ?? cost.meteredMicroUsd,
      billedMicroUsd: billed ?? cost.billedMicroUsd,
    };
    const isNews =
      next.meteredMicroUsd !== cost.meteredMicroUsd || next.billedMicroUsd !== cost.billedMicroUsd;
    return isNews ? { cost: next } : undefined;
  });
}
