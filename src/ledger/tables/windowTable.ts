import * as z from "zod/mini";
import type { WindowRecord } from "../../session/ledgerPort.ts";
import {
  fromJson,
  instant,
  maybeInstant,
  maybeText,
  maybeWholeMs,
  text,
  whole,
  wholeMs,
} from "./column.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  window_id: text,
  pid: whole,
  opened_at_ms: instant,
  beat_at_ms: instant,
  closed_at_ms: maybeInstant,
  scopes_json: maybeText,
});

const scopesSchema = z.array(z.string());

/** A window says that it lives (and, with `closedAtMs` null, that it is open again). */
export function beatWindow(connection: Connection, window: WindowRecord): void {
  const beat = (): number =>
    connection.run(
      `INSERT INTO editor_window
         (window_id, pid, opened_at_ms, beat_at_ms, closed_at_ms, scopes_json)
       VALUES (:windowId, :pid, :openedAtMs, :beatAtMs, :closedAtMs, :scopesJson)
       ON CONFLICT (window_id) DO UPDATE SET pid = excluded.pid,
         opened_at_ms = excluded.opened_at_ms, beat_at_ms = excluded.beat_at_ms,
         closed_at_ms = excluded.closed_at_ms, scopes_json = excluded.scopes_json`,
      {
        windowId: window.windowId,
        pid: window.pid,
        openedAtMs: wholeMs(window.openedAtMs),
        beatAtMs: wholeMs(window.beatAtMs),
        closedAtMs: maybeWholeMs(window.closedAtMs),
        scopesJson: window.scopes === undefined ? null : JSON.stringify(window.scopes),
      },
    );
  // A heartbeat wakes no disk.
  connection.write(beat, { ephemeral: true });
}

/** Notes the closing of a window; the first note counts. */
export function closeWindow(connection: Connection, windowId: string, atMs: number): void {
  connection.write(() =>
    connection.run(
      "UPDATE editor_window SET closed_at_ms = :atMs WHERE window_id = :windowId AND closed_at_ms IS NULL",
      { windowId, atMs: wholeMs(atMs) },
    ),
  );
}

export function forgetWindow(connection: Connection, windowId: string): void {
  connection.write(() =>
    connection.run("DELETE FROM editor_window WHERE window_id = :windowId", { windowId }),
  );
}

/** All known windows, oldest first. */
export function windows(connection: Connection): readonly WindowRecord[] {
  return connection.records(
    "SELECT * FROM editor_window ORDER BY opened_at_ms, window_id",
    {},
    toWindow,
  );
}

export function toWindow(row: Row): WindowRecord {
  const r = rowSchema.parse(row);
  return {
    windowId: r.window_id,
    pid: r.pid,
    openedAtMs: r.opened_at_ms,
    beatAtMs: r.beat_at_ms,
    closedAtMs: r.closed_at_ms,
    ...(r.scopes_json === null ? {} : { scopes: fromJson(scopesSchema, r.scopes_json) }),
  };
}
