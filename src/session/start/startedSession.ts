import type { Clock } from "../../base/clock.ts";
import { appForce, inWindow } from "../appWindow.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { ModeDefinition } from "../mode.ts";
import type { ModalState } from "./modalState.ts";
import { scopeKey } from "../scope.ts";
import type { SessionApp, SessionRecord } from "../session.ts";
import type { StartRequest } from "./start.ts";
import { recallStart, rememberStart, type StartRecord } from "./record.ts";

export interface StartedSessionParts {
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, "sessions" | "upsertSession" | "remember" | "recall">;
}

/** The session of one start, as it is in the ledger. */
export class StartedSession {
  readonly #parts: StartedSessionParts;
  readonly #request: StartRequest;
  /** The mode that is really in force; another one than was asked for where an app could not be put into it. */
  inForce: ModeDefinition;
  /** What was known before the first deploy. */
  record: StartRecord | undefined;
  #current: SessionRecord | null = null;
  #sessionId: string;
  #closed = 0;

  constructor(parts: StartedSessionParts, request: StartRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#sessionId = request.sessionId;
    this.inForce = request.mode;
    this.record = recallStart(parts.ledger, request.sessionId);
  }

  /** null: not opened yet, or closed again. */
  get current(): SessionRecord | null {
    return this.#current;
  }

  /** Writes the session, before the first step that could cost money. */
  open(): SessionRecord {
    if (this.#current !== null) return this.#current;
    const { clock, ledger } = this.#parts;
    const { folder, username, scope } = this.#request;
    const startedAtMs = clock.nowMs();
    if (this.record !== undefined) rememberStart(ledger, this.#sessionId, this.record);
    return this.#write({
      sessionId: this.#sessionId,
      scope: scopeKey(scope),
      folder,
      username,
      mode: this.inForce.name,
      scaledownSeconds: this.inForce.scaledownSeconds,
      startedAtMs,
      endedAtMs: null,
      end: null,
      expiresAtMs: expiry(this.inForce, startedAtMs),
      apps: [],
    });
  }

  /** Adds an app; the session that was open in this folder until now is replaced. */
  add(app: SessionApp): void {
    const { ledger, clock } = this.#parts;
    const { name, scaledownSeconds } = this.inForce;
    const session = { ...this.open(), mode: name, scaledownSeconds };
    for (const other of ledger.sessions({ scope: session.scope })) {
      const isOther = other.sessionId !== session.sessionId && other.endedAtMs === null;
      if (isOther && other.folder === session.folder)
        ledger.upsertSession({ ...other, endedAtMs: clock.nowMs(), end: "replaced" });
    }
    this.#write({ ...session, apps: [...session.apps, app] });
  }

  /** What is in force in an app of it is known now. */
  replace(app: SessionApp): void {
    const session = this.open();
    const apps = session.apps.map((one) => (one.appId === app.appId ? app : one));
    this.#write({ ...session, apps });
  }

  /** Another mode than was asked for is in force. The idle windows of the apps so far stay as they are. */
  stayIn(mode: ModeDefinition): void {
    this.inForce = mode;
    const session = this.#current;
    if (session === null) return;
    const { name, scaledownSeconds } = mode;
    const apps = session.apps.map((app) => inWindow(app, appForce(session, app), scaledownSeconds));
    this.#write({ ...session, mode: name, scaledownSeconds, apps });
  }

  /** The time box begins when the apps are ready, not when the first deploy began. */
  begin(): SessionRecord {
    const expiresAtMs = expiry(this.inForce, this.#parts.clock.nowMs());
    return this.#write({ ...this.open(), expiresAtMs });
  }

  /** A start that failed before anything came of it leaves no open session behind. */
  closeEmpty(state: ModalState): void {
    const session = this.#current;
    if (session === null || session.apps.length > 0 || !state.verified) return;
    const before = new Set(this.record?.beforeIds);
    if (this.record?.unnamed === true || state.apps.some(({ appId }) => !before.has(appId))) return;
    this.#write({ ...session, endedAtMs: this.#parts.clock.nowMs(), end: "gone" });
    // An ended session stays ended, so a retry opens another one.
    this.#current = null;
    this.#closed += 1;
    this.#sessionId = `${this.#request.sessionId}.${this.#closed}`;
  }

  #write(session: SessionRecord): SessionRecord {
    this.#current = session;
    this.#parts.ledger.upsertSession(session);
    return session;
  }
}

function expiry({ expiresAfterMinutes }: ModeDefinition, fromMs: number): number | null {
  return expiresAfterMinutes === null ? null : fromMs + expiresAfterMinutes * 60_000;
}
