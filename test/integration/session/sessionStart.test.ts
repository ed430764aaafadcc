import assert from "node:assert/strict";
import * as z from "zod/mini";
import type { CliCommand } from "../../../src/modal/cli/command.ts";
import { modesOf } from "../../../src/session/mode.ts";
import { resumeSession } from "../../../src/session/start/sessionLifecycle.ts";
import type { StartOptions, StartStep } from "../../../src/session/start/start.ts";
import { startSession } from "../../../src/session/start/startSession.ts";
import { cliOf } from "../modal/controlAdapters.ts";
import { goOn, SessionWorld, type Window } from "./sessionWorld.ts";

const demo = modesOf({}).named("demo");

/** Calls back when a step begins. */
function atStep(wanted: StartStep, work: () => void): StartOptions["onEvent"] {
  return (event) => {
    if (event.kind === "step" && event.step === wanted && event.state === "begun") work();
  };
}

describe("starting, with the real CLI against Local Modal", () => {
  let cli: CliCommand;
  let world: SessionWorld;
  let window: Window;

  before(function () {
    cli = cliOf(this, "current");
  });
  beforeEach(async () => {
    world = await SessionWorld.start();
    window = await world.window(cli);
  });
  afterEach(() => world?.end());

  it("deploys with the mode's variables, finds the app, and stops it again", async () => {
    const outcome = await startSession(window.parts, window.request(), goOn);
    assert.ok(outcome.kind === "ready", JSON.stringify(outcome));
    const [app] = outcome.session.apps;
    const deployed = world.local.workspace.cloud.app(app?.appId ?? "");
    const model = [...deployed.functions.values()].find(({ spec }) => spec.gpu !== null);
    assert.equal(model?.spec.scaledownMs, 120_000);
    assert.equal(model?.spec.env["MODAL_MODE"], "dev");
    assert.equal(app?.urls.length, 1, JSON.stringify(app?.urls));
    const receipt = await window.stop(await window.plan({ kind: "project" }));
    assert.equal(receipt.verified, "clear");
    assert.equal(window.ledger.sessions({})[0]?.end, "stopped");
  });

  it("warms up a demo, and learns how long that takes", async () => {
    const first = await startSession(window.parts, window.request(), goOn);
    assert.ok(first.kind === "ready");
    const [url] = first.session.apps[0]?.urls ?? [];
    const warmUpUrl = `${url?.url ?? ""}/health`;
    const [target] = window.request().targets;
    assert.ok(target !== undefined);
    const request = window.request({
      sessionId: "demo",
      mode: demo,
      targets: [{ ...target, warmUpUrl }],
    });
    const outcome = await startSession(window.parts, request, goOn);
    assert.ok(outcome.kind === "ready", JSON.stringify(outcome));
    assert.equal(world.local.workspace.cloud.listContainers().length, 1);
    assert.ok(window.ledger.recall("warm-up:acme/main:inference", z.unknown()) !== undefined);
    assert.equal(window.ledger.openSession("acme/main", request.folder)?.sessionId, "demo");
  });

  it("gives up a warm-up that never answers, says what runs, and undoes it", async () => {
    world.local.faults.addWeb({ fault: { kind: "hang" } });
    const [target] = window.request().targets;
    assert.ok(target !== undefined);
    const warmUpUrl = `${world.local.webUrl}/acme--inference-model-api/health`;
    const request = window.request({ mode: demo, targets: [{ ...target, warmUpUrl }] });
    const outcome = await startSession(window.parts, request, { ...goOn, warmUpLimitMs: 1500 });
    assert.ok(outcome.kind === "failed", JSON.stringify(outcome));
    assert.deepEqual([outcome.step, outcome.failure.reason], ["warm-up", "timed-out"]);
    assert.equal(outcome.state.verified, true);
    assert.match(outcome.state.text, /inference is deployed/);
    const undone = await outcome.undo();
    assert.equal(undone.verified, true);
    assert.deepEqual(world.live, []);
  });

  it("says what happened when the app file cannot be deployed, and leaves nothing", async () => {
    const [target] = window.request().targets;
    assert.ok(target !== undefined);
    const wrong = { ...target, target: { ...target.target, file: "/no/such/app.py" } };
    const outcome = await startSession(window.parts, window.request({ targets: [wrong] }), goOn);
    assert.ok(outcome.kind === "failed");
    assert.deepEqual([outcome.step, outcome.failure.reason], ["deploy", "deploy-failed"]);
    assert.deepEqual(outcome.state, {
      verified: true,
      apps: [],
      text: "Nothing that this start created runs on Modal.",
    });
    assert.equal(window.ledger.openSession("acme/main", window.request().folder), undefined);
  });

  for (const [how, rpc] of [
    ["deploy", "AppCreate"],
    ["deploy", "FunctionCreate"],
    ["deploy", "AppPublish"],
    ["serve", "FunctionCreate"],
  ] as const) {
    it(`leaves nothing running when a ${how} is cancelled around ${rpc}`, async () => {
      world.local.faults.addRpc({ rpc, fault: { kind: "delay", ms: 1500 } });
      const cancel = new AbortController();
      const cancelled = waitFor(() => world.local.journal.count({ name: rpc }) > 0).then(() =>
        cancel.abort(),
      );
      const outcome = await startSession(window.parts, window.request({ how }), {
        ...goOn,
        signal: cancel.signal,
      });
      await cancelled;
      assert.ok(outcome.kind === "cancelled", JSON.stringify(outcome));
      assert.equal(outcome.undone.verified, true);
      assert.deepEqual(world.live, []);
      assert.equal(window.ledger.openSession("acme/main", window.request().folder), undefined);
    });
  }

  it("finds a start that was cut off after its deploy had landed", async () => {
    const landed = new AbortController();
    const crashed = startSession(
      { ...window.parts, refresh: cutOffAfter(window, 1) },
      window.request(),
      { ...goOn, onEvent: atStep("find", () => landed.abort()) },
    );
    await crashed.catch(() => undefined);
    assert.equal(landed.signal.aborted, true);
    const other = await world.window(cli);
    const resumed = resumeSession(
      other.ledger,
      await other.refresh(),
      window.request().folder,
      Date.now(),
    );
    assert.ok(resumed.kind === "resumed", JSON.stringify(resumed));
    assert.deepEqual(
      resumed.session.apps.map(({ appName }) => appName),
      ["inference"],
    );
    const receipt = await other.stop(await other.plan({ kind: "project" }));
    assert.equal(receipt.verified, "clear");
  });

  it("tells the truth when a stop meets a deploy that is under way in another window", async () => {
    const other = await world.window(cli);
    const first = await startSession(window.parts, window.request(), goOn);
    assert.ok(first.kind === "ready");
    world.local.faults.addRpc({ rpc: "FunctionCreate", fault: { kind: "delay", ms: 800 } });
    const request = other.request({ sessionId: "second" });
    const deploying = startSession(other.parts, request, goOn);
    const before = world.local.journal.count({ name: "FunctionCreate" });
    await waitFor(() => world.local.journal.count({ name: "FunctionCreate" }) > before);
    const receipt = await window.stop(await window.plan(), { verifyForMs: 3000 });
    const live = world.live;
    if (receipt.verified === "clear") assert.deepEqual(live, []);
    const outcome = await deploying;
    // Whatever came first: what runs now is known to a session, or nothing does.
    const openApps = other.ledger
      .sessions({})
      .filter(({ endedAtMs }) => endedAtMs === null)
      .flatMap(({ apps }) => apps.map(({ appName }) => appName));
    assert.deepEqual(world.live, outcome.kind === "ready" ? ["inference"] : []);
    if (outcome.kind === "ready") assert.deepEqual(openApps, ["inference"]);
  });

  it("does not stop what another window's start counts on", async () => {
    const other = await world.window(cli);
    const ready = Promise.withResolvers<void>();
    const refresh: Window["refresh"] = async (options) => {
      const listing = await other.refresh(options);
      await ready.promise;
      return listing;
    };
    const cancel = new AbortController();
    // It looks before the first one has deployed, and deploys after.
    const second = startSession(
      { ...other.parts, refresh },
      other.request({ sessionId: "second", folder: "/another/project" }),
      { ...goOn, signal: cancel.signal, onEvent: atStep("health", () => cancel.abort()) },
    );
    await waitFor(() => world.local.journal.count({ name: "TaskList" }) > 0);
    const kept = await startSession(window.parts, window.request(), goOn);
    assert.equal(kept.kind, "ready", JSON.stringify(kept));
    ready.resolve();
    const undone = await second;
    assert.equal(undone.kind, "cancelled", JSON.stringify(undone));
    assert.deepEqual(world.live, ["inference"]);
    assert.equal(window.ledger.openSession("acme/main", window.request().folder)?.apps.length, 1);
  });

  it("serves an ephemeral app, and never leaves it behind", async () => {
    const outcome = await startSession(window.parts, window.request({ how: "serve" }), goOn);
    assert.ok(outcome.kind === "ready", JSON.stringify(outcome));
    const [serve] = outcome.serves;
    assert.ok(serve !== undefined);
    assert.equal(world.live.length, 1);
    await serve.end();
    await serve.ended;
    const receipt = await window.stop(await window.plan({ kind: "one", app: serve.appId }));
    assert.equal(receipt.verified, "clear");
    assert.deepEqual(world.live, []);
    assert.equal(window.ledger.sessions({})[0]?.end, "stopped");
  });
});

