import { DatabaseSync } from "node:sqlite";
import { emptyCall, type CallRecord } from "../../../src/cost/call.ts";
import { microUsd } from "../../../src/cost/money.ts";
import type { ContainerObservation } from "../../../src/cost/span.ts";
import { Connection } from "../../../src/ledger/connection.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { recordListing } from "../../../src/ledger/tables/listingTable.ts";
import { upsertCall } from "../../../src/ledger/tables/callTable.ts";
import type { Listing } from "../../../src/session/ledgerPort.ts";
import type { AppInfo, ModalControl } from "../../../src/session/modalControl.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The workspace of a large team: how much of everything there is. */
export interface Size {
  readonly apps: number;
  /** Of each app, in each of its days. */
  readonly containers: number;
  readonly callsPerDay: number;
  /** Before today. */
  readonly days: number;
}

export const sizedScope = "acme/main";
/** Monday, 2026-11-02, 12:00 UTC. */
export const sizedNowMs = Date.UTC(2026, 10, 16, 12);

/** A file with so many days of work, today's containers running. Each other call names its container. */
export async function fillSizedLedger(path: string, size: Size): Promise<void> {
  (await openLedger(path)).ledger.dispose();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -600000");
  const connection = new Connection(path, database, { onCommit: () => {}, onDamage: () => {} });
  connection.write(() => {
    for (let day = size.days; day >= 0; day -= 1) fillDay(connection, size, day);
  });
  connection.dispose();
}

function fillDay(connection: Connection, size: Size, daysAgo: number): void {
  const noonMs = sizedNowMs - daysAgo * dayMs;
  const startMs = noonMs - 4 * hourMs;
  const live = containersOf(size, daysAgo, startMs);
  recordListing(connection, lookAt(size, startMs + 60_000, live, []));
  if (daysAgo > 0) {
    const ended = live.map((one) => ({ ...one, finishedAtMs: noonMs + hourMs }));
    recordListing(connection, lookAt(size, noonMs + hourMs + 60_000, [], ended));
  } else {
    recordListing(connection, lookAt(size, noonMs - 30_000, live, []));
  }
  const stepMs = (4 * hourMs) / size.callsPerDay;
  for (let call = 0; call < size.callsPerDay; call += 1)
    upsertCall(connection, callOf(size, daysAgo, call, startMs + 60_000 + call * stepMs));
}

function appIdOf(app: number): string {
  return `ap-${String(app).padStart(22, "0")}`;
}

function containersOf(size: Size, day: number, startMs: number): readonly ContainerObservation[] {
  return Array.from({ length: size.apps * size.containers }, (_, index) => {
    const app = index % size.apps;
    return {
      containerId: containerIdOf(size, day, index),
      appId: appIdOf(app),
      appName: `app-${app}`,
      enqueuedAtMs: startMs,
      startedAtMs: startMs + 40_000,
      finishedAtMs: null,
      gpu: { type: "L40S", count: 1 },
      gpuSource: "container",
      cpuCores: 0.125,
      memoryGib: 0.125,
    };
  });
}

function containerIdOf(size: Size, day: number, index: number): string {
  return `ta-${String(day * size.apps * size.containers + index).padStart(22, "0")}`;
}

/** What Modal tells of today's containers. */
export function toldContainers(
  size: Size,
): Pick<ModalControl, "listApps" | "listContainers" | "containerDetails"> {
  const live = containersOf(size, 0, sizedNowMs - 4 * hourMs);
  const { apps } = lookAt(size, sizedNowMs, live, []);
  const details = new Map(live.map((one) => [one.containerId, { ...one, isSandbox: false }]));
  return {
    listApps: () => Promise.resolve(apps),
    listContainers: () => Promise.resolve(live),
    containerDetails: (containerId) => {
      const found = details.get(containerId);
      return found === undefined
        ? Promise.reject(new Error(`No container ${containerId}.`))
        : Promise.resolve(found);
    },
  };
}

function lookAt(
  size: Size,
  observedAtMs: number,
  containers: readonly ContainerObservation[],
  ended: readonly ContainerObservation[],
): Listing {
  const apps = Array.from({ length: size.apps }, (_, app): AppInfo => {
    return {
      appId: appIdOf(app),
      name: `app-${app}`,
      state: "deployed",
      containerCount: containers.length === 0 ? 0 : size.containers,
      createdAtMs: sizedNowMs - 60 * dayMs,
      stoppedAtMs: null,
    };
  });
  return { scope: sizedScope, era: 0, observedAtMs, adapter: "sdk", apps, containers, ended };
}

export function callOf(size: Size, day: number, call: number, startedAtMs: number): CallRecord {
  const app = call % size.apps;
  const isLogged = call % 2 === 0;
  const container = containerIdOf(
    size,
    day,
    app + size.apps * (Math.floor(call / size.apps) % size.containers),
  );
  const id = `${day}-${call}`;
  return {
    ...emptyCall({
      callId: isLogged ? ["log", appIdOf(app), container, "call", id].join("/") : id,
      scope: sizedScope,
      source: isLogged ? "log" : "editor",
      startedAtMs: Math.round(startedAtMs),
      status: "succeeded",
    }),
    appId: appIdOf(app),
    appName: `app-${app}`,
    endpoint: "flux",
    endedAtMs: Math.round(startedAtMs) + 4_000,
    executionSeconds: 3.5,
    reportedMicroUsd: microUsd(1900),
    gpuType: "L40S",
  };
}
