import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { modesOf } from "../../../../src/session/mode.ts";
import {
  switchMode,
  switchText,
  type SwitchParts,
} from "../../../../src/session/mode/switchMode.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { PortDeployer } from "../portDeployer.ts";
import { PortModal } from "../portModal.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";
import { settled } from "../settled.ts";

const startMs = Date.UTC(2026, 10, 20, 9);
const dev = modesOf({}).named("dev");
const demo = modesOf({}).named("demo");

function bench(names = ["flux"]) {
  const clock = new VirtualClock(startMs);
  const modal = new PortModal(clock);
  const ledger = new MemoryLedger();
  const deployer = new PortDeployer(modal);
  const parts: SwitchParts = { control: modal, ledger, clock, log: silentLog };
  const redeploy = {
    deployer,
    targetOf: () => ({ module: null, variable: null, name: null }),
    refresh: modal.refresh,
  };
  const apps = names.map((name) => sessionApp(modal.add(name, { functions: ["a", "Model.*"] })));
  const session = sessionSample({ apps });
  ledger.upsertSession(session);
  return { clock, modal, ledger, deployer, redeploy, parts, session };
}

describe("switchMode", () => {
  it("sets the scaledown window of every function, and says which mode is in force", async () => {
    const { clock, modal, ledger, parts, session } = bench();
    const outcome = await settled(clock, switchMode(parts, session, demo));
    assert.deepEqual(modal.scales, [
      { functionName: "a", settings: { scaledownWindowSeconds: 600 } },
      { functionName: "Model.*", settings: { scaledownWindowSeconds: 600 } },
    ]);
    const kept = ledger.openSession("acme/main", "/project");
    assert.deepEqual(
      [kept?.mode, kept?.scaledownSeconds, kept?.expiresAtMs],
      ["demo", 600, startMs + 90 * 60_000],
    );
    assert.equal(switchText(outcome), "demo mode is in force.");
    const back = await settled(clock, switchMode(parts, outcome.session, dev));
    assert.deepEqual([back.session.mode, back.session.expiresAtMs], ["dev", null]);
  });

  it("deploys again where the autoscaler cannot be changed", async () => {
    const { clock, modal, parts, session, deployer, redeploy } = bench();
    modal.onScale = () => {
      throw new Failure("unsupported", "The CLI cannot change the autoscaler.");
    };
    const outcome = await settled(clock, switchMode({ ...parts, redeploy }, session, demo));
    assert.equal(outcome.switched, true);
    assert.deepEqual(
      outcome.apps.map(({ how }) => how),
      ["redeploy"],
    );
    assert.deepEqual(deployer.deploys[0], {
      target: {
        file: "/project/app.py",
        module: null,
        variable: null,
        name: null,
        nameInFile: "flux",
        environment: "main",
        folder: "/project",
      },
      variables: { MODAL_MODE: "demo", SCALEDOWN_WINDOW: "600" },
    });
  });

  it("deploys again under the name that the user set", async () => {
    const { clock, modal, parts, session, deployer, redeploy } = bench();
    modal.onScale = () => {
      throw new Failure("unsupported", "The CLI cannot change the autoscaler.");
    };
    const named = { ...redeploy, targetOf: () => ({ module: null, variable: null, name: "flux" }) };
    await settled(clock, switchMode({ ...parts, redeploy: named }, session, demo));
    assert.equal(deployer.deploys[0]?.target.name, "flux");
  });

  it("says so when the file names its app by the mode, and counts the other app in", async () => {
    const { clock, modal, ledger, parts, session, deployer, redeploy } = bench(["flux-dev"]);
    deployer.nameInMode = { demo: "flux-demo" };
    modal.onScale = () => {
      throw new Failure("unsupported", "The CLI cannot change the autoscaler.");
    };
    const outcome = await settled(clock, switchMode({ ...parts, redeploy }, session, demo));
    assert.equal(outcome.switched, false);
    assert.match(
      switchText(outcome),
      /Still in dev mode: flux-dev \(its file deployed "flux-demo" instead of "flux-dev", and both/,
    );
    assert.deepEqual(
      ledger
        .openSession("acme/main", "/project")
        ?.apps.map(({ appName }) => appName)
        .toSorted(),
      ["flux-demo", "flux-dev"],
    );
  });

  it("deploys again for a mode with variables of its own", async () => {
    const { clock, parts, session, redeploy, modal } = bench();
    const loud = modesOf({ loud: { variables: { QUALITY: "high" } } }).named("loud");
    const work = switchMode({ ...parts, redeploy }, session, loud, { from: dev });
    assert.equal((await settled(clock, work)).apps[0]?.how, "redeploy");
    assert.deepEqual(modal.scales, []);
  });

  it("stays in the old mode when one app could not be switched, and names it", async () => {
    const { clock, modal, ledger, parts, session } = bench(["flux", "wan2"]);
    const [, wan2] = [...modal.apps.values()];
    modal.onScale = () => undefined;
    const listFunctions = async (appId: string): Promise<readonly string[]> => {
      if (appId === wan2?.appId) throw new Failure("permission-denied", "Not allowed.");
      return ["a"];
    };
    const control = { scale: modal.scale.bind(modal), listFunctions };
    const outcome = await settled(clock, switchMode({ ...parts, control }, session, demo));
    assert.equal(outcome.switched, false);
    assert.equal(ledger.openSession("acme/main", "/project")?.mode, "dev");
    assert.equal(
      switchText(outcome),
      "Still in dev mode: wan2 (Not allowed.). The other apps were switched.",
    );
  });

  it("takes a change that only some functions took for none", async () => {
    const { clock, modal, ledger, parts, session } = bench();
    modal.onScale = (functionName) => {
      if (functionName === "Model.*") throw new Failure("service-error", "Internal.");
    };
    const outcome = await settled(clock, switchMode(parts, session, demo));
    assert.equal(outcome.switched, false);
    assert.equal(ledger.openSession("acme/main", "/project")?.scaledownSeconds, 120);
  });

  it("does not bring an ended session back", async () => {
    const { clock, ledger, parts, session } = bench();
    ledger.upsertSession({ ...session, endedAtMs: startMs, end: "stopped" });
    await assert.rejects(settled(clock, switchMode(parts, session, demo)), /already over/);
  });
});
