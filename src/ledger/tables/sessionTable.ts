import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import type { TimeRange } from "../../session/ledgerPort.ts";
import type { SessionApp, SessionRecord } from "../../session/session.ts";
import {
  fromJson,
  instant,
  maybeInstant,
  maybeText,
  maybeWholeMs,
  text,
  wholeMs,
} from "./column.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  session_id: text,
  scope: text,
  folder: text,
  username: maybeText,
  mode: text,
  scaledown_seconds: z.number(),
  started_at_ms: instant,
  ended_at_ms: maybeInstant,
  end_kind: z.nullable(
    z.enum(["stopped", "partly-stopped", "expired", "guardian", "replaced", "gone"]),
  ),
  expires_at_ms: maybeInstant,
  apps_json: text,
});

const appsSchema = z.array(
  z.object({
    appId: text,
    appName: text,
    file: text,
    scaledownSeconds: z.optional(z.nullable(z.number())),
    keptWarm: z.optional(z.number()),
    windows: z.optional(z.array(z.object({ functionName: text, seconds: z.number() }))),
    urls: z.array(
      // Not yet in the rows of versions before.
      z.object({ functionName: text, url: text, needsToken: z.optional(z.boolean()) }),
    ),
  }),
);

/**
 * Writes a session. The last writer wins, but for what two windows could lose for one another: an
 * ended session stays ended, and an app that once belonged to it still does, or nobody would stop it.
 */
export function upsertSession(connection: Connection, session: SessionRecord): void {
  connection.write(() => {
    const saved = connection.record(
      "SELECT * FROM session WHERE session_id = :id",
      { id: session.sessionId },
      toSession,
    );
    const merged = roundedSession(saved === undefined ? session : mergeSession(saved, session));
    if (!isDeepStrictEqual(merged, saved)) save(connection, merged);
  });
}

export function openSession(
  connection: Connection,
  scope: string,
  folder: string,
): SessionRecord | undefined {
  // Not the newest row alone: it may be one that cannot be read.
  const [newest] = connection.records(
    `SELECT * FROM session WHERE scope = :scope AND folder = :folder AND ended_at_ms IS NULL
     ORDER BY started_at_ms DESC, session_id DESC`,
    { scope, folder },
    toSession,
  );
  return newest;
}

/** Sessions that overlap the range, newest first. */
export function sessionsIn(
  connection: Connection,
  query: Partial<TimeRange> & { readonly scope?: string },
): readonly SessionRecord[] {
  return connection.records(
    `SELECT * FROM session
     WHERE (:scope IS NULL OR scope = :scope) AND (:toMs IS NULL OR started_at_ms < :toMs)
       AND (:fromMs IS NULL OR ended_at_ms IS NULL OR ended_at_ms > :fromMs
         OR started_at_ms >= :fromMs)
     ORDER BY started_at_ms DESC, session_id DESC`,
    { scope: query.scope ?? null, fromMs: query.fromMs ?? null, toMs: query.toMs ?? null },
    toSession,
  );
}

/** The session with its instants as the table keeps them, and its apps by id. */
export function roundedSession(session: SessionRecord): SessionRecord {
  return {
    ...session,
    startedAtMs: wholeMs(session.startedAtMs),
    endedAtMs: maybeWholeMs(session.endedAtMs),
    expiresAtMs: maybeWholeMs(session.expiresAtMs),
    apps: mergeApps([], session.apps),
  };
}

export function mergeSession(saved: SessionRecord, next: SessionRecord): SessionRecord {
  const reopened = saved.endedAtMs !== null && next.endedAtMs === null;
  return {
    ...next,
    endedAtMs: reopened ? saved.endedAtMs : next.endedAtMs,
    end: reopened ? saved.end : next.end,
    apps: mergeApps(saved.apps, next.apps),
  };
}

function mergeApps(
  saved: readonly SessionApp[],
  next: readonly SessionApp[],
): readonly SessionApp[] {
  const byId = new Map<string, SessionApp>();
  for (const app of [...saved, ...next]) byId.set(app.appId, app);
  return [...byId.values()].toSorted((a, b) => (a.appId < b.appId ? -1 : 1));
}

function save(connection: Connection, session: SessionRecord): void {
  connection.run(
    `INSERT INTO session (session_id, scope, folder, username, mode, scaledown_seconds,
       started_at_ms, ended_at_ms, end_kind, expires_at_ms, apps_json)
     VALUES (:sessionId, :scope, :folder, :username, :mode, :scaledownSeconds,
       :startedAtMs, :endedAtMs, :end, :expiresAtMs, :apps)
     ON CONFLICT (session_id) DO UPDATE SET
       scope = excluded.scope, folder = excluded.folder, username = excluded.username,
       mode = excluded.mode, scaledown_seconds = excluded.scaledown_seconds,
       started_at_ms = excluded.started_at_ms, ended_at_ms = excluded.ended_at_ms,
       end_kind = excluded.end_kind, expires_at_ms = excluded.expires_at_ms,
       apps_json = excluded.apps_json`,
    {
      sessionId: session.sessionId,
      scope: session.scope,
      folder: session.folder,
      username: session.username,
      mode: session.mode,
      scaledownSeconds: session.scaledownSeconds,
      startedAtMs: session.startedAtMs,
      endedAtMs: session.endedAtMs,
      end: session.end,
      expiresAtMs: session.expiresAtMs,
      apps: JSON.stringify(session.apps),
    },
  );
}

export function toSession(row: Row): SessionRecord {
  const r = rowSchema.parse(row);
  return {
    sessionId: r.session_id,
    scope: r.scope,
    folder: r.folder,
    username: r.username,
    mode: r.mode,
    scaledownSeconds: r.scaledown_seconds,
    startedAtMs: r.started_at_ms,
    endedAtMs: r.ended_at_ms,
    end: r.end_kind,
    expiresAtMs: r.expires_at_ms,
    apps: fromJson(appsSchema, r.apps_json),
  };
}
