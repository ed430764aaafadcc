import type { Clock } from "../../../src/base/clock.ts";
import type { Disposable } from "../../../src/base/disposable.ts";
import { DisposableStore } from "../../../src/base/disposable.ts";
import { microUsd } from "../../../src/cost/money.ts";
import { GuardedScope } from "../../../src/guardian/guardedScope.ts";
import { Guardian } from "../../../src/guardian/guardian.ts";
import type { GuardianEnd } from "../../../src/guardian/guardian.ts";
import { GuardianLease, liveGuardian, wantGuardian } from "../../../src/guardian/guardianLease.ts";
import type { GuardTarget } from "../../../src/guardian/guardTarget.ts";
import type { Notice, NoticeAnswer } from "../../../src/guardian/notifier/notifier.ts";
import { defaultTimings } from "../../../src/guardian/timings.ts";
import type { GuardianTimings } from "../../../src/guardian/timings.ts";
import { WindowBeat } from "../../../src/guardian/windowBeat.ts";
import { Look } from "../../../src/session/watch/look.ts";
import type { Refresh } from "../../../src/session/refresh.ts";
import type { Ledger, Listing } from "../../../src/session/ledgerPort.ts";
import { takeOverStops } from "../../../src/session/stop/begunStop.ts";
import { silentLog } from "../silentLog.ts";
import type { VirtualClock } from "../virtualClock.ts";
import { targetSample } from "./targetSample.ts";
import { TinyModal } from "./tinyModal.ts";
import { sessionApp, sessionSample } from "../session/sessionSample.ts";

/** Timers of one process: they end with it. */
class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #timers = new DisposableStore();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  after(delayMs: number, callback: () => void): Disposable {
    return this.#timers.add(this.#clock.after(delayMs, callback));
  }

  kill(): void {
    this.#timers.dispose();
  }
}

export interface ShownReminder {
  readonly reminder: Notice;
  readonly atMs: number;
  /** It is on the screen, and somebody hears its buttons. */
  readonly isLive: boolean;
  /** What a person did with it; undefined: nothing. */
  readonly said: NoticeAnswer | undefined;
  answer(answer: NoticeAnswer): void;
}

interface GuardianProcess {
  readonly pid: number;
  readonly guardian: Guardian;
  kill(): void;
}

interface WindowProcess {
  readonly windowId: string;
  readonly pid: number;
  readonly beat: WindowBeat;
  readonly clock: ProcessClock;
  readonly scope: string;
  /** It has looked at Modal, so it knows its scope. */
  knowsScope: boolean;
  pollAtMs: number;
}

/** The scope that tests speak of when they name none. */
const mainScope = "you/main";

/** How often an open window looks at Modal and makes sure of a guardian. */
const pollMs = 10_000;

/**
 * One machine with windows and guardians as processes that can be killed at any instant, a real
 * ledger, and a little Modal. The guardian, its lease, the heartbeats and the stop are the real ones.
 */
export class GuardianWorld {
  readonly clock: VirtualClock;
  readonly ledger: Ledger;
  readonly modal: TinyModal;
  /** A second workspace and environment. */
  readonly otherModal: TinyModal;
  readonly otherScope = "team/dev";
  timings: GuardianTimings = defaultTimings;
  readonly reminders: ShownReminder[] = [];
  readonly notices: Notice[] = [];
  readonly windows: WindowProcess[] = [];
  readonly guardians: GuardianProcess[] = [];
  readonly ends: GuardianEnd[] = [];
  onClose: GuardTarget["onClose"] = "remind";
  stopAfterMinutes = 0;
  /** What the notification service answers at once; undefined: it waits for `answer`. */
  notifierSays: NoticeAnswer | undefined;
  /** The same of a notice that has no buttons. */
  noticesSay: NoticeAnswer = { kind: "shown" };
  ledgerThere = true;
  /** False: the guardian can note nothing, as with a full disk. */
  ledgerWritable = true;
  readonly #guarded = new Set([mainScope]);
  #pid = 100;
  #wishes = 0;

