import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { ContainerObservation } from "../../../../src/cost/span.ts";
import type { OpenedLedger } from "../../../../src/ledger/openLedger.ts";
import type { Listing } from "../../../../src/session/ledgerPort.ts";
import { SpanBook } from "../../cost/spanBook.ts";
import { container, listing, inTwoWindows } from "../temporaryLedger.ts";

const always = { fromMs: -1, toMs: 1e15 };

describe("spans of the ledger", () => {
  let a: OpenedLedger["ledger"];
  let b: OpenedLedger["ledger"];
  inTwoWindows((first, second) => ([a, b] = [first, second]));

  it("counts a container once that two windows see", () => {
    const seen = container("ta-once", { startedAtMs: 1000 });
    a.recordListing(listing(2000, [seen], { scope: "once" }));
    b.recordListing(listing(2100, [seen], { scope: "once" }));
    const spans = a.spans({ ...always, scope: "once" });
    assert.equal(spans.length, 1);
    assert.equal(spans[0]?.firstSeenAtMs, 2000);
    assert.equal(spans[0]?.lastSeenAtMs, 2100);
  });

  it("ends a span at the first look without it, and opens it again when it comes back", () => {
    const of = (): readonly (number | null | undefined)[] => {
      const span = a.spans({ ...always, scope: "back" })[0];
      return [span?.absentBeforeMs, span?.firstAbsentAtMs];
    };
    a.recordListing(listing(10, [container("ta-back")], { scope: "back" }));
    a.recordListing(listing(30, [], { scope: "back" }));
    b.recordListing(listing(40, [], { scope: "back" }));
    assert.deepEqual(of(), [null, 30]);
    b.recordListing(listing(20, [], { scope: "back" }));
    b.recordListing(listing(5, [], { scope: "back" }));
    assert.deepEqual(of(), [5, 20]);
    a.recordListing(listing(35, [container("ta-back")], { scope: "back" }));
    assert.deepEqual(of(), [5, 40]);
    a.recordListing(listing(50, [container("ta-back")], { scope: "back" }));
    assert.deepEqual(of(), [5, null]);
  });

  it("keeps another scope's spans open", () => {
    a.recordListing(listing(10, [container("ta-mine")], { scope: "mine" }));
    a.recordListing(listing(20, [], { scope: "theirs" }));
    assert.equal(a.spans({ ...always, scope: "mine" })[0]?.firstAbsentAtMs, null);
  });

  it("finds the spans of a range: those that overlap it and those that are open", () => {
    const of = "range";
    a.recordListing(
      listing(100, [container("ta-r1", { startedAtMs: 50 }), container("ta-r2")], { scope: of }),
    );
    a.recordListing(
      listing(200, [container("ta-r2")], {
        scope: of,
        ended: [container("ta-r1", { finishedAtMs: 150 })],
      }),
    );
    const ids = (fromMs: number, toMs: number): readonly string[] =>
      a.spans({ scope: of, fromMs, toMs }).map(({ containerId }) => containerId);
    assert.deepEqual(ids(0, 50), []);
    assert.deepEqual(ids(0, 51), ["ta-r1"]);
    assert.deepEqual(ids(149, 400), ["ta-r1", "ta-r2"]);
    assert.deepEqual(ids(150, 400), ["ta-r2"]);
    assert.deepEqual(ids(10_000, 20_000), ["ta-r2"]);
    assert.deepEqual(
      a.spans({ ...always, scope: of, appIds: ["ap-other"] }).map(({ containerId }) => containerId),
      [],
    );
    assert.equal(a.spans({ ...always, scope: of, appIds: ["ap-other", "ap-1"] }).length, 2);
  });

  it("gives the newest listing back whole, also when an older one is written later", () => {
    const newest = listing(
      200,
      [container("ta-n", { gpu: { type: "L40S", count: 2 }, gpuSource: "container" })],
      {
        scope: "newest",
        adapter: "sdk",
        apps: [
          {
            appId: "ap-1",
            name: "flux-api",
            state: "deployed",
            containerCount: 1,
            createdAtMs: 1.5,
            stoppedAtMs: null,
          },
        ],
      },
    );
    a.recordListing(newest);
    b.recordListing(listing(100, [], { scope: "newest" }));
    assert.deepEqual(b.latestListing("newest"), newest);
    assert.equal(b.latestListing("never"), undefined);
  });

  it("takes what was recorded after the clock was set back for newer", () => {
    const of = (): readonly unknown[] => {
      const [span] = a.spans({ ...always, scope: "back-then" });
      return [span?.firstSeenAtMs, span?.lastSeenAtMs, span?.firstAbsentAtMs];
    };
    const at = (era: number, observedAtMs: number, isThere: boolean): void =>
      a.recordListing(
        listing(observedAtMs, isThere ? [container("ta-back-then")] : [], {
          scope: "back-then",
          era,
        }),
      );
    at(0, 9_000, true);
    at(1, 2_000, true);
    assert.deepEqual(of(), [2_000, 2_000, null]);
    at(0, 9_500, false);
    assert.deepEqual(of(), [2_000, 2_000, null], "written late");
    at(1, 2_100, false);
    assert.deepEqual(of(), [2_000, 2_000, 2_100]);
    assert.equal(b.latestListing("back-then")?.observedAtMs, 2_100);
    at(2, 1_000, true);
    at(3, 500, false);
    // Seen by one clock, missed by another: the later clock tells the end.
    assert.deepEqual(of(), [499, 499, 500]);
  });

  it("is the same in any order of writing, also where the clock was set back", () => {
    let run = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(lookArbitrary, fc.integer({ min: 0, max: 2 }), fc.nat()), {
          maxLength: 10,
        }),
        (looks) => {
          const told = (order: typeof looks): readonly unknown[] => {
            run += 1;
            for (const [look, era] of order) a.recordListing(renamed({ ...look, era }, -run));
            return ["x", "y"].flatMap((name) =>
              a
                .spans({ ...always, scope: `${name}-${-run}` })
                .map(({ containerId, scope, ...rest }) => [containerId.slice(-1), scope[0], rest]),
            );
          };
          const shuffled = looks.toSorted(([, , x], [, , y]) => x - y);
          assert.deepEqual(told(shuffled), told(looks));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("ends the same whatever the order, the window and the repetition of the looks", () => {
    let run = 0;
    fc.assert(
      fc.property(
        fc.array(lookArbitrary, { minLength: 1, maxLength: 10 }),
        fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
        (looks, numbers) => {
          run += 1;
          const own = looks.map((look) => renamed(look, run));
          const book = new SpanBook();
          for (const look of own) book.record(look);
          let drawn = 0;
          const draw = (): number => numbers[(drawn += 1) % numbers.length] ?? 0;
          const shuffled = [...own, ...own.filter(() => draw() % 3 === 0)]
            .map((look) => ({ look, key: draw() }))
            .toSorted((x, y) => x.key - y.key);
          for (const { look, key } of shuffled) (key % 2 === 0 ? a : b).recordListing(look);
          const spans = own
            .map((look) => look.scope)
            .filter((each, index, all) => all.indexOf(each) === index)
            .flatMap((each) => b.spans({ ...always, scope: each }))
            .toSorted(
              (x, y) =>
                x.firstSeenAtMs - y.firstSeenAtMs || (x.containerId < y.containerId ? -1 : 1),
            );
          assert.deepEqual(spans, book.spans());
        },
      ),
      { numRuns: 60 },
    );
  });
});

const instant = fc.option(fc.integer({ min: 0, max: 60 }), { nil: null });

const gpuArbitrary = fc.oneof(
  fc.constant({ gpu: null, gpuSource: "unknown" as const }),
  fc.constant({ gpu: null, gpuSource: "app" as const }),
  fc.record({
    gpu: fc.constantFrom({ type: "L40S", count: 1 }, { type: "H100", count: 2 }),
    gpuSource: fc.constantFrom("container" as const, "app" as const, "setting" as const),
  }),
);

const observationArbitrary: fc.Arbitrary<ContainerObservation> = fc
  .record({
    containerId: fc.constantFrom("1", "2", "3", "4"),
    enqueuedAtMs: instant,
    startedAtMs: instant,
    finishedAtMs: instant,
    gpu: gpuArbitrary,
    cpuCores: fc.option(fc.constantFrom(0.125, 4), { nil: null }),
    memoryGib: fc.option(fc.constantFrom(0.5, 16), { nil: null }),
  })
  .map(({ gpu, ...fields }) => container(fields.containerId, { ...fields, ...gpu }));

const lookArbitrary: fc.Arbitrary<Listing> = fc
  .record({
    observedAtMs: fc.integer({ min: 0, max: 50 }),
    scope: fc.constantFrom("x", "y"),
    containers: fc.uniqueArray(observationArbitrary, {
      selector: (each) => each.containerId,
      maxLength: 4,
    }),
    ended: fc.uniqueArray(observationArbitrary, {
      selector: (each) => each.containerId,
      maxLength: 2,
    }),
  })
  .map(({ observedAtMs, containers, ...rest }) => listing(observedAtMs, containers, rest));

/** The same look with names that no other run uses: one file serves them all. A container belongs to one scope. */
function renamed(look: Listing, run: number): Listing {
  const own = `${look.scope}-${run}`;
  const rename = (each: ContainerObservation): ContainerObservation => ({
    ...each,
    containerId: `ta-${own}-${each.containerId}`,
  });
  return {
    ...look,
    scope: own,
    containers: look.containers.map(rename),
    ended: look.ended.map(rename),
  };
}
