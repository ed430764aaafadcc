import * as z from "zod/mini";
import type { Gpu } from "../cost/span.ts";
import { commonTerms, renewedTerms, unknownTerms, type Terms } from "../cost/terms.ts";
import type { Ledger } from "./ledgerPort.ts";
import { readRemembered } from "./remembered.ts";

/** What Modal told of an app's functions, and of containers of it, beside what looks show. */
export interface NotedTerms {
  readonly functions: readonly NotedFunction[];
  /** Those that were asked of last at the end. */
  readonly containers: readonly NotedContainer[];
}

export interface NotedFunction {
  readonly functionId: string;
  readonly terms: Terms;
  /** The GPU that it asks for; null: none; absent: nobody told, or it may get any of several. */
  readonly gpu?: Gpu | null | undefined;
}

export interface NotedContainer {
  readonly containerId: string;
  /** When it was ready, and when Modal was last asked of it. */
  readonly readyMs: number;
  readonly askedAtMs: number;
  readonly terms: Terms;
  /** By Modal's clock, when it ends at the latest: of a sandbox. */
  readonly endsByMs?: number | undefined;
  /** The GPU of the function that it runs; null: it runs without one; absent: nobody told. */
  readonly gpu?: Gpu | null | undefined;
  /** The function that it runs; absent: nobody told. */
  readonly functionName?: string | undefined;
  /** The app was deployed again since it was asked for: what its functions ask for now says nothing of it. */
  readonly isOfEarlierDeploy?: boolean | undefined;
}

interface TermsOfApp {
  readonly scope: string;
  readonly appId: string;
}

const maybe = z.nullable(z.number());
const maybeBoolean = z.nullable(z.boolean());
const inUse = z.nullable(
  z.union([z.tuple([z.number(), z.number(), z.number()]), z.object({ mean: z.number() })]),
);

/** Terms as they are kept. */
export const termsShape = z.object({
  cores: maybe,
  gib: maybe,
  diskGib: maybe,
  region: z.nullable(z.enum(["any", "broad", "narrow"])),
  nonPreemptible: maybeBoolean,
  isSandbox: maybeBoolean,
  coresInUse: inUse,
  gibInUse: inUse,
});

const gpuShape = z.optional(z.nullable(z.object({ type: z.string(), count: z.number() })));
const stored = z.object({
  functions: z.array(z.object({ functionId: z.string(), terms: termsShape, gpu: gpuShape })),
  containers: z.array(
    z.object({
      containerId: z.string(),
      readyMs: z.number(),
      askedAtMs: z.number(),
      terms: termsShape,
      endsByMs: z.optional(z.number()),
      gpu: gpuShape,
      functionName: z.optional(z.string()),
      isOfEarlierDeploy: z.optional(z.boolean()),
    }),
  ),
});

const nothing: NotedTerms = { functions: [], containers: [] };
/** Older ones have long been billed; they keep what the app's functions have in common. */
const maxContainers = 400;

export function recallTerms(ledger: Pick<Ledger, "recall">, app: TermsOfApp): NotedTerms {
  return ledger.recall(keyOf(app), stored) ?? nothing;
}

/** Replaces the app's functions, where they are given, and adds containers. What a container asked for at first stays. Writes only what is new. */
export function noteTerms(
  ledger: Pick<Ledger, "recall" | "remember">,
  app: TermsOfApp,
  more: Partial<NotedTerms>,
): void {
  const saved = recallTerms(ledger, app);
  const { functions = saved.functions, containers: asked = [] } = more;
  const containersBefore = new Map(saved.containers.map((one) => [one.containerId, one]));
  const changed = new Map<string, NotedContainer>();
  for (const one of asked)
    changed.set(
      one.containerId,
      joined(changed.get(one.containerId) ?? containersBefore.get(one.containerId), one),
    );
  const before = [...changed.keys()].flatMap(
    (containerId) => containersBefore.get(containerId) ?? [],
  );
  const now = { functions, containers: [...changed.values()] };
  if (isKept({ functions: saved.functions, containers: before }, now)) return;
  const containers = new Map([...containersBefore, ...changed]);
  const noted = {
    functions,
    containers: [...containers.values()]
      .toSorted((a, b) => a.askedAtMs - b.askedAtMs)
      .slice(-maxContainers),
  };
  ledger.remember(keyOf(app), JSON.stringify(noted));
}

/** Whether that is what is kept, in whatever order its parts are given. */
function isKept(kept: NotedTerms, now: NotedTerms): boolean {
  const asKept = readRemembered(JSON.stringify(now), stored)?.value;
  return JSON.stringify(asKept) === JSON.stringify(kept);
}

function joined(before: NotedContainer | undefined, one: NotedContainer): NotedContainer {
  const gpu = before?.gpu === undefined ? one.gpu : before.gpu;
  const isOfEarlierDeploy = before?.isOfEarlierDeploy ?? one.isOfEarlierDeploy;
  return {
    ...one,
    terms: renewedTerms(before?.terms, one.terms),
    ...(gpu === undefined ? {} : { gpu }),
    ...(isOfEarlierDeploy === undefined ? {} : { isOfEarlierDeploy }),
  };
}

/** What is known of the terms of an app's containers: each one's own, else what all functions of the app have in common. */
export function termsByContainer({
  functions,
  containers,
}: NotedTerms): (containerId: string) => Terms {
  const byContainer = new Map(containers.map(({ containerId, terms }) => [containerId, terms]));
  const common =
    functions.length === 0 ? unknownTerms : commonTerms(functions.map(({ terms }) => terms));
  return (containerId) => byContainer.get(containerId) ?? common;
}

/** When each container ends at the latest, of those of which that is known. */
export function endsByContainer({ containers }: NotedTerms): ReadonlyMap<string, number> {
  return new Map(
    containers.flatMap(({ containerId, endsByMs }) =>
      endsByMs === undefined ? [] : [[containerId, endsByMs] as const],
    ),
  );
}

/** The GPU of the function that a container runs; undefined where nobody told. */
export function gpuByContainer({
  containers,
}: NotedTerms): (containerId: string) => Gpu | null | undefined {
  const gpus = new Map(containers.map(({ containerId, gpu }) => [containerId, gpu]));
  return (containerId) => gpus.get(containerId);
}

/** The function that each container runs, of those of which that is known; an earlier deployment's says nothing of today's file. */
export function functionsByContainer({ containers }: NotedTerms): ReadonlyMap<string, string> {
  return new Map(
    containers.flatMap(({ containerId, functionName, isOfEarlierDeploy = false }) =>
      functionName === undefined || isOfEarlierDeploy ? [] : [[containerId, functionName] as const],
    ),
  );
}

/** The GPUs that an app's functions ask for, of which a container has one; undefined where one of them does not tell, or the container is of an earlier deployment. */
export function gpusAmong({
  functions,
  containers,
}: NotedTerms): (containerId: string) => readonly (Gpu | null)[] | undefined {
  const gpus = functions.flatMap(({ gpu }) => (gpu === undefined ? [] : [gpu]));
  if (gpus.length === 0 || gpus.length < functions.length) return () => undefined;
  const earlier = new Set(
    containers.flatMap((one) => (one.isOfEarlierDeploy === true ? [one.containerId] : [])),
  );
  return (containerId) => (earlier.has(containerId) ? undefined : gpus);
}

function keyOf({ scope, appId }: TermsOfApp): string {
  return `terms ${scope} ${appId}`; // not shown: a key of the ledger
}
