import * as z from "zod/mini";
import type { Ledger } from "../ledgerPort.ts";

/** What a start knew before it deployed: enough to find, after a crash or a cancel, what it left. */
export interface StartRecord {
  /** Apps that were live before: never to be stopped by an undo. */
  readonly beforeIds: readonly string[];
  /** The names that the deploys give to their apps, and their files; an unknown name is left out. */
  readonly targets: readonly { readonly name: string; readonly file: string }[];
  /** True when the name of some target is not known. */
  readonly unnamed: boolean;
  readonly startedAtMs: number;
}

const startRecord = z.object({
  beforeIds: z.array(z.string()),
  targets: z.array(z.object({ name: z.string(), file: z.string() })),
  unnamed: z.boolean(),
  startedAtMs: z.number(),
});

export function rememberStart(
  ledger: Pick<Ledger, "remember">,
  sessionId: string,
  record: StartRecord,
): void {
  ledger.remember(key(sessionId), JSON.stringify(record));
}

export function recallStart(
  ledger: Pick<Ledger, "recall">,
  sessionId: string,
): StartRecord | undefined {
  return ledger.recall(key(sessionId), startRecord);
}

function key(sessionId: string): string {
  return `start:${sessionId}`;
}
