import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { t } from "../../base/text.ts";
import { formatClock } from "../../cost/format.ts";
import { asFailure, within } from "../../session/concurrent.ts";
import type { Ledger } from "../../session/ledgerPort.ts";
import type { PlannedApp } from "../../session/stop/stopPlan.ts";
import type { GuardedScope } from "../guardedScope.ts";
import { GuardianAct } from "./act.ts";
import type { NextAct } from "./act.ts";
import type { GuardianLease } from "../guardianLease.ts";
import { firstDecision, takenOver } from "./decision.ts";
import type { Decision } from "./decision.ts";
import { claimNews, IncidentNotes, isUnfinished } from "./record.ts";
import type { IncidentAct, IncidentRecord } from "./record.ts";
import type { Notifier, Notice, NoticeAnswer } from "../notifier/notifier.ts";
import { closeReminder } from "./reminderText.ts";
import { appsOfSecondStage, burnText } from "./sight.ts";
import type { Sight } from "./sight.ts";
import type { GoneTarget, ScopeWatch } from "../scopeWatch.ts";
import type { GuardianTimings } from "../timings.ts";

export interface IncidentParts {
  /** The end of the scope's last window that this follows. */
  readonly end: GoneTarget;
  readonly scope: GuardedScope;
  /** Held before each act, and still held directly before each request: a lease that ran out ends the right to act. */
  readonly lease: Pick<GuardianLease, "pid" | "hold" | "isHeld">;
  /**
   * Where a window of the scope came back while Modal was asked, also when it is gone again, nothing
   * is done unasked: the newer end has a grace of its own.
   */
  readonly watch: Pick<ScopeWatch, "isGone" | "isGoneSince" | "anyOpen">;
  readonly ledger: Ledger;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
  readonly timings: GuardianTimings;
  /** Something became due before its time: a button was pressed. */
  readonly wake: () => void;
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
  /** The system ends the guardian: what is due is done at once. */
  #isHastened = false;
  /** A button was pressed, and what it asks for is not begun yet. */
  #asked: NextAct | undefined;
  #act: GuardianAct | undefined;
  #due: Readonly<typeof noDues>;
  #emptyLooks = 0;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
    const { end, lease, ledger, log, timings } = parts;
    const { scope, endId, sinceMs: goneAtMs } = end;
    this.#due = { ...noDues, attend: goneAtMs + timings.graceMs };
    const about = { scope, endId, goneAtMs, guardianPid: lease.pid };
    this.#notes = new IncidentNotes(about, ledger, log);
  }

  get endId(): string {
    return this.#parts.end.endId;
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
    return this.#asked !== undefined;
  }

  /** A window wanted a guardian since the looks: they count no longer. */
  forgetLooks(): void {
    this.#emptyLooks = 0;
  }

  /** Does what is due. Never rejects. */
  async step(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    try {
      if (this.#asked !== undefined) await this.#onAsked(this.#asked);
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
    const { scope, clock } = this.#parts;
    if (this.#attended || scope.target.onClose !== "stop" || !this.#mayAct()) return;
    this.#attended = true;
    this.#isHastened = true;
    const act = { what: "stop", by: "guardian", begunAtMs: clock.nowMs() } as const;
    this.#notes.decide({ act, secondStageAtMs: null });
    await this.#begin(act, signal);
  }

  /** Another guardian is at it from now on: takes the reminder from the screen and notes nothing. */
  abandon(): void {
    this.#ending.abort();
  }

  /** Ends the incident: takes the reminder from the screen and writes how it ended. */
  end(how: NonNullable<IncidentRecord["end"]>): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    // An end within the grace: nothing happened that anybody needs to know. What another guardian left stays.
    if (!this.#attended) return;
    // "terminated" leaves it as a kill does: whoever comes next shows it again.
    if (this.#notes.reminder.state === "showing" && how !== "terminated") {
      // Nobody came while it was on the screen: the next start shows what it said.
      this.#notes.noteReminder(
        how === "lifetime"
          ? // not shown: for the incident's record
            { state: "not-shown", detail: "the guardian ended while it was on the screen" }
          : { state: "withdrawn" },
      );
    }
    this.#notes.end(how, this.#parts.clock.nowMs());
  }

  async #attend(): Promise<void> {
    const { timings, clock } = this.#parts;
    const sight = await this.#look(timings.lookMs);
    if (this.#ending.signal.aborted || !this.#isStillGone()) return;
    const nowMs = clock.nowMs();
    if (!this.#mayAct()) {
      this.#due = { ...this.#due, attend: nowMs + timings.confirmMs };
      return;
    }
    this.#attended = true;
    this.#due = { ...this.#due, attend: never };
    this.#count(sight);
    this.#planExpiry(0);
    this.#tellLeft(nowMs);
    const decision = this.#decision(sight, nowMs);
    if (decision === undefined) return;
    const { remind, act, secondStageAtMs } = decision;
    this.#due = { ...this.#due, secondStage: secondStageAtMs ?? never };
    const reminder = remind.length === 0 ? undefined : this.#reminder(sight, remind);
    // All of it at once, and before it is done: a guardian that is killed now is followed by one that goes on.
    this.#notes.decide({ act, secondStageAtMs, reminder: this.#noteOf(reminder) });
    if (reminder !== undefined) this.#show(reminder);
    if (act !== undefined) await this.#begin(act);
  }

  /** What follows; undefined: nothing, because another guardian came to the end of it. */
  #decision(sight: Sight, nowMs: number): Decision | undefined {
    const { target } = this.#parts.scope;
    const { left } = this.#notes;
    if (left === undefined) return firstDecision(sight, target, nowMs);
    if (!isUnfinished(left)) return undefined;
    this.#parts.log.info(`${target.scope}: what guardian ${left.guardianPid} left is taken over.`);
    return takenOver(left, sight, target, nowMs);
  }

  /** What the act of a guardian that is gone came to, where it did not come to show it. */
  #tellLeft(nowMs: number): void {
    const { left } = this.#notes;
    if (left?.news?.state !== "due" || left.guardianPid === this.#parts.lease.pid) return;
    if (!claimNews(this.#parts.ledger, left, nowMs)) return;
    const { title, body } = left.news;
    this.#tell({ title, body, actions: [] }, (isShown) => this.#notes.newsShown(isShown));
  }

  /** What is noted of the reminder before it is shown; undefined: nothing changes. */
  #noteOf(reminder: Notice | undefined): Partial<IncidentRecord["reminder"]> | undefined {
    if (reminder === undefined)
      return this.#notes.reminder.state === "showing" ? { state: "withdrawn" } : undefined;
    const { title, body } = reminder;
    return { state: "showing", title, body, atMs: this.#parts.clock.nowMs(), detail: null };
  }

  #reminder(sight: Sight, apps: readonly PlannedApp[]): Notice {
    const { scope, watch } = this.#parts;
    const { target } = scope;
    const toStop = appsOfSecondStage(apps, target);
    return closeReminder({
      apps,
      // Where windows of other scopes are open, the reminder names its own.
      scope: watch.anyOpen ? target.scope : null,
      burn: burnText(sight, apps),
      unchecked: sight.unchecked,
      stop:
        toStop.length > 0
          ? { at: formatClock(this.#due.secondStage), names: toStop.map(({ name }) => name) }
          : null,
      canRelease: apps.some((app) => app.state === "deployed" && app.containerCount > 0),
    });
  }

  #show(reminder: Notice): void {
    const { notifier, wake } = this.#parts;
    void notifier.show(reminder, this.#ending.signal).then((answer) => {
      if (answer.kind === "withdrawn") return;
      const noted = { state: answer.kind, detail: detailOf(answer) };
      if (answer.kind !== "pressed" || this.#ending.signal.aborted) {
        this.#notes.noteReminder(noted);
        return;
      }
      const begunAtMs = this.#parts.clock.nowMs();
      const what = actOf(answer.actionId);
      const act = what === undefined ? undefined : { what, by: "reminder" as const, begunAtMs };
      this.#due = { ...this.#due, secondStage: never };
      // With the answer, in one write: what was asked for is done, by whoever lives.
      this.#notes.decide({ reminder: noted, act, secondStageAtMs: null });
      this.#asked = act;
      wake();
    });
  }

  async #onAsked(act: NextAct): Promise<void> {
    this.#asked = undefined;
    await this.#begin(act);
  }

  async #secondStage(): Promise<void> {
    this.#due = { ...this.#due, secondStage: never };
    const act = {
      what: "stop",
      by: "guardian",
      begunAtMs: this.#parts.clock.nowMs(),
    } as const;
    this.#notes.decide({ act, secondStageAtMs: null });
    await this.#begin(act);
  }

  async #begin(begun: NextAct, signal?: AbortSignal): Promise<void> {
    const { scope, log, timings, lease, clock } = this.#parts;
    const maySend = (): boolean =>
      !this.#ending.signal.aborted &&
      lease.isHeld(clock.nowMs()) &&
      (begun.by !== "guardian" || this.#isStillGone());
    this.#act = new GuardianAct({ begun, scope, maySend, notes: this.#notes, clock, log, timings });
    await this.#tryAct(signal);
  }

  /** Acts, and tells. What could not be verified is tried again. */
  async #tryAct(signal: AbortSignal = new AbortController().signal): Promise<void> {
    this.#due = { ...this.#due, retry: never };
    const { clock, timings } = this.#parts;
    const act = this.#act;
    if (act === undefined) return;
    if (!this.#mayAct() || (act.isUnasked && !this.#isStillGone())) {
      // Should that window turn out to watch another scope, or the lease come back, the act is still due.
      this.#due = { ...this.#due, retry: clock.nowMs() + timings.confirmMs };
      return;
    }
    const { verified, outcome, notices } = await act.attempt(signal);
    const nowMs = clock.nowMs();
    // The proof is fresh; one more look soon, and the guardian may end.
    const look = nowMs + timings.confirmMs;
    this.#due = { ...this.#due, look, retry: verified ? never : nowMs + act.waitMs };
    if (verified) this.#act = undefined;
    if (outcome !== undefined) this.#tell(outcome, (isShown) => this.#notes.newsShown(isShown));
    for (const notice of notices) this.#tell(notice);
  }

  async #expire(): Promise<void> {
    const { scope, clock, timings } = this.#parts;
    if (!this.#mayAct()) return;
    for (const { kind } of await scope.expireDemos(this.endId, process.pid)) {
      if (kind !== "expired") continue;
      const text = t("The demo session is over. Its apps are back in their resting mode.");
      this.#notes.addAct(text);
      this.#tell({ title: t("Demo session over"), body: text, actions: [] });
    }
    this.#planExpiry(clock.nowMs() + 2 * timings.confirmMs);
  }

  #mayAct(): boolean {
    const { lease, clock } = this.#parts;
    return !this.#ending.signal.aborted && lease.hold(clock.nowMs());
  }

  #isStillGone(): boolean {
    const { watch, end } = this.#parts;
    // Before the machine goes down nothing waits for the grace of a newer end.
    return this.#isHastened ? watch.isGone(end.scope) : watch.isGoneSince(end);
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

  #tell(notice: Notice, then?: (isShown: boolean) => void): void {
    // Not tied to the incident's end: the outcome is wanted even when nothing is left to guard.
    void this.#parts.notifier.show(notice, AbortSignal.timeout(30_000)).then((answer) => {
      then?.(answer.kind !== "not-shown");
      if (answer.kind === "not-shown")
        this.#parts.log.info(`"${notice.title}" could not be shown: ${answer.reason}`);
    });
  }
}

function defer(dueMs: number, laterMs: number): number {
  return dueMs === never ? never : Math.max(dueMs, laterMs);
}

function actOf(actionId: string): IncidentAct["what"] | undefined {
  if (actionId === "keep") return undefined;
  return actionId === "release" ? "release" : "stop";
}

function detailOf(answer: NoticeAnswer): string | null {
  if (answer.kind === "pressed") return answer.actionId;
  return answer.kind === "not-shown" ? answer.reason : null;
}
