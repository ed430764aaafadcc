import assert from "node:assert/strict";
import { followLooks, inBackground } from "../../../src/app/looks.ts";
import { Failure } from "../../../src/base/failure.ts";
import { silentLog } from "../silentLog.ts";
import { sessionApp, sessionSample } from "../session/sessionSample.ts";
import { appId, nowMs, oneApp, TestWindow } from "./window.ts";

const open = sessionSample({
  startedAtMs: nowMs - 900_000,
  apps: [sessionApp({ appId, name: "flux-api" })],
});

/** Without folders and followers, but for what the case is about. */
function follow(window: TestWindow, some: Partial<Parameters<typeof followLooks>[1]> = {}): void {
  followLooks(window, {
    ...window.window,
    ...window.watching,
    folders: () => [],
    onCall: () => undefined,
    onResumed: () => undefined,
    followers: [],
    ...some,
  });
}

describe("followLooks", () => {
  it("takes up the folder's open session at the first look, once", async () => {
    using window = await TestWindow.open(oneApp);
    window.window.ledger.upsertSession(open);
    const kinds: string[] = [];
    follow(window, {
      folders: () => ["/project"],
      onResumed: ({ kind }) => kinds.push(kind),
    });
    await window.watching.meter.refreshNow();
    await window.watching.meter.refreshNow();
    await window.clock.advance(0);
    assert.deepEqual(kinds, ["resumed"]);
  });

  it("learns from each look whose the apps are", async () => {
    using window = await TestWindow.open({
      ...oneApp,
      deployments: () =>
        Promise.resolve([{ version: 1, deployedAtMs: 0, deployedBy: "teammate", tag: null }]),
    });
    follow(window);
    await window.watching.meter.refreshNow();
    await window.clock.advance(1000);
    assert.equal(window.watching.meter.state().apps[0]?.owner, "someone-else");
  });

  it("lets every follower see the look, also behind one that fails", async () => {
    using window = await TestWindow.open(oneApp);
    const errors: string[] = [];
    const seen: string[] = [];
    follow(window, {
      log: { ...silentLog, error: (message) => errors.push(message) },
      followers: [
        { name: "The first", update: () => Promise.reject(new Error("broken")) },
        {
          name: "The second",
          update: (_connected, { scope }) => {
            seen.push(scope);
            return Promise.resolve();
          },
        },
      ],
    });
    await window.watching.meter.refreshNow();
    await window.clock.advance(0);
    assert.deepEqual(seen, ["acme/main"]);
    assert.deepEqual(errors, ["The first: an unexpected error."]);
  });

  it("tells the meter why it cannot see, and that it sees again", async () => {
    let offline = true;
    using window = await TestWindow.open({
      ...oneApp,
      listApps: (options) =>
        offline
          ? Promise.reject(new Failure("offline", "No network."))
          : (oneApp.listApps?.(options) ?? Promise.resolve([])),
    });
    const { meter, poller } = window.watching;
    follow(window);
    poller.start();
    await window.clock.advance(2000);
    assert.deepEqual(meter.state().health, { kind: "offline", message: "No network." });
    offline = false;
    await window.clock.advance(120_000);
    assert.deepEqual(meter.state().health, { kind: "ok" });
    assert.equal(meter.state().apps[0]?.appId, appId);
  });
});

describe("inBackground", () => {
  it("logs what the work throws, also before its first await", async () => {
    const errors: unknown[] = [];
    const log = {
      ...silentLog,
      error: (message: string, error?: unknown) => errors.push(message, error),
    };
    const broken = new Error("broken");
    inBackground(log, "The guardian", () => {
      throw broken;
    });
    await new Promise<void>((resolve) => setImmediate(resolve));
    assert.deepEqual(errors, ["The guardian: an unexpected error.", broken]);
  });
});
