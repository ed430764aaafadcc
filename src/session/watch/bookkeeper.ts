import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import { hourMs, hourOf } from "../../cost/billed/billedRow.ts";
import { priceChanges, type PriceChange } from "../../cost/rates/priceChange.ts";
import { billAskedThroughMs, noteBillAsked } from "./billAsked.ts";
import { pause } from "../concurrent.ts";
import type { Connected, ModalConnection } from "./modalConnection.ts";
import type { Ledger } from "../ledgerPort.ts";

export interface BookkeeperParts {
  readonly connection: ModalConnection;
  readonly ledger: Pick<
    Ledger,
    | "saveRates"
    | "latestRates"
    | "upsertBilled"
    | "acquireLease"
    | "claimOnce"
    | "remember"
    | "recall"
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique per window. */
  readonly holder: string;
  readonly pid: number;
  /** Told when a bill has been written, and from when on. */
  readonly onBill: (scope: string, fromMs: number) => void;
  /** Told once, by the window that was told, when Modal has other prices than before. */
  readonly onPrices: (changes: readonly PriceChange[]) => void;
  /** Told once per workspace, when its plan does not let the bill be read. */
  readonly onBillDenied: (message: string) => void;
}

const firstAfterMs = 3_000;
const everyMs = hourMs;
/** Longer than one round, so that a window that was closed leaves its turn to another within the hour. */
const leaseMs = everyMs + 300_000;
const ratesValidMs = 12 * hourMs;
/** Modal's report comes minutes to hours late, so each round asks for two days once more. */
const overlapMs = 48 * hourMs;
/** After a longer absence the bill is asked for back to this: all of last month. */
const backMs = 62 * 24 * hourMs;
/** Long reports arrive slowly, and more than two in ten seconds are refused (as programs that read them report). */
const pageMs = 7 * 24 * hourMs;
const betweenPagesMs = 6_000;

/**
 * Fetches, once an hour and in one window alone, what Modal itself says about money: the rates of
 * the workspace, and the billing report. A workspace that does not allow it is left in peace for a
 * day; the meter then goes on with the table in the source, and without the billed tier.
 */
export class Bookkeeper implements Disposable {
  readonly #parts: BookkeeperParts;
  readonly #store = new DisposableStore();
  readonly #restingUntilMs = new Map<string, number>();
  readonly #first = Promise.withResolvers<undefined>();
  readonly #ending = new AbortController();
  #timer: Disposable | undefined;

  /** Resolves when Modal has been asked once, whatever it said. */
  readonly firstRound: Promise<undefined> = this.#first.promise;

  constructor(parts: BookkeeperParts) {
    this.#parts = parts;
    this.#wait(firstAfterMs);
  }

  /** One round now. Rejects with nothing: what fails is logged, and tried again in the next round. */
  async round(): Promise<void> {
    const { connection, ledger, clock, log, holder, pid } = this.#parts;
    try {
      const connected = await connection.open();
      const lease = `bookkeeper:${connected.scopeKey}`;
      if (!ledger.acquireLease(lease, holder, pid, clock.nowMs(), leaseMs)) return;
      await this.#rates(connected);
      await this.#bill(connected);
    } catch (error) {
      log.warn(`Rates and bill were not fetched: ${reasonOf(error)}`);
    } finally {
      this.#first.resolve(undefined);
    }
  }

  dispose(): void {
    this.#ending.abort();
    this.#timer?.dispose();
    this.#store.dispose();
  }

  async #rates({ control, scopeKey }: Connected): Promise<void> {
    const { ledger, clock, onPrices } = this.#parts;
    const known = ledger.latestRates(scopeKey);
    if (known !== undefined && clock.nowMs() - known.fetchedAtMs < ratesValidMs) return;
    await this.#unlessResting(`rates:${scopeKey}`, async () => {
      const rates = await control.rates();
      ledger.saveRates(scopeKey, rates, clock.nowMs());
      const changes =
        known === undefined ? [] : priceChanges(known.rates.usdPerHourByKey, rates.usdPerHourByKey);
      if (changes.length > 0) onPrices(changes);
    });
  }

  async #bill({ control, scopeKey, scope }: Connected): Promise<void> {
    const { ledger, clock, onBill, onBillDenied } = this.#parts;
    const name = `bill:${scopeKey}`;
    const failure = await this.#unlessResting(name, async () => {
      const endMs = hourOf(clock.nowMs());
      const asked = billAskedThroughMs(ledger, scopeKey) ?? endMs;
      const firstMs = Math.max(Math.min(asked, endMs) - overlapMs, endMs - backMs);
      let fromMs = firstMs;
      while (fromMs < endMs) {
        const toMs = Math.min(fromMs + pageMs, endMs);
        // Modal's answer is as of now, however late it is read: the machine may sleep meanwhile.
        const askedAtMs = clock.nowMs();
        const rows = await control.billingReport({
          startMs: fromMs,
          endMs: toMs,
          resolution: "hour",
        });
        const own = rows.filter(({ environment }) => environment === scope.environment);
        ledger.upsertBilled(scopeKey, own, askedAtMs, { fromMs, toMs });
        // What was read stays read, should the next page be refused.
        noteBillAsked(ledger, scopeKey, toMs);
        fromMs = toMs;
        if (fromMs < endMs && !(await pause(clock, betweenPagesMs, this.#ending.signal))) return;
      }
      onBill(scopeKey, firstMs);
    });
    if (
      failure?.reason === "permission-denied" &&
      ledger.claimOnce(`denied:${name}`, clock.nowMs())
    ) {
      onBillDenied(
        t(
          "The plan of {0} does not let its bill be read, so costs stay metered (≈). Modal's dashboard has the bill.",
          scope.workspace,
        ),
      );
    }
  }

  /** Runs the work, unless it was refused within the last day; what cannot change soon rests. */
  async #unlessResting(name: string, work: () => Promise<void>) {
    const { clock, log } = this.#parts;
    if ((this.#restingUntilMs.get(name) ?? 0) > clock.nowMs()) return undefined;
    try {
      await work();
      return undefined;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      const final = failure.reason === "permission-denied" || failure.reason === "unsupported";
      if (final) this.#restingUntilMs.set(name, clock.nowMs() + 24 * hourMs);
      log.info(`${name}: ${failure.message}`);
      return failure;
    }
  }

  #wait(delayMs: number): void {
    if (this.#store.isDisposed) return;
    this.#timer = this.#parts.clock.after(delayMs, () => {
      void this.round().finally(() => this.#wait(everyMs));
    });
  }
}

function reasonOf(error: unknown): string {
  return failureOf(error)?.message ?? String(error);
}
