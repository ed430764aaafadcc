import assert from "node:assert/strict";
import { Failure } from "../../../src/base/failure.ts";
import { usd } from "../../../src/cost/money.ts";
import { defaultModes, deployVariables, modeNamed, modesOf } from "../../../src/session/mode.ts";
import { decisionMatrix, offerMode } from "../../../src/session/modeAdvice.ts";

function wrong(table: Record<string, unknown>, message: RegExp): void {
  assert.throws(
    () => modesOf(table),
    (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.reason, "bad-setting");
      assert.match(error.message, message);
      assert.match(error.message, /modalMeter\.modes/);
      return true;
    },
  );
}

describe("modes", () => {
  it("has dev, demo and prod as they were asked for", () => {
    const shown = modesOf({}).map(({ name, scaledownSeconds, warmUp, confirm }) => ({
      name,
      scaledownSeconds,
      warmUp,
      confirm,
    }));
    assert.deepEqual(shown, [
      { name: "dev", scaledownSeconds: 120, warmUp: false, confirm: false },
      { name: "demo", scaledownSeconds: 600, warmUp: true, confirm: false },
      { name: "prod", scaledownSeconds: 300, warmUp: false, confirm: true },
    ]);
    assert.equal(modeNamed(modesOf({}), "demo").expiresAfterMinutes, 90);
  });

  it("tells the app file its mode and its scaledown window", () => {
    assert.deepEqual(deployVariables(modeNamed(defaultModes, "dev")), {
      MODAL_MODE: "dev",
      SCALEDOWN_WINDOW: "120",
    });
    const modes = modesOf({ long: { scaledownSeconds: 900, variables: { MODAL_MODE: "dev" } } });
    assert.deepEqual(deployVariables(modeNamed(modes, "long")), {
      MODAL_MODE: "dev",
      SCALEDOWN_WINDOW: "900",
    });
  });

  it("changes a default and adds a mode", () => {
    const modes = modesOf({
      demo: { expiresAfterMinutes: null, variables: { QUALITY: "high" } },
      test: { scaledownSeconds: 20 },
    });
    assert.deepEqual(
      modes.map(({ name }) => name),
      ["dev", "demo", "prod", "test"],
    );
    assert.deepEqual(modeNamed(modes, "demo"), {
      ...defaultModes[1],
      expiresAfterMinutes: null,
      variables: { QUALITY: "high" },
    });
    assert.deepEqual(modeNamed(modes, "test"), {
      ...defaultModes[0],
      name: "test",
      scaledownSeconds: 20,
    });
  });

  it("names what is wrong in the table", () => {
    wrong({ dev: { scaledownSeconds: 1 } }, /"dev\.scaledownSeconds" must be from 2 to 3600/);
    wrong({ dev: { scaledownSeconds: 3601 } }, /must be from 2 to 3600/);
    wrong({ dev: { scaledownSeconds: 1.5 } }, /whole number/);
    wrong({ dev: { scaledownSeconds: "120" } }, /"dev\.scaledownSeconds"/);
    wrong({ demo: { expiresAfterMinutes: 0 } }, /"demo\.expiresAfterMinutes" must be from 1/);
    wrong({ demo: { warmup: true } }, /"demo" does not know "warmup"/);
    wrong({ demo: 5 }, /"demo" must be an object/);
    wrong({ "my mode": {} }, /"my mode" must start with a letter/);
    wrong({ dev: { variables: { "A-B": "1" } } }, /"dev\.variables/);
    wrong({ dev: { variables: { A: 1 } } }, /"dev\.variables\.A" must be text/);
  });

  it("does not let a mode send a deploy to another workspace", () => {
    for (const name of [
      "MODAL_TOKEN_ID",
      "MODAL_SERVER_URL",
      "modal_profile",
      "PATH",
      "LD_PRELOAD",
    ])
      wrong({ dev: { variables: { [name]: "x" } } }, /must not be set by a mode/);
    wrong({ dev: { variables: { SCALEDOWN_WINDOW: "5" } } }, /set by scaledownSeconds/);
  });

  it("names the modes there are when one is unknown", () => {
    assert.throws(() => modeNamed(defaultModes, "beta"), /The modes are: dev, demo, prod/);
  });
});

describe("mode advice", () => {
  it("answers every situation of the decision matrix", () => {
    assert.equal(decisionMatrix.length, 6);
    assert.deepEqual(
      decisionMatrix.map(({ leadsTo }) => (leadsTo.kind === "mode" ? leadsTo.mode : leadsTo.kind)),
      ["dev", "demo", "stop", "check", "prod", "wait"],
    );
  });

  it("offers a mode with its use, its facts and its costs", () => {
    const offer = offerMode(modeNamed(defaultModes, "demo"), {
      requestMicroUsd: usd(0.7333),
      idleTailMicroUsd: usd(0.6667),
      forgottenNightMicroUsd: null,
    });
    assert.match(offer.when, /Giving a presentation\? Use demo mode/);
    assert.deepEqual(offer.facts, [
      "containers stay warm for 10 min after a request",
      "warmed up before you start",
      "returns to dev by itself after 1 h 30 min",
    ]);
    assert.deepEqual(offer.costs, [
      "≈ $0.73 per request",
      "≈ $0.67 of that is the idle tail",
      "cost unknown (no rate) if forgotten overnight",
    ]);
    const dev = offerMode(modeNamed(defaultModes, "dev"), {
      requestMicroUsd: usd(0.1),
      idleTailMicroUsd: usd(0.07),
      forgottenNightMicroUsd: usd(23.4),
    });
    // An app that nobody asks scales down: the night's cost is what it can come to, not what it is.
    assert.equal(dev.costs[2], "up to ≈ $23.40 if forgotten overnight");
  });
});
