import { loggedContainerId } from "../reported/logLineAssembler.ts";
import type { ContainerSpan } from "../span.ts";
import type { SignedKnowledge } from "./signedKnowledge.ts";

/** A time in which a container is known to have been there. It may have been there before and after. */
export interface Presence {
  readonly containerId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** By app: what looks showed, and what log lines tell of containers that no look may have shown. */
export function presencesByApp(
  spans: readonly ContainerSpan[],
  { calls, logged = [], signs }: SignedKnowledge,
): ReadonlyMap<string, readonly Presence[]> {
  const appOf = new Map<string, string>();
  for (const { containerId, appId } of logged) appOf.set(containerId, appId);
  for (const { callId, appId } of calls) {
    const containerId = loggedContainerId(callId);
    if (containerId !== null && appId !== null) appOf.set(containerId, appId);
  }
  const found: (Presence & { readonly appId: string })[] = [];
  for (const { containerId, appId, startedAtMs, finishedAtMs, lastSeenAtMs } of spans) {
    if (startedAtMs === null) continue;
    const toMs = finishedAtMs ?? Math.max(lastSeenAtMs, signs.get(containerId)?.lastMs ?? 0);
    found.push({ containerId, appId, fromMs: startedAtMs, toMs });
  }
  for (const [containerId, { firstMs, lastMs }] of signs) {
    const appId = appOf.get(containerId);
    if (appId !== undefined) found.push({ containerId, appId, fromMs: firstMs, toMs: lastMs });
  }
  return Map.groupBy(found, ({ appId }) => appId);
}

/**
 * When another container than this one was first there at or after `fromMs`; infinite: never. The
 * last container that `min_containers` keeps ends only when another takes its place, as one does at
 * once after a crash.
 */
export function relievedAtMs(
  containerId: string,
  presences: readonly Presence[],
  fromMs: number,
): number {
  let firstMs = Number.POSITIVE_INFINITY;
  for (const other of presences) {
    if (other.containerId === containerId || other.toMs < fromMs) continue;
    firstMs = Math.min(firstMs, Math.max(fromMs, other.fromMs));
  }
  return firstMs;
}
