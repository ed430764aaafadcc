import { noteDate } from "../../../src/session/watch/modalTime.ts";
import { emptyCall, type CallRecord } from "../../../src/cost/call.ts";
import { microUsd } from "../../../src/cost/money.ts";
import { gpuLabel } from "../../../src/cost/rates/gpu.ts";
import type { Input } from "../../sim/model/entities.ts";
import { costOf } from "../../sim/web/costHeaders.ts";
import { laptopMs, modalMs } from "../../sim/workload/laptop.ts";
import type { WorkApp } from "../../sim/workload/workApp.ts";
import type { Workload } from "../../sim/workload/workload.ts";
import { receiptSample, stoppedAll } from "../../unit/session/receiptSample.ts";
import { sessionApp, sessionSample } from "../../unit/session/sessionSample.ts";
import type { DayLedger } from "../dayLedger.ts";

const scope = "acme/main";

/** The rows that the product itself writes: its sessions, its calls, its stops. By the laptop's clock. */
export class OwnBooks {
  readonly #ledger: DayLedger;
  readonly #work: Workload;
  readonly #isBare: boolean;
  readonly #known = new Set<string>();
  readonly #written = new Map<WorkApp, number>();
  readonly #running = new Set<Input>();
  readonly #stops = new Set<string>();

  /** @param isBare no session was started here */
  constructor(ledger: DayLedger, work: Workload, isBare: boolean) {
    this.#ledger = ledger;
    this.#work = work;
    this.#isBare = isBare;
  }

  /** Writes what has happened since the last time. */
  write(): void {
    for (const app of this.#work.apps) {
      if (app.by !== this.#work.cloud.user) continue;
      this.#writeSession(app);
      for (const atMs of app.stoppedAtMs) this.#writeStop(app, atMs);
      if (app.isCalledFromEditor) this.#writeCalls(app);
    }
  }

  /** What headers would have told of all its calls, each of them present. */
  headersUsd({ inputs }: WorkApp): number {
    return inputs.reduce((sum, input) => sum + (this.#reported(input) ?? 0), 0) / 1e6;
  }

  #writeSession({ appId, name, kind, file }: WorkApp): void {
    if (this.#isBare || kind === "run" || this.#known.has(appId)) return;
    this.#known.add(appId);
    // A session gives one window to its app: where functions have their own, it does not tell them.
    const [first, ...others] = file;
    if (first === undefined || others.length > 0) return;
    const [fn] = this.#work.cloud.app(appId).functions.values();
    this.#ledger.sessionList.push(
      sessionSample({
        sessionId: `session-${appId}`,
        scope,
        scaledownSeconds: (fn?.spec ?? first).scaledownMs / 1000,
        startedAtMs: this.#atLaptop(this.#work.cloud.app(appId).createdAtMs),
        apps: [sessionApp({ appId, name })],
      }),
    );
  }

  #writeStop({ appId, name }: WorkApp, atMs: number): void {
    const receiptId = `receipt-${appId}-${atMs}`;
    if (this.#stops.has(receiptId)) return;
    this.#stops.add(receiptId);
    this.#ledger.receiptList.push(
      receiptSample({
        receiptId,
        scope,
        atMs: this.#atLaptop(atMs) + 2000,
        ...stoppedAll({ appId, name }),
      }),
    );
  }

  #writeCalls(app: WorkApp): void {
    const from = this.#written.get(app) ?? 0;
    this.#written.set(app, app.inputs.length);
    for (const input of app.inputs.slice(from)) this.#running.add(input);
    for (const input of this.#running) {
      if (input.fn.appId !== app.appId) continue;
      this.#ledger.upsertCall(this.#callOf(input));
      if (input.finishedAtMs !== null) this.#running.delete(input);
      // Answers carry a date in whole seconds.
      if (input.state === "success")
        noteDate(this.#ledger, scope, modalMs(this.#work.world, 0) + 300, {
          observedAtMs: this.#work.laptopNowMs(),
          era: 0,
        });
    }
  }

  /** A call that this editor made: it knows no container, but when the request began. */
  #callOf(input: Input): CallRecord {
    const { id, createdAtMs, finishedAtMs, startedAtMs, state, fn } = input;
    const isDone = finishedAtMs !== null;
    const status = state === "success" ? "succeeded" : isDone ? "failed" : "running";
    const reported = this.#reported(input);
    const call = {
      ...emptyCall({
        callId: `own-${id}`,
        scope,
        source: "editor",
        startedAtMs: this.#atLaptop(createdAtMs),
        status,
      }),
      appId: fn.appId,
      endpoint: "serve",
      mode: "dev",
    };
    if (!isDone) return call;
    const ended = { ...call, endedAtMs: this.#atLaptop(finishedAtMs) };
    if (reported === null || startedAtMs === null) return ended;
    const { gpu } = fn.spec;
    return {
      ...ended,
      reportedMicroUsd: microUsd(reported),
      executionSeconds: (finishedAtMs - startedAtMs) / 1000,
      gpuType: gpu === null ? null : gpuLabel(gpu),
      functionCallId: input.callId,
      clockOffsetMs: modalMs(this.#work.world, 0),
    };
  }

  /** In micro-dollars; null where no answer came. */
  #reported(input: Input): number | null {
    if (input.state !== "success" || input.container === null) return null;
    return Math.round(costOf(input, this.#work.cloud.rates).usd * 1e6);
  }

  #atLaptop(atMs: number): number {
    return laptopMs(this.#work.world, atMs);
  }
}
