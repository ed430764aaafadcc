import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { appWindow } from "../../../../src/session/appWindow.ts";
import { modesOf } from "../../../../src/session/mode.ts";
import {
  switchMode,
  switchText,
  type SwitchParts,
} from "../../../../src/session/mode/switchMode.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { followsMode } from "../followsMode.ts";
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
    targetOf: async () => ({ module: null, variable: null, name: null }),
    refresh: modal.refresh,
  };
  const apps = names.map((name) =>
    sessionApp(followsMode(ledger, modal.add(name, { functions: ["a", "Model.*"] }))),
  );
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
    assert.equal(
      switchText(outcome),
      "Now in demo mode: an idle container is kept, and billed, for 10 min.",
    );
    const back = await settled(clock, switchMode(parts, outcome.session, dev));
    assert.deepEqual([back.session.mode, back.session.expiresAtMs], ["dev", null]);
  });

  it("changes nothing where no autoscaler can be read, and after a deploy the window is the one that the file fixes for the new mode", async () => {
    const { clock, modal, ledger, parts, session, redeploy } = bench();
    modal.canReadScaling = false;
    const [app] = session.apps;
    assert.ok(app);
    const fixed = { ...session, apps: [{ ...app, scaledownSeconds: 300 }] };
    ledger.upsertSession(fixed);
    const scaled = await settled(clock, switchMode(parts, fixed, demo));
    assert.deepEqual([scaled.switched, modal.scales], [false, []]);
    assert.equal(appWindow(scaled.session, app.appId), 300);
    ledger.upsertSession(fixed);
    modal.onScale = () => {
      throw new Failure("unsupported", "The CLI cannot change the autoscaler.");
    };
    const inFile = (windowInFile: number | null) => ({
      ...parts,
      redeploy: {
        ...redeploy,
        targetOf: async () => ({ module: null, variable: null, name: null, windowInFile }),
      },
    });
    const deployed = await settled(clock, switchMode(inFile(300), fixed, demo));
    assert.equal(appWindow(deployed.session, app.appId), 300);
    assert.match(switchText(deployed), /Now in demo mode: .* for 5 min\.$/);
    ledger.upsertSession(fixed);
    const other = await settled(clock, switchMode(inFile(900), fixed, demo));
    assert.equal(appWindow(other.session, app.appId), 900);
    assert.match(switchText(other), /for 15 min\.$/);
    ledger.upsertSession(fixed);
    const untold = await settled(clock, switchMode(inFile(null), fixed, demo));
    assert.equal(appWindow(untold.session, app.appId), null);
    assert.match(switchText(untold), /for the scaledown window of its function\.$/);
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
    const named = {
      ...redeploy,
      targetOf: async () => ({ module: null, variable: null, name: "flux" }),
    };
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
    const open = ledger.openSession("acme/main", "/project");
    const made = open?.apps.find(({ appName }) => appName === "flux-demo");
    assert.ok(open);
    assert.equal(appWindow(open, made?.appId ?? ""), demo.scaledownSeconds);
  });

  it("deploys again for a mode that has its own variables", async () => {
    const { clock, parts, session, redeploy, modal } = bench();
    for (const app of modal.apps.values()) app.fixedWindows = { a: 120, "Model.*": 120 };
    const loud = modesOf({ loud: { variables: { QUALITY: "high" } } }).named("loud");
    const work = switchMode({ ...parts, redeploy }, session, loud, { from: dev });
    assert.equal((await settled(clock, work)).apps[0]?.how, "redeploy");
    assert.deepEqual(modal.scales, []);
  });

  it("stays in the old mode when one app could not be switched, and names it", async () => {
    const { clock, modal, ledger, parts, session } = bench(["flux", "wan2"]);
    const [, wan2] = [...modal.apps.values()];
    const appFunctions = async (appId: string) => {
      if (appId === wan2?.appId) throw new Failure("permission-denied", "Not allowed.");
      return modal.appFunctions(appId);
    };
    const control = {
      scale: modal.scale.bind(modal),
      appFunctions,
      functionScaling: modal.functionScaling.bind(modal),
    };
    const outcome = await settled(clock, switchMode({ ...parts, control }, session, demo));
    assert.equal(outcome.switched, false);
    const open = ledger.openSession("acme/main", "/project");
    assert.equal(open?.mode, "dev");
    // The window that is in force where the autoscaler took it: what a release sets it back to.
    assert.deepEqual(
      open.apps.map(({ appId }) => appWindow(open, appId)),
      [demo.scaledownSeconds, open.scaledownSeconds],
    );
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
    const open = ledger.openSession("acme/main", "/project");
    assert.equal(open?.scaledownSeconds, 120);
    // What was put is in force all the same, and told.
    assert.deepEqual(open.apps[0]?.windows, [
      { functionName: "a", seconds: 600 },
      { functionName: "Model.*", seconds: 120 },
    ]);
  });

  it("notes what was put where it is cancelled, or its session ended, in between", async () => {
    const { clock, modal, ledger, parts, session } = bench();
    const cancelling = new AbortController();
    modal.onScale = () => cancelling.abort();
    const [app] = modal.apps.values();
    assert.ok(app);
    app.functions = ["a"];
    const work = switchMode(parts, session, demo, { signal: cancelling.signal });
    await settled(clock, work);
    const windowInForce = (): number | null | undefined => {
      const [kept] = ledger.sessions({});
      return kept && appWindow(kept, app.appId);
    };
    assert.equal(windowInForce(), 600);
    const next = modesOf({}).named("prod");
    modal.onScale = () => ledger.upsertSession({ ...session, endedAtMs: startMs, end: "replaced" });
    await assert.rejects(settled(clock, switchMode(parts, session, next)), /already over/);
    assert.equal(windowInForce(), next.scaledownSeconds);
  });

  it("does not bring an ended session back", async () => {
    const { clock, ledger, parts, session } = bench();
    ledger.upsertSession({ ...session, endedAtMs: startMs, end: "stopped" });
    await assert.rejects(settled(clock, switchMode(parts, session, demo)), /already over/);
  });
});
