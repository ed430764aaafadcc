import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  billedThroughMs,
  listedThroughMs,
  type BilledRow,
} from "../../../../src/cost/billed/billedRow.ts";
import { usd, type MicroUsd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { billedThroughText, reconcile } from "../../../../src/cost/billed/reconcile.ts";
import { amounts, hour, minute, priced, span, spans, t0 } from "../arbitraries.ts";
import { sampleRow } from "./sampleRow.ts";

const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });

const row = (h: number, cost: MicroUsd, objectId = "ap-1"): BilledRow =>
  sampleRow({
    objectId,
    description: "flux-api",
    intervalStartMs: t0 + h * hour,
    cost,
    fetchedAtMs: t0 + h * hour + 24 * hour,
  });

const ask = {
  spans: [],
  billed: [],
  fromMs: t0,
  throughMs: t0 + 3 * hour,
  nowMs: t0 + 4 * hour,
  rates,
};

describe("reconciliation with the bill", () => {
  it("sets metered beside billed, per app and hour, with the drift", () => {
    const long = span({ startedAtMs: t0 + 30 * minute, finishedAtMs: t0 + 90 * minute });
    const result = reconcile(
      priced({ ...ask, spans: [long], billed: [row(0, usd(1.8)), row(1, usd(2))] }),
    );
    assert.deepEqual(
      result.hours.map(({ state, billed, metered, drift }) => [
        state,
        billed,
        metered.microUsd,
        drift === null ? null : Math.round(drift * 1000) / 1000,
      ]),
      [
        ["both", usd(1.8), usd(1.8), 0],
        ["both", usd(2), usd(1.8), -0.1],
      ],
    );
    assert.equal(result.billed, usd(3.8));
    assert.equal(result.drift === null ? null : Math.round(result.drift * 1e4), -526);
  });

  it("makes a row of what was billed and never seen, and of what was metered and not billed", () => {
    const seen = span({ startedAtMs: t0, finishedAtMs: t0 + 30 * minute });
    const result = reconcile(priced({ ...ask, spans: [seen], billed: [row(1, usd(2), "ap-9")] }));
    assert.deepEqual(
      result.hours.map(({ appId, state }) => [appId, state]),
      [
        ["ap-1", "unbilled"],
        ["ap-9", "unseen"],
      ],
    );
    assert.deepEqual([result.unseen, result.unbilled, result.drift], [usd(2), usd(1.8), null]);
  });

  it("keeps what is no app apart: a volume is not metered, and nobody forgot it", () => {
    const billed = [row(0, usd(2), "vo-1"), row(1, usd(3), "ap-9")];
    const result = reconcile(priced({ ...ask, billed }));
    assert.deepEqual([result.other, result.unseen], [usd(2), usd(3)]);
    assert.deepEqual(
      result.hours.map(({ state }) => state),
      ["not-an-app", "unseen"],
    );
  });

  it("adds up each app's hours, dearest first, with the drift of those that both know", () => {
    const seen = span({ startedAtMs: t0, finishedAtMs: t0 + hour });
    const billed = [row(0, usd(4)), row(1, usd(1)), row(0, usd(9), "ap-9")];
    const { apps } = reconcile(priced({ ...ask, spans: [seen], billed }));
    assert.deepEqual(
      apps.map(({ appId, billed: sum, metered, drift, unseen }) => [
        appId,
        sum,
        metered.microUsd,
        drift,
        unseen,
      ]),
      [
        ["ap-9", usd(9), 0, null, usd(9)],
        ["ap-1", usd(5), usd(3.6), 3.6 / 4 - 1, usd(1)],
      ],
    );
  });

  it("leaves out hours that are not whole, and those that the report has not reached", () => {
    const long = span({ startedAtMs: t0, finishedAtMs: t0 + 5 * hour });
    const result = reconcile(
      priced({
        ...ask,
        spans: [long],
        billed: [0, 1, 2, 3].map((h) => row(h, usd(3.6))),
        fromMs: t0 + minute,
        nowMs: t0 + 6 * hour,
      }),
    );
    assert.deepEqual(
      result.hours.map(({ hourStartMs, drift }) => [(hourStartMs - t0) / hour, drift]),
      [
        [1, 0],
        [2, 0],
      ],
    );
    assert.equal(reconcile(priced({ ...ask, spans: [long], throughMs: null })).hours.length, 0);
  });

  it("does not call an unknown rate a drift", () => {
    const unknown = span({ gpu: null, gpuSource: "unknown", finishedAtMs: t0 + hour });
    const result = reconcile(priced({ ...ask, spans: [unknown], billed: [row(0, usd(2))] }));
    assert.deepEqual(
      result.hours.map(({ state, drift }) => [state, drift]),
      [["rate-unknown", null]],
    );
    assert.equal(result.drift, null);
  });

  it("adds rows of one app and hour", () => {
    const result = reconcile(priced({ ...ask, billed: [row(0, usd(1)), row(0, usd(2))] }));
    assert.equal(result.hours[0]?.billed, usd(3));
  });

  it("loses no billed dollar: every row that is through is in exactly one state", () => {
    const bills = fc.array(fc.record({ h: fc.integer({ min: -2, max: 5 }), cost: amounts }));
    fc.assert(
      fc.property(spans, bills, (list, bill) => {
        const billed = bill.map(({ h, cost }, i) => row(h, cost, `ap-${(i % 4) + 1}`));
        const result = reconcile(priced({ ...ask, spans: list, billed, rates: rateHistory([]) }));
        const through = billed.filter(
          (one) => one.intervalStartMs >= t0 && one.intervalStartMs < t0 + 3 * hour,
        );
        const sum = (values: readonly number[]) =>
          values.reduce((total, value) => total + value, 0);
        assert.equal(
          sum(result.hours.map((one) => one.billed)),
          sum(through.map((one) => one.cost)),
        );
        for (const { drift } of result.hours) assert.ok(drift === null || Number.isFinite(drift));
      }),
    );
  });

  it("says through when it is billed: hours of which two late reports, an hour apart, say the same", () => {
    const fetched = (fetchedAtMs: number): readonly BilledRow[] =>
      [0, 4].map((h) => {
        const intervalStartMs = t0 + h * hour;
        const [objectId, description] = ["ap-1", "flux-api"];
        return sampleRow({ objectId, description, intervalStartMs, cost: usd(1), fetchedAtMs });
      });
    assert.equal(billedThroughMs(fetched(t0 + 8 * hour)), t0 + 5 * hour);
    assert.equal(billedThroughMs(fetched(t0 + 8 * hour - minute)), t0 + hour);
    assert.equal(billedThroughMs(fetched(t0 + 4 * hour - minute)), null);
    assert.equal(listedThroughMs(fetched(t0 + 4 * hour - minute)), t0 + hour, "listed, not final");
    assert.equal(billedThroughMs([]), null);
    assert.equal(billedThroughText(t0 + 5 * hour, t0 + 6 * hour), "billed through 14:00 UTC");
    assert.equal(
      billedThroughText(t0 + 5 * hour, t0 + 30 * hour),
      "billed through 2026-11-21 14:00 UTC",
    );
  });
});
