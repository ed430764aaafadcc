import * as z from "zod/mini";
import type { Log } from "../../base/log.ts";
import type { Ledger } from "../../session/ledgerPort.ts";

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

/** A stop or a release: begun → done. What is begun and whose guardian is gone is taken over. */
const incidentAct = z.object({
  what: z.enum(["stop", "release"]),
  /** "reminder": a button was pressed; "guardian": nobody was asked. */
  by: z.enum(["reminder", "guardian"]),
  begunAtMs: z.number(),
  /** "done": a fresh look has proved it. */
  state: z.enum(["begun", "done"]),
});

export type IncidentAct = Readonly<z.infer<typeof incidentAct>>;

const record = z.object({
  /** "workspace/environment". */
  scope: z.string(),
  /** Which end of its last window this is about. */
  endId: z.string(),
  goneAtMs: z.number(),
  /** The process of the guardian that is at it, or was. */
  guardianPid: z._default(z.nullable(z.number()), null),
  /** The last act; null: none was begun. */
  act: z._default(z.nullable(incidentAct), null),
  /** When the second stage stops what the reminder named; null: never. */
  secondStageAtMs: z._default(z.nullable(z.number()), null),
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
  /** What an act came to and nobody was shown yet; null: nothing. */
  news: z._default(
    z.nullable(
      z.object({
        title: z.string(),
        body: z.string(),
        atMs: z.number(),
        /** "due": its guardian is about to show it; "not-shown": the system could not. */
        state: z.enum(["due", "not-shown"]),
      }),
    ),
    null,
  ),
  /** How it ended; null: it goes on, or its guardian was killed. "terminated": the system ended it. */
  end: z.nullable(z.enum(["window-back", "nothing-runs", "off", "lifetime", "terminated"])),
  endedAtMs: z.nullable(z.number()),
});

/**
 * The last time that the last window of a scope went away, and what the guardian made of it. It is
 * in the ledger, one per scope, from the decision on and before what was decided is done: so what a
 * killed guardian has begun is taken over by its successor, or by the scope's next window.
 */
export type IncidentRecord = Readonly<z.infer<typeof record>>;

/** The last incident of each scope; the one that was written to last comes last. */
export function readIncidents(ledger: Pick<Ledger, "recall">): readonly IncidentRecord[] {
  return ledger.recall(incidentsKey, z.array(record)) ?? [];
}

/** Its guardian did not come to its end: what it began is anybody's to take over who may. */
export function isUnfinished({ end }: IncidentRecord): boolean {
  return end === null || end === "terminated";
}

/**
 * What a window has to tell at its start: reminders and outcomes that the system could not show, and
 * what a guardian that is gone has begun for this scope: a reminder that nobody may have seen, or an act.
 * Each is given once.
 */
export function unreportedIncidents(
  ledger: Pick<Ledger, "recall" | "claimOnce">,
  {
    scope,
    livePid,
    nowMs,
  }: {
    readonly scope: string;
    /** The guardian that lives; null: none does. */
    readonly livePid: number | null;
    readonly nowMs: number;
  },
): readonly IncidentRecord[] {
  return readIncidents(ledger).filter((incident) => {
    const isLeft =
      incident.scope === scope && incident.guardianPid !== livePid && isUnfinished(incident);
    const { reminder, act } = incident;
    const isUnreported =
      reminder.state === "not-shown" ||
      (isLeft && (reminder.state === "showing" || act?.state === "begun"));
    // What was done is told here whether or not its guardian came to its end.
    const isOverdue = incident.scope === scope && incident.guardianPid !== livePid;
    const isUntold = incident.news !== null && (incident.news.state === "not-shown" || isOverdue);
    // Both at once: one sentence tells of them.
    const tellsNews = isUntold && claimNews(ledger, incident, nowMs);
    const tellsIncident =
      isUnreported &&
      ledger.claimOnce(`guardian:undelivered:${incident.scope}:${incident.endId}`, nowMs);
    return tellsNews || tellsIncident;
  });
}

/** Whether it is the asking process that tells what an act came to. */
export function claimNews(
  ledger: Pick<Ledger, "claimOnce">,
  { scope, endId, news }: Pick<IncidentRecord, "scope" | "endId" | "news">,
  nowMs: number,
): boolean {
  return ledger.claimOnce(`guardian:news:${scope}:${endId}:${news?.atMs}`, nowMs);
}

type Reminder = IncidentRecord["reminder"];

/** One incident's notes: each change is in the ledger at once. */
export class IncidentNotes {
  readonly #ledger: Pick<Ledger, "remember" | "recall">;
  readonly #log: Log;
  readonly #about: Pick<IncidentRecord, "scope" | "endId" | "goneAtMs" | "guardianPid">;
  #record: IncidentRecord;
  /** What another guardian has left of the same incident; undefined: this one is the first. */
  readonly left: IncidentRecord | undefined;

  constructor(
    about: Pick<IncidentRecord, "scope" | "endId" | "goneAtMs" | "guardianPid">,
    ledger: Pick<Ledger, "remember" | "recall">,
    log: Log,
  ) {
    this.#ledger = ledger;
    this.#log = log;
    this.#about = about;
    this.left = readIncidents(ledger).find(
      ({ scope, endId }) => scope === about.scope && endId === about.endId,
    );
    this.#record = this.left ?? {
      ...about,
      act: null,
      secondStageAtMs: null,
      reminder: { state: "none", title: "", body: "", atMs: null, detail: null },
      receiptIds: [],
      acts: [],
      news: null,
      end: null,
      endedAtMs: null,
    };
  }

  get reminder(): Reminder {
    return this.#record.reminder;
  }

  /** What follows the end of the last window, all of it in one write: from here on this guardian is at it. */
  decide(decided: {
    readonly reminder?: Partial<Reminder> | undefined;
    readonly act?: Omit<IncidentAct, "state"> | undefined;
    readonly secondStageAtMs: number | null;
  }): void {
    const { reminder, act, secondStageAtMs } = decided;
    this.#save({
      ...this.#about,
      secondStageAtMs,
      end: null,
      endedAtMs: null,
      ...(act === undefined ? {} : { act: { ...act, state: "begun" } }),
      ...(reminder === undefined ? {} : { reminder: { ...this.#record.reminder, ...reminder } }),
    });
  }

  noteReminder(change: Partial<Reminder>): void {
    this.#save({ reminder: { ...this.#record.reminder, ...change } });
  }

  /**
   * The act that was begun then is proved. Another one may have been begun since. With what is to be shown
   * of it, in one write: whoever comes next shows it where this guardian does not come to it.
   */
  actDone(begunAtMs: number, news: IncidentRecord["news"]): void {
    const { act } = this.#record;
    const done = act?.begunAtMs === begunAtMs ? { act: { ...act, state: "done" as const } } : {};
    this.#save({ ...done, ...(news === null ? {} : { news }) });
  }

  /** It was shown, or could not be. By now another incident, or another guardian, may have the record. */
  newsShown(isShown: boolean): void {
    const { scope, endId, guardianPid } = this.#record;
    const now = readIncidents(this.#ledger).find((one) => one.scope === scope);
    const { news } = this.#record;
    if (news === null || now?.endId !== endId || now.guardianPid !== guardianPid) return;
    this.#save({ news: isShown ? null : { ...news, state: "not-shown" } });
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
