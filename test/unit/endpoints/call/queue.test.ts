import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Disposable } from "../../../../src/base/disposable.ts";
import { failureOf } from "../../../../src/base/failure.ts";
import { CallQueue } from "../../../../src/endpoints/call/queue.ts";

/** One call as the queue sees it. */
class Guest {
  readonly abort = new AbortController();
  readonly told: number[] = [];
  place: Disposable | undefined;
  refusal: string | undefined;
  readonly #settled: Promise<void>;

  constructor(queue: CallQueue, onEnter: () => void = () => undefined) {
    this.#settled = queue
      .enter(this.abort.signal, (ahead) => this.told.push(ahead))
      .then(
        (place) => {
          this.place = place;
          onEnter();
        },
        (error: unknown) => {
          assert.equal(failureOf(error)?.reason, "cancelled");
          this.refusal = failureOf(error)?.message;
        },
      );
  }

  get state(): "runs" | "waits" | "refused" {
    if (this.place !== undefined) return "runs";
    return this.refusal === undefined ? "waits" : "refused";
  }

  async settled(): Promise<void> {
    await this.#settled;
  }
}

/** Promise reactions of all that has happened have run after this. */
const now = async (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe("the queue of calls", () => {
  it("lets in as many as may run, and tells the others how many wait before them", async () => {
    const queue = new CallQueue(() => 2);
    const guests = [1, 2, 3, 4, 5].map(() => new Guest(queue));
    await now();
    assert.deepEqual(
      guests.map(({ state }) => state),
      ["runs", "runs", "waits", "waits", "waits"],
    );
    assert.deepEqual(
      guests.map(({ told }) => told),
      [[], [], [0], [1], [2]],
    );
    guests[0]?.place?.dispose();
    await now();
    assert.equal(guests[2]?.state, "runs");
    assert.deepEqual(guests[4]?.told, [2, 1]);
  });

  it("gives a place back once, however often it is disposed", async () => {
    const queue = new CallQueue(() => 1);
    const [first, second, third] = [new Guest(queue), new Guest(queue), new Guest(queue)];
    await first.settled();
    first.place?.dispose();
    first.place?.dispose();
    await second.settled();
    await now();
    assert.equal(third.state, "waits");
  });

  it("lets go of one that is cancelled while it waits, and keeps the order of the others", async () => {
    const queue = new CallQueue(() => 1);
    const guests = [1, 2, 3].map(() => new Guest(queue));
    await now();
    guests[1]?.abort.abort();
    await now();
    assert.match(guests[1]?.refusal ?? "", /Nothing was sent/);
    assert.deepEqual(guests[2]?.told, [1, 0]);
    guests[0]?.place?.dispose();
    await now();
    assert.equal(guests[2]?.state, "runs");
    guests[2]?.place?.dispose();
    assert.equal(queue.isFull, false, "nothing waits, nothing runs");
  });

  it("has a place at once for a call that Modal already works on, and counts it", async () => {
    const queue = new CallQueue(() => 1);
    const resumed = [queue.enterNow(), queue.enterNow()];
    const guest = new Guest(queue);
    resumed[0]?.dispose();
    await now();
    assert.equal(guest.state, "waits");
    resumed[1]?.dispose();
    await guest.settled();
    assert.equal(guest.state, "runs");
  });

  it("sends away all that wait, and none that runs, when it is cleared", async () => {
    const queue = new CallQueue(() => 1);
    const guests = [1, 2, 3].map(() => new Guest(queue));
    await now();
    assert.equal(queue.drop("Stopped."), 2);
    await now();
    assert.deepEqual(
      guests.map(({ refusal }) => refusal),
      [undefined, "Stopped.", "Stopped."],
    );
    guests[1]?.abort.abort();
    guests[0]?.place?.dispose();
    const next = new Guest(queue);
    await next.settled();
    assert.equal(next.state, "runs");
  });

  it("reads a larger limit when it is asked to look again", async () => {
    let limit = 1;
    const queue = new CallQueue(() => limit);
    const guests = [1, 2, 3].map(() => new Guest(queue));
    limit = 3;
    queue.admit();
    await now();
    assert.deepEqual(
      guests.map(({ state }) => state),
      ["runs", "runs", "runs"],
    );
  });

  it("never runs too many, never idles while one waits, and keeps the order, whatever happens", async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ do: "come" as const }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("end" as const), at: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), at: fc.nat(20) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 40 }),
        async (limit, steps) => {
          const queue = new CallQueue(() => limit);
          const guests: Guest[] = [];
          const entered: number[] = [];
          const over = new Set<Guest>();
          const running = (): Guest[] =>
            guests.filter((one) => one.state === "runs" && !over.has(one));
          for (const one of steps) {
            if (one.do === "come") {
              const number = guests.length;
              guests.push(new Guest(queue, () => entered.push(number)));
            } else if (one.do === "end") {
              // Ends well or with an error: the place comes back either way.
              const guest = running()[one.at];
              if (guest !== undefined) {
                over.add(guest);
                guest.place?.dispose();
              }
            } else guests[one.at]?.abort.abort();
            await now();
            const waits = guests.filter(({ state }) => state === "waits");
            assert.ok(running().length <= limit);
            assert.ok(waits.length === 0 || running().length === limit);
            assert.equal(queue.isFull, waits.length > 0 || running().length >= limit);
            assert.deepEqual(
              waits.map(({ told }) => told.at(-1)),
              waits.map((_, ahead) => ahead),
            );
          }
          assert.deepEqual(
            entered,
            entered.toSorted((a, b) => a - b),
          );
        },
      ),
    );
  });
});
