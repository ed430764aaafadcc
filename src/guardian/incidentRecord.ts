import * as z from "zod/mini";
import type { Ledger } from "../session/ledgerPort.ts";

const incidentKey = "guardian:incident";

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
  /** Which end of the last window this is about. */
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
 * The last time that the last window went away, as the guardian saw it. Kept in the ledger for the
 * next start: it shows what could not be shown then.
 */
export type IncidentRecord = Readonly<z.infer<typeof record>>;

export function saveIncident(ledger: Pick<Ledger, "remember">, value: IncidentRecord): void {
  ledger.remember(incidentKey, JSON.stringify(value));
}

/** The last incident; undefined: there was none, or it is of an unknown form. */
export function readIncident(ledger: Pick<Ledger, "recall">): IncidentRecord | undefined {
  const json = ledger.recall(incidentKey);
  if (json === undefined) return undefined;
  const raw: unknown = JSON.parse(json);
  const parsed = z.safeParse(record, raw);
  return parsed.success ? parsed.data : undefined;
}

/**
 * The reminder that nobody may have seen: the system could not show it, or its guardian was killed
 * while it was on its way. Asked for by the next window's start, which shows it with its own means.
 */
export function undeliveredReminder(
  ledger: Pick<Ledger, "recall" | "claimOnce">,
  guardianLives: boolean,
  nowMs: number,
): IncidentRecord | undefined {
  const incident = readIncident(ledger);
  if (incident === undefined) return undefined;
  const { state } = incident.reminder;
  const undelivered = state === "not-shown" || (state === "showing" && !guardianLives);
  if (!undelivered) return undefined;
  return ledger.claimOnce(`guardian:undelivered:${incident.endId}`, nowMs) ? incident : undefined;
}
