import * as z from "zod/mini";
import { microUsd } from "../../cost/money.ts";
import type { SpendLimit } from "../../cost/spending/modalMonth.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { RunsElsewhere, Whose } from "../runsElsewhere.ts";

/** What is known of another environment of the workspace. */
export interface SeenEnvironment {
  readonly name: string;
  /** GPUs and containers as Modal counts them; 0: none, or not told. null: the adapter does not tell. */
  readonly gpusTold: number | null;
  readonly containersTold: number | null;
  /** What it has spent in this cycle, and what Modal lets it spend; null: not told, or no limit. */
  readonly usageMicroUsd?: number | null | undefined;
  readonly limitMicroUsd?: number | null | undefined;
  /** When Modal counted last. */
  readonly toldAtMs: number;
  /** Containers that its own lists showed last, and when; null: they were not asked for yet. */
  readonly containersListed: number | null;
  readonly listedAtMs: number | null;
  /** For which count it was listed. */
  readonly listedFor: string;
  /** Whose it was that the lists showed; absent: nothing ran, or it was not asked yet. */
  readonly whose?: Whose | undefined;
}

const stored = z.object({
  environments: z.array(
    z.object({
      name: z.string(),
      gpusTold: z.nullable(z.number()),
      containersTold: z.nullable(z.number()),
      usageMicroUsd: z.optional(z.nullable(z.number())),
      limitMicroUsd: z.optional(z.nullable(z.number())),
      toldAtMs: z.number(),
      containersListed: z.nullable(z.number()),
      listedAtMs: z.nullable(z.number()),
      listedFor: z.string(),
      whose: z.optional(
        z.object({ mine: z.boolean(), others: z.array(z.string()), unknown: z.boolean() }),
      ),
    }),
  ),
});

/** All environments of a workspace as they were last seen, this window's too. */
export function recallEnvironments(
  ledger: Pick<Ledger, "recall">,
  workspace: string,
): readonly SeenEnvironment[] {
  return ledger.recall(keyOf(workspace), stored)?.environments ?? [];
}

export function rememberEnvironments(
  ledger: Pick<Ledger, "remember">,
  workspace: string,
  environments: readonly SeenEnvironment[],
): void {
  ledger.remember(keyOf(workspace), JSON.stringify({ environments }));
}

/** What runs in the other environments, the one with the most first; those of which nothing is known, or nothing runs, are left out. */
export function runsElsewhere(
  environments: readonly SeenEnvironment[],
  here: string,
): readonly RunsElsewhere[] {
  return environments
    .filter(({ name }) => name !== here)
    .map((seen) => runsIn(seen))
    .filter(({ gpus, containers }) => gpus + containers > 0)
    .toSorted((a, b) => b.gpus - a.gpus || b.containers - a.containers);
}

/** What Modal lets environments of the workspace spend, as far as it has said. */
export function spendLimits(environments: readonly SeenEnvironment[]): readonly SpendLimit[] {
  return environments.flatMap(({ name, usageMicroUsd: used, limitMicroUsd: limit }) =>
    typeof used === "number" && typeof limit === "number"
      ? [{ environment: name, used: microUsd(used), limit: microUsd(limit) }]
      : [],
  );
}

/** What was seen to run in the other environments since then. */
export interface SeenSince {
  readonly running: readonly RunsElsewhere[];
  /** All were looked at since, and of all that runs it is known whose it is. */
  readonly isAll: boolean;
}

export function elsewhereSince(
  environments: readonly SeenEnvironment[],
  here: string,
  sinceMs: number,
): SeenSince {
  const running = runsElsewhere(environments, here).filter(({ seenAtMs }) => seenAtMs >= sinceMs);
  const isAll =
    environments.length > 0 &&
    environments.every(({ toldAtMs }) => toldAtMs >= sinceMs) &&
    running.every(({ whose }) => whose !== undefined);
  return { running, isAll };
}

/** Names of the other environments of which nobody knows yet what runs. */
export function unseenEnvironments(
  environments: readonly SeenEnvironment[],
  here: string,
): readonly string[] {
  return environments
    .filter((seen) => seen.name !== here && !isCounted(seen) && seen.listedAtMs === null)
    .map(({ name }) => name);
}

/** Modal counts something: then it does tell. */
export function isCounted({ gpusTold, containersTold }: SeenEnvironment): boolean {
  return (gpusTold ?? 0) + (containersTold ?? 0) > 0;
}

/** Another one when the count has changed. */
export function countOf({ gpusTold, containersTold }: SeenEnvironment): string {
  return `${gpusTold} ${containersTold}`;
}

/** So long after a list of the environment its count may still be of the same containers. */
const whoseForMs = 900_000;

/** Of another count nobody has listed yet whose it is; and the same count may be of others after a while. */
function isWhoseKnown(seen: SeenEnvironment): boolean {
  const seenAtMs = isCounted(seen) ? seen.toldAtMs : (seen.listedAtMs ?? 0);
  return (
    seen.listedFor === countOf(seen) && Math.abs(seenAtMs - (seen.listedAtMs ?? 0)) <= whoseForMs
  );
}

function runsIn(seen: SeenEnvironment): RunsElsewhere {
  const environment = seen.name;
  const whose = seen.whose === undefined || !isWhoseKnown(seen) ? {} : { whose: seen.whose };
  if (isCounted(seen))
    return {
      environment,
      gpus: seen.gpusTold ?? 0,
      containers: seen.containersTold ?? 0,
      seenAtMs: seen.toldAtMs,
      ...whose,
    };
  return {
    environment,
    gpus: 0,
    containers: seen.containersListed ?? 0,
    seenAtMs: seen.listedAtMs ?? 0,
    ...whose,
  };
}

function keyOf(workspace: string): string {
  return `environments ${workspace}`; // not shown: a key of the ledger
}
