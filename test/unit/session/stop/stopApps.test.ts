import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Failure } from "../../../../src/base/failure.ts";
import { usd } from "../../../../src/cost/money.ts";
import { appAuthors } from "../../../../src/session/appAuthors.ts";
import type { Listing } from "../../../../src/session/ledgerPort.ts";
import { liveApps } from "../../../../src/session/liveApp.ts";
import type { StopReceipt } from "../../../../src/session/receipt.ts";
import type { SessionRecord } from "../../../../src/session/session.ts";
import { stopApps, type StopOptions } from "../../../../src/session/stop/stopApps.ts";
import { planStop, type StopPlan } from "../../../../src/session/stop/stopPlan.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { deployedBy, PortModal } from "../portModal.ts";
import { settled } from "../settled.ts";
import { sessionSample } from "../sessionSample.ts";

const startMs = Date.UTC(2026, 10, 20, 9);

function bench() {
  const clock = new VirtualClock(startMs);
  const modal = new PortModal(clock);
  const ledger = new MemoryLedger();
  const parts = { control: modal, refresh: modal.refresh, ledger, clock, log: silentLog, pid: 1 };
  const plan = async (): Promise<StopPlan> => {
    const listing = modal.listing();
    return planStop(
      {
        scope: { workspace: "acme", environment: "main" },
        listing,
        sessions: ledger.sessions({}),
        folders: ["/project"],
        targets: [],
        username: "you",
        authors: await appAuthors(modal, liveApps(listing), silentLog),
        productionModes: ["prod"],
      },
      { kind: "all" },
    );
  };
  const stop = async (options: Partial<StopOptions> = {}): Promise<StopReceipt> => {
    const planned = await plan();
    const work = stopApps(parts, planned, { receiptId: "r1", by: "person", ...options });
    return settled(clock, work);
  };
  const mine = (name: string, some: Parameters<PortModal["add"]>[1] = {}) =>
    modal.add(name, { history: [deployedBy("you")], ...some });
  return { clock, modal, ledger, parts, plan, stop, mine };
}

function session(some: Partial<SessionRecord>): SessionRecord {
  return sessionSample({ startedAtMs: startMs - 1000, ...some });
}

function sessionApp(appId: string) {
  return { appId, appName: appId, file: "app.py", urls: [] };
}

