import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { rateHistory, ratesInForce } from "../../../../src/cost/rates/rates.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { noteSandboxes } from "../../../../src/session/logs/notedSandboxes.ts";
import { CostReader } from "../../../../src/session/meter/costReader.ts";
import { runningApps } from "../../../../src/session/meter/runningApps.ts";
import { endsByContainer, recallTerms } from "../../../../src/session/notedTerms.ts";
import { liveThings } from "../../../../src/session/liveApp.ts";
import { notListed } from "../../../../src/session/notListed.ts";
import { provesSandboxes, type SandboxInfo } from "../../../../src/session/sandboxInfo.ts";
import { Look } from "../../../../src/session/watch/look.ts";
import { TemporaryLedger } from "../../ledger/temporaryLedger.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { LookModal } from "../lookModal.ts";

const always = { fromMs: -1, toMs: 1e15 };
const t4 = { type: "T4", count: 1 };
const secondKind = "sb-000000000000000000000202";
const firstKind = "sb-0000000000000000000001";

function sandbox(some: Partial<SandboxInfo> = {}): SandboxInfo {
  return {
    sandboxId: secondKind,
    appId: "ap-1",
    name: "agent",
    createdAtMs: 900_000,
    containerId: null,
    enqueuedAtMs: null,
    startedAtMs: null,
    gpu: "none",
    terms: { cores: 8, gib: 32, diskGib: 0, region: "any" },
    endsByMs: 4_500_000,
    ...some,
  };
}

function timed(some: Partial<SandboxInfo> = {}): SandboxInfo {
  return sandbox({ sandboxId: firstKind, containerId: "ta-1", gpu: null, ...some });
}

