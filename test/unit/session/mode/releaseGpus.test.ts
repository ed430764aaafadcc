import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Failure } from "../../../../src/base/failure.ts";
import { usd } from "../../../../src/cost/money.ts";
import { releaseGpus, type ReleaseOptions } from "../../../../src/session/mode/releaseGpus.ts";
import { releaseText, type ReleaseResult } from "../../../../src/session/mode/releaseText.ts";
import { inWindow } from "../../../../src/session/appWindow.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { PortModal, type PortApp } from "../portModal.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";
import { settled } from "../settled.ts";

/** An app whose containers end as Modal's do: idle ones after the scaledown window. */
function bench(containers: readonly string[], busy: readonly string[] = []) {
  const clock = new VirtualClock(Date.UTC(2026, 10, 20, 9));
  const modal = new PortModal(clock);
  const ledger = new MemoryLedger();
  const flux = modal.add("flux", { containers: [...containers] });
  const apps = [inWindow(sessionApp(flux), { windowSeconds: 600, keptWarm: 1 }, 120)];
  ledger.upsertSession(sessionSample({ apps }));
  modal.onScale = (_, { scaledownWindowSeconds }) => {
    if (scaledownWindowSeconds !== 2) return;
    clock.after(2500, () => {
      flux.containers = flux.containers.filter((id) => busy.includes(id));
    });
  };
  const release = (
    options: ReleaseOptions = {},
    scaledownSeconds: number | null = 600,
    app: PortApp = flux,
  ): Promise<ReleaseResult> => {
    const parts = { control: modal, refresh: modal.refresh, ledger, clock, log: silentLog };
    const target = { appId: app.appId, name: app.name, scaledownSeconds: () => scaledownSeconds };
    return settled(clock, releaseGpus(parts, [target], options));
  };
  const keptWarm = (): number | undefined => ledger.sessions({})[0]?.apps[0]?.keptWarm;
  return { clock, modal, ledger, flux, release, keptWarm };
}