for (const venv of ["current", "old"] as const) {
  describe(`a session by the CLI alone, ${venv}`, () => {
    let world: SessionWorld;
    before(async () => {
      world = await SessionWorld.start();
    });
    after(() => world?.end());

    it("starts, finds its app, and is stopped and proven over", async function () {
      const window = await world.window(cliOf(this, venv), "cli");
      const outcome = await startSession(window.parts, window.request(), goOn);
      assert.ok(outcome.kind === "ready", JSON.stringify(outcome));
      const receipt = await window.stop(await window.plan({ kind: "project" }));
      assert.deepEqual(
        [receipt.verified, receipt.stopped.map(({ name }) => name)],
        ["clear", ["inference"]],
      );
      assert.deepEqual(world.live, []);
      const again = await window.stop(await window.plan({ kind: "one", app: "inference" }));
      assert.deepEqual([again.verified, again.alreadyStopped.length], ["clear", 1]);
    });
  });
}

/** Lets so many looks through; then the window is gone. */
function cutOffAfter(window: Window, looks: number): Window["refresh"] {
  let left = looks;
  return (options) => {
    left -= 1;
    return left >= 0 ? window.refresh(options) : Promise.reject(new Error("The window is gone."));
  };
}

async function waitFor(condition: () => boolean): Promise<void> {
  const untilMs = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error("It did not come to that within a minute.");
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
