import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import type { Ledger } from "../session/ledgerPort.ts";
import { defaultTimings } from "./timings.ts";
import { secondsVariableMs } from "./secondsVariable.ts";

export interface WindowBeatOptions {
  readonly ledger: Pick<Ledger, "beatWindow" | "closeWindow">;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique per extension host: a reloaded window is a new one. */
  readonly windowId: string;
  readonly pid: number;
  readonly beatMs?: number;
  /**
   * Asks whether the person's side still answers (a cheap round trip to the window). Left out where
   * the extension host and the window live and die together. VS Code sends a remote extension host
   * no event when its client vanishes, and keeps it for hours (VSCODE_RECONNECTION_GRACE_TIME).
   */
  readonly clientAlive?: () => Promise<boolean>;
  /** Pause between two questions, in milliseconds. */
  readonly probeMs?: number;
  /** The client counts as lost after so long without an answer, in milliseconds. */
  readonly lostAfterMs?: number;
  /** Told when the client is lost, and when it is back. */
  readonly onClient?: (present: boolean) => void;
}

const lostVariable = "MODAL_METER_LOST_CLIENT_SECONDS";
const usualLostMs = 180_000;
/** Shorter, and a slow connection would count as a lost one. */
const shortestLostMs = 15_000;

/** How patient a remote window is with its client: three minutes, or as the machine's variable says. */
export function clientPatience(
  env: Readonly<Record<string, string | undefined>>,
): Required<Pick<WindowBeatOptions, "probeMs" | "lostAfterMs">> {
  const wantedMs = secondsVariableMs(env, lostVariable);
  const lostAfterMs = wantedMs === undefined ? usualLostMs : Math.max(wantedMs, shortestLostMs);
  // A question may take as long as the pause before it: three of each fit.
  return { lostAfterMs, probeMs: lostAfterMs / 6 };
}

/** A sleeping laptop misses one question when it wakes; a lost client misses them all. */
const missedProbes = 3;

/**
 * Tells the other windows and the guardian, through the ledger, that this window is open. Writes at
 * once and then every `beatMs`; `dispose` notes the end. A client that stays silent counts as a
 * closed window until it answers.
 */
export class WindowBeat implements Disposable {
  readonly #options: WindowBeatOptions;
  readonly #openedAtMs: number;
  readonly #scopes = new Set<string>();
  #beatTimer: Disposable | undefined;
  #probeTimer: Disposable | undefined;
  #closed = false;
  #lost = false;
  #ledgerFailed = false;
  #answeredAtMs: number;
  #missed = 0;

  constructor(options: WindowBeatOptions) {
    this.#options = options;
    this.#openedAtMs = options.clock.nowMs();
    this.#answeredAtMs = this.#openedAtMs;
    this.#beat();
    if (options.clientAlive !== undefined) this.#probeLater();
  }

  /**
   * This window watches a scope ("workspace/environment") from now on. It counts for each that it
   * ever watched: a person who switches it for a while has not closed the first one.
   */
  watch(scope: string): void {
    if (this.#scopes.has(scope)) return;
    this.#scopes.add(scope);
    if (!this.#closed) this.#beatNow();
  }

  /**
   * Notes the end of this window, in milliseconds. Never throws: a guardian that reads no note sees
   * the dead process.
   */
  dispose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#beatTimer?.dispose();
    this.#probeTimer?.dispose();
    if (!this.#lost) this.#noteEnd();
  }

  #beat(): void {
    const { clock, beatMs = defaultTimings.beatMs } = this.#options;
    this.#beatNow();
    this.#beatTimer = clock.after(beatMs, () => this.#beat());
  }

  #beatNow(): void {
    if (this.#lost) return;
    const { ledger, clock, windowId, pid } = this.#options;
    this.#write(() =>
      ledger.beatWindow({
        windowId,
        pid,
        openedAtMs: this.#openedAtMs,
        beatAtMs: clock.nowMs(),
        closedAtMs: null,
        ...(this.#scopes.size === 0 ? {} : { scopes: [...this.#scopes] }),
      }),
    );
  }

  #noteEnd(): void {
    const { ledger, windowId, clock } = this.#options;
    this.#write(() => ledger.closeWindow(windowId, clock.nowMs()));
  }

  #write(write: () => void): void {
    try {
      write();
      this.#ledgerFailed = false;
    } catch (error) {
      if (!this.#ledgerFailed)
        this.#options.log.error("The window's heartbeat could not be written.", error);
      this.#ledgerFailed = true;
    }
  }

  #probeLater(): void {
    const { clock, probeMs = usualLostMs / 6 } = this.#options;
    this.#probeTimer = clock.after(probeMs, () => void this.#probe(probeMs));
  }

  async #probe(timeoutMs: number): Promise<void> {
    const answered = await this.#ask(timeoutMs);
    if (this.#closed) return;
    if (answered) this.#onAnswer();
    else this.#onSilence();
    this.#probeLater();
  }

  #ask(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(timeoutMs, () => resolve(false));
      const settle = (answered: boolean): void => {
        timer.dispose();
        resolve(answered);
      };
      const asked = this.#options.clientAlive?.() ?? Promise.resolve(true);
      asked.then(settle, () => settle(false));
    });
  }

  #onAnswer(): void {
    this.#answeredAtMs = this.#options.clock.nowMs();
    this.#missed = 0;
    if (!this.#lost) return;
    this.#lost = false;
    this.#beatTimer?.dispose();
    this.#beat();
    this.#options.log.info("The client answers again: this window counts as open.");
    this.#options.onClient?.(true);
  }

  #onSilence(): void {
    this.#missed += 1;
    const { clock, lostAfterMs = usualLostMs } = this.#options;
    const silentMs = clock.nowMs() - this.#answeredAtMs;
    if (this.#lost || this.#missed < missedProbes || silentMs < lostAfterMs) return;
    this.#lost = true;
    this.#noteEnd();
    this.#options.log.warn(
      `The client did not answer for ${Math.round(silentMs / 1000)} s: this window counts as closed.`,
    );
    this.#options.onClient?.(false);
  }
}
