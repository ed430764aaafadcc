import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import { hourMs, hourOf } from "../../cost/billed/billedRow.ts";
import { priceChanges, type PriceChange } from "../../cost/rates/priceChange.ts";
import { afterReport, billAsked, noteBillAsked } from "./billAsked.ts";
import { pause } from "../concurrent.ts";
import type { Connected, ModalConnection } from "./modalConnection.ts";
import { knownOffsetMs } from "./modalTime.ts";
import { wasEmptied } from "../ledgerLoss.ts";
import { scopeKey } from "../scope.ts";
import type { Ledger, TimeRange } from "../ledgerPort.ts";

export interface BookkeeperParts {
  readonly connection: ModalConnection;
  readonly ledger: Pick<
    Ledger,
    | "saveRates"
    | "latestRates"
    | "upsertBilled"
    | "scopes"
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
/** The prices that were compared last, of whichever environment: USD per hour by Modal's key. */
const pricesSeen = z.object({ atMs: z.number(), usdPerHour: z.record(z.string(), z.number()) });
const ratesValidMs = 12 * hourMs;
/** Each round asks from the last settled hour on, and for two days at least, which Modal may have corrected. */
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

  async #rates({ control, scope: { workspace }, scopeKey }: Connected): Promise<void> {
    const { ledger, clock, onPrices } = this.#parts;
    const latest = ledger.latestRates(scopeKey);
    const offsetMs = knownOffsetMs(ledger, scopeKey, clock.nowMs());
    const byModal = (): number => clock.nowMs() + (offsetMs ?? 0);
    const ageMs = byModal() - (latest?.fetchedAtMs ?? 0);
    if (ageMs >= 0 && ageMs < ratesValidMs) return;
    // Of the future: a clock was ahead then, or this one is behind, which nothing but Modal's can tell.
    const areNewest = ageMs < 0 && offsetMs !== null;
    await this.#unlessResting(`rates:${scopeKey}`, async () => {
      const rates = await control.rates();
      ledger.saveRates(scopeKey, rates, byModal(), { areNewest });
      // Prices are the workspace's: a change is told once, whichever of its environments is looked at.
      const name = `prices of ${workspace}`; // not shown: a key of the ledger
      const now = rates.usdPerHourByKey;
      const before = ledger.recall(name, pricesSeen) ?? {
        atMs: latest?.fetchedAtMs ?? 0,
        usdPerHour: Object.fromEntries(latest?.rates.usdPerHourByKey ?? now),
      };
      const changes = priceChanges(new Map(Object.entries(before.usdPerHour)), now);
      const claim = `${name}:${before.atMs}`;
      const isFirst = changes.length > 0 && ledger.claimOnce(claim, clock.nowMs());
      const seen = { atMs: clock.nowMs(), usdPerHour: Object.fromEntries(now) };
      ledger.remember(name, JSON.stringify(seen));
      if (isFirst) onPrices(changes);
    });
  }

  async #bill(connected: Connected): Promise<void> {
    const { ledger, clock, onBill, onBillDenied } = this.#parts;
    const { scopeKey: key, scope } = connected;
    const name = `bill:${key}`;
    const failure = await this.#unlessResting(name, async () => {
      const endMs = hourOf(clock.nowMs());
      const latest = billAsked(ledger, scope.workspace);
      const firstAskedMs = wasEmptied(ledger) ? 0 : monthOf(endMs);
      const sinceMs = latest?.settledThroughMs ?? firstAskedMs;
      const firstMs = Math.max(Math.min(sinceMs, endMs - overlapMs), endMs - backMs);
      const pages = pagesOf({ fromMs: firstMs, toMs: endMs });
      const askedAtMs: number[] = [];
      // The newest first: somebody may wait for it.
      for (const page of pages.toReversed()) {
        if (askedAtMs.length > 0 && !(await pause(clock, betweenPagesMs, this.#ending.signal)))
          return;
        const report = (latest?.reports ?? 0) + askedAtMs.length + 1;
        const byResource = pages.length === 1;
        askedAtMs.push(await this.#page(connected, { ...page, byResource }, report));
      }
      const asked = {
        firstMs: Math.min(...askedAtMs),
        lastMs: Math.max(...askedAtMs),
        reports: askedAtMs.length,
      };
      const range = { fromMs: firstMs, toMs: endMs };
      noteBillAsked(ledger, scope.workspace, afterReport(latest, range, asked));
      onBill(key, firstMs);
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

  /**
   * Reads a part of the workspace's bill. Each row is kept under the environment that it names.
   * @returns when it was asked for: Modal's answer is as of then, however late it is read.
   */
  async #page(
    { control, scope: { workspace } }: Connected,
    page: TimeRange & { readonly byResource: boolean },
    report: number,
  ): Promise<number> {
    const { ledger, clock } = this.#parts;
    const atMs = clock.nowMs();
    const { fromMs: startMs, toMs: endMs, byResource } = page;
    const query = { startMs, endMs, resolution: "hour", byResource } as const;
    const rows = await control.billingReport(query);
    const byScope = Map.groupBy(rows, ({ environment }) => scopeKey({ workspace, environment }));
    for (const scope of new Set([...ledger.scopes({ workspace, ...page }), ...byScope.keys()]))
      ledger.upsertBilled(scope, byScope.get(scope) ?? [], { atMs, report }, page);
    return atMs;
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

/** A range in parts that are asked for at once, oldest first. */
function pagesOf({ fromMs, toMs }: TimeRange): readonly TimeRange[] {
  const pages: TimeRange[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += pageMs)
    pages.push({ fromMs: atMs, toMs: Math.min(atMs + pageMs, toMs) });
  return pages;
}

/** Begin of the month (UTC), as Modal bills it. */
function monthOf(atMs: number): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
}

function reasonOf(error: unknown): string {
  return failureOf(error)?.message ?? String(error);
}
