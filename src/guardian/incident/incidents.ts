import type { Incident } from "./incident.ts";
import type { IncidentRecord } from "./record.ts";

/** A guarded scope that no open window watches. */
export interface GoneScope {
  readonly scope: string;
  /** The same for every guardian that looks at the same end of the scope's last window. */
  readonly endId: string;
}

export interface IncidentsParts<Gone extends GoneScope> {
  readonly open: (gone: Gone) => Incident;
  /** Called before an incident looks at Modal or acts. */
  readonly onWork: () => void;
  /** Called when it has. */
  readonly onWorkEnd: () => void;
}

interface Held {
  readonly incident: Incident;
  working: Promise<void> | undefined;
  /** Nothing is done unasked: it is not sure that nobody watches the scope. */
  paused: boolean;
}

/** The open incidents: one for each scope without a window. They do not wait for one another. */
export class Incidents<Gone extends GoneScope> {
  readonly #parts: IncidentsParts<Gone>;
  readonly #held = new Map<string, Held>();

  constructor(parts: IncidentsParts<Gone>) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#held.size;
  }

  has(scope: string): boolean {
    return this.#held.has(scope);
  }

  /** Nothing runs in any of their scopes; also when there is none. */
  get allQuiet(): boolean {
    return this.#all.every(({ incident }) => incident.nothingRuns && !incident.mustAct);
  }

  /** All have done their first act, or left it to another guardian; also when there is none. */
  get allAttended(): boolean {
    return this.#all.every(({ incident }) => incident.isAttended);
  }

  /** When the next step of one that is not at work is due, milliseconds since the epoch. */
  get dueAtMs(): number {
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...this.#idle.map(({ incident }) => incident.dueAtMs),
    );
  }

  /**
   * Opens and ends incidents by the scopes that are without a window now. In a scope where that is
   * `unsure`, all stays as it is.
   */
  follow(gone: readonly Gone[], unsure: readonly string[]): void {
    const endIds = new Map(gone.map(({ scope, endId }) => [scope, endId]));
    for (const [scope, held] of this.#held) {
      if (held.working !== undefined || endIds.get(scope) === held.incident.endId) continue;
      // A button that was pressed before the window came back is not undone by it: `step` acts on it.
      if (held.incident.mustAct || unsure.includes(scope)) continue;
      held.incident.end("window-back");
      this.#held.delete(scope);
    }
    for (const each of gone) {
      if (this.#held.has(each.scope)) continue;
      const incident = this.#parts.open(each);
      this.#held.set(each.scope, { incident, working: undefined, paused: false });
    }
    for (const [scope, held] of this.#held) held.paused = !endIds.has(scope);
  }

  /** Does what is due. */
  step(nowMs: number): void {
    for (const held of this.#idle) {
      if (held.incident.dueAtMs > nowMs) continue;
      this.#parts.onWork();
      held.working = held.incident.step().finally(() => {
        held.working = undefined;
        this.#parts.onWorkEnd();
      });
    }
  }

  forgetLooks(): void {
    for (const { incident } of this.#all) incident.forgetLooks();
  }

  /** Before the machine goes down: automatic stops of the scopes that are still without a window. */
  async hasten(isGone: (scope: string) => boolean, signal: AbortSignal): Promise<void> {
    await this.settled();
    const due = [...this.#held].filter(([scope]) => isGone(scope));
    await Promise.all(due.map(([, { incident }]) => incident.hasten(signal)));
  }

  abandon(): void {
    for (const { incident } of this.#all) incident.abandon();
  }

  end(how: NonNullable<IncidentRecord["end"]>): void {
    for (const { incident } of this.#all) incident.end(how);
  }

  /** Resolves when no incident is at work any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#all.map(({ working = Promise.resolve() }) => working));
  }

  get #all(): readonly Held[] {
    return [...this.#held.values()];
  }

  /** Those that could do something now. What is paused acts only on a button. */
  get #idle(): readonly Held[] {
    return this.#all.filter(
      ({ incident, working, paused }) => working === undefined && (!paused || incident.mustAct),
    );
  }
}
