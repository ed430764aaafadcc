import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { formatClock, formatMetered } from "../cost/format.ts";
import { addUsd, zeroUsd } from "../cost/money.ts";
import type { MicroUsd } from "../cost/money.ts";
import { asFailure, within } from "../session/concurrent.ts";
import type { Ledger } from "../session/ledgerPort.ts";
import { releaseText } from "../session/releaseGpus.ts";
import type { StopReceipt } from "../session/receipt.ts";
import type { PlannedApp } from "../session/stopPlan.ts";
import { costsNow, isOfThisMachine } from "./guardedScope.ts";
import type { GuardedScope, ScopeView } from "./guardedScope.ts";
import { saveIncident } from "./incidentRecord.ts";
import type { IncidentRecord } from "./incidentRecord.ts";
import type { Notifier, Reminder, ReminderAnswer } from "./notifier/notifier.ts";
import { closeReminder, failedNotice, outcomeNotice } from "./reminderText.ts";
import type { GuardianTimings } from "./timings.ts";

export interface IncidentParts {
  readonly endId: string;
  readonly goneAtMs: number;
  readonly scopes: readonly GuardedScope[];
  readonly ledger: Ledger;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
  readonly timings: GuardianTimings;
  /** Something became due before its time: a button was pressed. */
  readonly wake: () => void;
  /** Whether this guardian still has the lease: asked before each act. */
  readonly mayAct: () => boolean;
  /** False when a window came back while Modal was asked: then nothing is done unasked. */
  readonly stillGone: () => boolean;
}

/** One scope as this incident last saw it. */
interface Sight {
  readonly scope: GuardedScope;
  readonly view: ScopeView | undefined;
  /** Why there was no fresh look; null: it is fresh. */
  readonly unchecked: string | null;
}

/** What a reminder is about. */
interface Concern extends Sight {
  readonly apps: readonly PlannedApp[];
}

interface PendingAct {
  readonly what: "stop" | "release";
  readonly by: StopReceipt["by"];
  readonly scopes: readonly GuardedScope[];
}

interface Done {
  readonly verified: boolean;
  /** What to tell; undefined: there was nothing to do. */
  readonly notice: Reminder | undefined;
}

const never = Number.POSITIVE_INFINITY;
/** After so many attempts the person is told that it does not work; the attempts go on. */
const triesUntilTold = 6;

/**
 * What follows after the last window is gone, until a window is back or nothing runs: the grace, one
 * reminder or one stop, a second stage, and looks at a slow pace so that the away report has numbers.
 * `step` does the one thing that is due; the guardian never runs two steps at once.
 */
