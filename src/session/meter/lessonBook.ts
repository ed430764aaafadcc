import * as z from "zod/mini";
import { hourMs } from "../../cost/billed/billedRow.ts";
import { billedHours, type BilledHour, type HoursQuestion } from "../../cost/learned/billedHour.ts";
import { checkBill, type BillCheck } from "../../cost/learned/billCheck.ts";
import { learn, nothingLearned, type Lessons } from "../../cost/learned/lessons.ts";
import type { Ledger } from "../ledgerPort.ts";
import { startsSeen } from "./startsSeen.ts";

const beginSchema = z.enum(["boot", "asked", "ready"]);
const parts = z.object({ gpu: z.number(), cpu: z.number(), memory: z.number() });
const stored = z.object({
  /** Hours before this one were forgotten on purpose. */
  sinceMs: z.number(),
  begin: z.nullable(beginSchema),
  possible: z.array(beginSchema),
  apps: z.array(
    z.object({
      appName: z.string(),
      hours: z.number(),
      oddHours: z.number(),
      start: z.nullable(
        z.object({ from: z.enum(["before-ready", "after-boot"]), seconds: z.number() }),
      ),
      bootSeconds: z.optional(z.number()),
      kinds: z.array(
        z.tuple([
          z.string(),
          z.object({
            factor: z.number(),
            busyUsdPerHour: z.number(),
            spread: z.optional(z.number()),
            held: z.optional(z.object({ cores: z.number(), gib: z.number() })),
            split: z.optional(
              z.object({
                factor: parts,
                busyUsdPerHour: parts,
                cores: z.number(),
                gib: z.number(),
              }),
            ),
          }),
        ]),
      ),
      spread: z.number(),
      endShare: z.number(),
    }),
  ),
});

/** How far back billed hours teach: what apps hold changes with their versions. */
export const checkedDays = 14;
const taughtFromMs = checkedDays * 24 * hourMs;

/** What is seen of the hours, and what was billed. */
type Seen = Omit<HoursQuestion, "lookedAtMs">;

type Book = Pick<Ledger, "recall" | "remember">;

/** What the bill of a scope has taught, as the ledger keeps it. */
export function recallLessons(ledger: Pick<Ledger, "recall">, scope: string): Lessons {
  const kept = ledger.recall(keyOf(scope), stored);
  if (kept === undefined) return nothingLearned;
  const apps = kept.apps.map((app) => ({ ...app, kinds: new Map(app.kinds) }));
  return { begin: kept.begin, possible: kept.possible, apps };
}

/** From when on billed hours teach: a person may have had the lessons of those before forgotten. */
function taughtSinceMs(ledger: Pick<Ledger, "recall">, scope: string): number {
  return ledger.recall(keyOf(scope), stored)?.sinceMs ?? 0;
}

/**
 * Learns anew from the billed hours of the last weeks.
 *
 * @param read what is known since an instant, without what was learned before. Throws `Failure("ledger")`.
 */
export function learnFromBill(
  ledger: Book & Pick<Ledger, "looks">,
  scope: string,
  { nowMs, read }: { readonly nowMs: number; readonly read: (fromMs: number) => Seen },
): void {
  const fromMs = Math.max(nowMs - taughtFromMs, taughtSinceMs(ledger, scope));
  const lessons = learn(hoursSince(ledger, scope, fromMs, { nowMs, read }));
  write(ledger, scope, lessons, taughtSinceMs(ledger, scope));
}

/** Which Modal the billed hours of the last weeks fit. Throws `Failure("ledger")`. */
export function billCheckOf(
  ledger: Pick<Ledger, "looks" | "recall" | "spans">,
  scope: string,
  { nowMs, read }: { readonly nowMs: number; readonly read: (fromMs: number) => Seen },
): BillCheck {
  const fromMs = nowMs - taughtFromMs;
  const hours = hoursSince(ledger, scope, fromMs, { nowMs, read });
  return checkBill(hours, startsSeen(ledger, scope, { fromMs, toMs: nowMs }));
}

function hoursSince(
  ledger: Pick<Ledger, "looks">,
  scope: string,
  fromMs: number,
  { nowMs, read }: { readonly nowMs: number; readonly read: (fromMs: number) => Seen },
): readonly BilledHour[] {
  const reading = read(fromMs);
  const billed = reading.billed.filter(({ intervalStartMs }) => intervalStartMs >= fromMs);
  const lookedAtMs = ledger.looks({ scope, fromMs, toMs: nowMs });
  return billedHours({ ...reading, billed, lookedAtMs });
}

/** Forgets what the bill has taught; hours that begin later teach again. */
export function forgetLessons(ledger: Book, scope: string, nowMs: number): void {
  write(ledger, scope, nothingLearned, nowMs);
}

function write(ledger: Book, scope: string, lessons: Lessons, sinceMs: number): void {
  const { begin, possible, apps } = lessons;
  const json = JSON.stringify({
    sinceMs,
    begin,
    possible,
    apps: apps.map((app) => ({ ...app, kinds: [...app.kinds] })),
  });
  const before = ledger.recall(keyOf(scope), stored);
  // Other windows are not woken for nothing.
  if (before === undefined ? apps.length > 0 || sinceMs > 0 : JSON.stringify(before) !== json)
    ledger.remember(keyOf(scope), json);
}

function keyOf(scope: string): string {
  return `learned ${scope}`; // not shown: a key of the ledger
}