describe("stopApps", () => {
  it("stops what is planned, proves it, and records the receipt", async () => {
    const { modal, ledger, stop, mine } = bench();
    const flux = mine("flux", { containers: ["ta-1"] });
    const wan2 = mine("wan2");
    const receipt = await stop({ burnByApp: new Map([[flux.appId, usd(1.95)]]) });
    assert.deepEqual(
      receipt.stopped.map(({ name }) => name),
      ["flux", "wan2"],
    );
    assert.equal(receipt.verified, "clear");
    assert.equal(receipt.savedMicroUsdPerHour, usd(1.95));
    assert.deepEqual(modal.stops, [flux.appId, wan2.appId]);
    assert.deepEqual(ledger.receipts(), [receipt]);
  });

  it("stops at most as many at once as it may", async () => {
    const { modal, stop, mine } = bench();
    for (let at = 0; at < 10; at += 1) mine(`app${at}`);
    let now = 0;
    let most = 0;
    modal.onStop = async () => {
      now += 1;
      most = Math.max(most, now);
      await modal.later(1000);
      now -= 1;
    };
    const receipt = await stop({ concurrency: 3 });
    assert.equal(receipt.stopped.length, 10);
    assert.equal(most, 3);
  });

  it("takes an app that was stopped meanwhile as a success", async () => {
    const { modal, stop, mine } = bench();
    const flux = mine("flux");
    modal.onStop = () => modal.end(flux);
    const receipt = await stop();
    assert.deepEqual(receipt.alreadyStopped, [{ appId: flux.appId, name: "flux" }]);
    assert.equal(receipt.verified, "clear");
  });

  it("takes an app that Modal no longer knows as over once the listing agrees", async () => {
    const { modal, stop, mine } = bench();
    const flux = mine("flux");
    modal.onStop = () => {
      modal.apps.delete(flux.appId);
      throw new Failure("not-found", "App not found");
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "clear");
    assert.deepEqual(
      receipt.alreadyStopped.map(({ name }) => name),
      ["flux"],
    );
  });

  it("repeats what is retriable, and not what is not", async () => {
    const { modal, stop, mine } = bench();
    const flux = mine("flux");
    const wan2 = mine("wan2");
    modal.onStop = (app, time) => {
      if (app === wan2) throw new Failure("permission-denied", "No.");
      if (time < 3) throw new Failure("offline", "Could not connect.");
    };
    const receipt = await stop({ verifyForMs: 5000 });
    assert.deepEqual(
      receipt.stopped.map(({ name }) => name),
      ["flux"],
    );
    assert.equal(modal.stops.filter((id) => id === flux.appId).length, 3);
    assert.equal(modal.stops.filter((id) => id === wan2.appId).length, 1);
    assert.equal(receipt.verified, "left");
    assert.match(receipt.left[0]?.reason ?? "", /stop failed: No\./);
  });

  it("waits for an app that is still stopping", async () => {
    const { modal, stop, mine, clock } = bench();
    mine("flux", { containers: ["ta-1"] });
    modal.stopping = (app) => {
      app.state = "stopping";
      clock.after(8000, () => modal.end(app));
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "clear");
    assert.equal(modal.stops.length, 1, "an app that is stopping is not told again");
    assert.ok(receipt.atMs >= startMs + 8000);
  });

  it("does not take a stopped app with containers for stopped", async () => {
    const { modal, stop, mine } = bench();
    mine("flux", { containers: ["ta-1"] });
    modal.stopping = (app) => {
      app.state = "stopped";
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "left");
    assert.deepEqual(receipt.stopped, []);
    assert.match(receipt.left[0]?.reason ?? "", /1 container is still listed/);
  });

  it("names an app that refuses to stop, after more than one request", async () => {
    const { modal, stop, mine } = bench();
    mine("flux");
    modal.stopping = () => undefined;
    const receipt = await stop();
    assert.equal(receipt.verified, "left");
    assert.match(receipt.left[0]?.reason ?? "", /still deployed/);
    assert.ok(modal.stops.length > 1);
  });

  it("counts an app as stopped by this stop, though only its second stop had an effect", async () => {
    const { modal, stop, mine } = bench();
    const flux = mine("flux");
    modal.stopping = () => undefined;
    modal.onStop = (_, time) => {
      if (time === 2) modal.end(flux);
    };
    const receipt = await stop();
    assert.deepEqual([receipt.stopped.length, receipt.alreadyStopped.length], [1, 0]);
    assert.equal(receipt.verified, "clear");
  });

  it("reports an app that somebody deploys again during the stop, and does not fight over it", async () => {
    const { modal, stop, mine, clock } = bench();
    const flux = mine("flux");
    modal.stopping = (app) => app.history.push(deployedBy("teammate", 2, clock.nowMs()));
    const receipt = await stop();
    assert.equal(receipt.verified, "left");
    assert.deepEqual(receipt.left, [
      { appId: flux.appId, name: "flux", reason: "deployed again by teammate during the stop" },
    ]);
    assert.equal(modal.stops.length, 1);
  });

  for (const hours of [-2, 2])
    it(`tells a deployment of before the stop from one during it with a clock that is ${hours} h off, the plan knowing no version`, async () => {
      const { modal, parts, plan, clock, mine } = bench();
      // Modal's own instants, by its clock.
      const modalMs = (): number => clock.nowMs() - hours * 3_600_000;
      const flux = mine("flux", { history: [deployedBy("you", 1, modalMs() - 60_000)] });
      const comfy = mine("comfy", { history: [deployedBy("you", 1, modalMs() - 60_000)] });
      const { planned, ...rest } = await plan();
      const unknown = { ...rest, planned: planned.map((app) => ({ ...app, version: null })) };
      modal.stopping = (app) => {
        if (app === comfy) app.history.push(deployedBy("teammate", 2, modalMs()));
      };
      modal.onStop = (app, time) => {
        if (app === flux && time === 2) modal.end(flux);
      };
      const receipt = await settled(
        clock,
        stopApps(parts, unknown, { receiptId: "r1", by: "person" }),
      );
      assert.deepEqual(
        receipt.stopped.map(({ name }) => name),
        ["flux"],
        "is stopped by the second request",
      );
      assert.deepEqual(
        receipt.left.map(({ reason }) => reason),
        ["deployed again by teammate during the stop"],
      );
      assert.deepEqual(modal.stops, [flux.appId, comfy.appId, flux.appId]);
    });

  it("reports an app of the same name that appeared during the stop", async () => {
    const { modal, stop, mine } = bench();
    mine("flux");
    modal.stopping = (app) => {
      modal.end(app);
      modal.add("flux");
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "left");
    assert.deepEqual(
      receipt.stopped.map(({ name }) => name),
      ["flux"],
    );
    assert.match(receipt.left[0]?.reason ?? "", /deployed again under the same name/);
  });

  it("names what is left alone, and does not say clear while it runs", async () => {
    const { modal, stop, mine } = bench();
    mine("flux");
    const other = modal.add("theirs", { history: [deployedBy("teammate")] });
    const receipt = await stop();
    assert.equal(receipt.verified, "excluded-left");
    assert.deepEqual(receipt.excluded, [
      { appId: other.appId, name: "theirs", reason: "deployed by teammate" },
    ]);
    assert.equal(other.state, "deployed");
  });

  it("says unverified when no listing can be had after the stop", async () => {
    const { modal, ledger, stop, mine } = bench();
    const flux = mine("flux");
    ledger.upsertSession(session({ apps: [sessionApp(flux.appId)] }));
    modal.onLook = () => {
      throw new Failure("offline", "Could not connect to the Modal server.");
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "unverified");
    assert.deepEqual(receipt.stopped, []);
    assert.match(receipt.left[0]?.reason ?? "", /could not be verified/);
    assert.equal(ledger.sessions({})[0]?.endedAtMs, null, "its session stays open");
    assert.deepEqual(ledger.receipts(), [receipt]);
  });

  it("says unverified when the listing fails in the middle and does not come back", async () => {
    const { modal, stop, mine } = bench();
    mine("flux");
    modal.stopping = (app) => {
      app.state = "stopping";
    };
    modal.onLook = (look) => {
      if (look > 1) throw new Failure("timed-out", "No answer.");
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "unverified");
    assert.match(receipt.left[0]?.reason ?? "", /could not be verified/);
  });

  it("goes on when a listing fails once", async () => {
    const { modal, stop, mine } = bench();
    mine("flux");
    modal.onLook = (look) => {
      if (look < 3) throw new Failure("service-error", "Internal.");
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "clear");
  });

  it("takes no listing for proof that began before the stop was sent, or of another scope", async () => {
    const { modal, parts, clock, plan, mine } = bench();
    mine("flux");
    const empty: Listing = { ...modal.listing(), apps: [], containers: [] };
    for (const wrong of [{ observedAtMs: startMs - 1 }, { scope: "acme/other" }]) {
      const refresh = async (): Promise<Listing> => ({
        ...empty,
        observedAtMs: clock.nowMs(),
        ...wrong,
      });
      const work = stopApps({ ...parts, refresh }, await plan(), { receiptId: "r", by: "person" });
      assert.equal((await settled(clock, work)).verified, "unverified");
    }
  });

  it("waits for the proof as long as it said, whatever the clock is set to meanwhile", async () => {
    for (const hours of [-2, 2]) {
      const { clock, modal, parts, plan, mine } = bench();
      mine("flux");
      modal.stopping = () => undefined;
      const receipts: StopReceipt[] = [];
      const stop = stopApps(parts, await plan(), { receiptId: "r1", by: "person" });
      void stop.then((receipt) => receipts.push(receipt));
      await clock.advance(30_000);
      clock.set(hours * 3_600_000);
      await clock.advance(20_000);
      assert.equal(receipts.length, 0, `given up early, ${hours} h`);
      await clock.advance(20_000);
      assert.equal(receipts[0]?.verified, "left", `${hours} h`);
    }
  });

  it("does not hang when Modal never answers", async () => {
    const { modal, stop, mine } = bench();
    mine("flux");
    modal.onStop = () => modal.later(100_000_000);
    modal.onLook = () => modal.later(100_000_000);
    const receipt = await stop();
    assert.equal(receipt.verified, "unverified");
  });

  it("ends the wait when it is cancelled, without claiming anything", async () => {
    const { modal, stop, mine, clock } = bench();
    mine("flux");
    modal.stopping = (app) => {
      app.state = "stopping";
    };
    const cancel = new AbortController();
    clock.after(3000, () => cancel.abort());
    const receipt = await stop({ signal: cancel.signal });
    assert.equal(receipt.verified, "unverified");
    assert.ok(receipt.atMs < startMs + 10_000);
  });

  it("gives the receipt even when the ledger cannot be written", async () => {
    const { modal, parts, clock, plan, mine } = bench();
    mine("flux");
    const ledger = new MemoryLedger();
    ledger.recordReceipt = () => {
      throw new Failure("ledger", "The disk is full.");
    };
    const work = stopApps({ ...parts, ledger }, await plan(), { receiptId: "r", by: "person" });
    assert.equal((await settled(clock, work)).verified, "clear");
    assert.equal(modal.live.length, 0);
  });

  it("ends a sandbox by itself, and says so only when a list of the sandboxes no longer has it", async () => {
    const { modal, ledger, mine, stop } = bench();
    const agents = mine("agents");
    ledger.upsertSession(session({ apps: [sessionApp(agents.appId)] }));
    modal.sandboxes.set("sb-1", { name: "agent", appId: agents.appId });
    modal.sandboxes.set("sb-2", { name: "stubborn", appId: agents.appId });
    let asked = 0;
    modal.onStopSandbox = (id) => {
      if (id === "sb-1" || (asked += 1) > 1) modal.sandboxes.delete(id);
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "clear");
    assert.deepEqual(receipt.stopped.map(({ name }) => name).toSorted(), [
      "agent",
      "agents",
      "stubborn",
    ]);
    assert.equal(modal.stops.filter((id) => id === "sb-2").length, 2, "asked until it was gone");
  });

  it("does not say that a sandbox stopped which cannot be listed any more", async () => {
    const { modal, ledger, mine, stop } = bench();
    const agents = mine("agents");
    ledger.upsertSession(session({ apps: [sessionApp(agents.appId)] }));
    modal.sandboxes.set("sb-1", { name: "agent", appId: agents.appId });
    modal.onStopSandbox = (id) => {
      modal.sandboxes.delete(id);
      modal.sandboxKinds = "none";
    };
    const receipt = await stop();
    assert.equal(receipt.verified, "unverified");
    assert.deepEqual(
      receipt.left.map(({ appId }) => appId),
      ["sb-1"],
    );
  });

  it("leaves a receipt when it is cut off, which says that its end is unknown", async () => {
    const { ledger, parts, plan, mine } = bench();
    mine("flux");
    // The process ends before Modal answers.
    const control = {
      stopApp: () => new Promise<never>(() => undefined),
      stopSandbox: () => new Promise<never>(() => undefined),
      deployments: async () => [],
    };
    void stopApps({ ...parts, control }, await plan(), { receiptId: "r", by: "person" });
    const [receipt] = ledger.receipts();
    assert.equal(receipt?.verified, "unverified");
    assert.deepEqual(
      receipt.left.map(({ name, reason }) => [name, reason]),
      [["flux", "the stop was started, but its outcome is not known"]],
    );
  });

  it("knows no saving when a rate is unknown, and counts only what is proven gone", async () => {
    const one = bench();
    const flux = one.mine("flux", { containers: ["ta-1"] });
    const unknown = await one.stop({ burnByApp: new Map([[flux.appId, null]]) });
    assert.equal(unknown.savedMicroUsdPerHour, null);
    const two = bench();
    const stays = two.mine("stays", { containers: ["ta-1"] });
    const goes = two.mine("goes", { containers: ["ta-2"] });
    two.modal.stopping = (app) => {
      if (app === goes) two.modal.end(app);
    };
    const burnByApp = new Map([
      [stays.appId, usd(2.5)],
      [goes.appId, usd(1.95)],
    ]);
    assert.equal((await two.stop({ burnByApp })).savedMicroUsdPerHour, usd(1.95));
  });

  it("ends the sessions whose apps are all proven gone, and no other", async () => {
    const { ledger, stop, mine, modal } = bench();
    const flux = mine("flux");
    const theirs = modal.add("theirs", { history: [deployedBy("teammate")] });
    ledger.upsertSession(session({ sessionId: "over", apps: [sessionApp(flux.appId)] }));
    ledger.upsertSession(
      session({ sessionId: "on", apps: [sessionApp(flux.appId), sessionApp(theirs.appId)] }),
    );
    await stop({ by: "guardian" });
    const ends = new Map(ledger.sessions({}).map(({ sessionId, end }) => [sessionId, end]));
    assert.deepEqual([ends.get("over"), ends.get("on")], ["guardian", null]);
  });

  it("ends a session as partly stopped when another took its app over", async () => {
    const { ledger, stop, mine, modal, clock } = bench();
    const flux = mine("flux");
    ledger.upsertSession(session({ apps: [sessionApp(flux.appId)] }));
    modal.stopping = (app) => app.history.push(deployedBy("teammate", 2, clock.nowMs()));
    await stop();
    assert.equal(ledger.sessions({})[0]?.end, "partly-stopped");
  });

  it("never says clear, or stopped, unless the last listing, begun after every stop, shows it", async () => {
    const trouble = fc.constantFrom("ok", "offline", "denied", "hangs");
    const effect = fc.constantFrom("ends", "stopping", "ignores", "containers", "again", "other");
    const look = fc.constantFrom("ok", "ok", "offline", "stale", "hangs", "foreign");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ trouble, effect, containers: fc.nat(2) }), { maxLength: 4 }),
        fc.array(look, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
        async (wishes, looks, hasOther, cancelAfterMs) => {
          const { clock, modal, parts, plan } = bench();
          const wishOf = new Map<string, (typeof wishes)[number]>();
          for (const [at, wish] of wishes.entries()) {
            const containers = Array.from({ length: wish.containers }, (_, c) => `ta-${at}-${c}`);
            const app = modal.add(`app${at}`, { containers, history: [deployedBy("you")] });
            wishOf.set(app.appId, wish);
          }
          if (hasOther) modal.add("theirs", { history: [deployedBy("teammate")] });
          modal.onStop = async (app) => {
            const wish = wishOf.get(app.appId);
            if (wish?.trouble === "offline") throw new Failure("offline", "Offline.");
            if (wish?.trouble === "denied") throw new Failure("permission-denied", "No.");
            if (wish?.trouble === "hangs") await modal.later(10_000_000);
          };
          modal.stopping = (app) => {
            const wish = wishOf.get(app.appId)?.effect;
            if (wish === "ends" || wish === "again" || wish === "other") modal.end(app);
            if (wish === "stopping") app.state = "stopping";
            if (wish === "containers") app.state = "stopped";
            if (wish === "again") modal.add(app.name);
            if (wish === "other") modal.add("newcomer");
          };
          let lastGood: Listing | undefined;
          let lastFailed = true;
          let lastStopAtLook = 0;
          const refresh: PortModal["refresh"] = async (options) => {
            const kind = looks[Math.min(modal.looks, looks.length - 1)];
            const askedAtMs = clock.nowMs();
            lastFailed = true;
            const listing = await modal.refresh(options);
            if (kind === "offline") throw new Failure("offline", "Offline.");
            if (kind === "hangs") await modal.later(10_000_000);
            if (kind === "stale")
              return { ...listing, observedAtMs: askedAtMs - 1, apps: [], containers: [] };
            if (kind === "foreign")
              return { ...listing, scope: "acme/other", apps: [], containers: [] };
            lastFailed = false;
            lastGood = listing;
            lastStopAtLook = modal.stops.length;
            return listing;
          };
          const cancel = new AbortController();
          if (cancelAfterMs !== undefined) clock.after(cancelAfterMs, () => cancel.abort());
          const work = stopApps({ ...parts, refresh }, await plan(), {
            receiptId: "r",
            by: "person",
            signal: cancel.signal,
          });
          const receipt = await settled(clock, work);
          const live = lastGood === undefined ? undefined : liveApps(lastGood);
          if (receipt.verified === "clear") {
            assert.equal(lastFailed, false);
            assert.deepEqual(live, []);
            assert.equal(lastStopAtLook, modal.stops.length, "the look came after every stop");
            assert.deepEqual([receipt.left, receipt.excluded], [[], []]);
          }
          for (const { appId } of [...receipt.stopped, ...receipt.alreadyStopped])
            assert.ok(
              live?.every((app) => app.appId !== appId),
              "proven gone",
            );
          assert.deepEqual(
            [...receipt.stopped, ...receipt.alreadyStopped, ...receipt.left]
              .filter(({ appId }) => wishOf.has(appId))
              .map(({ appId }) => appId)
              .toSorted(),
            [...wishOf.keys()].toSorted(),
            "every planned app is accounted for exactly once",
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
