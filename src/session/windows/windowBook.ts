import * as z from "zod/mini";
import type { Ledger } from "../ledgerPort.ts";

/*
 * What sessions have put in the place of the idle windows of an app's deploy, one record per function:
 * asked for → put → restored. It is written before Modal is asked, so that whoever dies, the next one
 * knows what may be in force; and it is none of a session's, so that a restore changes no past.
 */

const functionWindow = z.object({
  functionName: z.string(),
  /** What its deploy gave to it, in seconds: what a restore goes back to. */
  ownSeconds: z.number(),
  /** "mode": its file is known to read SCALEDOWN_WINDOW; "file": it is known not to; "unknown": nobody knows. */
  kind: z.enum(["mode", "file", "unknown"]),
  /** Windows that were asked for and may be in force in place of the deploy's; empty: none. */
  putSeconds: z.array(z.number()),
  putAtMs: z.number(),
});

const windowOf = z.object({ functionName: z.string(), seconds: z.number() });

const windowBook = z.object({
  functions: z.array(functionWindow),
  /** What was in force after each restore, oldest first. */
  restored: z.array(z.object({ atMs: z.number(), windows: z.array(windowOf) })),
});

export type NotedWindow = z.output<typeof functionWindow>;
export type WindowBook = z.output<typeof windowBook>;

/** A past inferred end is looked for no further back than some of them. */
const keptRestores = 20;

/** Which app of which scope. */
export interface BookPlace {
  readonly scope: string;
  readonly appId: string;
}

export function recallBook(ledger: Pick<Ledger, "recall">, place: BookPlace): WindowBook {
  return ledger.recall(keyOf(place), windowBook) ?? { functions: [], restored: [] };
}

export function rememberBook(
  ledger: Pick<Ledger, "remember">,
  place: BookPlace,
  { functions, restored }: WindowBook,
): void {
  const book: WindowBook = { functions, restored: restored.slice(-keptRestores) };
  ledger.remember(keyOf(place), JSON.stringify(book));
}

/** Whether a session may have put something that is to be put back: what follows the mode is the file's own. */
export function isPut({ kind, putSeconds }: NotedWindow): boolean {
  return kind !== "mode" && putSeconds.length > 0;
}

function keyOf({ scope, appId }: BookPlace): string {
  return `windows ${scope} ${appId}`; // not shown: a key of the ledger
}
