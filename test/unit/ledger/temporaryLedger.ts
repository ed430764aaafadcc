import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DisposableStore } from "../../../src/base/disposable.ts";
import { emptyCall, type CallRecord } from "../../../src/cost/call.ts";
import type { ContainerObservation } from "../../../src/cost/span.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import type { OpenedLedger, OpenLedgerOptions } from "../../../src/ledger/openLedger.ts";
import type { Listing } from "../../../src/session/ledgerPort.ts";
import type { SessionRecord } from "../../../src/session/session.ts";

/** A folder of its own for one test, with any number of windows on its ledger. */
export class TemporaryLedger extends DisposableStore {
  readonly folder = mkdtempSync(join(tmpdir(), "modal-meter-ledger-"));
  readonly path = join(this.folder, "ledger.db");

  async open(options?: OpenLedgerOptions): Promise<OpenedLedger> {
    const opened = await openLedger(this.path, options);
    this.add(opened.ledger);
    return opened;
  }

  async ledger(): Promise<OpenedLedger["ledger"]> {
    return (await this.open()).ledger;
  }

  override dispose(): void {
    super.dispose();
    // The background flush of a ledger that was just closed may still create its log.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

/** Opens one ledger for two windows before a suite, and takes the file away after it. */
export function inTwoWindows(
  give: (first: OpenedLedger["ledger"], second: OpenedLedger["ledger"]) => void,
): void {
  const files = new TemporaryLedger();
  before(async () => give(await files.ledger(), await files.ledger()));
  after(() => files.dispose());
}

/** The damaged file, or log, that was kept at an opening with this news; null: none. */
export function keptAs(news: readonly string[]): string | null {
  return news.map((one) => / kept as (.+?)(?:\.$|, and )/.exec(one)?.[1]).find(Boolean) ?? null;
}

export const scope = "acme/main";

/** 2026-11-02T00:00:00Z, a Monday. */
export const mondayMs = Date.UTC(2026, 10, 2);

export function call(fields: Partial<CallRecord> = {}): CallRecord {
  const startedAtMs = mondayMs;
  return {
    ...emptyCall({ callId: "call-1", scope, source: "editor", startedAtMs, status: "running" }),
    appId: "ap-1",
    appName: "flux-api",
    endpoint: "flux",
    mode: "dev",
    ...fields,
  };
}

export function container(
  containerId: string,
  fields: Partial<ContainerObservation> = {},
): ContainerObservation {
  return {
    containerId,
    appId: "ap-1",
    appName: "flux-api",
    enqueuedAtMs: null,
    startedAtMs: null,
    finishedAtMs: null,
    gpu: null,
    gpuSource: "unknown",
    cpuCores: null,
    memoryGib: null,
    ...fields,
  };
}

export function listing(
  observedAtMs: number,
  containers: readonly ContainerObservation[] = [],
  fields: Partial<Listing> = {},
): Listing {
  return {
    scope,
    era: 0,
    observedAtMs,
    adapter: "cli",
    apps: [],
    containers,
    ended: [],
    ...fields,
  };
}

export function session(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    sessionId: "session-1",
    scope,
    folder: "/project",
    username: "you",
    mode: "dev",
    scaledownSeconds: 120,
    startedAtMs: mondayMs,
    endedAtMs: null,
    end: null,
    expiresAtMs: null,
    apps: [{ appId: "ap-1", appName: "flux-api", file: "/project/flux.py", urls: [] }],
    ...fields,
  };
}
