import assert from "node:assert/strict";
import * as fc from "fast-check";
import { microUsd } from "../../../../src/cost/money.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import type { OpenedLedger } from "../../../../src/ledger/openLedger.ts";
import type { BaseLedger } from "../../../../src/ledger/patient/baseLedger.ts";
import * as overlay from "../../../../src/ledger/patient/overlay.ts";
import { seenListing, seenSpans } from "../../../../src/ledger/patient/pendingLooks.ts";
import { PendingWrites } from "../../../../src/ledger/patient/pendingWrites.ts";
import { applyWrite } from "../../../../src/ledger/patient/write.ts";
import type { Write } from "../../../../src/ledger/patient/write.ts";
import { receiptSample } from "../../session/receiptSample.ts";
import { call, container, listing, mondayMs, session } from "../temporaryLedger.ts";

const scope = fc.constantFrom("acme/main", "acme/dev");
/** Few instants, with fractions, so that writes meet and are rounded. */
const instant = fc.integer({ min: 0, max: 24 }).map((n) => mondayMs + n * 500_000 + (n % 3) * 0.4);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(value, { nil: null });
const letter = fc.constantFrom("a", "b", "c");

const observation = fc
  .record({
    id: letter,
    startedAtMs: maybe(instant),
    finishedAtMs: maybe(instant),
    source: fc.constantFrom("container" as const, "app" as const, "unknown" as const),
  })
  .map(({ id, startedAtMs, finishedAtMs, source }) =>
    container(`ta-${id}`, {
      startedAtMs,
      finishedAtMs,
      gpuSource: source,
      gpu: source === "unknown" ? null : { type: "L40S", count: 1 },
    }),
  );
const observations = fc.uniqueArray(observation, {
  maxLength: 3,
  selector: ({ containerId }) => containerId,
});

