import { within } from "../concurrent.ts";
import type { ModalControl } from "../modalControl.ts";
import type { ElsewhereProof } from "../runsElsewhere.ts";
import type { StopReceipt } from "../receipt.ts";
import type { Scope } from "../scope.ts";
import { lookElsewhere, type ElsewhereLook } from "./lookElsewhere.ts";

/** A person waits for the outcome of a stop: all environments together have so long to answer. */
const limitMs = 10_000;

type Control = Pick<
  ModalControl,
  "listEnvironments" | "listApps" | "listContainers" | "listSandboxes"
>;

/** Whether the last word of a stop would be that nothing of mine runs: only then do other environments matter. */
export function needsElsewhere({
  verified,
  others,
}: Pick<StopReceipt, "others" | "verified">): boolean {
  return verified === "clear" || (verified === "excluded-left" && others !== undefined);
}

/** `lookElsewhere` within a time limit: what has not answered by then is named as not listed. Never rejects. */
export async function proveElsewhere(
  control: Control,
  scope: Scope,
  parts: ElsewhereLook,
): Promise<ElsewhereProof> {
  const { clock, signal } = parts;
  const ending = new AbortController();
  const timer = clock.after(limitMs, () => ending.abort());
  const until = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]);
  // Also where an answer never comes, and nobody there hears the signal.
  const ask = <Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> =>
    within(clock, limitMs, "Modal", until, work);
  try {
    return await lookElsewhere(
      {
        listEnvironments: (options) =>
          ask((signal) => control.listEnvironments({ ...options, signal })),
        listApps: (options) => ask((signal) => control.listApps({ ...options, signal })),
        listContainers: (options) =>
          ask((signal) => control.listContainers({ ...options, signal })),
        listSandboxes: (options) => ask((signal) => control.listSandboxes({ ...options, signal })),
      },
      scope,
      { ...parts, signal: until },
    );
  } finally {
    timer.dispose();
  }
}
