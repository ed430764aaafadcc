import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { t } from "../base/text.ts";
import { formatClock } from "../cost/format.ts";
import { asFailure, within } from "../session/concurrent.ts";
import type { Ledger } from "../session/ledgerPort.ts";
import type { PlannedApp } from "../session/stop/stopPlan.ts";
import type { GuardedScope } from "./guardedScope.ts";
import { GuardianAct } from "./guardianAct.ts";
import { IncidentNotes } from "./incidentRecord.ts";
import type { IncidentRecord } from "./incidentRecord.ts";
import type { Notifier, Notice, NoticeAnswer } from "./notifier/notifier.ts";
import { closeReminder } from "./reminderText.ts";
import { appsOfSecondStage, appsLeftRunning, burnText } from "./sight.ts";
import type { Sight } from "./sight.ts";
import type { GuardianTimings } from "./timings.ts";

export interface IncidentParts {
  readonly endId: string;
  readonly goneAtMs: number;
  readonly scope: GuardedScope;
  readonly ledger: Ledger;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
  readonly timings: GuardianTimings;
  /** Something became due before its time: a button was pressed. */
  readonly wake: () => void;
  /** Whether this guardian still has the lease: asked before each act. */
  readonly mayAct: () => boolean;
  /** Whether it has had it without a break: asked directly before each request. A lease that ran out ends the right to act. */
  readonly mayGoOn: () => boolean;
  /** False when a window of the scope came back while Modal was asked: then nothing is done unasked. */
  readonly stillGone: () => boolean;
  /** True: windows of other scopes are open, so the reminder names its own. */
  readonly othersOpen: () => boolean;
}

const never = Number.POSITIVE_INFINITY;
const noDues = { attend: never, secondStage: never, retry: never, look: never, expiry: never };

/**
 * What follows after the last window of a scope is gone, until one is back or nothing runs: the
 * grace, one reminder or one stop, a second stage, and looks at a slow pace so that the away report
 * has numbers. `step` does the one thing that is due; an incident never runs two steps at once.
 */
