import { figure } from "../../cost/figures.ts";
import assert from "node:assert/strict";
import { usd, zeroUsd } from "../../../../src/cost/money.ts";
import type { StopReceipt } from "../../../../src/session/receipt.ts";
import { receiptLines, receiptSummary } from "../../../../src/session/stop/receiptText.ts";
import { receiptSample, stoppedAll } from "../receiptSample.ts";

const flux = { appId: "ap-1", name: "flux" };
const wan2 = { appId: "ap-2", name: "wan2" };

function receipt(some: Partial<StopReceipt>): StopReceipt {
  const elsewhere = { running: [], notListed: [] };
  return receiptSample({
    ...stoppedAll(flux),
    elsewhere,
    savedMicroUsdPerHour: usd(1.95),
    ...some,
  });
}

describe("receiptLines", () => {
  it("says all clear when it is proven", () => {
    const cost = {
      reported: usd(0.0014),
      metered: usd(0.41),
      billed: null,
      meteredIsFloor: false,
      figure: figure(usd(0.41), "metered", false),
    };
    assert.deepEqual(receiptLines(receipt({}), cost), [
      "🛑 Stopping… 1 app in acme/main: flux",
      "✅ Stopped 1 app: flux",
      "💰 Cost savings activated! ≈ $1.95/h no longer burning.",
      "   Session cost: ≈ $0.41 ($0.0014 reported · ≈ $0.41 metered · not billed yet)",
      "🎯 All clear! No Modal resources running. (acme/main)",
    ]);
  });

  it("does not say all clear where something could not be listed, but what it was", () => {
    const clear = receipt({ notListed: ["sandboxes"] });
    const text = receiptLines(clear).join("\n");
    assert.match(text, /Modal lists nothing of yours that runs; not listed: sandboxes\./);
    assert.doesNotMatch(text + receiptSummary(clear), /All clear|Nothing runs/);
  });

  it("does not say all clear before every environment was listed, nor where something runs in one", () => {
    const { elsewhere: _elsewhere, ...unasked } = receipt({});
    const none = receiptLines(unasked).join("\n");
    assert.match(none, /Modal lists nothing of yours that runs; not listed: other environments\./);
    const running = [{ environment: "dev", gpus: 2, containers: 2, seenAtMs: 0 }];
    const dev = receipt({ elsewhere: { running, notListed: ["staging"] } });
    assert.match(
      receiptLines(dev).join("\n"),
      /ℹ️ Nothing runs in acme\/main\. Elsewhere: 2 GPUs in dev\. Not listed: staging\./,
    );
    assert.match(receiptSummary(dev), /Nothing runs there any more\. Elsewhere: 2 GPUs in dev\./);
    for (const one of [unasked, dev]) {
      assert.doesNotMatch(receiptLines(one).join("\n"), /All clear/);
      assert.doesNotMatch(receiptSummary(one), /Nothing runs any more/);
    }
  });

  it("does not say all clear where Modal counts what it does not list", () => {
    const elsewhere = { running: [], notListed: ["1 GPU in main, which Modal still counts"] };
    for (const one of [receipt({ elsewhere }), receipt({ elsewhere, planned: [], stopped: [] })]) {
      const text = receiptLines(one).join("\n");
      assert.match(text, /that runs; not listed: 1 GPU in main, which Modal still counts\./);
      assert.match(receiptSummary(one), /ot listed: 1 GPU in main/);
      assert.doesNotMatch(text + receiptSummary(one), /All clear|Nothing runs/);
    }
  });

  it("says what others have running, and what it costs, where nothing of mine is left", () => {
    const others = { microUsdPerHour: usd(12.4) };
    const reason = "deployed by teammate";
    const excluded = [wan2, { appId: "sb-1", name: "agent" }].map((app) => ({ ...app, reason }));
    const text = receiptLines(receipt({ verified: "excluded-left", excluded, others })).join("\n");
    assert.match(text, /Nothing of yours runs\. Others: 1 app and 1 sandbox, \$12\.40\/h\./);
  });

  it("calls sandboxes sandboxes", () => {
    const agent = { appId: "sb-1", name: "agent" };
    assert.match(receiptSummary(receipt(stoppedAll(agent))), /^Stopped 1 sandbox in acme\/main/);
    const both = receipt({ planned: [flux, agent], stopped: [flux, agent] });
    assert.match(receiptLines(both).join("\n"), /✅ Stopped 1 app and 1 sandbox: flux, agent/);
    const still = [{ ...agent, reason: "deployed by teammate" }];
    for (const stopped of [[], [flux]]) {
      const excluded = receipt({ verified: "excluded-left", stopped, excluded: still });
      assert.match(
        receiptSummary(excluded),
        /1 sandbox was left alone and still runs\b.*: agent\./,
      );
      const left = receipt({ verified: "left", stopped, left: [...still, ...still] });
      assert.match(receiptSummary(left), /2 sandboxes still run\b.*: agent, agent\./);
    }
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
    const idle = receiptLines(receipt({ savedMicroUsdPerHour: zeroUsd })).join("\n");
    assert.match(idle, /💰 No container ran, so nothing was burning\./);
    assert.doesNotMatch(idle, /\$0\.00/);
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
