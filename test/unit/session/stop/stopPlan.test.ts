import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Failure } from "../../../../src/base/failure.ts";
import type { AppAuthor } from "../../../../src/session/owner.ts";
import type { Listing } from "../../../../src/session/ledgerPort.ts";
import { liveApps } from "../../../../src/session/liveApp.ts";
import type { AppState } from "../../../../src/session/modalControl.ts";
import type { SessionRecord } from "../../../../src/session/session.ts";
import {
  deferElsewhere,
  narrowPlan,
  planStop,
  type StopFacts,
} from "../../../../src/session/stop/stopPlan.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { PortModal, type PortApp } from "../portModal.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";

const nowMs = Date.UTC(2026, 10, 20, 9);

function world() {
  const modal = new PortModal(new VirtualClock(nowMs));
  const authors = new Map<string, AppAuthor>();
  const add = (name: string, deployedBy: string | null, some: Partial<PortApp> = {}) => {
    const app = modal.add(name, some);
    if (deployedBy !== null) authors.set(app.appId, { deployedBy, version: 1 });
    return app;
  };
  const facts = (some: Partial<StopFacts> = {}): StopFacts => ({
    scope: { workspace: "acme", environment: "main" },
    listing: modal.listing(),
    sessions: [],
    folders: ["/project"],
    targets: [],
    username: "you",
    authors,
    productionModes: ["prod"],
    ...some,
  });
  return { modal, add, facts };
}

function session(appId: string, some: Partial<SessionRecord> = {}): SessionRecord {
  return sessionSample({
    sessionId: `s-${appId}`,
    startedAtMs: nowMs - 1000,
    apps: [sessionApp({ appId, name: "x" })],
    ...some,
  });
}

const target = {
  file: "/project/app.py",
  module: null,
  variable: null,
  name: null,
  nameInFile: "flux",
  environment: null,
  folder: "/project",
};

describe("liveApps", () => {
  it("takes only a stopped app without containers for over", () => {
    const states: readonly AppState[] = [
      "initializing",
      "deployed",
      "ephemeral",
      "detached",
      "stopping",
      "disabled",
      "unknown",
    ];
    const { modal } = world();
    for (const state of states) modal.add(state, { state });
    modal.add("over", { state: "stopped" });
    modal.add("draining", { state: "stopped", containers: ["ta-1"] });
    assert.deepEqual(
      liveApps(modal.listing()).map(({ name }) => name),
      [...states, "draining"],
    );
  });

  it("shows containers of an app that the listing hides", () => {
    const { modal } = world();
    modal.add("old", { state: "stopped", containers: ["ta-1", "ta-2"] });
    const listing: Listing = { ...modal.listing(), apps: [] };
    const [app] = liveApps(listing);
    assert.deepEqual([app?.name, app?.state, app?.containerCount], ["old", "unknown", 2]);
  });
});

