import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import type { StopReceipt } from "../../../../src/session/receipt.ts";
import { receiptLines, receiptSummary } from "../../../../src/session/stop/receiptText.ts";

const flux = { appId: "ap-1", name: "flux" };
const wan2 = { appId: "ap-2", name: "wan2" };

function receipt(some: Partial<StopReceipt>): StopReceipt {
  return {
    receiptId: "r1",
    scope: "acme/main",
    atMs: 0,
    by: "person",
    planned: [flux],
    stopped: [flux],
    alreadyStopped: [],
    left: [],
    excluded: [],
    verified: "clear",
    savedMicroUsdPerHour: usd(1.95),
    ...some,
  };
}

describe("receiptLines", () => {
  it("says all clear when it is proven", () => {
    const cost = {
      reported: usd(0.0014),
      metered: usd(0.41),
      billed: null,
      meteredIsFloor: false,
      figure: { microUsd: usd(0.41), tier: "metered", isFloor: false } as const,
    };
    assert.deepEqual(receiptLines(receipt({}), cost), [
      "🛑 Stopping… 1 app in acme/main: flux",
      "✅ Stopped 1 app: flux",
      "💰 Cost savings activated! ≈ $1.95/h no longer burning.",
      "   Session cost: ≈ $0.41 ($0.0014 reported · ≈ $0.41 metered · not billed yet)",
      "🎯 All clear! No Modal resources running. (acme/main)",
    ]);
  });

  it("never says all clear otherwise, and names what is left", () => {
    const left = [{ ...wan2, reason: "still stopping" }];
    const excluded = [{ ...wan2, reason: "deployed by teammate" }];
    for (const worse of [
      receipt({ verified: "left", planned: [flux, wan2], left }),
      receipt({ verified: "excluded-left", excluded }),
      receipt({ verified: "unverified", stopped: [], left: [{ ...wan2, reason: "?" }] }),
    ]) {
      const text = receiptLines(worse).join("\n");
      assert.doesNotMatch(text, /All clear/);
      assert.match(text, /wan2/);
      assert.doesNotMatch(receiptSummary(worse), /Nothing runs/);
    }
    assert.match(receiptLines(receipt({ verified: "left", left })).join("\n"), /⚠️ Not stopped/);
    assert.match(
      receiptLines(receipt({ verified: "excluded-left", excluded })).join("\n"),
      /🔒 Left alone: wan2 \(ap-2\): deployed by teammate/,
    );
  });

  it("claims no savings when nothing was stopped, and no figure without a rate", () => {
    const none = receiptLines(
      receipt({ planned: [], stopped: [], savedMicroUsdPerHour: usd(0) }),
    ).join("\n");
    assert.doesNotMatch(none, /savings/);
    assert.match(none, /nothing to stop/);
    assert.match(none, /All clear/);
    const unknown = receiptLines(receipt({ savedMicroUsdPerHour: null })).join("\n");
    assert.match(unknown, /💰 Cost savings activated! \(the rate is not known\)/);
  });

  it("says what was stopped already, and marks a floor", () => {
    const cost = {
      reported: null,
      metered: usd(0.1),
      billed: usd(0.12),
      meteredIsFloor: true,
      figure: null,
    };
    const text = receiptLines(receipt({ stopped: [], alreadyStopped: [flux] }), cost).join("\n");
    assert.match(text, /Already stopped: flux/);
    assert.match(text, /nothing reported · ≈ \$0\.10 metered at least · \$0\.12 billed/);
  });
});

describe("receiptSummary", () => {
  it("is one honest sentence", () => {
    assert.equal(receiptSummary(receipt({})), "Stopped 1 app in acme/main. Nothing runs any more.");
    assert.equal(
      receiptSummary(receipt({ planned: [], stopped: [] })),
      "Nothing runs in acme/main.",
    );
  });

  it("says which workspace and environment it speaks of, whatever came of it", () => {
    for (const verified of ["clear", "left", "excluded-left", "unverified"] as const)
      for (const stopped of [[], [flux]])
        assert.match(receiptSummary(receipt({ verified, stopped })), / in acme\/main\b/);
    const excluded = [{ ...wan2, reason: "deployed by teammate" }];
    assert.equal(
      receiptSummary(receipt({ verified: "excluded-left", excluded })),
      "Stopped 1 app in acme/main. 1 app was left alone and still runs: wan2.",
    );
    assert.equal(
      receiptSummary(receipt({ verified: "left", stopped: [], left: excluded })),
      "1 app still runs in acme/main: wan2.",
    );
  });
});
