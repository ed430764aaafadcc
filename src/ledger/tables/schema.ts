/** "MMtr": marks a file as this product's, so that another program's database is never touched. */
export const applicationId = 0x4d_4d_74_72;

/** Tables of which each change is counted. */
const countedTables = ["span", "look", "call", "billed", "session", "receipt", "memory"] as const;
export type CountedTable = (typeof countedTables)[number];

/**
 * Whoever changes a row, a window of an older version too, says so: what was made from it is made
 * anew, and of calls only those that changed are read again.
 */
function countedChanges(): string {
  const noted = (table: CountedTable, row: string): string =>
    table === "call"
      ? `INSERT INTO call_change (number, call_id)
           SELECT value, ${row}.call_id FROM property WHERE name = 'call_changes';
         DELETE FROM call_change
           WHERE number <= (SELECT value FROM property WHERE name = 'call_changes') - 1000;`
      : "";
  const triggers = countedTables.flatMap((table) =>
    (["insert", "update", "delete"] as const).map(
      (change) => `CREATE TRIGGER ${table}_${change} AFTER ${change} ON ${table} BEGIN
        INSERT INTO property (name, value) VALUES ('${table}_changes', 1)
          ON CONFLICT (name) DO UPDATE SET value = value + 1;
        ${noted(table, change === "delete" ? "old" : "new")}
      END;`,
    ),
  );
  return [
    "CREATE TABLE call_change (number INTEGER PRIMARY KEY, call_id TEXT NOT NULL) STRICT;",
    // The last known GPU of an app is asked for by app, and not among all containers of a month.
    "CREATE INDEX span_by_app ON span (scope, app_id);",
    ...triggers,
  ].join("\n");
}

