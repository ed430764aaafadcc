/** How a session ended. */
export type SessionEnd =
  | "stopped"
  | "partly-stopped"
  | "expired"
  | "guardian"
  | "replaced"
  | "gone";

/** One working session: from a start command to the stop. Costs are derived from spans and calls, never stored here. */
export interface SessionRecord {
  readonly sessionId: string;
  readonly scope: string;
  /** Workspace folder that started it. */
  readonly folder: string;
  readonly username: string | null;
  /** "dev", "demo", "prod" or a mode of the user's. */
  readonly mode: string;
  readonly scaledownSeconds: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly end: SessionEnd | null;
  /** A demo's time box; null: no limit. */
  readonly expiresAtMs: number | null;
  readonly apps: readonly SessionApp[];
}

/** The idle window in force in one function of an app, in seconds. */
export interface FunctionWindow {
  readonly functionName: string;
  readonly seconds: number;
}

/** Ids of the apps that sessions started. */
export function appIdsOf(sessions: readonly Pick<SessionRecord, "apps">[]): ReadonlySet<string> {
  return new Set(sessions.flatMap(({ apps }) => apps.map(({ appId }) => appId)));
}

export interface SessionApp {
  readonly appId: string;
  readonly appName: string;
  readonly file: string;
  /**
   * The idle window in force in it, where that is not the session's: its file fixes one, or it could not
   * be brought into the mode. null: it is not known, or its functions have several.
   */
  readonly scaledownSeconds?: number | null | undefined;
  /** Containers that `min_containers` keeps, as Modal said; absent: not known. */
  readonly keptWarm?: number | undefined;
  /** By function, where they have several. What could not be read is left out. */
  readonly windows?: readonly FunctionWindow[] | undefined;
  readonly urls: readonly {
    readonly functionName: string;
    readonly url: string;
    /** Modal said that it answers with a proxy token alone. */
    readonly needsToken?: boolean | undefined;
  }[];
}
