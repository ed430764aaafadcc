import assert from "node:assert/strict";
import * as fc from "fast-check";
import { join, mergeDetails, mergeSighting } from "../../../../src/cost/metered/spanMerge.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import { looks, observation, t0, minute } from "../arbitraries.ts";
import { mergeAbsence, SpanBook, withAbsences, type Look } from "../spanBook.ts";

const scope = "acme/main";

function spansOf(looks: readonly Look[]): readonly ContainerSpan[] {
  const book = new SpanBook();
  for (const look of looks) book.record(look);
  return book.spans();
}

function only(spans: readonly ContainerSpan[]): ContainerSpan {
  const [span] = spans;
  assert.equal(spans.length, 1);
  assert.ok(span);
  return span;
}

function look(observedAtMs: number, ...containers: Look["containers"]): Look {
  return { scope, observedAtMs, containers, ended: [] };
}

describe("the meter", () => {
  it("gives the same spans for any order and repetition of the looks of any number of windows", () => {
    fc.assert(
      fc.property(
        looks.chain((list) =>
          fc.tuple(
            fc.constant(list),
            // A second window that tells some of it again, all of it in another order.
            fc.tuple(fc.subarray([...list]), fc.constant([...list])).chain(([again, all]) =>
              fc.shuffledSubarray([...all, ...again], {
                minLength: all.length + again.length,
              }),
            ),
          ),
        ),
        ([list, shuffled]) => {
          assert.deepEqual(spansOf(shuffled), spansOf(list));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("joins what two ledgers know: commutative, associative, idempotent", () => {
    const bare = (list: readonly Look[]): ContainerSpan[] =>
      spansOf(list)
        .filter((span) => span.containerId === "ta-1" && span.scope === scope)
        .map((span) => withAbsences(span, []));
    fc.assert(
      fc.property(looks, looks, looks, (x, y, z) => {
        const [[a], [b], [c]] = [bare(x), bare(y), bare(z)];
        fc.pre(a !== undefined && b !== undefined && c !== undefined);
        assert.deepEqual(join(a, b), join(b, a));
        assert.deepEqual(join(a, join(b, c)), join(join(a, b), c));
        assert.deepEqual(join(a, a), a);
      }),
    );
  });

  it("gives the same span by single merges as from the whole book", () => {
    fc.assert(
      fc.property(looks, (list) => {
        const book = spansOf(list);
        for (const expected of book) {
          let span: ContainerSpan | undefined;
          const own = list.filter((one) => one.scope === expected.scope);
          for (const one of own) {
            for (const seen of one.containers) {
              if (seen.containerId === expected.containerId)
                span = mergeSighting(span, one.scope, seen, one.observedAtMs);
            }
            for (const told of one.ended) {
              if (told.containerId === expected.containerId)
                span = mergeDetails(span, one.scope, told, one.observedAtMs);
            }
          }
          assert.ok(span);
          for (const one of own) span = mergeAbsence(span, one.observedAtMs);
          // Absences that a later sighting overtook are looked up again from the times of the listings.
          span = withAbsences(
            span,
            own.map((one) => one.observedAtMs),
          );
          assert.deepEqual(span, expected);
        }
      }),
    );
  });

  it("does not end a span by an absence that is earlier than a later sighting", () => {
    const seen = observation();
    const span = only(spansOf([look(t0, seen), look(t0 + 20), look(t0 + 30, seen)]));
    assert.equal(span.firstAbsentAtMs, null);
    assert.equal(span.lastSeenAtMs, t0 + 30);
  });

  it("finds the first absence after the last sighting, however late that sighting is recorded", () => {
    const seen = observation();
    const inOrder = [
      look(t0, seen),
      look(t0 + 5),
      look(t0 + 10, seen),
      look(t0 + 15),
      look(t0 + 20),
    ];
    const late = [look(t0, seen), look(t0 + 5), look(t0 + 15), look(t0 + 20), look(t0 + 10, seen)];
    assert.deepEqual(spansOf(late), spansOf(inOrder));
    assert.equal(only(spansOf(late)).firstAbsentAtMs, t0 + 15);
  });

  it("finds the last absence before the first sighting", () => {
    const looks = [look(t0 - 20), look(t0 + 5, observation()), look(t0 - 5), look(t0 + 9)];
    const span = only(spansOf(looks));
    assert.deepEqual([span.absentBeforeMs, span.firstAbsentAtMs], [t0 - 5, t0 + 9]);
  });

  it("knows an absence that was recorded before the container was ever heard of", () => {
    const span = only(spansOf([look(t0 + 20), look(t0 + 10, observation())]));
    assert.equal(span.firstAbsentAtMs, t0 + 20);
  });

  it("does not take details for a sighting: a container without an end cannot run for ever", () => {
    const details = { ...look(t0 + 60), ended: [observation()] };
    const span = only(spansOf([look(t0 + 30, observation()), details]));
    assert.equal(span.lastSeenAtMs, t0 + 30);
    assert.equal(span.firstAbsentAtMs, t0 + 60);
  });

  it("takes the GPU of the best source, and of equal ones the first; of a setting the last", () => {
    const gpu = (type: string) => ({ type, count: 1 });
    const at = (atMs: number, type: string, gpuSource: ContainerSpan["gpuSource"]): Look =>
      look(atMs, observation({ gpu: gpu(type), gpuSource }));
    const type = (...list: Look[]) => only(spansOf(list)).gpu?.type;
    assert.equal(type(at(1, "T4", "container"), at(2, "L4", "app")), "T4");
    assert.equal(type(at(1, "T4", "app"), at(2, "L4", "container")), "L4");
    assert.equal(type(at(1, "T4", "deploy-file"), at(2, "L4", "setting")), "T4");
    assert.equal(type(at(1, "T4", "deploy-file"), at(2, "L4", "deploy-file")), "T4");
    assert.equal(type(at(1, "T4", "setting"), at(2, "L4", "setting")), "L4");
    assert.equal(
      type(at(1, "T4", "app"), look(2, observation({ gpu: null, gpuSource: "unknown" }))),
      "T4",
    );
    const cpuOnly = look(2, observation({ gpu: null, gpuSource: "container" }));
    assert.equal(only(spansOf([at(1, "T4", "app"), cpuOnly])).gpu, null);
  });

  it("keeps the finer start of the SDK beside the CLI's whole second", () => {
    const cli = observation({ startedAtMs: t0, gpuSource: "app" });
    const sdk = observation({ startedAtMs: t0 + 734 });
    assert.equal(
      only(spansOf([look(t0 + minute, sdk), look(t0 + minute, cli)])).startedAtMs,
      t0 + 734,
    );
  });

  it("keeps two environments apart", () => {
    const other = { ...look(t0, observation()), scope: "acme/staging" };
    assert.equal(spansOf([look(t0, observation()), other]).length, 2);
  });
});