describe("A look at sandboxes", () => {
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
    modal.apps.push({
      appId: "ap-1",
      name: "agents",
      state: "deployed",
      containerCount: 0,
      createdAtMs: null,
      stoppedAtMs: null,
    });
    look = new Look({ ledger, clock });
  });
  afterEach(() => files.dispose());

  const rowsOf = (listing: Parameters<typeof runningApps>[0]) =>
    runningApps(
      listing,
      ratesInForce({}),
      clock.nowMs(),
      () => null,
      () => "mine",
    );

  it("shows a v2 sandbox, which no list of containers has, at three times the rates of functions", async () => {
    modal.sandboxes = [sandbox()];
    const listing = await look.take(modal);
    assert.equal(modal.count("containerDetails"), 0, "it is no task");
    const [seen] = listing.containers;
    assert.deepEqual(
      [seen?.containerId, seen?.appName, seen?.startedAtMs, seen?.gpu, seen?.gpuSource],
      [secondKind, "agents", 900_000, null, "app"],
    );
    const [kept] = ledger.spans({ scope: modal.scopeKey, ...always });
    assert.deepEqual([kept?.gpu, kept?.gpuSource], [null, "app"], "and stays known");
    const row = rowsOf(listing).find(({ appId }) => appId === secondKind);
    assert.equal(row?.name, "agent");
    assert.equal(row.owner, "mine");
    assert.deepEqual(row.sandbox, {
      inApp: "agents",
      sinceMs: 900_000,
      endsByMs: 4_500_000,
      cores: 8,
      gib: 32,
    });
    assert.equal(row.microUsdPerHour, Math.round((8 * 0.1419 + 32 * 0.024) * 1e6), "$1.90 an hour");
    assert.equal(rowsOf(listing).length, 2, "the app has a row of its own, without the sandbox");
  });

  it("takes GPU, cores and memory of a v1 sandbox from the list, and asks no function of its app", async () => {
    modal.start("ta-1", 910_000);
    modal.sandboxes = [timed({ gpu: t4 })];
    const [seen] = (await look.take(modal)).containers;
    assert.deepEqual([seen?.gpu, seen?.gpuSource], [t4, "container"]);
    assert.equal(seen?.terms?.isSandbox, true);
    assert.deepEqual([seen.terms.cores, seen.terms.gib], [8, 32]);
    assert.equal(modal.count("appFunctions"), 0);
  });

  /** Looks so long after the last one, where a sandbox has used so many GPU seconds, and reads what is known of it. */
  async function usedAfter(afterMs: number, gpuSeconds: number, gpuType: string | null = "H100") {
    await clock.advance(afterMs);
    modal.uses.set(firstKind, { coreSeconds: 0, gibSeconds: 0, gpuSeconds, gpuType });
    const [seen] = (await look.take(modal, { isProof: true })).containers;
    return [seen?.gpu ?? null, seen?.gpuSource];
  }
  const unknown = [null, "unknown"];

  it("takes an empty GPU for unknown, and no use for none only when it is still none a minute later", async () => {
    modal.start("ta-1", 990_000);
    modal.sandboxes = [timed()];
    assert.deepEqual(await usedAfter(0, 0, null), unknown);
    assert.deepEqual(await usedAfter(1_000, 0, null), unknown);
    assert.equal(modal.count("sandboxUse"), 1, "not asked again at once");
    assert.deepEqual(await usedAfter(60_000, 0, null), [null, "app"]);
    await usedAfter(60_000, 0, null);
    assert.equal(modal.count("sandboxUse"), 2, "what is known is not asked again");
  });

  it("is billed for what it uses above its request, on average of the time between two readings", async () => {
    modal.start("ta-1", 990_000);
    modal.sandboxes = [timed({ gpu: t4 })];
    const rates = rateHistory([]);
    const asked = 8 * 0.1419 + 32 * 0.024 + 0.59;
    /** What its span costs per hour when it has used so much at a look so long after the last one. */
    const hourlyAfter = async (afterMs: number, coreSeconds: number, gibSeconds: number) => {
      await clock.advance(afterMs);
      modal.uses.set(firstKind, { coreSeconds, gibSeconds, gpuSeconds: 1, gpuType: "T4" });
      noteSandboxes(ledger, await look.take(modal, { isProof: true }), clock.nowMs());
      const range = { scope: modal.scopeKey, fromMs: 0, nowMs: clock.nowMs(), rates };
      const { rate } = new CostReader(ledger).read(range).priced[0]?.prices[0] ?? assert.fail();
      const gpu = rate.gpu.known ? rate.gpu.usdPerHour : Number.NaN;
      return { usd: gpu + rate.cpu + rate.memory, least: rate.least, most: rate.most ?? 0 };
    };
    const near = (value: number, exact: number) =>
      assert.ok(Math.abs(value - exact) < 1e-9, `${value}, not ${exact}`);
    near((await hourlyAfter(0, 1000, 5000)).usd, asked);
    // 12 cores and 40 GiB for a minute.
    const above = await hourlyAfter(60_000, 1000 + 12 * 60, 5000 + 40 * 60);
    near(above.usd, asked + 4 * 0.1419 + 8 * 0.024);
    near(above.least, above.usd);
    near(above.most, asked + 12 * 0.1419 + 40 * 0.024);
    // Then little more: on average it is below what it asks for.
    near((await hourlyAfter(60_000, 1000 + 12 * 60, 5000 + 40 * 60)).usd, asked);
    // As often as it was watched for twice as long.
    for (let minute = 0; minute < 6; minute += 1) await hourlyAfter(60_000, 3000, 8000);
    assert.equal(modal.count("sandboxUse"), 5);
  });

  it("takes no use for nothing before it is ready", async () => {
    modal.start("ta-1", null);
    modal.sandboxes = [timed()];
    assert.deepEqual(await usedAfter(0, 0, null), unknown);
    assert.deepEqual(await usedAfter(90_000, 0, null), unknown);
    assert.equal(modal.count("sandboxUse"), 0);
  });

  it("counts its GPUs by what it used between two readings, whatever the clocks say of its start", async () => {
    // Modal's clock is 50 s ahead: by its start it would have lived 10 s.
    modal.start("ta-1", 990_000);
    modal.sandboxes = [timed()];
    assert.deepEqual(await usedAfter(0, 60), unknown);
    assert.deepEqual(await usedAfter(60_000, 180), [{ type: "H100", count: 2 }, "container"]);
  });

  for (const [why, first, second] of [
    ["its use is no whole number of them", 60, 150],
    ["it is more than a container can have", 60, 1_020],
    ["it began to be counted in between", 0, 60],
  ] as const)
    it(`does not know how many GPUs it has where ${why}`, async () => {
      modal.start("ta-1", 990_000);
      modal.sandboxes = [timed()];
      assert.deepEqual(await usedAfter(0, first), unknown);
      assert.deepEqual(await usedAfter(60_000, second), unknown);
    });

  it("shows a v1 sandbox that has no container yet as waiting, and counts it once when it has", async () => {
    modal.sandboxes = [sandbox({ sandboxId: firstKind, gpu: null })];
    for (const isProof of [true, false]) {
      const listing = await look.take(modal, { isProof });
      assert.deepEqual(listing.containers, []);
      const row = rowsOf(listing).find(({ appId }) => appId === firstKind);
      assert.deepEqual([row?.running, row?.pending, row?.microUsdPerHour], [0, 1, null]);
      assert.equal(row?.sandbox?.inApp, "agents");
      assert.ok(
        liveThings(listing).some(({ appId }) => appId === firstKind),
        "it can be stopped",
      );
      await clock.advance(10_000);
    }
    modal.start("ta-1", 1_010_000);
    modal.sandboxes = [timed()];
    const listing = await look.take(modal, { isProof: true });
    assert.equal(rowsOf(listing).filter(({ sandbox: of }) => of !== undefined).length, 1);
    assert.deepEqual(
      ledger.spans({ scope: modal.scopeKey, ...always }).map(({ containerId }) => containerId),
      ["ta-1"],
    );
  });

  it("lists them in every second look, and in each that proves something", async () => {
    modal.sandboxes = [sandbox()];
    for (let looks = 0; looks < 6; looks += 1) {
      const listing = await look.take(modal);
      assert.equal(listing.containers.length, 1, "the one that is known stays in between");
      await clock.advance(10_000);
    }
    assert.equal(modal.count("listSandboxes"), 3);
    modal.sandboxes = [];
    for (let looks = 0; looks < 2; looks += 1)
      assert.deepEqual((await look.take(modal, { isProof: true })).containers, []);
    assert.equal(modal.count("listSandboxes"), 5);
  });

  it("takes a look that did not ask for them for no sighting and for no absence", async () => {
    modal.sandboxes = [sandbox()];
    const scope = modal.scopeKey;
    const spanOf = () => ledger.spans({ scope, ...always })[0];
    await look.take(modal);
    await clock.advance(10_000);
    await look.take(modal);
    assert.equal(spanOf()?.lastSeenAtMs, 1_000_000);
    assert.equal(spanOf()?.firstAbsentAtMs, null);
    await clock.advance(10_000);
    modal.sandboxes = [];
    await look.take(modal);
    assert.equal(spanOf()?.lastSeenAtMs, 1_000_000);
    assert.equal(spanOf()?.firstAbsentAtMs, 1_020_000);
  });

  it("goes on without them where they cannot be listed, and says so", async () => {
    modal.adapter = "cli";
    modal.sandboxes = [sandbox()];
    const listing = await look.take(modal);
    assert.deepEqual(listing.sandboxes, { kinds: "none", listedAtMs: null, sandboxes: [] });
    modal.adapter = "sdk";
    const listed = await look.take(modal);
    assert.equal(listed.sandboxes?.listedAtMs, listed.observedAtMs);
    await clock.advance(10_000);
    modal.trouble.set("listSandboxes", new Failure("timed-out", "Modal did not answer."));
    const later = await look.take(modal, { isProof: true });
    assert.deepEqual(later.sandboxes, { ...listed.sandboxes, missed: 1 }, "of when it was");
    assert.equal(later.containers.length, 1, "it is not taken for gone");
  });

  const spanOf = (id: string) =>
    ledger.spans({ scope: modal.scopeKey, ...always }).find((span) => span.containerId === id);

  it("does not know whether they run after two looks that could not list them", async () => {
    modal.sandboxes = [sandbox()];
    await look.take(modal);
    modal.trouble.set("listSandboxes", new Failure("timed-out", "Modal did not answer."));
    for (const shown of [1, 1, 0, 0]) {
      await clock.advance(10_000);
      const listing = await look.take(modal);
      assert.equal(listing.containers.length, shown);
      assert.equal(listing.sandboxes?.kinds, shown === 1 ? "both" : "none");
      assert.equal(rowsOf(listing).length, 1 + shown);
      assert.equal(notListed(listing).length, 1);
    }
    assert.equal(spanOf(secondKind)?.firstAbsentAtMs, null, "nor that they ended");
    modal.trouble.clear();
    await clock.advance(10_000);
    const back = await look.take(modal);
    assert.equal(back.containers.length, 1);
    assert.equal(back.sandboxes?.missed, undefined);
  });

  it("does not carry on one whose time is over", async () => {
    modal.sandboxes = [sandbox({ endsByMs: 1_004_000 })];
    await look.take(modal);
    await clock.advance(8_000);
    assert.equal((await look.take(modal)).containers.length, 1);
    modal.trouble.set("listSandboxes", new Failure("timed-out", "Modal did not answer."));
    await clock.advance(2_000);
    assert.deepEqual((await look.take(modal)).containers, []);
  });

  it("takes none for ended that a list did not reach, and says that it was cut", async () => {
    const another = "sb-000000000000000000000302";
    for (const isCut of [true, false]) {
      modal.isCut = false;
      modal.sandboxKinds = "both";
      modal.sandboxes = [sandbox(), sandbox({ sandboxId: another })];
      await look.take(modal, { isProof: true });
      await clock.advance(10_000);
      if (isCut) modal.isCut = true;
      else modal.sandboxKinds = "first";
      modal.sandboxes = isCut ? [sandbox()] : [];
      const listing = await look.take(modal, { isProof: true });
      assert.equal(notListed(listing).length, 1);
      assert.equal(spanOf(another)?.firstAbsentAtMs, null);
      assert.equal(provesSandboxes(listing, [another]), false);
      await clock.advance(10_000);
    }
    modal.sandboxKinds = "both";
    const listing = await look.take(modal, { isProof: true });
    assert.deepEqual(notListed(listing), []);
    assert.equal(spanOf(another)?.firstAbsentAtMs, listing.observedAtMs);
  });

  it("keeps what they ask for and when they end by themselves, for the cost of their past", async () => {
    modal.sandboxes = [sandbox()];
    noteSandboxes(ledger, await look.take(modal), clock.nowMs());
    const noted = recallTerms(ledger, { scope: modal.scopeKey, appId: "ap-1" });
    assert.equal(noted.containers[0]?.terms.cores, 8);
    assert.equal(endsByContainer(noted).get(secondKind), 4_500_000);
  });
});
