import type { Clock } from "../base/clock.ts";
import type { Ledger, WindowRecord } from "../session/ledgerPort.ts";
import { seeScopes, windowScopes } from "./goneScopes.ts";
import type { ScopeEnd } from "./goneScopes.ts";
import type { GuardTarget } from "./guardTarget.ts";
import type { GuardianTimings } from "./timings.ts";
import { presenceOf } from "./windowPresence.ts";
import type { PresenceInput } from "./windowPresence.ts";

/** A guarded scope that no open window watches. */
export interface GoneTarget extends ScopeEnd {
  readonly target: GuardTarget;
}

export interface ScopeWatchParts {
  readonly ledger: Pick<Ledger, "windows" | "trouble">;
  /** The windows that live by another word than the ledger's: asked while that cannot be relied on. */
  readonly signedWindows: () => readonly WindowRecord[];
  readonly clock: Clock;
  readonly timings: GuardianTimings;
  readonly pidAlive: (pid: number) => boolean;
  readonly targets: () => readonly GuardTarget[];
  /** Called before the targets are read. */
  readonly onRead: () => void;
}

/** While other windows live, the end of a scope's last window that lies back so long is history. */
const staleMs = 600_000;

/** Which windows are open and which guarded scopes have none, by the heartbeats in the ledger. */
export class ScopeWatch {
  readonly #parts: ScopeWatchParts;
  readonly #startedAtMs: number;
  #awakeSinceMs: number;
  /** The targets as they were when the scopes without a window last changed. */
  #read: { readonly key: string; readonly targets: readonly GuardTarget[] } | undefined;

  constructor(parts: ScopeWatchParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.nowMs();
    this.#awakeSinceMs = this.#startedAtMs;
  }

  /** The machine slept until now: silence in that time was none. */
  awake(nowMs: number): void {
    this.#awakeSinceMs = nowMs;
  }

  get anyOpen(): boolean {
    return presenceOf(this.#seen()).kind === "present";
  }

  isGone(scope: string): boolean {
    return this.#endOf(scope) !== undefined;
  }

  /** Whether no window of the scope has been there since that end: one that came and went makes a new end. */
  isGoneSince({ scope, endId }: ScopeEnd): boolean {
    return this.#endOf(scope)?.endId === endId;
  }

  /** `isHeld`: whether a scope's end is acted on already, by this guardian or the one before it, however long it lies back. */
  look(isHeld: (end: ScopeEnd) => boolean): {
    readonly anyOpen: boolean;
    readonly gone: readonly GoneTarget[];
    /** See `ScopesSeen`. */
    readonly unsure: readonly string[];
  } {
    const seen = this.#seen();
    const all = presenceOf(seen);
    if (all.kind !== "present") {
      const targets = this.#targets(all.kind === "gone" ? all.endId : "none");
      const scopes = targets.map(({ scope }) => scope);
      const { gone, unsure } = seeScopes(seen, scopes);
      return { anyOpen: false, gone: guarded(gone, targets), unsure };
    }
    // While windows live, only what one of them watched can be without one: no file is read for it.
    const { gone, unsure } = seeScopes(seen, windowScopes(seen.windows));
    const recent = gone.filter((end) => isHeld(end) || end.sinceMs >= this.#startedAtMs - staleMs);
    const targets =
      recent.length === 0 ? [] : this.#targets(recent.map(({ endId }) => endId).join());
    return { anyOpen: true, gone: guarded(recent, targets), unsure };
  }

  /** The targets are read again at the next look. */
  forgetTargets(): void {
    this.#read = undefined;
  }

  #endOf(scope: string): ScopeEnd | undefined {
    return seeScopes(this.#seen(), [scope]).gone[0];
  }

  /** While the ledger cannot be written, no window can say that it lives: its silence is none. */
  #seen(): PresenceInput {
    const { ledger, clock, timings, pidAlive, signedWindows } = this.#parts;
    const recorded = ledger.windows();
    const recordedPids = new Set(recorded.map(({ pid }) => pid));
    let signed: readonly WindowRecord[] = [];
    if (ledger.trouble() !== null) {
      this.awake(clock.nowMs());
      signed = signedWindows().filter(({ pid }) => !recordedPids.has(pid));
    }
    return {
      windows: [...recorded, ...signed],
      nowMs: clock.nowMs(),
      beatMs: timings.beatMs,
      silentMs: timings.silentMs,
      awakeSinceMs: this.#awakeSinceMs,
      pidAlive,
    };
  }

  /** The targets, read again when other scopes than before are without a window. */
  #targets(key: string): readonly GuardTarget[] {
    if (this.#read?.key === key) return this.#read.targets;
    this.#parts.onRead();
    const targets = this.#parts.targets();
    this.#read = { key, targets };
    return targets;
  }
}

function guarded(
  gone: readonly ScopeEnd[],
  targets: readonly GuardTarget[],
): readonly GoneTarget[] {
  return gone.flatMap((end) => {
    const target = targets.find(({ scope }) => scope === end.scope);
    return target === undefined || target.onClose === "off" ? [] : [{ ...end, target }];
  });
}
