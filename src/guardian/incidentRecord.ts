import * as z from "zod/mini";
import type { Log } from "../base/log.ts";
import type { Ledger } from "../session/ledgerPort.ts";

const incidentsKey = "guardian:incidents";
/** Of so many scopes the last incident is kept. */
const maxKept = 20;

const reminderState = z.enum([
  /** Not decided yet, or nothing was worth a reminder. */
  "none",
  /** On its way to the screen, or on it. Still so when no guardian lives: nobody may have seen it. */
  "showing",
  "pressed",
  "dismissed",
  "shown",
  "withdrawn",
  "not-shown",
]);

const record = z.object({
  /** "workspace/environment". */
  scope: z.string(),
  /** Which end of its last window this is about. */
  endId: z.string(),
  goneAtMs: z.number(),
  reminder: z.object({
    state: reminderState,
    title: z.string(),
    body: z.string(),
    atMs: z.nullable(z.number()),
    /** Pressed action, or why it could not be shown. */
    detail: z.nullable(z.string()),
  }),
  /** Receipts that this incident wrote. */
  receiptIds: z.array(z.string()),
  /** What it did besides stops (GPUs released, demos expired), in words. */
  acts: z.array(z.string()),
  /** How it ended; null: it goes on, or its guardian was killed. */
  end: z.nullable(
    z.enum(["window-back", "nothing-runs", "off", "lifetime", "terminated", "ledger-gone"]),
  ),
  endedAtMs: z.nullable(z.number()),
});

/**
 * The last time that the last window of a scope went away, as the guardian saw it. Kept in the
 * ledger, one per scope, for the next start: it shows what could not be shown then.
 */
export type IncidentRecord = Readonly<z.infer<typeof record>>;

/** The last incident of each scope; the one that was written to last comes last. */
export function readIncidents(ledger: Pick<Ledger, "recall">): readonly IncidentRecord[] {
  return ledger.recall(incidentsKey, z.array(record)) ?? [];
}

/**
 * The reminders that nobody may have seen: the system could not show them, or their guardian was
 * killed while they were on their way. Asked for by the next window's start, which shows them with
 * its own means. Each is given once.
 */
export function undeliveredReminders(
  ledger: Pick<Ledger, "recall" | "claimOnce">,
  guardianLives: boolean,
  nowMs: number,
): readonly IncidentRecord[] {
  return readIncidents(ledger).filter(({ scope, endId, reminder: { state } }) => {
    const undelivered = state === "not-shown" || (state === "showing" && !guardianLives);
    return undelivered && ledger.claimOnce(`guardian:undelivered:${scope}:${endId}`, nowMs);
  });
}

/** One incident's notes: each change is in the ledger at once. */
export class IncidentNotes {
  readonly #ledger: Pick<Ledger, "remember" | "recall">;
  readonly #log: Log;
  #record: IncidentRecord;

  constructor(
    about: Pick<IncidentRecord, "scope" | "endId" | "goneAtMs">,
    ledger: Pick<Ledger, "remember" | "recall">,
    log: Log,
  ) {
    this.#ledger = ledger;
    this.#log = log;
    this.#record = {
      ...about,
      reminder: { state: "none", title: "", body: "", atMs: null, detail: null },
      receiptIds: [],
      acts: [],
      end: null,
      endedAtMs: null,
    };
  }

  get reminder(): IncidentRecord["reminder"] {
    return this.#record.reminder;
  }

  noteReminder(change: Partial<IncidentRecord["reminder"]>): void {
    this.#save({ reminder: { ...this.#record.reminder, ...change } });
  }

  addReceipt(receiptId: string): void {
    this.#save({ receiptIds: [...this.#record.receiptIds, receiptId] });
  }

  addAct(text: string): void {
    this.#save({ acts: [...this.#record.acts, text] });
  }

  end(end: NonNullable<IncidentRecord["end"]>, endedAtMs: number): void {
    this.#save({ end, endedAtMs });
  }

  #save(change: Partial<IncidentRecord>): void {
    this.#record = { ...this.#record, ...change };
    const { scope } = this.#record;
    try {
      // One guardian writes at a time: it has the lease.
      const others = readIncidents(this.#ledger).filter((other) => other.scope !== scope);
      const kept = [...others, this.#record].slice(-maxKept);
      this.#ledger.remember(incidentsKey, JSON.stringify(kept));
    } catch (error) {
      this.#log.error("What happened could not be noted in the ledger.", error);
    }
  }
}
