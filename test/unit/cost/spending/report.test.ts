import assert from "node:assert/strict";
import * as fc from "fast-check";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { costPer, costPerApp } from "../../../../src/cost/spending/report.ts";
import { costOf } from "../../../../src/cost/spending/sessionCost.ts";
import { call, calls, hour, priced, span, spans, t0 } from "../arbitraries.ts";
import { sampleRow } from "../billed/sampleRow.ts";

const day = 24 * hour;
const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });
const ask = {
  spans: [],
  calls: [],
  billed: [],
  rates,
  fromMs: t0 - day,
  toMs: t0 + 2 * day,
  nowMs: t0 + 2 * day,
};

describe("the report", () => {
  it("lists apps, dearest first, those that were only ever billed included", () => {
    const apps = costPerApp(
      priced({
        ...ask,
        spans: [span({ finishedAtMs: t0 + hour })],
        billed: [
          sampleRow({
            objectId: "ap-9",
            description: "training",
            intervalStartMs: t0,
            cost: usd(9),
            fetchedAtMs: t0 + day,
          }),
        ],
      }),
    );
    assert.deepEqual(
      apps.map(({ appName, best }) => [appName, best.known ? best.microUsd : null]),
      [
        ["training", usd(9)],
        ["flux-api", usd(3.6)],
      ],
    );
  });

  it("shares an app's whole cost among what its calls were for, by execution time", () => {
    const made = [
      call({ callId: "a", endpoint: "flux", executionSeconds: 10, sessionId: "s1" }),
      call({ callId: "b", endpoint: "wan2", executionSeconds: 30, sessionId: "s2" }),
      call({
        callId: "c",
        endpoint: "flux",
        executionSeconds: null,
        status: "failed",
        startedAtMs: t0,
        endedAtMs: t0,
      }),
    ];
    const question = priced({
      ...ask,
      spans: [
        span({ finishedAtMs: t0 + hour }),
        span({
          containerId: "ta-2",
          appId: "ap-2",
          appName: "idle-app",
          finishedAtMs: t0 + hour / 2,
        }),
      ],
      calls: made,
    });
    const names = {
      userOfSession: new Map([["s1", "you"]]),
      modelOfEndpoint: new Map([["wan2", "Wan2.1"]]),
    };
    const by = (dimension: Parameters<typeof costPer>[0]) =>
      costPer(dimension, question, names).map(({ name, calls, share }) => [name, calls, share]);
    assert.deepEqual(by("endpoint"), [
      ["wan2", 1, usd(2.7)],
      [null, 0, usd(1.8)],
      ["flux", 2, usd(0.9)],
    ]);
    assert.deepEqual(
      by("model").map(([name]) => name),
      ["Wan2.1", null, "flux"],
    );
    assert.deepEqual(by("user"), [
      [null, 2, usd(4.5)],
      ["you", 1, usd(0.9)],
    ]);
  });

  it("loses and invents nothing: the shares add up to the apps", () => {
    fc.assert(
      fc.property(spans, calls, fc.constantFrom("endpoint", "model", "user"), (list, made, by) => {
        const question = priced({ ...ask, spans: list, calls: made });
        const shares = costPer(by, question);
        const whole = costOf({ ...question, appIds: null });
        const sum = shares.reduce((total, { share }) => total + share, 0);
        const apps = costPerApp(question).reduce((total, { bestKnown }) => total + bestKnown, 0);
        assert.equal(sum, apps);
        assert.ok(shares.every(({ share }) => share >= 0));
        const reported = shares.reduce((total, one) => total + one.reported, 0);
        assert.equal(reported, whole.reported.microUsd);
      }),
    );
  });
});
