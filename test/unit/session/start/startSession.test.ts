import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Failure } from "../../../../src/base/failure.ts";
import { appWindow } from "../../../../src/session/appWindow.ts";
import { modesOf } from "../../../../src/session/mode.ts";
import type { ProbeAnswer } from "../../../../src/session/probe.ts";
import type {
  AlreadyRunning,
  RunningChoice,
  StartEvent,
  StartOptions,
  StartOutcome,
  StartRequest,
  StartTarget,
} from "../../../../src/session/start/start.ts";
import { startSession, type StartParts } from "../../../../src/session/start/startSession.ts";
import { appTarget } from "../../../appTarget.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { followsMode } from "../followsMode.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { PortDeployer } from "../portDeployer.ts";
import { deployedBy, PortModal } from "../portModal.ts";
import { settled } from "../settled.ts";

const startMs = Date.UTC(2026, 10, 20, 9);

/** A person who wants no app that runs already touched. */
const cancelling: StartOptions["ask"] = {
  alreadyRunning: async () => ({ kind: "cancel" }),
  confirmMode: async () => true,
};

function bench() {
  const clock = new VirtualClock(startMs);
  const modal = new PortModal(clock);
  const ledger = new MemoryLedger();
  const deployer = new PortDeployer(modal);
  const probes: string[] = [];
  const answers: { probe: (url: string) => Promise<ProbeAnswer> } = {
    probe: async () => ({ status: 200, durationMs: 10 }),
  };
  const parts: StartParts = {
    control: modal,
    refresh: modal.refresh,
    ledger,
    clock,
    log: silentLog,
    pid: 1,
    deployer,
    productionModes: ["prod"],
    probe: async (url, { signal }) => {
      probes.push(url);
      const answer = await answers.probe(url);
      signal?.throwIfAborted();
      return answer;
    },
  };
  const events: StartEvent[] = [];
  const asked: AlreadyRunning[][] = [];
  const start = (
    request: Partial<StartRequest> = {},
    options: Partial<StartOptions> & { readonly choice?: RunningChoice } = {},
  ): Promise<StartOutcome> => {
    const { choice = { kind: "cancel" }, ...rest } = options;
    return settled(
      clock,
      startSession(
        parts,
        {
          sessionId: "s1",
          scope: { workspace: "acme", environment: "main" },
          folder: "/project",
          username: "you",
          mode: modesOf({}).named("dev"),
          how: "deploy",
          targets: [target("flux")],
          ...request,
        },
        {
          ask: {
            alreadyRunning: async (apps) => {
              asked.push([...apps]);
              return choice;
            },
            confirmMode: async () => true,
          },
          onEvent: (event) => events.push(event),
          ...rest,
        },
      ),
    );
  };
  return { clock, modal, ledger, deployer, probes, answers, parts, events, asked, start };
}

function target(name: string | null, some: Partial<StartTarget> = {}): StartTarget {
  return {
    target: { ...appTarget("/project/app.py", "/project"), name },
    healthUrl: null,
    warmUpUrl: null,
    ...some,
  };
}

const demo = modesOf({}).named("demo");
const web = {
  functionName: "web",
  url: "https://acme--flux-web.modal.run",
};
const warm = target("flux", { warmUpUrl: "https://acme--flux-warm.modal.run" });