export class Incident {
  readonly #parts: IncidentParts;
  readonly #ending = new AbortController();
  #record: IncidentRecord;
  #attended = false;
  #answer: ReminderAnswer | undefined;
  #pending: PendingAct | undefined;
  #tries = 0;
  #due: {
    attend: number;
    secondStage: number;
    retry: number;
    look: number;
    expiry: number;
  };
  #emptyLooks = 0;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
    this.#due = {
      attend: parts.goneAtMs + parts.timings.graceMs,
      secondStage: never,
      retry: never,
      look: never,
      expiry: never,
    };
    this.#record = {
      endId: parts.endId,
      goneAtMs: parts.goneAtMs,
      reminder: { state: "none", title: "", body: "", atMs: null, detail: null },
      receiptIds: [],
      acts: [],
      end: null,
      endedAtMs: null,
    };
  }

  get endId(): string {
    return this.#parts.endId;
  }

  /** When the next step is due, milliseconds since the epoch. */
  get dueAtMs(): number {
    if (this.#answer !== undefined) return 0;
    return Math.min(...Object.values(this.#due));
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
      if (this.#answer !== undefined) await this.#act(this.#answer);
      else if (!this.#attended) await this.#attend();
      else if (this.#due.secondStage <= nowMs) await this.#secondStage();
      else if (this.#due.retry <= nowMs) await this.#tryPending();
      else if (this.#due.expiry <= nowMs) await this.#expire();
      else await this.#lookAgain();
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
    if (this.#attended) return;
    const scopes = this.#parts.scopes.filter(({ target }) => target.onClose === "stop");
    if (scopes.length === 0 || !this.#claim()) return;
    this.#attended = true;
    this.#pending = { what: "stop", by: "guardian", scopes };
    await this.#tryPending(signal);
  }

  /** Ends the incident: takes the reminder from the screen and writes how it ended. */
  end(how: NonNullable<IncidentRecord["end"]>): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    if (this.#record.reminder.state === "showing") {
      // Nobody came while it was on the screen: the next start shows what it said.
      if (how === "lifetime" || how === "terminated")
        this.#note({ state: "not-shown", detail: "the guardian ended while it was on the screen" });
      else this.#note({ state: "withdrawn" });
    }
    // An end within the grace is a reload: nothing happened that anybody needs to know.
    if (!this.#attended && how === "window-back") return;
    this.#save({ end: how, endedAtMs: this.#parts.clock.nowMs() });
  }

  async #attend(): Promise<void> {
    const sights = await this.#lookAt(this.#parts.scopes, this.#parts.timings.lookMs);
    if (this.#ending.signal.aborted || !this.#parts.stillGone()) return;
    const isMine = this.#claim();
    this.#attended = true;
    this.#due.attend = never;
    this.#count(sights);
    this.#planExpiry(0);
    if (!isMine) return;
    // Where the guardian acts by itself, it reminds of what it must not touch unasked.
    const toRemind = sights.flatMap((sight) => {
      const { target } = sight.scope;
      const apps = (sight.view?.plan.planned ?? [])
        .filter(costsNow)
        .filter((app) => target.onClose === "remind" || !isOfThisMachine(app, target));
      return apps.length > 0 ? [{ ...sight, apps }] : [];
    });
    if (toRemind.length > 0) this.#remind(toRemind);
    // What could not be seen may run: the act looks again.
    const wants = (what: "stop" | "release"): readonly GuardedScope[] =>
      sights
        .filter(({ scope }) => scope.target.onClose === what)
        .filter(({ view, unchecked }) => unchecked !== null || view?.plan.planned.length !== 0)
        .map(({ scope }) => scope);
    for (const what of ["stop", "release"] as const) {
      const scopes = wants(what);
      if (scopes.length > 0) await this.#begin({ what, by: "guardian", scopes });
    }
  }

  #remind(concerns: readonly Concern[]): void {
    const { clock } = this.#parts;
    const minutes = concerns
      .filter(({ scope, apps }) => apps.some((app) => isOfThisMachine(app, scope.target)))
      .map(({ scope }) => scope.target.stopAfterMinutes)
      .filter((value) => value > 0);
    if (minutes.length > 0) this.#due.secondStage = clock.nowMs() + Math.min(...minutes) * 60_000;
    const stoppable = concerns.flatMap(({ scope, apps }) =>
      scope.target.stopAfterMinutes > 0
        ? apps.filter((app) => isOfThisMachine(app, scope.target)).map(({ name }) => name)
        : [],
    );
    const reminder = closeReminder({
      apps: concerns.flatMap(({ scope, apps }) =>
        apps.map(({ name, containerCount }) => ({
          name,
          containerCount,
          scope: scope.target.scope,
        })),
      ),
      burn: burnText(concerns),
      unchecked: concerns.find(({ unchecked }) => unchecked !== null)?.unchecked ?? null,
      stop:
        minutes.length > 0 ? { at: formatClock(this.#due.secondStage), names: stoppable } : null,
      canRelease: concerns.some(({ apps }) =>
        apps.some((app) => app.state === "deployed" && app.containerCount > 0),
      ),
    });
    // Written first: a guardian that is killed now leaves a note for the next start.
    this.#note({
      state: "showing",
      title: reminder.title,
      body: reminder.body,
      atMs: clock.nowMs(),
      detail: null,
    });
    void this.#parts.notifier.show(reminder, this.#ending.signal).then((answer) => {
      this.#noteAnswer(answer);
      if (answer.kind !== "pressed" || this.#ending.signal.aborted) return;
      this.#answer = answer;
      this.#parts.wake();
    });
  }

  async #act(answer: ReminderAnswer): Promise<void> {
    this.#answer = undefined;
    this.#due.secondStage = never;
    if (answer.kind !== "pressed" || answer.actionId === "keep") return;
    const what = answer.actionId === "release" ? "release" : "stop";
    await this.#begin({ what, by: "reminder", scopes: this.#parts.scopes });
  }

  async #secondStage(): Promise<void> {
    this.#due.secondStage = never;
    const scopes = this.#parts.scopes.filter(
      ({ target }) => target.onClose === "remind" && target.stopAfterMinutes > 0,
    );
    await this.#begin({ what: "stop", by: "guardian", scopes });
  }

  async #begin(act: PendingAct): Promise<void> {
    this.#pending = act;
    this.#tries = 0;
    await this.#tryPending();
  }

  /** Acts, and tells. What could not be verified is tried again, with a fresh look each time. */
  async #tryPending(signal: AbortSignal = new AbortController().signal): Promise<void> {
    this.#due.retry = never;
    const act = this.#pending;
    if (act === undefined || !this.#parts.mayAct()) return;
    if (act.by === "guardian" && !this.#parts.stillGone()) return;
    this.#tries += 1;
    const notices: Reminder[] = [];
    const again: GuardedScope[] = [];
    for (const scope of act.scopes) {
      try {
        const done = await (act.what === "stop"
          ? this.#stop(scope, act.by, signal)
          : this.#release(scope, act.by, signal));
        if (done.notice !== undefined) notices.push(done.notice);
        if (!done.verified) again.push(scope);
      } catch (error) {
        const { message } = asFailure(error);
        this.#parts.log.warn(`${scope.target.scope}: the ${act.what} failed: ${message}`);
        again.push(scope);
      }
    }
    this.#pending = again.length > 0 ? { ...act, scopes: again } : undefined;
    const nowMs = this.#parts.clock.nowMs();
    const { confirmMs, meterMs } = this.#parts.timings;
    // Soon at first, then at the slow pace for as long as this guardian lives: it may only be offline.
    const waitMs = Math.min(confirmMs * 2 ** (this.#tries - 1), meterMs);
    if (again.length > 0) this.#due.retry = nowMs + waitMs;
    // The proof is fresh; one more look soon, and the guardian may end.
    this.#due.look = nowMs + confirmMs;
    if (again.length === 0 || this.#tries === 1) for (const notice of notices) this.#tell(notice);
    if (again.length > 0 && this.#tries === triesUntilTold) this.#tell(failedNotice(act.what));
  }

  async #stop(scope: GuardedScope, by: StopReceipt["by"], signal: AbortSignal): Promise<Done> {
    const receipt = await scope.stop(by, signal);
    this.#save({ receiptIds: [...this.#record.receiptIds, receipt.receiptId] });
    return {
      verified: receipt.verified === "clear" || receipt.verified === "excluded-left",
      notice: receipt.planned.length > 0 ? outcomeNotice([receipt]) : undefined,
    };
  }

  async #release(scope: GuardedScope, by: StopReceipt["by"], signal: AbortSignal): Promise<Done> {
    const result = await scope.release(by, signal);
    const text = releaseText(result);
    this.#save({ acts: [...this.#record.acts, text] });
    const acted = result.released.length + result.left.length > 0;
    return {
      // A running request is not interrupted: that its container stays is no failure.
      verified: result.verified,
      notice: acted ? { title: "Modal GPUs", body: text, actions: [] } : undefined,
    };
  }

  async #expire(): Promise<void> {
    const { scopes, clock, timings, mayAct } = this.#parts;
    if (!mayAct()) return;
    for (const scope of scopes)
      for (const outcome of await scope.expireDemos(this.endId, process.pid)) {
        if (outcome.kind !== "expired") continue;
        const text = "A demo session was over: its apps are back in their resting mode.";
        this.#save({ acts: [...this.#record.acts, text] });
        this.#tell({ title: "Demo session over", body: text, actions: [] });
      }
    this.#planExpiry(clock.nowMs() + 2 * timings.confirmMs);
  }

  #planExpiry(earliestMs: number): void {
    const expiries = this.#parts.scopes.map((scope) => scope.nextExpiryMs() ?? never);
    const next = Math.min(...expiries);
    this.#due.expiry = next === never ? never : Math.max(next, earliestMs);
  }

  async #lookAgain(): Promise<void> {
    this.#count(await this.#lookAt(this.#parts.scopes, 4 * this.#parts.timings.lookMs));
  }

  /** What the looks mean for this guardian's own life. A scope that could not be seen may run. */
  #count(sights: readonly Sight[]): void {
    const empty = sights.every(
      ({ view, unchecked }) => unchecked === null && view?.plan.planned.length === 0,
    );
    this.#emptyLooks = empty ? this.#emptyLooks + 1 : 0;
    const { confirmMs, meterMs } = this.#parts.timings;
    this.#due.look = this.#parts.clock.nowMs() + (empty ? confirmMs : meterMs);
  }

  #lookAt(scopes: readonly GuardedScope[], timeoutMs: number): Promise<readonly Sight[]> {
    const { clock, log } = this.#parts;
    return Promise.all(
      scopes.map(async (scope): Promise<Sight> => {
        try {
          const view = await within(clock, timeoutMs, "Modal", this.#ending.signal, (signal) =>
            scope.look(signal),
          );
          return { scope, view, unchecked: null };
        } catch (error) {
          const { message } = asFailure(error);
          log.warn(`${scope.target.scope} could not be seen: ${message}`);
          return { scope, view: scope.lastKnown(), unchecked: message };
        }
      }),
    );
  }

  /** True for exactly one guardian per end of the last window. */
  #claim(): boolean {
    const { ledger, clock, endId, mayAct } = this.#parts;
    return mayAct() && ledger.claimOnce(`guardian:end:${endId}`, clock.nowMs());
  }

  #tell(notice: Reminder): void {
    // Not tied to the incident's end: the outcome is wanted even when nothing is left to guard.
    void this.#parts.notifier.show(notice, AbortSignal.timeout(30_000)).then((answer) => {
      if (answer.kind === "not-shown")
        this.#parts.log.info(`"${notice.title}" could not be shown: ${answer.reason}`);
    });
  }

  #noteAnswer(answer: ReminderAnswer): void {
    if (answer.kind === "withdrawn") return;
    const detail =
      answer.kind === "pressed"
        ? answer.actionId
        : answer.kind === "not-shown"
          ? answer.reason
          : null;
    this.#note({ state: answer.kind, detail });
  }

  #note(change: Partial<IncidentRecord["reminder"]>): void {
    this.#save({ reminder: { ...this.#record.reminder, ...change } });
  }

  #save(change: Partial<IncidentRecord>): void {
    this.#record = { ...this.#record, ...change };
    try {
      saveIncident(this.#parts.ledger, this.#record);
    } catch (error) {
      this.#parts.log.error("What happened could not be noted in the ledger.", error);
    }
  }
}

function defer(dueMs: number, laterMs: number): number {
  return dueMs === never ? never : Math.max(dueMs, laterMs);
}

/** "≈ $3.90 per hour" over all apps that cost; null where a rate is unknown. */
function burnText(concerns: readonly Concern[]): string | null {
  let sum: MicroUsd = zeroUsd;
  for (const { view, apps } of concerns)
    for (const { appId } of apps) {
      const burn = view?.burnByApp.get(appId);
      if (burn === null) return null;
      sum = addUsd(sum, burn ?? zeroUsd);
    }
  return sum > 0 ? `${formatMetered(sum)} per hour` : null;
}
