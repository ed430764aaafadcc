import assert from "node:assert/strict";
import type { Listing } from "../../../../src/session/ledgerPort.ts";
import { noteBegun, takeOverStops } from "../../../../src/session/stop/begunStop.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { receiptSample } from "../receiptSample.ts";
import { sessionSample } from "../sessionSample.ts";

const atMs = Date.UTC(2026, 10, 21, 9);
const flux = { appId: "ap-1", name: "flux" };
const comfy = { appId: "ap-2", name: "comfy" };
const prod = { appId: "ap-3", name: "prod" };

const begun = receiptSample({
  atMs,
  planned: [flux, comfy],
  left: [flux, comfy].map((app) => ({ ...app, reason: "begun" })),
  excluded: [{ ...prod, reason: "production" }],
  verified: "unverified",
});

function listing(live: readonly (typeof flux)[], afterMs: number): Listing {
  return {
    scope: "acme/main",
    era: 0,
    observedAtMs: atMs + afterMs,
    adapter: "sdk",
    apps: live.map((app) => ({
      ...app,
      state: "deployed",
      containerCount: 1,
      createdAtMs: atMs - 1_000,
      stoppedAtMs: null,
    })),
    containers: [],
    ended: [],
  };
}

describe("a stop that was begun and not done", () => {
  const killed = 7;
  let ledger: MemoryLedger;
  const look = (of: Listing, holder = "window") =>
    takeOverStops({ ledger, holder, pid: 8, pidAlive: (pid) => pid !== killed }, of);

  beforeEach(async () => {
    ledger = new MemoryLedger();
    await noteBegun(ledger, begun, { pid: killed, nowMs: atMs });
  });

  it("is closed by the next look once its process is gone: what is gone was stopped, and when it began", () => {
    const [receipt] = look(listing([], 2_000));
    assert.equal(receipt?.verified, "clear");
    assert.deepEqual(receipt.stopped, [flux, comfy]);
    assert.deepEqual(receipt.left, []);
    assert.equal(receipt.atMs, atMs);
    assert.equal(receipt.by, "person");
    assert.deepEqual(ledger.receipts(), [receipt]);
    assert.deepEqual(look(listing([], 3_000)), [], "each is closed once");
  });

  it("of a sandbox stays open until a look lists sandboxes of its kind", async () => {
    const agent = { appId: "sb-000000000000000000000202", name: "agent" };
    ledger = new MemoryLedger();
    const ofAgent = { ...begun, planned: [agent], left: [{ ...agent, reason: "begun" }] };
    await noteBegun(ledger, ofAgent, { pid: killed, nowMs: atMs });
    const seen = (afterMs: number, listedAfterMs: number, kinds: "both" | "first"): Listing => ({
      ...listing([], afterMs),
      sandboxes: { kinds, listedAtMs: atMs + listedAfterMs, sandboxes: [] },
    });
    assert.deepEqual(look(seen(90_000, 80_000, "both")), []);
    assert.deepEqual(look(seen(91_000, 91_000, "first")), []);
    const [receipt] = look(seen(92_000, 92_000, "both"));
    assert.equal(receipt?.verified, "clear");
    assert.deepEqual(receipt.stopped, [agent]);
  });

  it("says what the look that closed it could not list", () => {
    const sandboxes = { kinds: "both" as const, listedAtMs: atMs + 1_000, sandboxes: [] };
    const [receipt] = look({ ...listing([], 2_000), sandboxes });
    assert.deepEqual(receipt?.notListed, ["sandboxes (Modal did not list them this time)"]);
  });

  it("belongs to its process while that lives", () => {
    ledger.releaseLease("stop:r1", "r1");
    ledger.acquireLease("stop:r1", "r1", 9, atMs, 600_000);
    assert.deepEqual(look(listing([], 2_000)), []);
    assert.equal(ledger.receipts()[0]?.verified, "unverified");
  });

  it("is closed as well when its process lives and could ask no longer", () => {
    ledger.releaseLease("stop:r1", "r1");
    assert.equal(look(listing([prod], 2_000))[0]?.verified, "excluded-left");
  });

  it("stays open for a minute while its apps run, then says that they do", () => {
    assert.deepEqual(look(listing([comfy, prod], 59_000)), []);
    const [receipt] = look(listing([comfy, prod], 60_000));
    assert.equal(receipt?.verified, "left");
    assert.deepEqual(receipt.stopped, [flux]);
    assert.deepEqual(
      receipt.left.map(({ name, reason }) => [name, reason]),
      [["comfy", "begun; it still ran when Modal was asked again"]],
    );
    assert.deepEqual(
      receipt.excluded.map(({ reason }) => reason),
      ["production"],
    );
  });

  it("never says all clear while something else runs", () => {
    const later = { appId: "ap-9", name: "later" };
    const [receipt] = look(listing([later], 2_000));
    assert.equal(receipt?.verified, "excluded-left");
    assert.deepEqual(receipt.excluded, [{ ...later, reason: "started since the stop" }]);
  });

  it("claims nothing that another stop did", () => {
    ledger.recordReceipt({
      ...begun,
      receiptId: "r2",
      atMs: atMs + 500,
      by: "reminder",
      stopped: [comfy],
      left: [],
      verified: "clear",
    });
    const [receipt] = look(listing([], 2_000));
    assert.deepEqual(receipt?.stopped, [flux]);
    assert.deepEqual(receipt.alreadyStopped, [comfy]);
  });

  it("is proven by no look from before it", () => {
    assert.deepEqual(look(listing([], -1)), []);
  });

  it("ends the sessions that it stopped, and none that began since", () => {
    const session = sessionSample({
      startedAtMs: atMs - 1_000,
      apps: [{ appId: "ap-1", appName: "flux", file: "/project/flux.py", urls: [] }],
    });
    ledger.upsertSession(session);
    ledger.upsertSession({ ...session, sessionId: "s2", startedAtMs: atMs + 500 });
    look(listing([], 2_000));
    assert.deepEqual(
      ledger.sessions({}).map(({ sessionId, end }) => [sessionId, end]),
      [
        ["s2", null],
        ["s1", "stopped"],
      ],
    );
  });
});