  constructor(clock: VirtualClock, ledger: Ledger) {
    this.clock = clock;
    this.ledger = ledger;
    this.modal = new TinyModal(clock);
    this.otherModal = new TinyModal(clock, { workspace: "team", environment: "dev" });
  }

  /** An app that a session of this machine started, and that is over: the app's id. */
  start(name: string, containers = 1, scope = mainScope): string {
    const appId = this.modalOf(scope).start(name, containers);
    const startedAtMs = this.clock.nowMs();
    this.ledger.upsertSession(
      sessionSample({
        sessionId: `session-of-${appId}`,
        scope,
        startedAtMs,
        endedAtMs: startedAtMs,
        end: "replaced",
        apps: [sessionApp({ appId, name })],
      }),
    );
    return appId;
  }

  modalOf(scope: string): TinyModal {
    return scope === this.otherScope ? this.otherModal : this.modal;
  }

  #target(scope: string): GuardTarget {
    return targetSample({
      scope,
      onClose: this.onClose,
      stopAfterMinutes: this.stopAfterMinutes,
      productionModes: [],
    });
  }

  readonly pidAlive = (pid: number): boolean =>
    this.windows.some((window) => window.pid === pid) ||
    this.guardians.some((guardian) => guardian.pid === pid);

  openWindow(scope = mainScope): WindowProcess {
    const pid = this.#pid++;
    const clock = new ProcessClock(this.clock);
    const windowId = `window-${pid}`;
    const beat = new WindowBeat({ ledger: this.ledger, clock, log: silentLog, windowId, pid });
    const window: WindowProcess = {
      windowId,
      pid,
      beat,
      clock,
      scope,
      knowsScope: false,
      pollAtMs: 0,
    };
    this.windows.push(window);
    void this.poll(window);
    return window;
  }

  /** A window opens, an app starts, and 30 s later the window is closed: the app's id. */
  async leaveRunning(
    name: string,
    { containers = 1, before }: { readonly containers?: number; readonly before?: () => void } = {},
  ): Promise<string> {
    const window = this.openWindow();
    const appId = this.start(name, containers);
    await this.advance(30_000);
    before?.();
    this.closeWindow(window);
    return appId;
  }

  closeWindow(window: WindowProcess): void {
    window.beat.dispose();
    this.killWindow(window);
  }

  /** SIGKILL of the extension host: nothing is noted. */
  killWindow(window: WindowProcess): void {
    window.clock.kill();
    this.windows.splice(this.windows.indexOf(window), 1);
  }

  killGuardian(): void {
    for (const process of this.guardians.splice(0)) process.kill();
  }

  /** Time passes; open windows look at Modal every `pollMs`. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.clock.nowMs() + byMs;
    while (this.clock.nowMs() < untilMs) {
      const nextPollMs = Math.min(...this.windows.map(({ pollAtMs }) => pollAtMs), untilMs);
      await this.clock.advance(Math.max(0, nextPollMs - this.clock.nowMs()));
      for (const window of this.windows)
        if (this.clock.nowMs() >= window.pollAtMs) void this.poll(window);
    }
    await this.clock.advance(0);
  }

  /** What the extension does at each look: records it, and makes sure of a guardian while apps run. */
  async poll(window: WindowProcess): Promise<void> {
    window.pollAtMs = this.clock.nowMs() + pollMs;
    let listing: Listing;
    try {
      listing = await this.#refresh(window.scope, this.clock, () => true)({});
    } catch {
      return; // Offline: the next look tries again.
    }
    if (!this.windows.includes(window)) return;
    window.beat.watch(window.scope);
    window.knowsScope = true;
    const { ledger, pidAlive } = this;
    const { windowId, pid } = window;
    takeOverStops({ ledger, holder: windowId, pid, pidAlive }, listing);
    if (this.modalOf(window.scope).running.length > 0) this.ensureGuardian(window.scope);
  }

  ensureGuardian(scope = mainScope): void {
    this.#guarded.add(scope);
    wantGuardian(this.ledger, `wish-${this.#wishes++}`);
    if (liveGuardian(this.ledger, this.clock.nowMs(), this.pidAlive) === undefined)
      this.startGuardian();
  }

  /** One more process, whether or not one runs: it must end by itself when it is one too many. */
  startGuardian(): void {
    const pid = this.#pid++;
    const clock = new ProcessClock(this.clock);
    let killed = false;
    const isAlive = (): boolean => !killed;
    const ledger = this.#ledgerOf(isAlive);
    const connect = (scope: string) => async () => ({
      connected: {
        control: this.modalOf(scope).control(isAlive),
        scope: this.modalOf(scope).scope,
        scopeKey: scope,
        username: "you",
      },
      refresh: this.#refresh(scope, clock, isAlive),
    });
    const guardian = new Guardian({
      ledger,
      lease: new GuardianLease({
        ledger,
        holder: `guardian-${pid}`,
        pid,
        leaseMs: this.timings.leaseMs,
        pidAlive: this.pidAlive,
      }),
      clock,
      log: silentLog,
      timings: this.timings,
      notifier: { show: (reminder, signal) => this.#show(reminder, signal, isAlive) },
      pidAlive: this.pidAlive,
      ledgerThere: () => this.ledgerThere,
      signedWindows: () => [],
      targets: () => [...this.#guarded].map((scope) => this.#target(scope)),
      scopeOf: (target) =>
        new GuardedScope({
          target,
          connect: connect(target.scope),
          ledger,
          clock,
          log: silentLog,
          pid,
          pidAlive: this.pidAlive,
          burnOf: (listing) =>
            new Map(listing.apps.map(({ appId }) => [appId, microUsd(1_950_000)])),
        }),
    });
    const kill = (): void => {
      killed = true;
      clock.kill();
    };
    const process: GuardianProcess = { pid, guardian, kill };
    this.guardians.push(process);
    void guardian.ended.then((end) => {
      this.ends.push(end);
      const at = this.guardians.indexOf(process);
      if (at !== -1) this.guardians.splice(at, 1);
    });
    guardian.start();
  }

  /** A killed process writes nothing any more, whatever still runs in this one. */
  #ledgerOf(isAlive: () => boolean): Ledger {
    return new Proxy(this.ledger, {
      get: (ledger, name) => {
        const member: unknown = Reflect.get(ledger, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          if (name === "remember" && !this.ledgerWritable) throw new Error("The disk is full.");
          if (!isAlive()) throw new Error("This process was killed.");
          return Reflect.apply(member, ledger, args);
        };
      },
    });
  }

  #refresh(scope: string, clock: Clock, isAlive: () => boolean): Refresh {
    const look = new Look({ ledger: this.ledger, clock });
    const control = this.modalOf(scope).control(isAlive);
    return (options) => look.take({ control, scopeKey: scope }, options);
  }

  #show(reminder: Notice, signal: AbortSignal, isAlive: () => boolean): Promise<NoticeAnswer> {
    if (reminder.actions.length === 0) {
      this.notices.push(reminder);
      return Promise.resolve(this.noticesSay);
    }
    return new Promise((resolve) => {
      let isOpen = true;
      let said: NoticeAnswer | undefined;
      const settle = (value: NoticeAnswer): boolean => {
        if (!isAlive() || !isOpen) return false;
        isOpen = false;
        resolve(value);
        return true;
      };
      this.reminders.push({
        reminder,
        atMs: this.clock.nowMs(),
        get isLive() {
          return isOpen && isAlive();
        },
        get said() {
          return said;
        },
        answer: (value) => {
          if (settle(value)) said = value;
        },
      });
      signal.addEventListener("abort", () => settle({ kind: "withdrawn" }), { once: true });
      if (this.notifierSays !== undefined) settle(this.notifierSays);
    });
  }
}