/**
 * Each entry takes a file from the version of its index to the next one. An entry that was released
 * is never edited: files in the field have run it. docs/ledger.md explains every table and column.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE property (
    name TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE look (
    scope TEXT NOT NULL,
    observed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, observed_at_ms)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE listing (
    scope TEXT PRIMARY KEY NOT NULL,
    observed_at_ms INTEGER NOT NULL,
    body_json TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE span (
    container_id TEXT PRIMARY KEY NOT NULL,
    scope TEXT NOT NULL,
    app_id TEXT NOT NULL,
    app_name TEXT NOT NULL,
    gpu_type TEXT,
    gpu_count INTEGER,
    gpu_source TEXT NOT NULL,
    gpu_known_at_ms INTEGER,
    cpu_cores REAL,
    memory_gib REAL,
    enqueued_at_ms INTEGER,
    started_at_ms INTEGER,
    first_seen_at_ms INTEGER NOT NULL,
    last_seen_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    first_absent_at_ms INTEGER,
    begin_at_ms INTEGER NOT NULL AS (min(coalesce(started_at_ms, first_seen_at_ms), first_seen_at_ms)) VIRTUAL,
    end_at_ms INTEGER AS (coalesce(finished_at_ms, first_absent_at_ms)) VIRTUAL
  ) STRICT;
  CREATE INDEX span_by_absence ON span (scope, first_absent_at_ms);
  CREATE INDEX span_by_end ON span (end_at_ms);

  CREATE TABLE call (
    call_id TEXT PRIMARY KEY NOT NULL,
    scope TEXT NOT NULL,
    source TEXT NOT NULL,
    session_id TEXT,
    app_id TEXT,
    app_name TEXT,
    endpoint TEXT,
    mode TEXT,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER,
    status TEXT NOT NULL,
    reported_micro_usd INTEGER,
    execution_seconds REAL,
    gpu_type TEXT,
    audit_json TEXT NOT NULL,
    handover_url TEXT,
    result_path TEXT,
    input_json TEXT,
    failure TEXT
  ) STRICT;
  CREATE INDEX call_by_start ON call (started_at_ms);
  CREATE INDEX call_by_session ON call (session_id, started_at_ms) WHERE session_id IS NOT NULL;
  CREATE INDEX call_unfinished ON call (status, started_at_ms) WHERE status IN ('running', 'abandoned');

  CREATE TABLE call_group (
    group_id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    app_name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    UNIQUE (scope, app_name, endpoint)
  ) STRICT;

  CREATE TABLE call_quarter (
    group_id INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    unknown_calls INTEGER NOT NULL,
    reported_micro_usd INTEGER NOT NULL,
    PRIMARY KEY (group_id, quarter)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE pruned_span_day (
    day TEXT NOT NULL,
    scope TEXT NOT NULL,
    app_name TEXT NOT NULL,
    gpu_type TEXT NOT NULL,
    gpu_count INTEGER NOT NULL,
    containers INTEGER NOT NULL,
    container_ms INTEGER NOT NULL,
    PRIMARY KEY (day, scope, app_name, gpu_type, gpu_count)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE session (
    session_id TEXT PRIMARY KEY NOT NULL,
    scope TEXT NOT NULL,
    folder TEXT NOT NULL,
    username TEXT,
    mode TEXT NOT NULL,
    scaledown_seconds REAL NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER,
    end_kind TEXT,
    expires_at_ms INTEGER,
    apps_json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX session_by_start ON session (started_at_ms);
  CREATE INDEX session_open ON session (scope, folder, started_at_ms) WHERE ended_at_ms IS NULL;

  CREATE TABLE receipt (
    receipt_id TEXT PRIMARY KEY NOT NULL,
    scope TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    by_whom TEXT NOT NULL,
    planned_json TEXT NOT NULL,
    stopped_json TEXT NOT NULL,
    already_stopped_json TEXT NOT NULL,
    left_json TEXT NOT NULL,
    excluded_json TEXT NOT NULL,
    verified TEXT NOT NULL,
    saved_micro_usd_per_hour INTEGER
  ) STRICT;
  CREATE INDEX receipt_by_time ON receipt (at_ms);

  CREATE TABLE billed (
    interval_start_ms INTEGER NOT NULL,
    scope TEXT NOT NULL,
    environment TEXT NOT NULL,
    object_id TEXT NOT NULL,
    description TEXT NOT NULL,
    cost_micro_usd INTEGER NOT NULL,
    fetched_at_ms INTEGER NOT NULL,
    PRIMARY KEY (interval_start_ms, scope, environment, object_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rate (
    scope TEXT NOT NULL,
    first_fetched_at_ms INTEGER NOT NULL,
    last_fetched_at_ms INTEGER NOT NULL,
    usd_per_hour_json TEXT NOT NULL,
    PRIMARY KEY (scope, first_fetched_at_ms)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lease (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT,
    pid INTEGER NOT NULL,
    token INTEGER NOT NULL,
    renewed_at_ms INTEGER NOT NULL,
    ttl_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE editor_window (
    window_id TEXT PRIMARY KEY NOT NULL,
    pid INTEGER NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    beat_at_ms INTEGER NOT NULL,
    closed_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE claim (
    key TEXT PRIMARY KEY NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE memory (
    key TEXT PRIMARY KEY NOT NULL,
    value_json TEXT NOT NULL CHECK (json_valid(value_json))
  ) STRICT, WITHOUT ROWID;
  `,
  // Which scopes a window watches: the guardian cares for those that no open window watches.
  `ALTER TABLE editor_window ADD COLUMN scopes_json TEXT`,
  // By what a call and its cost line in the log are known to be one.
  `
  ALTER TABLE call ADD COLUMN function_call_id TEXT;
  ALTER TABLE call ADD COLUMN log_line_id TEXT;
  ALTER TABLE call ADD COLUMN clock_offset_ms REAL;
  `,
  // Which look is the newer one, also after the clock was set back.
  `
  ALTER TABLE listing ADD COLUMN era INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE span ADD COLUMN last_seen_era INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE span ADD COLUMN first_absent_era INTEGER;
  UPDATE span SET first_absent_era = 0 WHERE first_absent_at_ms IS NOT NULL;
  ALTER TABLE look RENAME TO look_without_era;
  CREATE TABLE look (
    scope TEXT NOT NULL,
    era INTEGER NOT NULL DEFAULT 0,
    observed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, era, observed_at_ms)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO look (scope, observed_at_ms) SELECT scope, observed_at_ms FROM look_without_era;
  DROP TABLE look_without_era;
  `,
  // When a row of the bill is final, and what it said before. What was final by its hour alone stays so.
  `
  ALTER TABLE billed ADD COLUMN report INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE billed ADD COLUMN same_since_ms INTEGER;
  ALTER TABLE billed ADD COLUMN was_micro_usd INTEGER;
  UPDATE billed SET same_since_ms = fetched_at_ms - 3600000
    WHERE fetched_at_ms >= interval_start_ms + 10800000;
  DELETE FROM memory WHERE key GLOB 'spent:*' OR key GLOB 'bill-asked:*';
  `,
  countedChanges(),
  // What of a row of the bill was paid for which resource. Of older rows nobody knows it.
  `ALTER TABLE billed ADD COLUMN cost_by_resource_json TEXT`,
];

/** The version that this code reads and writes. */
export const schemaVersion = migrations.length;

/** Every table, in the order in which it is exported. */
export const tables = [
  "session",
  "call",
  "span",
  "billed",
  "receipt",
  "rate",
  "call_group",
  "call_quarter",
  "call_change",
  "pruned_span_day",
  "look",
  "listing",
  "claim",
  "memory",
  "lease",
  "editor_window",
  "property",
] as const;
