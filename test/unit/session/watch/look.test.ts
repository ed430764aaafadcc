import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { appHints } from "../../../../src/session/watch/appHints.ts";
import { Look } from "../../../../src/session/watch/look.ts";
import { TemporaryLedger } from "../../ledger/temporaryLedger.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { LookModal } from "../lookModal.ts";

const l40s = { type: "L40S", count: 1 };

describe("Look", () => {
  let files: TemporaryLedger;
  let ledger: Ledger;
  let modal: LookModal;
  let clock: VirtualClock;
  let look: Look;
  beforeEach(async () => {
    files = new TemporaryLedger();
    ledger = await files.ledger();
    clock = new VirtualClock(1_000_000);
    modal = new LookModal();
    look = new Look({ ledger, clock });
  });
  afterEach(() => files.dispose());

  it("asks for the details of a container once, and for its end once it has left", async () => {
    modal.start("ta-1", 900_000, l40s);
    const first = await look.take(modal);
    assert.deepEqual(first.containers[0]?.gpu, l40s);
    assert.equal(first.containers[0]?.gpuSource, "container");
    await clock.advance(1000);
    await look.take(modal);
    assert.equal(modal.count("containerDetails"), 1);
    modal.finish("ta-1", 1_000_123);
    await clock.advance(1000);
    const last = await look.take(modal);
    assert.deepEqual(last.containers, []);
    assert.deepEqual(
      last.ended.map(({ containerId, finishedAtMs, gpu }) => ({ containerId, finishedAtMs, gpu })),
      [{ containerId: "ta-1", finishedAtMs: 1_000_123, gpu: l40s }],
    );
    await clock.advance(1000);
    await look.take(modal);
    assert.equal(modal.count("containerDetails"), 2);
  });

  it("does not give the GPU of a later deployment to a container that was there before it", async () => {
    const [h100, l4] = [
      { type: "H100", count: 1 },
      { type: "L4", count: 1 },
    ];
    const serve = (gpu: typeof l4) => [{ functionId: "fu-1", name: "serve", gpus: [gpu] }];
    const seen = async (by = look) =>
      (await by.take(modal)).containers.map((one) => [one.containerId, one.gpu, one.gpuSource]);
    modal.functions.set("ap-1", serve(h100));
    modal.deploys.set("ap-1", [800_000]);
    modal.start("ta-1", 900_000);
    assert.deepEqual(await seen(), [["ta-1", h100, "app"]]);
    // Deployed with another GPU: the container of before goes on for a while.
    await clock.advance(120_000);
    modal.functions.set("ap-1", serve(l4));
    modal.deploys.set("ap-1", [800_000, 1_100_000]);
    modal.start("ta-2", 1_101_000);
    const both = [
      ["ta-1", h100, "app"],
      ["ta-2", l4, "app"],
    ];
    assert.deepEqual(await seen(), both);
    // One who sees both for the first time knows only the GPU of the second.
    const emptied = await new TemporaryLedger().ledger();
    assert.deepEqual(await seen(new Look({ ledger: emptied, clock })), [
      ["ta-1", null, "unknown"],
      ["ta-2", l4, "app"],
    ]);
    await clock.advance(1000);
    assert.deepEqual(await seen(), both);
    assert.equal(modal.count("deployments"), 3, "once for each answer about the functions");
  });

  it("asks again about a container that had not started", async () => {
    modal.start("ta-1", null, l40s);
    assert.equal((await look.take(modal)).containers[0]?.startedAtMs, null);
    modal.start("ta-1", 1_000_500, l40s);
    assert.equal((await look.take(modal)).containers[0]?.startedAtMs, 1_000_500);
    assert.equal(modal.count("containerDetails"), 2);
  });

  it("knows the containers of another window's listing", async () => {
    modal.start("ta-1", 900_000, l40s);
    await look.take(modal);
    const other = new Look({ ledger, clock });
    assert.equal((await other.take(modal)).containers[0]?.gpuSource, "container");
    assert.equal(modal.count("containerDetails"), 1);
  });

  it("asks the app's functions where a container's details name no GPU, which is no proof of none", async () => {
    modal.start("ta-1", 900_000, null);
    const unknown = (await look.take(modal)).containers[0];
    assert.deepEqual([unknown?.gpu, unknown?.gpuSource], [null, "unknown"]);
    const functions = [{ functionId: "fu-1", name: "serve", gpus: [l40s] }];
    modal.functions.set("ap-1", functions);
    await clock.advance(60_000);
    modal.start("ta-2", 1_000_000, null);
    const listing = await look.take(modal);
    assert.deepEqual(
      listing.containers.map(({ gpu, gpuSource }) => [gpu, gpuSource]),
      [
        [l40s, "app"],
        [l40s, "app"],
      ],
    );
    await look.take(modal);
    assert.deepEqual([modal.count("containerDetails"), modal.count("appFunctions")], [2, 2]);
  });

  it("asks for an end that could not be had until it can, for a while", async () => {
    modal.start("ta-1", 900_000, l40s);
    await look.take(modal);
    modal.finish("ta-1", 1_000_123);
    modal.trouble.set("containerDetails", new Failure("service-error", "later"));
    assert.deepEqual((await look.take(modal)).ended, []);
    await clock.advance(30_000);
    modal.trouble.clear();
    assert.equal((await look.take(modal)).ended[0]?.finishedAtMs, 1_000_123);
  });

  it("never records a listing of which a half is missing", async () => {
    modal.start("ta-1", 900_000, l40s);
    await look.take(modal);
    for (const half of ["listApps", "listContainers"]) {
      modal.trouble.set(half, new Failure("offline", "no network"));
      await clock.advance(1000);
      await assert.rejects(look.take(modal), { reason: "offline" });
      modal.trouble.clear();
    }
    assert.equal(ledger.latestListing(modal.scopeKey)?.observedAtMs, 1_000_000);
    const [span] = ledger.spans({ scope: modal.scopeKey, fromMs: 0, toMs: 2_000_000 });
    assert.equal(span?.firstAbsentAtMs, null);
  });

  it("is complete without details, and then says that the GPU is unknown", async () => {
    modal.adapter = "cli";
    modal.start("ta-1", 900_000, l40s);
    modal.start("ta-2", 900_000, l40s);
    modal.trouble.set("containerDetails", new Failure("unsupported", "the CLI cannot"));
    const listing = await look.take(modal);
    assert.equal(listing.adapter, "cli");
    assert.deepEqual(
      listing.containers.map(({ gpu, gpuSource }) => ({ gpu, gpuSource })),
      [
        { gpu: null, gpuSource: "unknown" },
        { gpu: null, gpuSource: "unknown" },
      ],
    );
  });

  it("is given up when the credentials change in the middle", async () => {
    modal.start("ta-1", 900_000, l40s);
    modal.trouble.set("containerDetails", new Failure("cancelled", "the profile changed"));
    await assert.rejects(look.take(modal), { reason: "cancelled" });
    assert.equal(ledger.latestListing(modal.scopeKey), undefined);
  });

  it("is dated before its first question", async () => {
    modal.onList = () => clock.advance(5000);
    const listing = await look.take(modal);
    assert.equal(listing.observedAtMs, 1_000_000);
  });

  describe("of an app with a GPU class and a health check", () => {
    const model = { functionId: "fu-1", name: "Model.*", gpus: [l40s] };
    const health = { functionId: "fu-2", name: "health", gpus: [] };

    async function seen() {
      const { containers } = await look.take(modal);
      return containers.map(({ gpu, gpuSource }) => ({ gpu, gpuSource }));
    }

    beforeEach(() => {
      modal.functions.set("ap-1", [model, health]);
      modal.start("ta-1", 900_000);
    });

    it("takes the GPU of the function whose calls a container ran, once Modal gives one", async () => {
      modal.start("ta-2", 900_000);
      modal.calls.set("fu-2", ["ta-2"]);
      const unknown = { gpu: null, gpuSource: "unknown" };
      assert.deepEqual(await seen(), [unknown, { gpu: null, gpuSource: "container" }]);
      modal.calls.set("fu-1", ["ta-1"]);
      assert.deepEqual((await seen())[0], { gpu: l40s, gpuSource: "container" });
      const asked = modal.count("functionContainers");
      await look.take(modal);
      assert.equal(modal.count("functionContainers"), asked, "what is known is not asked again");
    });

    it("asks less and less often for the calls of one that never ran any", async () => {
      for (let turn = 0; turn < 16; turn += 1) await look.take(modal);
      assert.equal(modal.count("functionContainers"), 2 * 5);
    });

    it("stays unknown where calls cannot be had, where its function lists several GPUs, or none names one", async () => {
      const unknown = [{ gpu: null, gpuSource: "unknown" }];
      modal.trouble.set("functionContainers", new Failure("unsupported", "an old service"));
      assert.deepEqual(await seen(), unknown);
      modal.trouble.clear();
      modal.calls.set("fu-1", ["ta-1"]);
      modal.functions.set("ap-1", [{ ...model, gpus: [l40s, { type: "H100", count: 1 }] }, health]);
      look = new Look({ ledger, clock });
      assert.deepEqual(await seen(), unknown);
      modal.functions.set("ap-1", [{ ...model, gpus: [] }, health]);
      look = new Look({ ledger, clock });
      assert.deepEqual(await seen(), unknown);
    });

    it("takes cores and memory from its function in the file", async () => {
      const functions = new Map([
        ["Model.*", { cpuCores: 4, memoryGib: 16 }],
        ["health", { cpuCores: 0.5, memoryGib: 1 }],
      ]);
      const file = { gpu: undefined, cpuCores: undefined, memoryGib: undefined, functions };
      const appHint = appHints({ inFile: () => file, inSettings: () => undefined });
      modal.calls.set("fu-2", ["ta-1"]);
      const [container] = (await new Look({ ledger, clock, appHint }).take(modal)).containers;
      assert.deepEqual([container?.cpuCores, container?.memoryGib], [0.5, 1]);
    });
  });
});
