import * as z from "zod/mini";
import type { Listing } from "../../session/ledgerPort.ts";
import { termsShape } from "../../session/notedTerms.ts";
import { fromJson, maybeReal, text, whole, wholeMs } from "./column.ts";
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
  terms: z.optional(termsShape),
});

const bodySchema = z.object({
  scope: text,
  era: z._default(z.number(), 0),
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
  sandboxes: z.optional(
    z.object({
      kinds: z.enum(["both", "first", "none"]),
      isCut: z.optional(z.boolean()),
      missed: z.optional(z.number()),
      listedAtMs: maybeReal,
      sandboxes: z.array(
        z.object({
          sandboxId: text,
          appId: text,
          name: text,
          containerId: text,
          isListedAlone: z.boolean(),
          createdAtMs: maybeReal,
          endsByMs: maybeReal,
        }),
      ),
    }),
  ),
});

/** Looks are kept this long: a window that was asleep may write an old one late. */
const keepLooksMs = 7 * 24 * 3_600_000;

/** Stores the snapshot unless a newer one is there, and merges it into the spans. */
export function recordListing(connection: Connection, listing: Listing): void {
  const { scope, era } = listing;
  const observedAtMs = wholeMs(listing.observedAtMs);
  connection.write(() => {
    mergeLook(connection, listing);
    // Two looks of one millisecond: the greater text wins, so that the order of writing is no matter.
    connection.run(
      `INSERT INTO listing (scope, era, observed_at_ms, body_json)
       VALUES (:scope, :era, :observedAtMs, :body)
       ON CONFLICT (scope) DO UPDATE SET era = excluded.era,
         observed_at_ms = excluded.observed_at_ms, body_json = excluded.body_json
         WHERE (excluded.era, excluded.observed_at_ms, excluded.body_json)
           > (era, observed_at_ms, body_json)`,
      { scope, era, observedAtMs, body: JSON.stringify(listing) },
    );
    connection.run("DELETE FROM look WHERE scope = :scope AND observed_at_ms < :beforeMs", {
      scope,
      beforeMs: observedAtMs - keepLooksMs,
    });
  });
}

/** The latest look of each scope. Text that was read before is not parsed again: it may be of thousands of containers. */
export class LatestListings {
  readonly #connection: Connection;
  readonly #parsed = new Map<string, { readonly text: string; readonly listing: Listing }>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  of(scope: string): Listing | undefined {
    return this.#connection.record(
      "SELECT era, body_json FROM listing WHERE scope = :scope",
      { scope },
      (row) => this.#read(scope, row),
    );
  }

  #read(scope: string, row: Row): Listing {
    const written = `${String(row["era"])} ${String(row["body_json"])}`;
    const before = this.#parsed.get(scope);
    if (before?.text === written) return before.listing;
    const listing = toListing(row);
    this.#parsed.set(scope, { text: written, listing });
    return listing;
  }
}

export function toListing(row: Row): Listing {
  // An older version's window writes bodies without it, and leaves the column as it is.
  return { ...fromJson(bodySchema, text.parse(row["body_json"])), era: whole.parse(row["era"]) };
}