const write: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        scope,
        era: fc.integer({ min: 0, max: 2 }),
        atMs: instant,
        seen: observations,
        ended: observations,
      })
      .map(({ scope, era, atMs, seen, ended }): Write => {
        // A container belongs to one workspace and environment.
        const own = <T extends { containerId: string }>(all: readonly T[]): readonly T[] =>
          all.map((one) => ({ ...one, containerId: `${one.containerId} ${scope}` }));
        return ["recordListing", listing(atMs, own(seen), { scope, era, ended: own(ended) })];
      }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        callId: letter,
        scope: fc.constant("acme/main"),
        startedAtMs: instant,
        status: fc.constantFrom("running" as const, "abandoned" as const, "succeeded" as const),
        isKnown: fc.boolean(),
        audit: fc.uniqueArray(letter, { maxLength: 2 }),
      })
      .map(({ isKnown, ...fields }): Write => {
        // What there is to know of a call is known or not; it never is something else.
        const endpoint = isKnown ? fields.callId : null;
        const reportedMicroUsd = isKnown ? microUsd(fields.callId.length) : null;
        const endedAtMs = isKnown && fields.status === "succeeded" ? mondayMs + 1e6 : null;
        return ["upsertCall", call({ ...fields, endpoint, reportedMicroUsd, endedAtMs })];
      }),
  },
  fc
    .record({
      sessionId: letter,
      scope,
      startedAtMs: instant,
      endedAtMs: maybe(instant),
      folder: letter,
      apps: fc.uniqueArray(letter, { maxLength: 2 }),
    })
    .map(({ apps, ...fields }): Write => [
      "upsertSession",
      session({
        ...fields,
        end: fields.endedAtMs === null ? null : "stopped",
        apps: apps.map((appId) => ({ appId, appName: appId, file: "a.py", urls: [] })),
      }),
    ]),
  fc
    .record({
      receiptId: letter,
      scope,
      atMs: instant,
      verified: fc.constantFrom("clear" as const, "unverified" as const, "left" as const),
    })
    .map((fields): Write => ["recordReceipt", receiptSample(fields)]),
  fc
    .record({
      hours: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
      cost: fc.integer({ min: 0, max: 9 }).map(microUsd),
      covers: fc.boolean(),
      // Another window's report may be the newer one already.
      older: fc.integer({ min: 0, max: 4 }),
      report: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ hours, cost, covers, older, report }): Write => {
      nextFetchMs += 1;
      // No two at one instant: a window asks for one report at a time.
      const fetchedAtMs = mondayMs + 1000 * (nextFetchMs - mondayMs - older) + (nextFetchMs % 1000);
      const rows = hours.map((hour) => ({
        objectId: "ap-1",
        description: "flux-api",
        environment: "main",
        intervalStartMs: mondayMs + hour * 3_600_000,
        cost,
      }));
      const range = { fromMs: mondayMs, toMs: mondayMs + 7_200_000 };
      return [
        "upsertBilled",
        "acme/main",
        rows,
        { atMs: fetchedAtMs, report },
        covers ? range : undefined,
      ];
    }),
  fc
    .record({
      usd: fc.integer({ min: 1, max: 2 }),
      scope,
      // Another window may have written later ones already.
      older: fc.integer({ min: 0, max: 4 }),
      areNewest: fc.boolean(),
    })
    .map(({ usd, scope, older, areNewest }): Write => {
      nextFetchMs += 1;
      return [
        "saveRates",
        scope,
        { usdPerHourByKey: new Map([["gpu", usd]]) },
        nextFetchMs - older,
        { areNewest },
      ];
    }),
  fc
    .record({ id: letter, openedAtMs: instant, beatAtMs: instant })
    .map(({ id, ...at }): Write => [
      "beatWindow",
      { windowId: id, pid: 1, closedAtMs: null, ...at },
    ]),
  fc.record({ id: letter, atMs: instant }).map(({ id, atMs }): Write => ["closeWindow", id, atMs]),
  letter.map((id): Write => ["forgetWindow", id]),
  letter.map((key): Write => ["claimOnce", key, mondayMs]),
  fc
    .record({ name: letter, holder: fc.constant("me") })
    .map(({ name, holder }): Write => ["acquireLease", name, holder, 1, mondayMs, 1e9]),
  fc
    .record({ name: letter, holder: fc.constant("me") })
    .map(({ name, holder }): Write => ["releaseLease", name, holder]),
  fc
    .record({ key: letter, value: fc.integer() })
    .map(({ key, value }): Write => ["remember", key, String(value)]),
);
/** Bills and rates are fetched one after the other, and may be written later. */
let nextFetchMs = mondayMs;

type View = (base: BaseLedger, pending: PendingWrites) => unknown;

/** Every question, in several forms. */
const views: Readonly<Record<string, View>> = {
  listings: (base, pending) =>
    ["acme/main", "acme/dev"].map((scope) => seenListing(pending, base, scope)),
  "all spans": (base, pending) => seenSpans(pending, base, { fromMs: 0, toMs: mondayMs + 1e9 }),
  "some spans": (base, pending) =>
    seenSpans(pending, base, {
      scope: "acme/main",
      appIds: ["ap-1"],
      fromMs: mondayMs + 3e6,
      toMs: mondayMs + 8e6,
    }),
  calls: (base, pending) => overlay.seenCalls(pending, base, {}),
  "some calls": (base, pending) => [
    overlay.seenCalls(pending, base, { status: "running", fromMs: mondayMs + 2e6, limit: 1 }),
    overlay.seenCalls(pending, base, { callId: "a" }),
    overlay.seenCalls(pending, base, { endpoint: "a", toMs: mondayMs + 8e6 }),
  ],
  sessions: (base, pending) => [
    overlay.seenSessions(pending, base, {}),
    overlay.seenSessions(pending, base, { scope: "acme/main", fromMs: mondayMs + 5e6 }),
    overlay.seenSessions(pending, base, { toMs: mondayMs + 5e6 }),
  ],
  receipts: (base, pending) => [
    overlay.seenReceipts(pending, base, {}),
    overlay.seenReceipts(pending, base, { scope: "acme/dev", fromMs: mondayMs + 5e6 }),
  ],
  billed: (base, pending) => [
    overlay.seenBilled(pending, base, { scope: "acme/main", fromMs: 0, toMs: mondayMs + 1e9 }),
    overlay.seenBilled(pending, base, {
      scope: "acme/main",
      fromMs: mondayMs,
      toMs: mondayMs + 5e6,
    }),
  ],
  rates: (base, pending) =>
    ["acme/main", "acme/dev"].map((scope) => overlay.seenRates(pending, base, scope)),
  windows: (base, pending) => overlay.seenWindows(pending, base),
  claims: (base, pending) => ["a", "b", "c"].map((key) => overlay.seenClaim(pending, base, key)),
  leases: (base, pending) =>
    ["a", "b", "c"].map((name) => overlay.seenLease(pending, base, name, mondayMs)?.holder),
  memory: (base, pending) => ["a", "b", "c"].map((key) => overlay.seenMemory(pending, base, key)),
};

