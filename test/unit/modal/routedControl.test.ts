import assert from "node:assert/strict";
import { Failure, type FailureReason } from "../../../src/base/failure.ts";
import { RoutedControl } from "../../../src/modal/routedControl.ts";
import type { ModalControl, WorkspaceRates } from "../../../src/session/modalControl.ts";
import { VirtualClock } from "../virtualClock.ts";

const rates: WorkspaceRates = { usdPerHourByKey: new Map([["gpu_hour_cost_l40s", 1.95]]) };

/** An adapter that answers `rates` and refuses everything else as a bug. */
function adapter(kind: "sdk" | "cli", asked: string[], fails: () => FailureReason | null) {
  const answer = async (): Promise<WorkspaceRates> => {
    asked.push(kind);
    const reason = fails();
    if (reason !== null) throw new Failure(reason, `${kind} says ${reason}`);
    return rates;
  };
  const bug = (): never => assert.fail("not expected");
  const control: ModalControl = {
    adapter: kind,
    whoami: bug,
    listEnvironments: bug,
    listApps: bug,
    listContainers: bug,
    containerDetails: bug,
    appFunctions: bug,
    functionContainers: bug,
    listSandboxes: bug,
    sandboxUse: bug,
    stopSandbox: bug,
    containerStats: bug,
    functionTerms: bug,
    functionScaling: bug,
    stopApp: bug,
    stopContainer: bug,
    rollover: bug,
    deployments: bug,
    fetchLogs: bug,
    followLogs: bug,
    rates: answer,
    billingReport: bug,
    billingSummary: bug,
    scale: bug,
    listFunctions: bug,
  };
  return control;
}

describe("RoutedControl", () => {
  let clock: VirtualClock;
  let asked: string[];
  let warnings: string[];
  let sdkFails: FailureReason | null;
  let cliFails: FailureReason | null;
  let control: RoutedControl;
  beforeEach(() => {
    clock = new VirtualClock(0);
    [asked, warnings, sdkFails, cliFails] = [[], [], null, null];
    control = new RoutedControl({
      adapters: {
        sdk: adapter("sdk", asked, () => sdkFails),
        cli: adapter("cli", asked, () => cliFails),
      },
      clock,
      log: {
        debug: () => undefined,
        info: () => undefined,
        warn: (message) => void warnings.push(message),
        error: () => undefined,
      },
    });
  });

  it("asks the SDK alone while it answers", async () => {
    assert.equal(await control.rates(), rates);
    assert.deepEqual(asked, ["sdk"]);
    assert.equal(control.adapter, "auto");
  });

  for (const reason of ["unsupported", "bad-output"] as const) {
    it(`asks the CLI when the SDK says ${reason}, remembers it, and names it once`, async () => {
      sdkFails = reason;
      await control.rates();
      await control.rates();
      assert.deepEqual(asked, ["sdk", "cli", "cli"]);
      assert.equal(control.answeredBy("rates"), "cli");
      assert.equal(control.answeredBy("listApps"), "sdk");
      await clock.advance(16 * 60_000);
      await control.rates();
      assert.deepEqual(asked, ["sdk", "cli", "cli", "sdk", "cli"]);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? "", /rates/);
      sdkFails = null;
      await clock.advance(16 * 60_000);
      await control.rates();
      assert.equal(asked.at(-1), "sdk");
    });
  }

  for (const reason of [
    "offline",
    "permission-denied",
    "not-found",
    "not-authenticated",
    "timed-out",
    "rate-limited",
    "service-error",
    "spend-limit",
  ] as const) {
    it(`takes ${reason} for Modal's own answer`, async () => {
      sdkFails = reason;
      await assert.rejects(control.rates(), { reason });
      assert.deepEqual(asked, ["sdk"]);
    });
  }

  it("gives the SDK's failure when the CLI cannot be asked", async () => {
    sdkFails = "unsupported";
    cliFails = "cli-missing";
    await assert.rejects(control.rates(), { message: "sdk says unsupported" });
    cliFails = "permission-denied";
    await assert.rejects(control.rates(), { reason: "permission-denied" });
  });

  it("never goes on with the other adapter when only one is wanted", async () => {
    const alone = new RoutedControl({
      adapters: { sdk: adapter("sdk", asked, () => "unsupported"), cli: null },
      clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    assert.equal(alone.adapter, "sdk");
    await assert.rejects(alone.rates(), { reason: "unsupported" });
    assert.deepEqual(asked, ["sdk"]);
  });
});
