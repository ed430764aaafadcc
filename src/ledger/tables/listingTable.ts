import * as z from "zod/mini";
import type { Listing } from "../../session/ledgerPort.ts";
import { fromJson, maybeReal, text, wholeMs } from "./column.ts";
import type { Connection, Row } from "../connection.ts";
import { mergeLook } from "./spanTable.ts";

const observationSchema = z.object({
  containerId: text,
  appId: text,
  appName: text,
  enqueuedAtMs: maybeReal,
  startedAtMs: maybeReal,
  finishedAtMs: maybeReal,
  gpu: z.nullable(z.object({ type: text, count: z.number() })),
  gpuSource: z.enum(["container", "app", "deploy-file", "setting", "unknown"]),
  cpuCores: maybeReal,
  memoryGib: maybeReal,
});

const listingSchema = z.object({
  scope: text,
  observedAtMs: z.number(),
  adapter: z.enum(["cli", "sdk"]),
  apps: z.array(
    z.object({
      appId: text,
      name: text,
      state: z.enum([
        "initializing",
        "deployed",
        "ephemeral",
        "detached",
        "stopping",
        "stopped",
        "disabled",
        "unknown",
      ]),
      containerCount: z.number(),
      createdAtMs: maybeReal,
      stoppedAtMs: maybeReal,
    }),
  ),
  containers: z.array(observationSchema),
  ended: z.array(observationSchema),
});

/** Looks are kept this long: a window that was asleep may write an old one late. */
const keepLooksMs = 7 * 24 * 3_600_000;

/** Stores the snapshot unless a newer one is there, and merges it into the spans. */
export function recordListing(connection: Connection, listing: Listing): void {
  const values = { scope: listing.scope, observedAtMs: wholeMs(listing.observedAtMs) };
  connection.write(() => {
    mergeLook(connection, listing);
    // Two looks of one millisecond: the greater text wins, so that the order of writing is no matter.
    connection.run(
      `INSERT INTO listing (scope, observed_at_ms, body_json) VALUES (:scope, :observedAtMs, :body)
       ON CONFLICT (scope) DO UPDATE
         SET observed_at_ms = excluded.observed_at_ms, body_json = excluded.body_json
         WHERE (excluded.observed_at_ms, excluded.body_json) > (observed_at_ms, body_json)`,
      { ...values, body: JSON.stringify(listing) },
    );
    connection.run("DELETE FROM look WHERE scope = :scope AND observed_at_ms < :beforeMs", {
      scope: listing.scope,
      beforeMs: values.observedAtMs - keepLooksMs,
    });
  });
}

export function latestListing(connection: Connection, scope: string): Listing | undefined {
  return connection.record(
    "SELECT body_json FROM listing WHERE scope = :scope",
    { scope },
    toListing,
  );
}

export function toListing(row: Row): Listing {
  return fromJson(listingSchema, text.parse(row["body_json"]));
}