const rates = (usd: number, atMs: number, areNewest: boolean): Write => [
  "saveRates",
  "acme/main",
  { usdPerHourByKey: new Map([["gpu", usd]]) },
  mondayMs + atMs,
  { areNewest },
];
/** The first of the two take away what was saved as later. */
const twoRatesOfOneInstant = [rates(1, 14, false), rates(1, 11, true), rates(2, 11, false)];

/** A share of what `npm run test:torture` does. */
const rounds = Number(process.env["MODAL_METER_ROUNDS"] ?? "30");

const nothingPending = new PendingWrites();

describe("what is written and not in the file yet", () => {
  const opened: OpenedLedger["ledger"][] = [];
  afterEach(() => {
    for (const ledger of opened.splice(0)) ledger.dispose();
  });

  async function newLedger(): Promise<OpenedLedger["ledger"]> {
    const { ledger } = await openLedger(":memory:");
    opened.push(ledger);
    return ledger;
  }

  const property = (
    check: (before: readonly Write[], waiting: readonly Write[]) => Promise<void>,
  ) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 12 }),
        fc.array(write, { minLength: 1, maxLength: 12 }),
        async (before, waiting) => {
          await check(before, waiting);
          for (const ledger of opened.splice(0)) ledger.dispose();
        },
      ),
      { numRuns: rounds, examples: [[[], twoRatesOfOneInstant]] },
    );

  it("is seen as if it were in the file", async function () {
    this.timeout(60_000);
    await property(async (before, waiting) => {
      const [file, after] = [await newLedger(), await newLedger()];
      const pending = new PendingWrites();
      for (const one of before) for (const ledger of [file, after]) applyWrite(ledger, one);
      for (const one of waiting) {
        pending.add(one);
        applyWrite(after, one);
      }
      for (const [name, view] of Object.entries(views))
        assert.deepEqual(view(file, pending), view(after, nothingPending), name);
    });
  });

  it("comes to the same in the file, however much of it became one", async function () {
    this.timeout(60_000);
    await property(async (before, waiting) => {
      const [file, direct] = [await newLedger(), await newLedger()];
      for (const one of before) for (const ledger of [file, direct]) applyWrite(ledger, one);
      const pending = new PendingWrites();
      for (const one of waiting) {
        pending.add(one);
        applyWrite(direct, one);
      }
      for (const one of pending.take()?.writes ?? []) applyWrite(file, one);
      for (const [name, view] of Object.entries(views))
        assert.deepEqual(view(file, nothingPending), view(direct, nothingPending), name);
    });
  });

  it("stays small while the same containers are seen again and again, and each call changes often", () => {
    const pending = new PendingWrites();
    for (let n = 0; n < 5_000; n += 1) {
      pending.add(["recordListing", listing(mondayMs + n, [container("ta-1")])]);
      pending.add(["upsertCall", call({ callId: `call-${n % 10}`, endedAtMs: n })]);
      pending.add(["remember", "key", String(n)]);
    }
    assert.equal(pending.size, 2 + 10 + 1);
  });

  it("is bounded, and says what it could not keep", () => {
    const pending = new PendingWrites();
    for (let n = 0; n < 100_010; n += 1) pending.add(["claimOnce", String(n), 0]);
    assert.deepEqual([pending.size, pending.dropped], [100_000, 10]);
  });
});