describe("releaseGpus", () => {
  it("ends idle containers by the autoscaler, keeps the app, and sets the window back", async () => {
    const { modal, flux, release } = bench(["ta-1", "ta-2"]);
    const burnByContainer = new Map([
      ["ta-1", usd(1.95)],
      ["ta-2", usd(1.95)],
    ]);
    const result = await release({ burnByContainer });
    assert.deepEqual(result.released, ["ta-1", "ta-2"]);
    assert.equal(result.savedMicroUsdPerHour, usd(3.9));
    assert.equal(flux.state, "deployed");
    assert.deepEqual(
      modal.scales.map(({ settings }) => settings),
      [{ minContainers: 0, scaledownWindowSeconds: 2 }, { scaledownWindowSeconds: 600 }],
    );
    assert.equal(
      releaseText(result),
      "Released 2 GPU containers: ≈ $3.90/h less. The deployment stays.",
    );
  });

  it("leaves the autoscaler to whoever changes it, and asks for the window when nobody does", async () => {
    const { clock, modal, ledger, flux, release } = bench(["ta-1"]);
    const lease = `scaling:${flux.appId}`;
    ledger.acquireLease(lease, "other", 0, clock.nowMs(), 600_000);
    await release();
    assert.deepEqual(modal.scales, []);
    flux.containers = ["ta-2"];
    ledger.releaseLease(lease, "other");
    const holders: (string | undefined)[] = [];
    modal.onScale = () => void holders.push(ledger.leaseHolder(lease, clock.nowMs())?.holder);
    await release();
    assert.equal(holders.length, 2);
    assert.equal(holders.includes(undefined), false);
  });

  it("notes that nothing is kept warm only of an app whose functions all took it", async () => {
    const taken = bench(["ta-1"]);
    await taken.release();
    assert.equal(taken.keptWarm(), 0);

    const unknownWindow = bench(["ta-1"]);
    await unknownWindow.release({}, null);
    assert.equal(unknownWindow.keptWarm(), 1, "its autoscaler was left alone");

    const noGpu = bench([]);
    await noGpu.release();
    assert.equal(noGpu.keptWarm(), 1, "it had nothing to release");

    for (const reason of ["unsupported", "permission-denied"] as const) {
      const refused = bench(["ta-1"]);
      refused.flux.functions = ["web", "worker"];
      refused.modal.onScale = (functionName) => {
        if (functionName === "worker") throw new Failure(reason, "No.");
      };
      await refused.release();
      assert.equal(refused.keptWarm(), 1, `${reason}: one function may keep its containers`);
    }
  });

  it("notes it also where the rest of the release is given up", async () => {
    const { clock, modal, release, keptWarm } = bench(["ta-1"]);
    const given = new AbortController();
    modal.onScale = (_, { minContainers }) => {
      if (minContainers === 0) clock.after(500, () => given.abort());
    };
    await assert.rejects(release({ signal: given.signal }));
    assert.equal(keptWarm(), 0);
  });

  it("does not interrupt a request, and says so", async () => {
    const { modal, flux, release } = bench(["ta-1", "ta-2"], ["ta-2"]);
    const result = await release();
    assert.deepEqual(result.released, ["ta-1"]);
    assert.deepEqual(result.left, [{ containerId: "ta-2", reason: "it is working on a request" }]);
    assert.deepEqual(flux.containers, ["ta-2"]);
    assert.deepEqual(modal.scales.at(-1)?.settings, { scaledownWindowSeconds: 600 });
  });

  it("interrupts when the person chose that, by a rollover, else container by container", async () => {
    const one = bench(["ta-1"], ["ta-1"]);
    let rollovers = 0;
    one.modal.onRollover = () => {
      rollovers += 1;
    };
    assert.deepEqual((await one.release({ interrupt: true })).released, ["ta-1"]);
    assert.equal(rollovers, 1);
    const two = bench(["ta-1"], ["ta-1"]);
    two.modal.onRollover = () => {
      throw new Failure("unsupported", "Needs CLI 1.4.2.");
    };
    const asked: boolean[] = [];
    two.modal.onStopContainer = (_, graceful) => void asked.push(graceful);
    assert.deepEqual((await two.release({ interrupt: true })).released, ["ta-1"]);
    assert.deepEqual(asked, [false]);
  });

  it("stops containers gracefully where the autoscaler cannot be changed or its window is unknown", async () => {
    for (const scaledown of [600, null]) {
      const { modal, release } = bench(["ta-1"]);
      const asked: boolean[] = [];
      modal.onScale = () => {
        throw new Failure("unsupported", "The CLI cannot change the autoscaler.");
      };
      modal.onRollover = () => assert.fail("a rollover may interrupt");
      modal.onStopContainer = (_, graceful) => void asked.push(graceful);
      assert.deepEqual((await release({}, scaledown)).released, ["ta-1"]);
      assert.deepEqual(asked, [true]);
    }
  });

  it("stops no container that may be a sandbox, where sandboxes cannot be listed", async () => {
    for (const interrupt of [false, true]) {
      const { modal, flux, release } = bench(["ta-1"]);
      modal.sandboxKinds = "none";
      modal.onScale = () => {
        throw new Failure("unsupported", "The CLI cannot change the autoscaler.");
      };
      modal.onStopContainer = () => assert.fail("it may be a sandbox at work");
      const result = await release({ interrupt });
      assert.deepEqual(flux.containers, ["ta-1"]);
      assert.equal(
        releaseText(result),
        "1 container still runs: it may be a sandbox at work, since sandboxes could not be listed.",
      );
    }
  });

  it("leaves a container that could only be ended by interrupting it", async () => {
    const { modal, flux, release } = bench(["ta-1"]);
    modal.onStopContainer = () => {
      throw new Failure("unsupported", "--graceful needs CLI 1.5.2.");
    };
    const result = await release({}, null);
    assert.deepEqual(result.released, []);
    assert.match(result.left[0]?.reason ?? "", /without interrupting its work: --graceful needs/);
    assert.deepEqual(flux.containers, ["ta-1"]);
  });

  it("takes back a change that only some functions took", async () => {
    const { modal, flux, release } = bench(["ta-1"]);
    flux.functions = ["a", "b"];
    modal.onScale = (name, { minContainers }) => {
      if (name === "b" && minContainers === 0) throw new Failure("service-error", "Internal.");
    };
    await release();
    assert.deepEqual(
      modal.scales.filter(({ functionName }) => functionName === "a").at(-1)?.settings,
      { scaledownWindowSeconds: 600 },
    );
  });

  it("says when the window could not be set back", async () => {
    const { modal, clock, flux, release } = bench(["ta-1"]);
    modal.onScale = (_, { scaledownWindowSeconds }) => {
      if (scaledownWindowSeconds !== 2) throw new Failure("offline", "Offline.");
      clock.after(2500, () => {
        flux.containers = [];
      });
    };
    assert.match((await release()).notes.join(), /may stay at 2 s until the next deploy/);
  });

  it("claims nothing when it cannot look afterwards", async () => {
    const { modal, release } = bench(["ta-1"]);
    modal.onLook = (look) => {
      if (look > 1) throw new Failure("offline", "Offline.");
    };
    const result = await release();
    assert.deepEqual([result.verified, result.released], [false, []]);
    assert.match(releaseText(result), /could not be checked/);
  });

  it("claims no saving when new containers burn instead", async () => {
    const { modal, flux, release, clock } = bench([]);
    flux.containers = ["ta-1"];
    modal.onScale = (_, { scaledownWindowSeconds }) => {
      if (scaledownWindowSeconds === 2)
        clock.after(2500, () => {
          flux.containers = ["ta-new"];
        });
    };
    const result = await release({ burnByContainer: new Map([["ta-1", usd(1.95)]]) });
    assert.deepEqual([result.released, result.started], [["ta-1"], ["ta-new"]]);
    assert.equal(result.savedMicroUsdPerHour, null);
  });

  it("leaves containers without a GPU, and apps without containers, alone", async () => {
    const { modal, release } = bench([]);
    const cpu = modal.add("cpu", { containers: ["ta-9"], gpu: null });
    const result = await release({}, 600, cpu);
    assert.equal(releaseText(result), "No GPU was running.");
    assert.deepEqual(modal.scales, []);
  });

  it("never ends a busy container unless the person chose that, and always sets the window back, whatever fails", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(["ta-1", "ta-2", "ta-3"]),
        fc.subarray(["scale", "back", "rollover", "container"]),
        fc.boolean(),
        async (busy, broken, cancels) => {
          const { modal, clock, flux, release } = bench(["ta-1", "ta-2", "ta-3"], busy);
          const scale = modal.onScale;
          modal.onScale = (name, settings) => {
            const back = settings.scaledownWindowSeconds !== 2;
            if (broken.includes(back ? "back" : "scale")) throw new Failure("offline", "Offline.");
            return scale(name, settings);
          };
          modal.onRollover = () => assert.fail("a rollover may interrupt");
          modal.onStopContainer = (id, graceful) => {
            assert.equal(graceful, true);
            if (broken.includes("container") || busy.includes(id))
              throw new Failure("timed-out", "Still working.");
          };
          const cancel = new AbortController();
          if (cancels) clock.after(1500, () => cancel.abort());
          const result = await release({ signal: cancel.signal }).catch(() => undefined);
          for (const id of busy) assert.ok(flux.containers.includes(id));
          if (result !== undefined) {
            for (const id of result.released) assert.ok(!flux.containers.includes(id));
            assert.equal(result.released.length + result.left.length, 3);
          }
          if (!broken.includes("back"))
            assert.deepEqual(modal.scales.at(-1)?.settings, { scaledownWindowSeconds: 600 });
        },
      ),
      { numRuns: 60 },
    );
  });
});
