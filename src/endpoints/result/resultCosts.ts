import type { Clock } from "../../base/clock.ts";
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
/** Results that are older have what they will ever have. */
const oldestMs = 35 * 24 * hourMs;
/** A young result's tail ends at any time; what an old one waits for is the bill, which comes by the hour. */
const youngMs = 2 * hourMs;
const oldEveryMs = 15 * minuteMs;
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
  #oldAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ResultCostParts) {
    this.#parts = parts;
  }

  /** Call it after each look, and when the bill has brought something. Rejects with `Failure("ledger")`. */
  async update(scope: string, { isBilled = false } = {}): Promise<void> {
    const { ledger, clock, holder, pid } = this.#parts;
    const nowMs = clock.nowMs();
    if (isBilled) this.#oldAtMs = Number.NEGATIVE_INFINITY;
    const due = this.#due(scope, nowMs);
    if (due.length === 0) return;
    const lease = `result costs:${scope}`;
    if (!ledger.acquireLease(lease, holder, pid, nowMs, leaseMs)) return;
    try {
      await this.#amend(scope, due, nowMs);
    } finally {
      ledger.releaseLease(lease, holder);
    }
  }

  #due(scope: string, nowMs: number): readonly Result[] {
    const withOld = nowMs - this.#oldAtMs >= oldEveryMs;
    if (withOld) this.#oldAtMs = nowMs;
    const fromMs = nowMs - (withOld ? oldestMs : youngMs);
    return this.#parts.ledger
      .calls({ scope, source: "editor", status: "succeeded", fromMs, limit: mostResults })
      .flatMap((call) =>
        call.resultPath === null || this.#settled.has(call.callId)
          ? []
          : [{ call, path: call.resultPath }],
      );
  }

  async #amend(scope: string, due: readonly Result[], nowMs: number): Promise<void> {
    const missing: Result[] = [];
    for (const result of due) {
      const { call, path } = result;
      const sidecar = await readSidecar(path);
      const isWhole =
        sidecar !== undefined &&
        sidecar.cost.meteredMicroUsd !== null &&
        sidecar.cost.billedMicroUsd !== null;
      const isGone = sidecar?.callId !== call.callId && nowMs - endOf(call) > writtenWithinMs;
      if (isWhole || isGone) this.#settled.add(call.callId);
      else if (sidecar?.callId === call.callId) missing.push(result);
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

async function write(path: string, { metered, billed }: CallCost): Promise<void> {
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
