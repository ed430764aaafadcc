import assert from "node:assert/strict";
import { expireDemo } from "../../../src/session/mode/demoExpiry.ts";
import { modesOf } from "../../../src/session/mode.ts";
import { releaseGpus } from "../../../src/session/mode/releaseGpus.ts";
import { switchMode } from "../../../src/session/mode/switchMode.ts";
import { rememberBook } from "../../../src/session/windows/windowBook.ts";
import type { App } from "../../sim/model/entities.ts";
import { cliOf } from "../modal/controlAdapters.ts";
import { SessionWorld, type Window } from "./sessionWorld.ts";
import { sessionSample } from "../../unit/session/sessionSample.ts";

const l40s = { type: "L40S", count: 1 };

describe("stopping, against Local Modal", () => {
  let world: SessionWorld;
  let window: Window;

  beforeEach(async () => {
    world = await SessionWorld.start();
    window = await world.window();
  });
  afterEach(() => world?.end());

  function seed(name: string, containers = 1, some: { readonly by?: string } = {}): App {
    const functions = [{ name: "web", gpu: l40s, scaledownMs: 600_000 }];
    return world.local.seedApp({ name, functions, ...some }, containers);
  }

  it("stops what is yours, leaves what is not, and says clear only when nothing runs", async () => {
    seed("flux", 2);
    const theirs = seed("theirs", 1, { by: "teammate" });
    const first = await window.stop(await window.plan());
    assert.deepEqual(
      [first.verified, first.stopped.map(({ name }) => name), first.excluded[0]?.reason],
      ["excluded-left", ["flux"], "deployed by teammate"],
    );
    assert.deepEqual(world.live, ["theirs"]);
    world.local.workspace.cloud.stopApp(theirs.id);
    const second = await window.stop(await window.plan());
    assert.equal(second.verified, "clear");
    assert.equal(window.ledger.receipts({}).length, 2);
  });

  it("names an app that refuses to stop", async () => {
    seed("flux").refusesToStop = true;
    const receipt = await window.stop(await window.plan(), { verifyForMs: 2000 });
    assert.equal(receipt.verified, "left");
    assert.deepEqual(
      receipt.left.map(({ name, reason }) => [name, reason]),
      [["flux", "still stopping"]],
    );
  });

  it("does not believe a server that says yes and does nothing", async () => {
    const flux = seed("flux");
    world.local.faults.addRpc({ rpc: "AppStop", times: 1, fault: { kind: "ignore" } });
    const receipt = await window.stop(await window.plan());
    assert.equal(receipt.verified, "clear");
    assert.ok(world.local.journal.count({ name: "AppStop", appId: flux.id }) >= 2);
  });

  it("reports an app that a teammate deploys again during the stop", async () => {
    const flux = seed("flux");
    const plan = await window.plan();
    world.local.faults.addRpc({ rpc: "AppStop", fault: { kind: "ignore" } });
    world.local.sync();
    world.local.workspace.cloud.deploy({
      name: "flux",
      functions: [{ name: "web", gpu: l40s }],
      by: "teammate",
    });
    const receipt = await window.stop(plan, { verifyForMs: 5000 });
    assert.equal(receipt.verified, "left");
    assert.equal(receipt.left[0]?.reason, "deployed again by teammate during the stop");
    assert.equal(world.local.journal.count({ name: "AppStop", appId: flux.id }), 1);
  });

  it("reports an app that came back under its name with a new id", async () => {
    seed("flux");
    const plan = await window.plan();
    const work = window.stop(
      { ...plan },
      {
        onProgress: ({ kind }) => {
          if (kind !== "accepted") return;
          world.local.sync();
          world.local.workspace.cloud.deploy({ name: "flux", functions: [{ name: "web" }] });
        },
      },
    );
    const receipt = await work;
    assert.equal(receipt.verified, "left");
    assert.deepEqual(
      receipt.stopped.map(({ name }) => name),
      ["flux"],
    );
    assert.match(receipt.left[0]?.reason ?? "", /deployed again under the same name/);
  });

  it("says unverified when the listing fails in the middle, and clear once it is back", async () => {
    seed("flux");
    const plan = await window.plan();
    const broken = world.local.faults.addRpc({
      rpc: "AppList",
      fault: { kind: "status", code: "PERMISSION_DENIED", message: "no" },
    });
    const receipt = await window.stop(plan, { verifyForMs: 2000 });
    assert.equal(receipt.verified, "unverified");
    assert.deepEqual(receipt.stopped, []);
    assert.deepEqual(world.live, [], "it was stopped all the same");
    world.local.faults.remove(broken);
    assert.equal((await window.stop(await window.plan())).verified, "clear");
  });

  it("says unverified when the containers cannot be listed", async () => {
    seed("flux");
    const plan = await window.plan();
    world.local.faults.addRpc({ rpc: "TaskList", fault: { kind: "garbage" } });
    const receipt = await window.stop(plan, { verifyForMs: 2000 });
    assert.equal(receipt.verified, "unverified");
  });

  it("survives a stop whose answer is lost", async () => {
    seed("flux");
    world.local.faults.addRpc({ rpc: "AppStop", times: 1, fault: { kind: "close-after" } });
    const receipt = await window.stop(await window.plan());
    assert.equal(receipt.verified, "clear");
    assert.equal(receipt.stopped.length + receipt.alreadyStopped.length, 1);
  });

  it("stops once, from two windows at once, and both report what happened", async () => {
    const other = await world.window();
    const apps = ["a", "b", "c", "d", "e"].map((name) => seed(name));
    window.ledger.upsertSession(
      sessionSample({
        startedAtMs: Date.now(),
        apps: apps.map(({ id, name }) => ({ appId: id, appName: name, file: "a.py", urls: [] })),
      }),
    );
    const [one, two] = await Promise.all([
      window.plan().then((plan) => window.stop(plan)),
      other.plan().then((plan) => other.stop(plan)),
    ]);
    assert.deepEqual([one.verified, two.verified], ["clear", "clear"]);
    for (const { id } of apps) {
      const stopped = [one, two].filter((r) => r.stopped.some(({ appId }) => appId === id));
      assert.ok(stopped.length >= 1, "somebody stopped it");
    }
    assert.equal(window.ledger.receipts({}).length, 2);
    assert.equal(other.ledger.sessions({})[0]?.end, "stopped");
  });

  it("releases idle GPUs, lets a running request finish, and keeps the deployment and its window", async () => {
    const flux = seed("flux", 2);
    const { cloud: modal } = world.local.workspace;
    const input = modal.request({ appId: flux.id, functionName: "web", durationMs: 3_600_000 });
    const target = { appId: flux.id, name: "flux", scaledownSeconds: () => 600 };
    const result = await releaseGpus(window.parts, [target], { waitMs: 6000 });
    assert.equal(result.released.length, 1);
    assert.equal(result.left[0]?.reason, "it is working on a request");
    assert.equal(input.state, "running");
    assert.deepEqual(world.live, ["flux"]);
    assert.equal([...flux.functions.values()][0]?.override.scaledownMs, 600_000);
  });

  it("interrupts a running request only when the person chose that", async () => {
    const flux = seed("flux", 1);
    const { cloud: modal } = world.local.workspace;
    modal.request({ appId: flux.id, functionName: "web", durationMs: 3_600_000 });
    const target = { appId: flux.id, name: "flux", scaledownSeconds: () => 600 };
    const before = modal.listContainers({ appId: flux.id })[0]?.id;
    const result = await releaseGpus(window.parts, [target], { waitMs: 1000, interrupt: true });
    assert.deepEqual(result.released, [before]);
    assert.equal(flux.state, "deployed");
  });

  it("releases by the autoscaler, which ends no sandbox, where only the CLI is there", async function () {
    const flux = seed("flux", 2);
    const cliWindow = await world.window(cliOf(this, "current"), "cli");
    const target = { appId: flux.id, name: "flux", scaledownSeconds: () => 600 };
    const result = await releaseGpus(cliWindow.parts, [target]);
    assert.deepEqual([result.released.length, result.left, result.verified], [2, [], true]);
  });

  it("leaves what may be sandboxes where only a CLI is there that changes no autoscaler", async function () {
    const cli = cliOf(this, "old");
    const flux = seed("flux", 2);
    const { cloud: modal } = world.local.workspace;
    const cliWindow = await world.window(cli, "cli");
    const target = { appId: flux.id, name: "flux", scaledownSeconds: () => 600 };
    const result = await releaseGpus(cliWindow.parts, [target]);
    assert.deepEqual([result.released, result.left.length, result.verified], [[], 2, true]);
    assert.match(result.left[0]?.reason ?? "", /may be a sandbox/);
    assert.equal(modal.listContainers({ appId: flux.id }).length, 2);
    assert.equal(flux.state, "deployed");
  });

  it("switches the mode without a deploy, and an expired demo back, once, from three places", async () => {
    const flux = seed("flux", 1);
    const [dev, demo] = ["dev", "demo"].map((name) => modesOf({}).named(name));
    assert.ok(dev !== undefined && demo !== undefined);
    const session = sessionSample({
      startedAtMs: Date.now(),
      apps: [{ appId: flux.id, appName: "flux", file: "a.py", urls: [] }],
    });
    window.ledger.upsertSession(session);
    // Its file reads SCALEDOWN_WINDOW.
    const put = { putSeconds: [], putAtMs: 0 };
    rememberBook(
      window.ledger,
      { scope: "acme/main", appId: flux.id },
      {
        functions: [{ functionName: "web", ownSeconds: 600, kind: "mode", ...put }],
        restored: [],
      },
    );
    const switched = await switchMode(window.parts, session, demo);
    assert.equal(switched.switched, true);
    const fn = [...flux.functions.values()][0];
    const windowMs = (): number | undefined => fn?.override.scaledownMs ?? fn?.spec.scaledownMs;
    assert.equal(windowMs(), 600_000);
    assert.equal(flux.deployments.length, 1, "no deploy was needed");
    window.ledger.upsertSession({ ...switched.session, expiresAtMs: Date.now() - 1 });
    const places = [window, await world.window(), await world.window()];
    const outcomes = await Promise.all(
      places.map((place, at) =>
        expireDemo(place.parts, session, { resting: dev, holder: `place${at}`, pid: at }),
      ),
    );
    const kinds = outcomes.map(({ kind }) => kind).toSorted();
    assert.deepEqual(kinds, ["elsewhere", "elsewhere", "expired"]);
    assert.equal(windowMs(), 120_000);
    assert.deepEqual(world.live, ["flux"]);
    world.local.sync();
    assert.equal(world.local.workspace.cloud.listContainers({ appId: flux.id }).length, 0);
    assert.equal(window.ledger.openSession("acme/main", "/project")?.mode, "dev");
  });
});