export class Incident {
  readonly #parts: IncidentParts;
  readonly #ending = new AbortController();
  readonly #notes: IncidentNotes;
  #attended = false;
  #answer: NoticeAnswer | undefined;
  #act: GuardianAct | undefined;
  #due: Readonly<typeof noDues>;
  #emptyLooks = 0;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
    const { endId, goneAtMs, ledger, log, timings, scope } = parts;
    this.#due = { ...noDues, attend: goneAtMs + timings.graceMs };
    this.#notes = new IncidentNotes({ scope: scope.target.scope, endId, goneAtMs }, ledger, log);
  }

  get endId(): string {
    return this.#parts.endId;
  }

  /** The grace is over, and what follows it is done. */
  get isAttended(): boolean {
    return this.#attended;
  }

  /** When the next step is due, milliseconds since the epoch. */
  get dueAtMs(): number {
    return this.mustAct ? 0 : Math.min(...Object.values(this.#due));
  }

  /** Two fresh looks in a row showed nothing to guard. */
  get nothingRuns(): boolean {
    return this.#emptyLooks >= 2;
  }

  /** A button was pressed and not acted on yet: a window that comes back does not undo it. */
  get mustAct(): boolean {
    return this.#answer !== undefined;
  }

  /** A window wanted a guardian since the looks: they count no longer. */
  forgetLooks(): void {
    this.#emptyLooks = 0;
  }

  /** Does what is due. Never rejects. */
  async step(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    try {
      if (this.#answer !== undefined) await this.#onAnswer(this.#answer);
      else if (!this.#attended) await this.#attend();
      else if (this.#due.secondStage <= nowMs) await this.#secondStage();
      else if (this.#due.retry <= nowMs) await this.#tryAct();
      else if (this.#due.expiry <= nowMs) await this.#expire();
      else this.#count(await this.#look(4 * this.#parts.timings.lookMs));
    } catch (error) {
      this.#parts.log.error("A step of the guardian failed.", error);
      // Each due time that led here would lead here again at once.
      const laterMs = this.#parts.clock.nowMs() + this.#parts.timings.confirmMs;
      this.#due = {
        attend: defer(this.#due.attend, laterMs),
        secondStage: defer(this.#due.secondStage, laterMs),
        retry: defer(this.#due.retry, laterMs),
        look: this.#attended ? laterMs : never,
        expiry: defer(this.#due.expiry, laterMs),
      };
    }
  }

  /** Before the machine goes down: an automatic stop does not wait for the rest of the grace. */
  async hasten(signal: AbortSignal): Promise<void> {
    if (this.#attended || this.#parts.scope.target.onClose !== "stop" || !this.#claim()) return;
    this.#attended = true;
    await this.#begin("stop", "guardian", signal);
  }

  /** Ends the incident: takes the reminder from the screen and writes how it ended. */
  end(how: NonNullable<IncidentRecord["end"]>): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    if (this.#notes.reminder.state === "showing") {
      // Nobody came while it was on the screen: the next start shows what it said.
      const unseen = how === "lifetime" || how === "terminated";
      this.#notes.noteReminder(
        unseen
          ? // not shown: for the incident's record
            { state: "not-shown", detail: "the guardian ended while it was on the screen" }
          : { state: "withdrawn" },
      );
    }
    // An end within the grace is a reload: nothing happened that anybody needs to know.
    if (!this.#attended && how === "window-back") return;
    this.#notes.end(how, this.#parts.clock.nowMs());
  }

  async #attend(): Promise<void> {
    const { scope, timings, stillGone } = this.#parts;
    const { target } = scope;
    const sight = await this.#look(timings.lookMs);
    if (this.#ending.signal.aborted || !stillGone()) return;
    const isMine = this.#claim();
    this.#attended = true;
    this.#due = { ...this.#due, attend: never };
    this.#count(sight);
    this.#planExpiry(0);
    if (!isMine) return;
    const toRemindOf = appsLeftRunning(sight, target);
    if (toRemindOf.length > 0) this.#remind(sight, toRemindOf);
    // What could not be seen may run: the act looks again.
    const mayRun = sight.unchecked !== null || sight.view?.plan.planned.length !== 0;
    if (mayRun && (target.onClose === "stop" || target.onClose === "release"))
      await this.#begin(target.onClose, "guardian");
  }

  #remind(sight: Sight, apps: readonly PlannedApp[]): void {
    const { clock, scope, notifier, othersOpen, wake } = this.#parts;
    const { target } = scope;
    const toStop = appsOfSecondStage(apps, target);
    if (toStop.length > 0)
      this.#due = { ...this.#due, secondStage: clock.nowMs() + target.stopAfterMinutes * 60_000 };
    const reminder = closeReminder({
      apps,
      scope: othersOpen() ? target.scope : null,
      burn: burnText(sight, apps),
      unchecked: sight.unchecked,
      stop:
        toStop.length > 0
          ? { at: formatClock(this.#due.secondStage), names: toStop.map(({ name }) => name) }
          : null,
      canRelease: apps.some((app) => app.state === "deployed" && app.containerCount > 0),
    });
    const { title, body } = reminder;
    // Written first: a guardian that is killed now leaves a note for the next start.
    this.#notes.noteReminder({ state: "showing", title, body, atMs: clock.nowMs(), detail: null });
    void notifier.show(reminder, this.#ending.signal).then((answer) => {
      if (answer.kind !== "withdrawn")
        this.#notes.noteReminder({ state: answer.kind, detail: detailOf(answer) });
      if (answer.kind !== "pressed" || this.#ending.signal.aborted) return;
      this.#answer = answer;
      wake();
    });
  }

  async #onAnswer(answer: NoticeAnswer): Promise<void> {
    this.#answer = undefined;
    this.#due = { ...this.#due, secondStage: never };
    if (answer.kind !== "pressed" || answer.actionId === "keep") return;
    await this.#begin(answer.actionId === "release" ? "release" : "stop", "reminder");
  }

  async #secondStage(): Promise<void> {
    this.#due = { ...this.#due, secondStage: never };
    await this.#begin("stop", "guardian");
  }

  async #begin(
    what: "stop" | "release",
    by: "reminder" | "guardian",
    signal?: AbortSignal,
  ): Promise<void> {
    const { scope, log, timings, mayGoOn, stillGone } = this.#parts;
    const maySend = (): boolean => mayGoOn() && (by !== "guardian" || stillGone());
    this.#act = new GuardianAct({ what, by, scope, maySend, notes: this.#notes, log, timings });
    await this.#tryAct(signal);
  }

  /** Acts, and tells. What could not be verified is tried again. */
  async #tryAct(signal: AbortSignal = new AbortController().signal): Promise<void> {
    this.#due = { ...this.#due, retry: never };
    const { mayAct, stillGone, clock, timings } = this.#parts;
    const act = this.#act;
    if (act === undefined || !mayAct()) return;
    if (act.isUnasked && !stillGone()) {
      // Should that window turn out to watch another scope, the act is still due.
      this.#due = { ...this.#due, retry: clock.nowMs() + timings.confirmMs };
      return;
    }
    const { verified, notices } = await act.attempt(signal);
    const nowMs = clock.nowMs();
    // The proof is fresh; one more look soon, and the guardian may end.
    const look = nowMs + timings.confirmMs;
    this.#due = { ...this.#due, look, retry: verified ? never : nowMs + act.waitMs };
    if (verified) this.#act = undefined;
    for (const notice of notices) this.#tell(notice);
  }

  async #expire(): Promise<void> {
    const { scope, clock, timings, mayAct } = this.#parts;
    if (!mayAct()) return;
    for (const { kind } of await scope.expireDemos(this.endId, process.pid)) {
      if (kind !== "expired") continue;
      const text = t("The demo session is over. Its apps are back in their resting mode.");
      this.#notes.addAct(text);
      this.#tell({ title: t("Demo session over"), body: text, actions: [] });
    }
    this.#planExpiry(clock.nowMs() + 2 * timings.confirmMs);
  }

  #planExpiry(earliestMs: number): void {
    const next = this.#parts.scope.nextExpiryMs();
    this.#due = { ...this.#due, expiry: next === null ? never : Math.max(next, earliestMs) };
  }

  /** What the look means for this guardian's own life. A scope that could not be seen may run. */
  #count({ view, unchecked }: Sight): void {
    const empty = unchecked === null && view?.plan.planned.length === 0;
    this.#emptyLooks = empty ? this.#emptyLooks + 1 : 0;
    const { clock, timings } = this.#parts;
    const look = clock.nowMs() + (empty ? timings.confirmMs : timings.meterMs);
    this.#due = { ...this.#due, look };
  }

  async #look(timeoutMs: number): Promise<Sight> {
    const { clock, log, scope } = this.#parts;
    try {
      const view = await within(clock, timeoutMs, "Modal", this.#ending.signal, (signal) =>
        scope.look(signal),
      );
      return { view, unchecked: null };
    } catch (error) {
      const { message } = asFailure(error);
      log.warn(`${scope.target.scope} could not be seen: ${message}`);
      return { view: scope.lastKnown(), unchecked: message };
    }
  }

  /** True for exactly one guardian per end of the scope's last window. */
  #claim(): boolean {
    const { ledger, clock, endId, mayAct, scope } = this.#parts;
    const key = `guardian:end:${scope.target.scope}:${endId}`;
    return mayAct() && ledger.claimOnce(key, clock.nowMs());
  }

  #tell(notice: Notice): void {
    // Not tied to the incident's end: the outcome is wanted even when nothing is left to guard.
    void this.#parts.notifier.show(notice, AbortSignal.timeout(30_000)).then((answer) => {
      if (answer.kind === "not-shown")
        this.#parts.log.info(`"${notice.title}" could not be shown: ${answer.reason}`);
    });
  }
}

function defer(dueMs: number, laterMs: number): number {
  return dueMs === never ? never : Math.max(dueMs, laterMs);
}

function detailOf(answer: NoticeAnswer): string | null {
  if (answer.kind === "pressed") return answer.actionId;
  return answer.kind === "not-shown" ? answer.reason : null;
}
