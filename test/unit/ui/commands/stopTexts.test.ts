import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { nothingKnown, type MeterState } from "../../../../src/session/meter/meterState.ts";
import { nothingStoppedText, protectedText } from "../../../../src/ui/commands/stopTexts.ts";
import { flux } from "../runningAppSample.ts";

const nowMs = 1_760_000_000_000;
const unseen = nothingKnown({
  nowMs,
  health: { kind: "offline", message: "No network." },
  ledger: null,
  activity: "none",
  settingProblems: [],
});
const seen = (some: Partial<MeterState>): MeterState => ({
  ...unseen,
  observedAtMs: nowMs - 120_000,
  ...some,
});

describe("nothingStoppedText", () => {
  it("says what goes on costing, as far as it was seen", () => {
    const theirs = { ...flux, name: "theirs", owner: "someone-else" as const };
    const idle = { ...flux, name: "idle", running: 0, microUsdPerHour: usd(0) };
    assert.equal(
      nothingStoppedText(seen({ apps: [flux, theirs, idle] }), "No network."),
      "Nothing was stopped. No network. What ran 2 min ago goes on costing ≈ $2.11/h: flux.",
    );
    assert.equal(
      nothingStoppedText(seen({ apps: [{ ...flux, microUsdPerHour: null }] }), "No network."),
      "Nothing was stopped. No network. What ran 2 min ago goes on costing an unknown amount: flux.",
    );
    assert.equal(
      nothingStoppedText(seen({ apps: [theirs] }), "No network."),
      "Nothing was stopped. No network. 2 min ago nothing of yours ran.",
    );
    assert.equal(
      nothingStoppedText(unseen, "No network."),
      "Nothing was stopped. No network. What runs is not known.",
    );
  });
});

describe("protectedText", () => {
  it("names whose it is", () => {
    const app = { ...flux, containerCount: 1, canBeNamed: true };
    const because = (why: "someone-else" | "production" | "unknown-owner", reason: string) =>
      protectedText({ ...app, why, reason });
    assert.equal(
      because("someone-else", "deployed by teammate"),
      "flux was deployed by teammate and was not stopped.",
    );
    assert.equal(
      because("production", "production (prod mode)"),
      "flux is production (prod mode) and was not stopped.",
    );
    assert.equal(
      because("unknown-owner", "Modal does not say who started it"),
      "flux was not stopped: Modal does not say who started it.",
    );
  });
});
