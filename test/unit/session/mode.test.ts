import assert from "node:assert/strict";
import { Failure } from "../../../src/base/failure.ts";
import { usd } from "../../../src/cost/money.ts";
import { deployVariables, modesOf } from "../../../src/session/mode.ts";
import { offerMode, otherAdvice, type ModeFigures } from "../../../src/session/mode/modeAdvice.ts";

function wrong(table: Record<string, unknown>, message: RegExp): void {
  const [name = ""] = Object.keys(table);
  const modes = modesOf(table);
  assert.match(modes.wrong.get(name) ?? "", message);
  assert.throws(
    () => modes.named(name),
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
    const shown = modesOf({}).modes.map(({ name, scaledownSeconds, warmUp, confirm }) => ({
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
    assert.equal(modesOf({}).named("demo").expiresAfterMinutes, 90);
  });

  it("tells the app file its mode and its scaledown window", () => {
    assert.deepEqual(deployVariables(modesOf({}).named("dev")), {
      MODAL_MODE: "dev",
      SCALEDOWN_WINDOW: "120",
    });
    const modes = modesOf({ long: { scaledownSeconds: 900, variables: { MODAL_MODE: "dev" } } });
    assert.deepEqual(deployVariables(modes.named("long")), {
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
      modes.modes.map(({ name }) => name),
      ["dev", "demo", "prod", "test"],
    );
    assert.deepEqual(modes.named("demo"), {
      ...modesOf({}).named("demo"),
      expiresAfterMinutes: null,
      variables: { QUALITY: "high" },
    });
    assert.deepEqual(modes.named("test"), {
      ...modesOf({}).named("dev"),
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

  it("keeps the others when one is wrong, and leaves the apps of a mode that nobody can read alone", () => {
    const modes = modesOf({
      loud: { warmUp: "yes" },
      dev: { scaledownSeconds: 1 },
      quiet: { confirm: true },
    });
    assert.deepEqual(
      modes.modes.map(({ name }) => name),
      ["demo", "prod", "quiet"],
    );
    assert.deepEqual(modes.productionNames, ["prod", "quiet", "loud"]);
    assert.equal(modes.resting.scaledownSeconds, 120, "a demo still ends");
  });

  it("names the modes there are when one is unknown", () => {
    assert.throws(() => modesOf({}).named("beta"), /The modes are: dev, demo, prod/);
  });
});

const figures: ModeFigures = { kind: "unknown", why: "no rate" };

describe("mode advice", () => {
  it("answers every situation of the decision matrix", () => {
    assert.deepEqual(
      modesOf({ own: {} }).modes.map((mode) => [mode.name, offerMode(mode, figures).when]),
      [
        ["dev", "Working on backend or tests?"],
        ["demo", "Giving a presentation?"],
        ["prod", "Production launch?"],
        ["own", "Your own mode"],
      ],
    );
    assert.deepEqual(
      otherAdvice().map(({ question, leadsTo }) => [question, leadsTo]),
      [
        ["End of day?", "stop"],
        ["On vacation?", "check"],
        ["Always need an answer in less than 1 s?", "wait"],
      ],
    );
  });

  it("offers a mode with its use, its facts and its costs", () => {
    const offer = offerMode(modesOf({}).named("demo"), {
      kind: "known",
      request: { least: usd(12.31), most: usd(12.31) },
      idleTail: { least: usd(10.53), most: usd(10.53) },
      // An app that nobody asks scales down: what the night can come to, not what it is.
      forgottenNight: usd(379.2),
    });
    assert.equal(offer.when, "Giving a presentation?");
    assert.deepEqual(offer.facts, ["warmed up", "scaledown 10 min", "dev again after 1 h 30 min"]);
    assert.deepEqual(offer.costs, [
      "≈ $12.31 per request",
      "≈ $10.53 of it idle tail",
      "up to ≈ $379.20 a forgotten night",
    ]);
    // What VS Code's picker shows of a line; the rest would be cut off.
    assert.ok(offer.costs.join(" · ").length <= 85);
    assert.deepEqual(offerMode(modesOf({}).named("prod"), figures).facts, [
      "scaledown 5 min",
      "asks once more",
    ]);
  });

  it("makes no cost up where the rate is unknown", () => {
    const { costs } = offerMode(modesOf({}).named("dev"), figures);
    assert.deepEqual(costs, ["costs unknown: no rate"]);
  });

  it("gives a range where the app may run one container or another", () => {
    const { costs } = offerMode(modesOf({}).named("dev"), {
      kind: "known",
      request: { least: usd(0.4), most: usd(1.58) },
      idleTail: { least: usd(0.26), most: usd(1.05) },
      forgottenNight: usd(474.12),
    });
    assert.deepEqual(costs, ["≈ $0.40–$1.58 per request", "up to ≈ $474.12 a forgotten night"]);
    assert.ok(costs.join(" · ").length <= 85);
  });

  it("names what the file fixes in place of what the mode asks for", () => {
    const { facts } = offerMode(modesOf({}).named("dev"), figures, {
      windowSeconds: [60, 600],
      keptWarm: 1,
    });
    assert.deepEqual(facts, ["1 container never stops", "scaledown 1 min, 10 min by its file"]);
  });
});