describe("planStop", () => {
  it("plans your own apps and leaves other people's alone, with the reason", () => {
    const { add, facts } = world();
    add("mine", "you");
    add("theirs", "teammate");
    add("nobody's", null);
    const plan = planStop(facts(), { kind: "all" });
    assert.deepEqual(
      plan.planned.map(({ name, owner }) => [name, owner]),
      [["mine", "mine"]],
    );
    assert.deepEqual(
      plan.excluded.map(({ name, why, reason }) => [name, why, reason]),
      [
        ["theirs", "someone-else", "deployed by teammate"],
        ["nobody's", "unknown-owner", "Modal does not say who started it"],
      ],
    );
  });

  it("knows what was started here, also when Modal does not say who deployed it", () => {
    const { add, facts } = world();
    const app = add("served", null, { state: "ephemeral" });
    const plan = planStop(facts({ sessions: [session(app.appId)] }), { kind: "all" });
    assert.deepEqual(
      plan.planned.map(({ owner }) => owner),
      ["started-here"],
    );
  });

  it("gives an app to the teammate who deployed it last, although it was started here", () => {
    const { add, facts } = world();
    const app = add("flux", "teammate");
    const plan = planStop(facts({ sessions: [session(app.appId)], targets: [target] }), {
      kind: "all",
    });
    assert.deepEqual(plan.planned, []);
    assert.equal(plan.excluded[0]?.why, "someone-else");
  });

  it("takes all apps of a workspace that has your name", () => {
    const { add, facts } = world();
    add("left-over", null, { state: "ephemeral" });
    const scope = { workspace: "You", environment: "main" };
    assert.equal(planStop(facts({ scope }), { kind: "all" }).planned.length, 1);
  });

  it("takes a name for no evidence: not in a file, not in the settings", () => {
    const { add, facts } = world();
    const nobodys = add("flux", null);
    add("flux", null, { state: "ephemeral" });
    for (const known of [
      target,
      { ...target, module: null, variable: null, name: "flux", nameInFile: null },
    ])
      for (const kind of ["all", "project"] as const) {
        const plan = planStop(facts({ targets: [known] }), { kind });
        assert.deepEqual(plan.planned, []);
        const { owner, why } = plan.excluded.find(({ appId }) => appId === nobodys.appId) ?? {};
        assert.deepEqual([owner, why], ["unknown", "unknown-owner"]);
      }
  });

  it("chooses by name, for a stop of the project, among what is yours by other evidence", () => {
    const { add, facts } = world();
    const deployed = add("flux", "you");
    add("flux", "teammate");
    add("other", "you");
    const plan = planStop(facts({ targets: [target] }), { kind: "project" });
    assert.deepEqual(
      plan.planned.map(({ appId, owner }) => [appId, owner]),
      [[deployed.appId, "mine"]],
    );
    const elsewhere = { ...target, environment: "staging" };
    assert.deepEqual(planStop(facts({ targets: [elsewhere] }), { kind: "project" }).planned, []);
  });

  it("leaves production alone: by the mode of its last session, and by its environment", () => {
    const { add, facts } = world();
    const app = add("flux", "you");
    const sessions = [
      session(app.appId, { startedAtMs: 2, mode: "prod", sessionId: "new" }),
      session(app.appId, { startedAtMs: 1, mode: "dev", sessionId: "old" }),
    ];
    const byMode = planStop(facts({ sessions }), { kind: "all" });
    assert.equal(byMode.excluded[0]?.reason, "production (prod mode)");
    const scope = { workspace: "acme", environment: "production" };
    const byEnvironment = planStop(facts({ scope }), { kind: "all" });
    assert.equal(byEnvironment.excluded[0]?.why, "production");
  });

  it("includes what is protected only by its id", () => {
    const { add, facts } = world();
    const theirs = add("theirs", "teammate");
    assert.equal(planStop(facts(), { kind: "all" }, ["theirs"]).planned.length, 0);
    assert.equal(planStop(facts(), { kind: "all" }, [theirs.appId]).planned.length, 1);
  });

  it("defers what is mine from elsewhere until a person chooses it", () => {
    const { add, facts } = world();
    const here = add("flux", "you");
    const cron = add("cron", "you");
    const api = add("api", "you");
    const whole = planStop(facts({ sessions: [session(here.appId)] }), { kind: "all" });
    const names = (apps: readonly { readonly name: string }[]) => apps.map(({ name }) => name);
    const first = deferElsewhere(whole, []);
    assert.deepEqual(names(first.planned), ["flux"]);
    assert.deepEqual(
      first.excluded.map(({ name, why, reason }) => [name, why, reason]),
      [
        ["cron", "elsewhere", "yours, but not started here"],
        ["api", "elsewhere", "yours, but not started here"],
      ],
    );
    const second = deferElsewhere(whole, [api.appId]);
    assert.deepEqual(names(second.planned), ["flux", "api"]);
    assert.deepEqual(
      second.excluded.map(({ appId }) => appId),
      [cron.appId],
    );
  });

  it("stops only this project's apps", () => {
    const { add, facts } = world();
    const here = add("here", "you");
    const there = add("there", "you");
    const sessions = [session(here.appId), session(there.appId, { folder: "/elsewhere" })];
    const plan = planStop(facts({ sessions }), { kind: "project" });
    assert.deepEqual(
      plan.planned.map(({ name }) => name),
      ["here"],
    );
    assert.equal(plan.excluded[0]?.reason, "not part of this project");
  });

  it("stops one app by name or by id, and leaves the rest", () => {
    const { add, facts } = world();
    const flux = add("flux", "you");
    add("wan2", "you");
    for (const app of ["flux", flux.appId]) {
      const plan = planStop(facts(), { kind: "one", app });
      assert.deepEqual(
        plan.planned.map(({ name }) => name),
        ["flux"],
      );
      assert.equal(plan.excluded[0]?.why, "not-asked-for");
    }
  });

  it("lists the real names when the app is not found, the most similar one first", () => {
    const { add, facts } = world();
    add("wan2", "you");
    add("flux-api", "you");
    assert.throws(
      () => planStop(facts(), { kind: "one", app: "flux-app" }),
      (error) =>
        error instanceof Failure &&
        error.reason === "not-found" &&
        error.message.includes("Running there: flux-api, wan2."),
    );
  });

  it("says so when nothing runs at all, and when a name means several apps", () => {
    const { add, facts } = world();
    assert.throws(() => planStop(facts(), { kind: "one", app: "x" }), /nothing runs in acme\/main/);
    add("main.py", "you", { state: "ephemeral" });
    add("main.py", "you", { state: "ephemeral" });
    assert.throws(() => planStop(facts(), { kind: "one", app: "main.py" }), /2 apps are called/);
  });

  it("takes an app that is stopped already as done", () => {
    const { add, facts } = world();
    const app = add("flux", "you", { state: "stopped" });
    const plan = planStop(facts(), { kind: "one", app: "flux" });
    assert.deepEqual(plan.alreadyStopped, [{ appId: app.appId, name: "flux" }]);
    assert.deepEqual(plan.planned, []);
  });

  it("puts every live app into exactly one list, and never plans another's or production", () => {
    const kinds = fc.record({
      author: fc.constantFrom("you", "teammate", null),
      state: fc.constantFrom<AppState>("deployed", "ephemeral", "stopping", "stopped", "unknown"),
      mode: fc.constantFrom("dev", "prod", null),
      containers: fc.nat(1),
    });
    fc.assert(
      fc.property(
        fc.array(kinds, { maxLength: 8 }),
        fc.constantFrom({ kind: "all" as const }, { kind: "project" as const }),
        (apps, what) => {
          const { modal, add, facts } = world();
          const sessions: SessionRecord[] = [];
          for (const [at, { author, state, mode, containers }] of apps.entries()) {
            const names = Array.from({ length: containers }, () => `ta-${at}`);
            const app = add(`app${at}`, author, { state, containers: names });
            if (mode !== null) sessions.push(session(app.appId, { mode }));
          }
          const plan = planStop(facts({ sessions }), what);
          const both = [...plan.planned, ...plan.excluded].map(({ appId }) => appId);
          const live = liveApps(modal.listing()).map(({ appId }) => appId);
          assert.deepEqual(both.toSorted(), live.toSorted());
          for (const { appId } of plan.planned) {
            assert.notEqual(facts().authors.get(appId)?.deployedBy, "teammate");
            assert.ok(
              !sessions.some(({ mode, apps }) => mode === "prod" && apps[0]?.appId === appId),
            );
          }
          const narrow = narrowPlan(plan, new Set(plan.planned.slice(1).map((app) => app.appId)));
          assert.equal(narrow.planned.length + narrow.excluded.length, live.length);
        },
      ),
    );
  });
});