describe("startSession", () => {
  it("deploys in the mode, finds the app, and keeps the session", async () => {
    const { start, deployer, ledger, events } = bench();
    const outcome = await start();
    assert.equal(outcome.kind, "ready");
    assert.deepEqual(deployer.deploys[0]?.variables, {
      MODAL_MODE: "dev",
      SCALEDOWN_WINDOW: "120",
    });
    const [session] = ledger.sessions({});
    assert.equal(session?.mode, "dev");
    assert.equal(session?.expiresAtMs, null);
    assert.deepEqual(
      session?.apps.map(({ appName }) => appName),
      ["flux"],
    );
    const steps = events.filter(({ kind }) => kind === "step" || kind === "skipped");
    assert.deepEqual(
      steps.map((event) => ("step" in event ? `${event.step} ${event.kind}` : "")),
      "check step,check step,deploy step,deploy step,find step,find step,health step,health skipped,health step,warm-up skipped".split(
        ",",
      ),
    );
  });

  it("tells no deploy a name that was read from its file: what Modal says was deployed is the session's", async () => {
    const { start, deployer, modal, ledger } = bench();
    const production = modal.add("flux-prod", { history: [deployedBy("you")] });
    deployer.nameInMode = { dev: "flux-dev" };
    const read = target(null);
    const outcome = await start(
      { targets: [{ ...read, target: { ...read.target, nameInFile: "flux-prod" } }] },
      { choice: { kind: "start-anyway" } },
    );
    assert.equal(outcome.kind, "ready");
    assert.equal(deployer.deploys[0]?.target.name, null);
    assert.deepEqual(
      ledger.sessions({})[0]?.apps.map(({ appName }) => appName),
      ["flux-dev"],
    );
    assert.equal(production.history.length, 1, "production was not deployed over");
  });

  it("has the session in the ledger before it deploys, with the demo's time box", async () => {
    const { start, deployer, ledger } = bench();
    let atDeploy: number | null | undefined;
    deployer.onDeploy = () => {
      atDeploy = ledger.sessions({})[0]?.expiresAtMs;
    };
    const outcome = await start({ mode: demo });
    assert.equal(atDeploy, startMs + 90 * 60_000);
    assert.ok(outcome.kind === "ready");
    assert.ok((outcome.session.expiresAtMs ?? 0) > startMs + 90 * 60_000, "counted from ready");
  });

  it("learns the app's name from the deploy when nobody knew it", async () => {
    const { start } = bench();
    const outcome = await start({ targets: [target(null)] });
    assert.ok(outcome.kind === "ready");
    assert.equal(outcome.session.apps[0]?.appName, "named-in-file");
  });

  it("starts nothing in an environment that nobody watches", async () => {
    const { start, deployer, ledger } = bench();
    const flux = target("flux");
    const there = { ...flux, target: { ...flux.target, environment: "staging" } };
    const outcome = await start({ targets: [there] });
    assert.ok(outcome.kind === "failed");
    assert.equal(outcome.failure.reason, "bad-setting");
    assert.match(
      outcome.failure.message,
      /environment staging, but this window watches acme\/main/,
    );
    assert.equal(deployer.deploys.length, 0);
    assert.equal(ledger.sessions({}).length, 0);
    const here = { ...flux, target: { ...flux.target, environment: "main" } };
    assert.equal((await start({ targets: [here] })).kind, "ready");
  });

  it("asks before a mode that needs it, and starts nothing when refused", async () => {
    const { start, modal, deployer } = bench();
    const ask = {
      alreadyRunning: async (): Promise<RunningChoice> => ({ kind: "cancel" }),
      confirmMode: async () => false,
    };
    const outcome = await start({ mode: modesOf({}).named("prod") }, { ask });
    assert.deepEqual(outcome, { kind: "declined" });
    assert.deepEqual([modal.looks, deployer.deploys.length], [0, 0]);
  });

  describe("when something runs already", () => {
    it("names it, and does nothing when the person turns away", async () => {
      const { start, modal, asked, deployer, ledger } = bench();
      modal.add("flux", { history: [deployedBy("teammate")] });
      modal.add("unrelated", { history: [deployedBy("teammate")] });
      assert.deepEqual(await start(), { kind: "declined" });
      assert.deepEqual(
        asked[0]?.map(({ name, sameName, deployedBy }) => [name, sameName, deployedBy]),
        [["flux", true, "teammate"]],
      );
      assert.equal(deployer.deploys.length, 0);
      assert.equal(ledger.sessions({}).length, 0);
    });

    it("uses it: no deploy, the mode by the autoscaler", async () => {
      const { start, modal, deployer, ledger } = bench();
      const flux = modal.add("flux", { history: [deployedBy("you")], functions: ["a", "b"] });
      followsMode(ledger, flux);
      const outcome = await start({ mode: demo, targets: [warm] }, { choice: { kind: "use" } });
      assert.ok(outcome.kind === "ready");
      assert.equal(deployer.deploys.length, 0);
      assert.deepEqual(
        modal.scales.map(({ functionName, settings }) => [functionName, settings]),
        [
          ["a", { scaledownWindowSeconds: 600 }],
          ["b", { scaledownWindowSeconds: 600 }],
        ],
      );
      assert.equal(outcome.session.apps[0]?.appId, flux.appId);
    });

    it("notes what was put in it where some of its functions could not be changed", async () => {
      const { start, modal, ledger } = bench();
      const first = await start();
      assert.ok(first.kind === "ready");
      const [flux] = modal.live;
      assert.ok(flux);
      flux.functions = ["a", "b"];
      followsMode(ledger, flux);
      modal.onScale = (functionName) => {
        if (functionName === "b") throw new Failure("service-error", "Internal.");
      };
      const second = await start({ sessionId: "s2", mode: demo }, { choice: { kind: "use" } });
      assert.ok(second.kind === "ready");
      assert.equal(second.session.mode, "dev");
      assert.deepEqual(second.session.apps[0]?.windows, [
        { functionName: "a", seconds: 600 },
        { functionName: "b", seconds: 120 },
      ]);
    });

    it("keeps the addresses that its last deploy printed", async () => {
      const { start, deployer, probes } = bench();
      deployer.urls = [web];
      const first = await start();
      assert.ok(first.kind === "ready");
      const second = await start(
        { sessionId: "s2", targets: [target("flux", { healthUrl: "/health" })] },
        { choice: { kind: "use" } },
      );
      assert.ok(second.kind === "ready");
      assert.deepEqual(second.session.apps[0]?.urls, first.session.apps[0]?.urls);
      assert.deepEqual(probes, [`${web.url}/health`]);
    });

    it("never records a mode that could not be put in force", async () => {
      const { start, modal, ledger } = bench();
      const first = await start();
      assert.ok(first.kind === "ready");
      modal.onScale = () => {
        throw new Failure("unsupported", "The CLI cannot do that.");
      };
      const request = { sessionId: "s2", mode: demo, targets: [warm] };
      const outcome = await start(request, { choice: { kind: "use" } });
      assert.ok(outcome.kind === "ready");
      assert.match(outcome.notes.join(), /flux stays in dev mode: The CLI cannot do that/);
      const session = ledger.openSession("acme/main", "/project");
      assert.deepEqual(
        [session?.sessionId, session?.mode, session?.scaledownSeconds, session?.expiresAtMs],
        ["s2", "dev", 120, null],
      );
    });

    it("keeps the window of each app where one that runs could not be put into the mode", async () => {
      const { start, modal } = bench();
      modal.canReadScaling = false;
      const first = await start({ targets: [target("wan2", { windowInFile: 300 })] });
      assert.ok(first.kind === "ready");
      modal.onScale = () => {
        throw new Failure("unsupported", "The CLI cannot do that.");
      };
      const targets = [target("flux"), target("wan2"), target("chat", { windowInFile: null })];
      const request = { sessionId: "s2", mode: demo, targets };
      const outcome = await start(request, { choice: { kind: "use" } });
      assert.ok(outcome.kind === "ready");
      const { session } = outcome;
      assert.equal(session.mode, "dev");
      assert.deepEqual(
        session.apps.map(({ appId, appName }) => [appName, appWindow(session, appId)]),
        [
          ["flux", demo.scaledownSeconds],
          ["wan2", 300],
          ["chat", null],
        ],
      );
    });

    it("keeps the end of a demo that could not be put into another mode", async () => {
      const { start, modal, clock } = bench();
      const first = await start({ mode: demo, targets: [warm] });
      assert.ok(first.kind === "ready" && first.session.expiresAtMs !== null);
      await clock.advance(600_000);
      modal.onScale = () => {
        throw new Failure("unsupported", "The CLI cannot do that.");
      };
      const outcome = await start({ sessionId: "s2" }, { choice: { kind: "use" } });
      assert.ok(outcome.kind === "ready");
      const { mode, expiresAtMs } = outcome.session;
      assert.equal(mode, "demo");
      assert.ok(Math.abs((expiresAtMs ?? 0) - first.session.expiresAtMs) < 60_000);
    });

    it("asks again when a running app of an unknown mode cannot be put into this one", async () => {
      const { start, modal, clock, deployer, ledger, asked } = bench();
      followsMode(ledger, modal.add("flux", { history: [deployedBy("you")] }), 300);
      modal.onScale = () => {
        throw new Failure("unsupported", "The CLI cannot do that.");
      };
      const outcome = await start({}, { choice: { kind: "use" } });
      assert.ok(outcome.kind === "failed");
      assert.deepEqual([outcome.step, outcome.failure.reason], ["check", "unsupported"]);
      assert.equal(ledger.sessions({}).length, 0);
      const options: StartOptions = {
        ask: {
          alreadyRunning: async (apps) => {
            asked.push([...apps]);
            return { kind: "start-anyway" };
          },
          confirmMode: async () => true,
        },
        onEvent: () => undefined,
      };
      const again = await settled(clock, outcome.retry(options));
      assert.equal(again.kind, "ready");
      assert.deepEqual([asked.length, deployer.deploys.length], [2, 1]);
    });

    it("stops it first, then starts", async () => {
      const { start, modal } = bench();
      const old = modal.add("flux", { history: [deployedBy("you")], containers: ["ta-1"] });
      const outcome = await start({}, { choice: { kind: "stop-first" } });
      assert.ok(outcome.kind === "ready");
      assert.equal(old.state, "stopped");
      assert.notEqual(outcome.session.apps[0]?.appId, old.appId);
    });

    it("starts nothing when what was to be stopped first still runs", async () => {
      const { start, modal, deployer } = bench();
      const theirs = modal.add("flux", { history: [deployedBy("teammate")] });
      const outcome = await start({}, { choice: { kind: "stop-first" } });
      assert.ok(outcome.kind === "failed");
      assert.equal(outcome.step, "check");
      assert.match(outcome.failure.message, /flux \(deployed by teammate\).*Nothing was started/);
      assert.equal(deployer.deploys.length, 0);
      assert.equal(theirs.state, "deployed");
      assert.equal(outcome.canUndo, false);
    });

    it("starts anyway, and replaces the session of this folder", async () => {
      const { start, modal, ledger } = bench();
      await start();
      const outcome = await start({ sessionId: "s2" }, { choice: { kind: "start-anyway" } });
      assert.equal(outcome.kind, "ready");
      const ends = ledger.sessions({}).map(({ sessionId, end }) => [sessionId, end]);
      assert.deepEqual(Object.fromEntries(ends), { s1: "replaced", s2: null });
      assert.equal(modal.live.length, 1);
    });
  });

  describe("health and warm-up", () => {
    it("asks the health URL once, and finds it by its name when none is set", async () => {
      const { start, probes, deployer } = bench();
      deployer.urls = [
        { functionName: "web", url: "https://acme--flux-web.modal.run" },
        { functionName: "health", url: "https://acme--flux-h.modal.run" },
      ];
      await start();
      assert.deepEqual(probes, ["https://acme--flux-h.modal.run"]);
    });

    it("takes a path as one below the app's first address", async () => {
      const { start, probes, deployer } = bench();
      deployer.urls = [
        { ...web, url: "http://localhost:8000/acme--flux-web/" },
        { ...web, functionName: "other", url: "https://acme--flux-other.modal.run" },
      ];
      const named = target("flux", { healthUrl: "/health", warmUpUrl: "warmup?size=small" });
      await start({ mode: demo, targets: [named] });
      assert.deepEqual(probes, [
        "http://localhost:8000/acme--flux-web/health",
        "http://localhost:8000/acme--flux-web/warmup?size=small",
      ]);
    });

    it("says which path it could not ask when the deploy printed no address", async () => {
      const { start, probes } = bench();
      const named = target("flux", { healthUrl: "/health", warmUpUrl: "/warmup" });
      const outcome = await start({ mode: demo, targets: [named] });
      assert.ok(outcome.kind === "ready");
      assert.deepEqual(probes, []);
      const notes = outcome.notes.join("\n");
      assert.match(notes, /No web address of flux is known, so "\/health" was not asked/);
      assert.match(notes, /"\/warmup" was not asked/);
      assert.match(notes, /the first request is a cold start/);
    });

    it("says what runs when the app is not well, and goes on from there on retry", async () => {
      const { start, answers, deployer, modal, clock, events } = bench();
      answers.probe = async () => ({ status: 500, durationMs: 1 });
      const outcome = await start({ targets: [target("flux", { healthUrl: "https://h" })] });
      assert.ok(outcome.kind === "failed");
      assert.deepEqual([outcome.step, outcome.failure.reason], ["health", "endpoint-failed"]);
      assert.match(outcome.state.text, /flux is deployed; no container runs/);
      answers.probe = async () => ({ status: 200, durationMs: 1 });
      const again = await settled(
        clock,
        outcome.retry({
          ask: cancelling,
          onEvent: (event) => events.push(event),
        }),
      );
      assert.equal(again.kind, "ready");
      assert.equal(deployer.deploys.length, 1, "the deploy is not repeated");
      assert.equal(modal.live.length, 1);
    });

    it("takes a cold start for no illness", async () => {
      const { start, answers } = bench();
      answers.probe = async () => {
        throw new Failure("timed-out", "No answer within 30 s.");
      };
      const outcome = await start({ targets: [target("flux", { healthUrl: "https://h" })] });
      assert.ok(outcome.kind === "ready");
      assert.match(outcome.notes.join(), /still starting/);
    });

    it("warms up with the time that passed and the typical time, and remembers it", async () => {
      const { start, answers, events, modal } = bench();
      answers.probe = async () => {
        await modal.later(200_000);
        return { status: 200, durationMs: 200_000 };
      };
      await start({ mode: demo, targets: [warm] });
      const first = events.filter((event) => event.kind === "warming");
      assert.ok(first.length > 190);
      assert.deepEqual(first[0], {
        kind: "warming",
        elapsedMs: 0,
        typical: { fromMs: 180_000, toMs: 420_000, source: "default" },
        windowSeconds: 600,
      });
      assert.equal(first[10]?.elapsedMs, 10_000);
      events.length = 0;
      await start(
        { mode: demo, targets: [warm], sessionId: "s2" },
        { choice: { kind: "start-anyway" } },
      );
      const second = events.find((event) => event.kind === "warming");
      assert.ok(second?.kind === "warming");
      assert.deepEqual(second.typical, { fromMs: 200_000, toMs: 200_000, source: "history" });
    });

    it("gives up a warm-up that never answers, and says what runs", async () => {
      const { start, answers, modal, deployer, clock } = bench();
      deployer.containers = ["ta-1"];
      answers.probe = async () => {
        await modal.later(100_000_000);
        throw new Error("unreachable");
      };
      const outcome = await start({ mode: demo, targets: [warm] }, { warmUpLimitMs: 600_000 });
      assert.ok(outcome.kind === "failed");
      assert.deepEqual([outcome.step, outcome.failure.reason], ["warm-up", "timed-out"]);
      assert.match(outcome.state.text, /1 container runs: billed until .* idle for 10 min/);
      assert.equal(outcome.canUndo, true);
      const undone = await settled(clock, outcome.undo());
      assert.equal(undone.verified, true);
      assert.deepEqual(modal.live, []);
    });

    it("skips the rest of a warm-up, and says that the container keeps running", async () => {
      const { start, answers, modal, clock } = bench();
      answers.probe = async () => {
        await modal.later(300_000);
        return { status: 200, durationMs: 300_000 };
      };
      const skip = new AbortController();
      clock.after(60_000, () => skip.abort());
      const outcome = await start({ mode: demo, targets: [warm] }, { skipWarmUp: skip.signal });
      assert.ok(outcome.kind === "ready");
      assert.match(outcome.notes.join(), /skipped\. Its container keeps starting and is billed/);
      assert.deepEqual(outcome.cold, ["flux"], "a demo that is not warm is not called ready");
      assert.notEqual(outcome.warmUp, null);
    });

    it("calls nothing cold in a mode that wants nothing warm, and has no warm-up without an address", async () => {
      const { start } = bench();
      const dev = await start({});
      assert.ok(dev.kind === "ready");
      assert.deepEqual([dev.cold, dev.warmUp], [[], null]);
      const again = bench();
      const cold = await again.start({ mode: demo });
      assert.ok(cold.kind === "ready");
      assert.deepEqual([cold.cold, cold.warmUp], [["flux"], null]);
    });
  });

  describe("failing and cancelling", () => {
    it("leaves no open session behind when the deploy fails and nothing landed", async () => {
      const { start, deployer, ledger, modal } = bench();
      deployer.onDeploy = () => {
        throw new Failure("deploy-failed", "No module named 'nope'.");
      };
      const outcome = await start();
      assert.ok(outcome.kind === "failed");
      assert.deepEqual([outcome.step, outcome.failure.reason], ["deploy", "deploy-failed"]);
      assert.equal(outcome.state.text, "Nothing that this start created runs on Modal.");
      assert.equal(ledger.openSession("acme/main", "/project"), undefined);
      assert.equal(modal.live.length, 0);
    });

    it("tells the idle window that is in force after a failed deploy: that of the mode before", async () => {
      const { start, deployer, modal } = bench();
      await start({ mode: demo });
      const [app] = modal.live;
      assert.ok(app);
      app.containers = ["ta-1"];
      deployer.onDeploy = () => {
        throw new Failure("deploy-failed", "No module named 'nope'.");
      };
      const outcome = await start({ sessionId: "s2" }, { choice: { kind: "start-anyway" } });
      assert.ok(outcome.kind === "failed");
      assert.equal(
        outcome.state.text,
        "flux is deployed and 1 container runs: billed until it has been idle for 10 min.",
      );
    });

    it("keeps the idle window that an app's file fixes, and tells it when a step fails", async () => {
      const { start, modal, ledger, answers } = bench();
      modal.canReadScaling = false;
      answers.probe = async () => {
        for (const app of modal.live) app.containers = ["ta-1"];
        return { status: 503, durationMs: 1 };
      };
      const health = { healthUrl: "https://h" };
      const outcome = await start({ targets: [target("flux", { ...health, windowInFile: 300 })] });
      assert.ok(outcome.kind === "failed");
      assert.match(outcome.state.text, /billed until it has been idle for 5 min\.$/);
      const [session] = ledger.sessions({});
      assert.ok(session);
      assert.equal(session.scaledownSeconds, 120);
      assert.equal(appWindow(session, session.apps[0]?.appId ?? ""), 300);
      // The mode's own, by the file: there is nothing to keep.
      const same = await bench().start({ targets: [target("flux", { windowInFile: 120 })] });
      assert.ok(same.kind === "ready");
      assert.equal("scaledownSeconds" in (same.session.apps[0] ?? {}), false);
    });

    it("retries a failed deploy in a new session", async () => {
      const { start, deployer, ledger, clock } = bench();
      let times = 0;
      deployer.onDeploy = () => {
        times += 1;
        if (times === 1) throw new Failure("deploy-failed", "Flaky.");
      };
      const outcome = await start();
      assert.ok(outcome.kind === "failed");
      const again = await settled(
        clock,
        outcome.retry({
          ask: cancelling,
          onEvent: () => undefined,
        }),
      );
      assert.ok(again.kind === "ready");
      assert.equal(ledger.openSession("acme/main", "/project")?.apps.length, 1);
    });

    it("undoes a failed start: stops what it created, nothing else", async () => {
      const { start, answers, modal, ledger, clock } = bench();
      const other = modal.add("other", { history: [deployedBy("teammate")] });
      answers.probe = async () => ({ status: 503, durationMs: 1 });
      const outcome = await start({ targets: [target("flux", { healthUrl: "https://h" })] });
      assert.ok(outcome.kind === "failed");
      const undone = await settled(clock, outcome.undo());
      assert.deepEqual([undone.verified, undone.left], [true, []]);
      assert.deepEqual(modal.live, [other]);
      assert.equal(ledger.sessions({})[0]?.end, "stopped");
    });

    it("does not stop an app that ran before when its new deploy is undone", async () => {
      const { start, answers, modal, clock, ledger } = bench();
      const old = modal.add("flux", { history: [deployedBy("you")] });
      answers.probe = async () => ({ status: 503, durationMs: 1 });
      const outcome = await start(
        { targets: [target("flux", { healthUrl: "https://h" })] },
        { choice: { kind: "start-anyway" } },
      );
      assert.ok(outcome.kind === "failed");
      const undone = await settled(clock, outcome.undo());
      assert.equal(undone.verified, true);
      assert.equal(old.state, "deployed");
      assert.equal(ledger.sessions({})[0]?.end, "partly-stopped");
    });

    it("stops a deploy that lands only after it was cancelled", async () => {
      const { start, deployer, modal, clock, ledger } = bench();
      deployer.landsAfterCancelMs = 2500;
      const cancel = new AbortController();
      clock.after(1000, () => cancel.abort());
      const outcome = await start({}, { signal: cancel.signal });
      assert.ok(outcome.kind === "cancelled");
      assert.equal(outcome.step, "deploy");
      assert.equal(outcome.undone.verified, true);
      assert.equal(outcome.undone.receipts.length, 1);
      assert.equal(modal.apps.size, 1);
      assert.deepEqual(modal.live, []);
      assert.equal(ledger.openSession("acme/main", "/project"), undefined);
    });

    it("does not stop a teammate's app of the same name that came meanwhile", async () => {
      const { start, modal, clock } = bench();
      const cancel = new AbortController();
      clock.after(1000, () => {
        modal.add("flux", { history: [deployedBy("teammate")] });
        cancel.abort();
      });
      const outcome = await start({}, { signal: cancel.signal });
      assert.ok(outcome.kind === "cancelled");
      assert.equal(modal.live.length, 1);
    });

    it("does not call an undo verified that could not be looked at, yet tells the app to stop", async () => {
      const { start, modal, answers, ledger } = bench();
      const cancel = new AbortController();
      answers.probe = async () => {
        modal.onLook = () => {
          throw new Failure("offline", "Could not connect.");
        };
        cancel.abort();
        await modal.later(1000);
        return { status: 200, durationMs: 1 };
      };
      const outcome = await start(
        { targets: [target("flux", { healthUrl: "https://h" })] },
        { signal: cancel.signal },
      );
      assert.ok(outcome.kind === "cancelled");
      assert.equal(outcome.undone.verified, false);
      assert.equal(outcome.state.verified, false);
      assert.equal(modal.live.length, 0, "it was told to stop all the same");
      assert.equal(outcome.undone.left.length, 1);
      assert.equal(ledger.sessions({})[0]?.endedAtMs, null, "and its session stays open");
    });

    it("keeps the first app when the second cannot be deployed, retries only that one, and undoes both", async () => {
      const { start, deployer, modal, clock, ledger } = bench();
      const broken = { wan2: true };
      deployer.onDeploy = ({ name }) => {
        if (name === "wan2" && broken.wan2) throw new Failure("deploy-failed", "No such module.");
      };
      const outcome = await start({ targets: [target("flux"), target("wan2")] });
      assert.ok(outcome.kind === "failed");
      assert.match(outcome.state.text, /flux is deployed/);
      assert.equal(ledger.openSession("acme/main", "/project")?.apps.length, 1);
      broken.wan2 = false;
      const options: StartOptions = {
        ask: { alreadyRunning: async () => ({ kind: "cancel" }), confirmMode: async () => true },
        onEvent: () => undefined,
      };
      const again = await settled(clock, outcome.retry(options));
      assert.ok(again.kind === "ready");
      assert.deepEqual(
        deployer.deploys.map(({ target }) => target.name),
        ["flux", "wan2", "wan2"],
      );
      assert.equal(again.session.apps.length, 2);
      const undone = await settled(clock, outcome.undo());
      assert.deepEqual([undone.verified, modal.live], [true, []]);
    });

    it("undoes an app of an unknown name by its author, and leaves other people's new apps", async () => {
      const { start, deployer, modal, clock } = bench();
      deployer.landsAfterCancelMs = 500;
      const cancel = new AbortController();
      clock.after(1000, () => {
        modal.add("theirs", { history: [deployedBy("teammate")] });
        modal.add("mine", { history: [deployedBy("You")] });
        modal.add("nobody's");
        cancel.abort();
      });
      const outcome = await start({ targets: [target(null)] }, { signal: cancel.signal });
      assert.ok(outcome.kind === "cancelled");
      assert.equal(outcome.undone.verified, true);
      assert.deepEqual(
        modal.live.map(({ name }) => name),
        ["theirs", "nobody's"],
      );
    });

    it("says so when the deploy is not in the listing, and goes on to retry", async () => {
      const { start, deployer, modal } = bench();
      modal.add("other");
      deployer.deploy = async () => ({ urls: [], appName: null, skipped: true });
      const outcome = await start();
      assert.ok(outcome.kind === "failed");
      assert.deepEqual([outcome.step, outcome.failure.reason], ["find", "not-found"]);
      assert.match(
        outcome.failure.message,
        /Modal accepted the deployment, but "flux" is not listed/,
      );
      assert.match(outcome.failure.message, /Running: other/);
    });

    it("serves an ephemeral app, and ends it when the start is cancelled", async () => {
      const { start, modal, clock, deployer, answers } = bench();
      const cancel = new AbortController();
      answers.probe = async () => {
        await modal.later(60_000);
        return { status: 200, durationMs: 1 };
      };
      clock.after(10_000, () => cancel.abort());
      const request = { how: "serve", mode: demo, targets: [warm] } as const;
      const outcome = await start(request, { signal: cancel.signal });
      assert.ok(outcome.kind === "cancelled");
      assert.equal(outcome.step, "warm-up");
      assert.equal(deployer.ended.length, 1);
      assert.deepEqual(modal.live, []);
      assert.equal(outcome.undone.verified, true);
    });

    it("leaves nothing running that it started, whenever it is cancelled", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: 90_000 }),
          fc.option(fc.integer({ min: 0, max: 2900 })),
          fc.boolean(),
          fc.boolean(),
          fc.boolean(),
          async (cancelAtMs, landsAfterCancelMs, hadOne, serve, twoTargets) => {
            const { start, modal, clock, deployer, answers, ledger } = bench();
            deployer.landsAfterCancelMs = serve ? null : landsAfterCancelMs;
            const old = hadOne ? modal.add("flux", { history: [deployedBy("you")] }) : undefined;
            answers.probe = async () => {
              await modal.later(40_000);
              return { status: 200, durationMs: 1 };
            };
            const cancel = new AbortController();
            clock.after(cancelAtMs, () => cancel.abort());
            const second = { ...warm, target: { ...warm.target, name: "wan2" } };
            const outcome = await start(
              {
                mode: demo,
                how: serve ? "serve" : "deploy",
                targets: twoTargets ? [warm, second] : [warm],
              },
              { signal: cancel.signal, choice: { kind: "start-anyway" } },
            );
            if (outcome.kind === "ready") return;
            assert.equal(outcome.kind, "cancelled");
            assert.deepEqual(
              modal.live.map(({ appId }) => appId),
              old === undefined ? [] : [old.appId],
            );
            assert.equal(ledger.openSession("acme/main", "/project"), undefined);
          },
        ),
        { numRuns: 40 },
      );
    });
  });
});
