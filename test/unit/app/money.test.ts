import assert from "node:assert/strict";
import { buildMoney } from "../../../src/app/money.ts";
import { usd } from "../../../src/cost/money.ts";
import { oneApp, TestWindow } from "./window.ts";

describe("buildMoney", () => {
  it("watches the budgets of the scope that the window speaks for, and tells when one is used up", async () => {
    using window = await TestWindow.open({
      ...oneApp,
      rates: () => Promise.resolve({ usdPerHourByKey: new Map() }),
      billingReport: () => Promise.resolve([]),
    });
    const told: string[] = [];
    buildMoney(window, {
      ...window.window,
      ...window.watching,
      mutesLimits: () => false,
      budgets: () => [{ unit: "week", limit: usd(0.01) }],
      onExceeded: ({ message }) => told.push(message),
      onBill: () => undefined,
      onPrices: () => undefined,
      onBillDenied: () => undefined,
    });
    await window.watching.meter.refreshNow();
    await window.clock.advance(600_000);
    await window.watching.meter.refreshNow();
    await window.clock.advance(600_000);
    assert.equal(told.length, 1, told.join("\n"));
    assert.match(told[0] ?? "", /\$0\.01/);
  });
});
