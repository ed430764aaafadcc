import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { keptWarm } from "../../../../src/session/meter/keptWarm.ts";
import { flux } from "../../ui/runningAppSample.ts";

describe("what min_containers in force costs", () => {
  const app = (running: number) => ({
    ...flux,
    running,
    warmUntilMs: 1000,
    tailMicroUsd: usd(0.3),
  });

  it("is what the containers cost that are kept, which have no idle tail", () => {
    assert.deepEqual(keptWarm(app(2), 2, [usd(1), usd(3)]), {
      warmUntilMs: null,
      tailMicroUsd: null,
      keptWarmMicroUsdPerDay: usd(96),
    });
    assert.deepEqual(keptWarm(app(2), 0, [usd(1), usd(3)]), {});
    assert.equal(keptWarm(app(1), 1, [null]).keptWarmMicroUsdPerDay, null);
  });

  it("leaves the others their idle tail", () => {
    assert.deepEqual(keptWarm(app(3), 1, [usd(2), usd(2), usd(2)]), {
      warmUntilMs: 1000,
      tailMicroUsd: usd(0.2),
      keptWarmMicroUsdPerDay: usd(48),
    });
  });

  it("has no price where containers cost differently, or not all are seen, and fewer are kept", () => {
    for (const prices of [[usd(0.05), usd(3.95)], [usd(2)], [usd(2), null]])
      assert.deepEqual(keptWarm(app(2), 1, prices), {
        warmUntilMs: 1000,
        tailMicroUsd: null,
        keptWarmMicroUsdPerDay: null,
      });
  });
});
