import type { Gpu } from "../cost/span.ts";
import type { Terms } from "../cost/terms.ts";

/** What a sandbox asks for; null: not told. */
export type SandboxTerms = Pick<Terms, "cores" | "gib" | "diskGib" | "region">;

/** One sandbox that runs, as Modal lists it. */
export interface SandboxInfo {
  readonly sandboxId: string;
  /** The app in which it was made. */
  readonly appId: string;
  /** "" where it has none. */
  readonly name: string;
  readonly createdAtMs: number | null;
  /**
   * Its container in the listing of those; null: it is a v2 sandbox, which is none and tells no
   * times, or it has none yet.
   */
  readonly containerId: string | null;
  readonly enqueuedAtMs: number | null;
  readonly startedAtMs: number | null;
  /** null: not told. "none": it has none, since there is no such sandbox with one. */
  readonly gpu: Gpu | "none" | null;
  readonly terms: SandboxTerms;
  /** When Modal ends it at the latest; null: not told. */
  readonly endsByMs: number | null;
}

/** The sandboxes of an environment. "first": v2 sandboxes could not be listed. */
export interface SandboxListing {
  readonly kinds: "both" | "first";
  /** There are more than were read: of those that are not here, nothing is known. */
  readonly isCut?: boolean;
  readonly sandboxes: readonly SandboxInfo[];
}

/** What a sandbox has used since it was made. */
export interface SandboxUse {
  readonly coreSeconds: number;
  readonly gibSeconds: number;
  /** 0: it has none, or has not used it yet. */
  readonly gpuSeconds: number;
  readonly gpuType: string | null;
}

/** A sandbox as a look knows it. */
export interface SeenSandbox {
  readonly sandboxId: string;
  readonly appId: string;
  readonly name: string;
  /** Its id among the look's containers: that of its container, else its own. One that has none yet (`isPendingSandbox`) is not among them. */
  readonly containerId: string;
  /** The list of the containers does not have it: only the list of the sandboxes shows whether it runs. */
  readonly isListedAlone: boolean;
  readonly createdAtMs: number | null;
  readonly endsByMs: number | null;
}

/** What a look knows of sandboxes. They are listed with every second look, and with each that has to prove something. */
export interface SandboxSight {
  /** Which kinds could be listed when they were last; "none": they never could, or no more. */
  readonly kinds: "both" | "first" | "none";
  /** There are more than were read. */
  readonly isCut?: boolean | undefined;
  /** How many looks in a row asked for them and could not list them; absent: none. */
  readonly missed?: number | undefined;
  /** The instant of the look that listed them; null: none has. */
  readonly listedAtMs: number | null;
  readonly sandboxes: readonly SeenSandbox[];
}

/**
 * Whether an id is a sandbox's, and of which kind: those of the first are "sb-" and 22 letters or
 * digits, all others are of the second (py/modal/sandbox/_common.py). null: it is none.
 */
export function sandboxKind(id: string): "first" | "second" | null {
  if (!id.startsWith("sb-")) return null;
  return /^sb-[0-9A-Za-z]{22}$/.test(id) ? "first" : "second";
}

/** Whether it waits for its container: only a v2 sandbox never has one. */
export function isPendingSandbox({
  sandboxId,
  containerId,
}: Pick<SandboxInfo, "sandboxId" | "containerId">): boolean {
  const hasNone = containerId === null || containerId === sandboxId;
  return hasNone && sandboxKind(sandboxId) === "first";
}

/** Of a look, what tells of its sandboxes. */
interface SandboxLookup {
  readonly observedAtMs: number;
  readonly sandboxes?: SandboxSight | undefined;
}

/** Whether this very look listed the sandboxes. */
export function hasListedSandboxes({ observedAtMs, sandboxes }: SandboxLookup): boolean {
  return sandboxes !== undefined && sandboxes.listedAtMs === observedAtMs;
}

/** Whether what a look does not show of these sandboxes is over: it listed them, all kinds that they are of. */
export function provesSandboxes(listing: SandboxLookup, sandboxIds: readonly string[]): boolean {
  if (sandboxIds.length === 0) return true;
  if (!hasListedSandboxes(listing)) return false;
  const { kinds, isCut } = listing.sandboxes ?? {};
  if (isCut === true) return false;
  return (
    kinds === "both" || (kinds === "first" && sandboxIds.every((id) => sandboxKind(id) === "first"))
  );
}

/**
 * Ids of sandboxes that are in no list but their own, of which this look says neither that they run nor
 * that they do not: it did not ask for that list, or the list did not reach them.
 */
export function notLookedAt(
  listing: SandboxLookup & { readonly containers: readonly { readonly containerId: string }[] },
): ReadonlySet<string> {
  const alone = listedAlone(listing);
  if (!hasListedSandboxes(listing)) return alone;
  const shown = new Set(listing.containers.map(({ containerId }) => containerId));
  return new Set([...alone].filter((id) => !shown.has(id)));
}

/** Ids of containers that only the list of the sandboxes shows. */
export function listedAlone({ sandboxes }: Pick<SandboxLookup, "sandboxes">): ReadonlySet<string> {
  return new Set(
    (sandboxes?.sandboxes ?? []).flatMap((one) => (one.isListedAlone ? one.containerId : [])),
  );
}
