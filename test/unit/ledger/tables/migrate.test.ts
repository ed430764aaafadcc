import assert from "node:assert/strict";
import { microUsd } from "../../../../src/cost/money.ts";
import type { OpenedLedger } from "../../../../src/ledger/openLedger.ts";
import { OlderWindow } from "../olderWindow.ts";
import { container, listing, scope, TemporaryLedger } from "../temporaryLedger.ts";

const always = { fromMs: 0, toMs: 1e12 };

describe("a ledger of the version before", () => {
  let files: TemporaryLedger;
  let older: OlderWindow;
  beforeEach(() => {
    files = new TemporaryLedger();
    older = files.add(new OlderWindow(files.path));
    older.look(1_000, ["ta-1", "ta-2"]);
    older.look(2_000, ["ta-1"]);
  });
  afterEach(() => files.dispose());

  const ends = (ledger: OpenedLedger["ledger"]): readonly unknown[] =>
    ledger
      .spans({ scope, ...always })
      .map((span) => [
        span.containerId,
        span.firstSeenAtMs,
        span.lastSeenAtMs,
        span.firstAbsentAtMs,
      ]);

  for (const number of [3, -3]) {
    it(`keeps all its rows, its version being given as ${number}`, async () => {
      older.setVersion(number);
      older.dispose();
      const { ledger, news } = await files.open();
      assert.deepEqual(news, []);
      assert.deepEqual(ends(ledger), [
        ["ta-1", 1_000, 2_000, null],
        ["ta-2", 1_000, 1_000, 2_000],
      ]);
      const newest = listing(2_000, [container("ta-1", { startedAtMs: 500 })]);
      assert.deepEqual(ledger.latestListing(scope), newest);
      assert.deepEqual(await ledger.checkIntegrity(), []);
      assert.deepEqual((await files.open()).news, []);
    });
  }

  it("keeps its rows of the bill, of which nobody knows the resources", async () => {
    const atMs = 7_200_000;
    older.addBilled(atMs, 430_000);
    older.dispose();
    const { ledger } = await files.open();
    const billed = () => ledger.billed({ scope, fromMs: 0, toMs: 2 * atMs });
    assert.deepEqual(
      billed().map(({ cost, costByResource }) => [cost, costByResource]),
      [[430_000, undefined]],
    );
    const { fetchedAtMs, report, sameSinceMs, wasMicroUsd, ...row } = billed()[0] ?? assert.fail();
    const costByResource = { CPU: microUsd(30_000), L40S: microUsd(400_000) };
    const fetched = { atMs: fetchedAtMs + 1, report: report + 1 };
    ledger.upsertBilled(scope, [{ ...row, costByResource }], fetched);
    assert.deepEqual(billed()[0], {
      ...row,
      fetchedAtMs: fetched.atMs,
      report: fetched.report,
      sameSinceMs,
      wasMicroUsd,
      costByResource,
    });
  });

  it("goes on serving a window of that version that has it open meanwhile", async () => {
    const { ledger } = await files.open();
    older.look(3_000, ["ta-1", "ta-3"]);
    assert.equal(ledger.latestListing(scope)?.observedAtMs, 3_000);
    ledger.recordListing(listing(4_000, [container("ta-3"), container("ta-4")]));
    assert.match(String(older.newestBody()), /"observedAtMs":4000/);
    assert.equal(older.spanCount(), 4);
    older.look(5_000, ["ta-3"]);
    assert.deepEqual(ends(ledger), [
      ["ta-1", 1_000, 3_000, 4_000],
      ["ta-2", 1_000, 1_000, 2_000],
      ["ta-3", 3_000, 5_000, null],
      ["ta-4", 4_000, 4_000, 5_000],
    ]);
    assert.equal(ledger.latestListing(scope)?.observedAtMs, 5_000);
  });

  it("takes the new version's word for the era of a listing that the older one wrote", async () => {
    const { ledger } = await files.open();
    ledger.recordListing(listing(1_500, [container("ta-1")], { era: 1 }));
    older.look(1_600, []);
    const newest = ledger.latestListing(scope);
    assert.deepEqual([newest?.era, newest?.observedAtMs], [1, 1_600]);
    ledger.recordListing(listing(1_700, [container("ta-1")], { era: 1 }));
    assert.equal(ledger.latestListing(scope)?.observedAtMs, 1_700);
    assert.deepEqual(ends(ledger)[0], ["ta-1", 1_000, 1_700, null]);
  });
});
