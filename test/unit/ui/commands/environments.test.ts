import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { environmentsText } from "../../../../src/ui/commands/environments.ts";

const main = {
  name: "main",
  isDefault: true,
  budgetMicroUsd: null,
  usageMicroUsd: null,
  limitMicroUsd: null,
  spendLimitReached: null,
  gpusNow: null,
  containersNow: null,
};

describe("the environments of the workspace", () => {
  it("are named with what they have used, where Modal tells it", () => {
    const staging = { ...main, name: "staging", isDefault: false };
    assert.equal(environmentsText([main, staging]), "main (default), staging");
    assert.equal(
      environmentsText([
        { ...main, usageMicroUsd: usd(3) },
        { ...staging, usageMicroUsd: usd(12.3), budgetMicroUsd: usd(100) },
      ]),
      "main (default): $3.00 in this billing cycle, staging: $12.30 of $100.00 in this billing cycle",
    );
    assert.equal(environmentsText([{ ...main, usageMicroUsd: usd(0) }]), "main (default)");
  });

  it("are a bad answer when one may spend no more", () => {
    assert.throws(() => environmentsText([{ ...main, spendLimitReached: true }]), {
      message: "main has reached its spend limit: Modal starts nothing there.",
    });
  });
});
