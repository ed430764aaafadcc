import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { Disposable } from "../../../src/base/disposable.ts";
import { applicationId, migrations } from "../../../src/ledger/tables/schema.ts";
import { container, scope } from "./temporaryLedger.ts";

/** The version before looks had an era. */
const version = 3;

/** As that version's own code wrote them, letter by letter. */
const statements = {
  look: "INSERT INTO look (scope, observed_at_ms) VALUES (:scope, :observedAtMs) ON CONFLICT DO NOTHING",
  listing: `INSERT INTO listing (scope, observed_at_ms, body_json) VALUES (:scope, :observedAtMs, :body)
       ON CONFLICT (scope) DO UPDATE
         SET observed_at_ms = excluded.observed_at_ms, body_json = excluded.body_json
         WHERE (excluded.observed_at_ms, excluded.body_json) > (observed_at_ms, body_json)`,
  absent: `UPDATE span SET first_absent_at_ms = :observedAtMs
     WHERE scope = :scope AND first_absent_at_ms IS NULL AND last_seen_at_ms < :observedAtMs`,
  span: `INSERT INTO span (container_id, scope, app_id, app_name, gpu_type, gpu_count, gpu_source,
       gpu_known_at_ms, cpu_cores, memory_gib, enqueued_at_ms, started_at_ms, first_seen_at_ms,
       last_seen_at_ms, finished_at_ms, first_absent_at_ms)
     VALUES (:containerId, :scope, 'ap-1', 'flux-api', NULL, NULL, 'unknown',
       NULL, NULL, NULL, NULL, :startedAtMs, :firstSeenAtMs,
       :observedAtMs, NULL,
       (SELECT min(observed_at_ms) FROM look WHERE scope = :scope AND observed_at_ms > :observedAtMs))
     ON CONFLICT (container_id) DO UPDATE SET
       app_id = excluded.app_id, app_name = excluded.app_name, gpu_type = excluded.gpu_type,
       gpu_count = excluded.gpu_count, gpu_source = excluded.gpu_source,
       gpu_known_at_ms = excluded.gpu_known_at_ms, cpu_cores = excluded.cpu_cores,
       memory_gib = excluded.memory_gib, enqueued_at_ms = excluded.enqueued_at_ms,
       started_at_ms = excluded.started_at_ms, first_seen_at_ms = excluded.first_seen_at_ms,
       last_seen_at_ms = excluded.last_seen_at_ms, finished_at_ms = excluded.finished_at_ms,
       first_absent_at_ms = excluded.first_absent_at_ms`,
  newest: "SELECT body_json FROM listing WHERE scope = :scope",
  spans: `SELECT container_id, scope, app_id, app_name, gpu_type, gpu_count, gpu_source, gpu_known_at_ms,
    cpu_cores, memory_gib, enqueued_at_ms, started_at_ms, first_seen_at_ms, last_seen_at_ms,
    finished_at_ms, first_absent_at_ms,
    (SELECT max(observed_at_ms) FROM look WHERE look.scope = span.scope) AS latest_look_at_ms
  FROM span`,
} as const;

/** A window of the version before, with its file open and its statements prepared. */
export class OlderWindow implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements: Readonly<Record<keyof typeof statements, StatementSync>>;

  constructor(path: string) {
    const database = new DatabaseSync(path, { timeout: 5_000 });
    database.exec("PRAGMA journal_mode = WAL");
    if (database.prepare("PRAGMA user_version").get()?.["user_version"] === 0) {
      for (const migration of migrations.slice(0, version)) database.exec(migration);
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`);
    }
    this.#database = database;
    this.#statements = {
      look: database.prepare(statements.look),
      listing: database.prepare(statements.listing),
      absent: database.prepare(statements.absent),
      span: database.prepare(statements.span),
      newest: database.prepare(statements.newest),
      spans: database.prepare(statements.spans),
    };
  }

  look(observedAtMs: number, containerIds: readonly string[]): void {
    const containers = containerIds.map((containerId) =>
      container(containerId, { startedAtMs: 500 }),
    );
    const body = { scope, observedAtMs, adapter: "cli", apps: [], containers, ended: [] };
    this.#database.exec("BEGIN IMMEDIATE");
    this.#statements.look.run({ scope, observedAtMs });
    for (const containerId of containerIds) {
      const known = this.#database
        .prepare("SELECT first_seen_at_ms FROM span WHERE container_id = ?")
        .get(containerId);
      const firstSeenAtMs = known?.["first_seen_at_ms"] ?? observedAtMs;
      const values = { containerId, scope, startedAtMs: 500, observedAtMs };
      this.#statements.span.run({ ...values, firstSeenAtMs });
    }
    this.#statements.absent.run({ scope, observedAtMs });
    this.#statements.listing.run({ scope, observedAtMs, body: JSON.stringify(body) });
    this.#database.exec("COMMIT");
  }

  addBilled(intervalStartMs: number, microUsd: number): void {
    this.#database
      .prepare(
        `INSERT INTO billed (interval_start_ms, scope, environment, object_id, description,
           cost_micro_usd, fetched_at_ms) VALUES (?, ?, 'main', 'ap-1', 'flux-api', ?, ?)`,
      )
      .run(intervalStartMs, scope, microUsd, intervalStartMs + 14_400_000);
  }

  newestBody(): unknown {
    return this.#statements.newest.get({ scope })?.["body_json"];
  }

  spanCount(): number {
    return this.#statements.spans.all().length;
  }

  setVersion(number: number): void {
    this.#database.exec(`PRAGMA user_version = ${number}`);
  }

  dispose(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
