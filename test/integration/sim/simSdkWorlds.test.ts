import assert from "node:assert/strict";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { ModalClient } from "modal";
import * as z from "zod/mini";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import { worldNamed } from "../../sim/worlds/worlds.ts";

const hourMs = 3_600_000;
const minuteMs = 60_000;
const startMs = Date.UTC(2026, 2, 1, 12);
const t4 = { type: "T4", count: 1 };

describe("What the real JavaScript SDK reads in the worlds of Local Modal", () => {
  let local: LocalModal | undefined;
  let client: ModalClient | undefined;

  /** The SDK takes its server from the environment alone, when a client is made. */
  async function inWorld(name: string, atMs: number | null = startMs) {
    const modal = await startLocalModal({
      world: worldNamed(name),
      speed: 0,
      ...(atMs === null ? {} : { startMs: atMs }),
    });
    const before = process.env["MODAL_SERVER_URL"];
    process.env["MODAL_SERVER_URL"] = modal.serverUrl;
    const sdk = new ModalClient({
      tokenId: "ak-acme",
      tokenSecret: "as-acme",
      maxRetries: 0,
      maxThrottleWaitSecs: 0,
    });
    if (before === undefined) delete process.env["MODAL_SERVER_URL"];
    else process.env["MODAL_SERVER_URL"] = before;
    local = modal;
    client = sdk;
    return { modal, sdk, cloud: modal.workspace.cloud };
  }
  afterEach(async () => {
    client?.close();
    await local?.stop();
    client = undefined;
    local = undefined;
  });

  it("names in the listing who deployed, and the functions with their ids", async () => {
    const { modal, sdk } = await inWorld("default");
    const app = modal.seedApp({ name: "flux", by: "ana", functions: [{ name: "web" }] }, 0);
    const { apps } = await sdk.cpClient.appList({ environmentName: "main" });
    assert.equal(apps[0]?.metadata?.lifecycle?.deployedBy, "ana");
    assert.equal(apps[0]?.metadata?.lifecycle?.createdBy, "ana");
    assert.deepEqual(Object.keys(apps[0]?.metadata?.functions ?? {}), ["web"]);
    const { lifecycle } = await sdk.cpClient.appGetLifecycle({ appId: app.id });
    assert.equal(lifecycle?.deployedBy, "ana");
  });

  it("has no metadata in the listing, or no author anywhere, where Modal does not tell", async () => {
    for (const [name, author] of [
      ["author-told-lifecycle", "ana"],
      ["author-told-nowhere", ""],
    ] as const) {
      const { modal, sdk } = await inWorld(name);
      const app = modal.seedApp({ name: "flux", by: "ana", functions: [{ name: "web" }] }, 0);
      const { apps } = await sdk.cpClient.appList({ environmentName: "main" });
      assert.equal(apps[0]?.metadata, undefined);
      const { lifecycle } = await sdk.cpClient.appGetLifecycle({ appId: app.id });
      assert.equal(lifecycle?.deployedBy, author);
      client?.close();
      await modal.stop();
    }
  });

  it("tells no start until a container is ready, while it costs", async () => {
    const { modal, sdk, cloud } = await inWorld("default");
    const spec = {
      name: "web",
      gpu: t4,
      minContainers: 1,
      queueMs: 1000,
      coldStartMs: 15 * minuteMs,
    };
    modal.seedApp({ name: "flux", functions: [spec] }, 0);
    modal.advance(10 * minuteMs);
    const { tasks } = await sdk.cpClient.taskList({ environmentName: "main", appId: "" });
    assert.deepEqual(
      tasks.map(({ startedAt, enqueuedAt }) => [startedAt, enqueuedAt]),
      [[0, startMs / 1000]],
    );
    assert.ok((cloud.bill()[0]?.usd ?? 0) > 0.09);
  });

  it("forgets an ended container at once, after minutes, or after hours", async () => {
    for (const [name, knownMs] of [
      ["default", 5 * hourMs],
      ["finished-at-told-minutes", 9 * minuteMs],
      ["finished-at-told-never", 0],
    ] as const) {
      const { modal, sdk, cloud } = await inWorld(name);
      modal.seedApp({ name: "flux", functions: [{ name: "web", gpu: t4 }] }, 1);
      const [container] = cloud.listContainers();
      const ask = () => sdk.cpClient.taskGetInfo({ taskId: container?.id ?? "" });
      assert.equal((await ask()).info?.finishedAt, 0);
      modal.advance(minuteMs);
      if (knownMs > 0) {
        modal.advance(knownMs);
        assert.equal((await ask()).info?.finishedAt, (startMs + minuteMs) / 1000);
        modal.advance(2 * knownMs);
      }
      await assert.rejects(ask(), /not found/);
      client?.close();
      await modal.stop();
    }
  });

  it("lists sandboxes of both kinds, bills them at three times the rates, and ends them", async () => {
    const { modal, sdk, cloud } = await inWorld("sandboxes-both-kinds");
    const app = modal.seedApp({ name: "agents", functions: [] }, 0);
    const asked = {
      appId: app.id,
      milliCpu: 1000,
      memoryMib: 1024,
      timeoutMs: 3 * hourMs,
      queueMs: 0,
    };
    const timed = cloud.sandboxes.create({ ...asked, name: "timed" });
    const untimed = cloud.sandboxes.create({ ...asked, isUntimed: true });
    modal.advance(hourMs);
    assert.equal(cloud.bill()[0]?.usdText, String(2 * (0.1419 + 0.024)));
    const request = {
      appId: app.id,
      beforeTimestamp: 0,
      environmentName: "",
      includeFinished: false,
      tags: [],
    };
    const { sandboxes } = await sdk.cpClient.sandboxList(request);
    assert.deepEqual(
      sandboxes.map(({ id, name, taskInfo }) => [id, name, taskInfo?.sandboxId]),
      [[timed.id, "timed", timed.id]],
    );
    const both = await sdk.cpClient.sandboxListV2(request);
    assert.deepEqual(
      both.sandboxes.map(({ id, taskInfo }) => [id, taskInfo?.startedAt ?? null]),
      [
        [untimed.id, null],
        [timed.id, startMs / 1000 + 1],
      ],
    );
    const { tasks } = await sdk.cpClient.taskList({ environmentName: "main", appId: "" });
    assert.deepEqual(
      tasks.map(({ taskId }) => taskId),
      [timed.container.id],
    );
    const found: string[] = [];
    for await (const sandbox of sdk.sandboxes.list({ appId: app.id }))
      found.push(sandbox.sandboxId);
    assert.deepEqual(found, [untimed.id, timed.id], "the SDK's own list has both kinds");
    await sdk.cpClient.sandboxTerminate({ sandboxId: timed.id });
    await sdk.cpClient.sandboxTerminateV2({ sandboxId: untimed.id });
    assert.equal(cloud.listContainers().length, 0);
    modal.advance(hourMs);
    assert.equal(cloud.bill()[0]?.usdText, String(2 * (0.1419 + 0.024)), "ended is ended");
  });

  it("tells what a sandbox has used", async () => {
    const { modal, sdk, cloud } = await inWorld("use-above-always");
    const app = modal.seedApp({ name: "agents", functions: [] }, 0);
    const sandbox = cloud.sandboxes.create({
      appId: app.id,
      timeoutMs: hourMs,
      queueMs: 0,
      bootMs: 0,
    });
    modal.advance(1000);
    const used = await sdk.cpClient.sandboxGetResourceUsage({ sandboxId: sandbox.id });
    assert.equal(used.cpuCoreNanosecs, sandbox.container.spec.usedMilliCpu * 1e6);
  });

  it("refuses a third report within ten seconds, and says when to ask again", async () => {
    const { modal, sdk } = await inWorld("default");
    const report = async (): Promise<void> => {
      const rows = sdk.cpClient.workspaceBillingReport({
        startTimestamp: new Date(startMs),
        endTimestamp: new Date(startMs + hourMs),
        resolution: "h",
      });
      for await (const row of rows) assert.ok(row);
    };
    await report();
    await report();
    await assert.rejects(report(), { code: 8 });
    const details = await detailsOf(modal.serverUrl, "WorkspaceBillingReport");
    assert.ok(details.includes("modal.client.RPCRetryPolicy"), details.toString("latin1"));
    assert.equal(details.readFloatLE(details.length - 4), 10, "seconds");
    await modal.stop();
    const unlimited = await inWorld("report-limit-none");
    sdk.close();
    const empty = unlimited.sdk.cpClient;
    for (let times = 0; times < 4; times += 1)
      for await (const row of empty.workspaceBillingReport({ resolution: "h" })) assert.ok(row);
  });

  it("dates its answers by its own clock, ten minutes off the laptop's where the world says so", async () => {
    for (const [name, offMs] of [
      ["default", 0],
      ["clock-laptop-ahead", -10 * minuteMs],
      ["clock-laptop-behind", 10 * minuteMs],
    ] as const) {
      const { modal, sdk } = await inWorld(name, null);
      const app = modal.seedApp({ name: "flux", functions: [{ name: "web" }] }, 0);
      const { lifecycle } = await sdk.cpClient.appGetLifecycle({ appId: app.id });
      const page = await fetch(`${modal.webUrl}/nothing`);
      await page.arrayBuffer();
      for (const atMs of [
        (lifecycle?.createdAt ?? 0) * 1000,
        Date.parse(page.headers.get("date") ?? ""),
      ])
        assert.ok(Math.abs(atMs - Date.now() - offMs) < minuteMs, `${name}: ${atMs - Date.now()}`);
      client?.close();
      await modal.stop();
    }
  });

  it("spells the keys of the summary as names, or in snake case", async () => {
    for (const [name, keys] of [
      ["default", ["Credits Applied", "Deployed Apps", "Ephemeral Apps", "Plan Cost"]],
      [
        "cost-by-resource-snake-case",
        ["credits_applied", "deployed_apps", "ephemeral_apps", "plan_cost"],
      ],
    ] as const) {
      const { modal, sdk } = await inWorld(name);
      const told = await sdk.cpClient.workspaceBillingSummary({});
      const all = { ...told.meteredCostBreakdown, ...told.adjustments };
      assert.deepEqual(Object.keys(all).toSorted(byText), keys);
      client?.close();
      await modal.stop();
    }
  });

  it("gives notice of new prices before they come, and bills by them afterwards", async () => {
    const { modal, sdk, cloud } = await inWorld("prices-changing");
    const ask = () => sdk.cpClient.workspaceBillingRates({});
    const before = await ask();
    assert.equal(before.rates["gpu_hour_cost_t4"], "0.59");
    assert.match(before.deprecationWarnings["gpu_hour_cost_t4"] ?? "", /\$0\.6608/);
    const gpu = { name: "web", gpu: t4, scaledownMs: 200 * hourMs };
    modal.seedApp({ name: "flux", functions: [gpu] }, 1);
    modal.advance(61 * hourMs);
    const after = await ask();
    assert.equal(after.rates["gpu_hour_cost_t4"], "0.6608");
    assert.deepEqual(after.deprecationWarnings, {});
    const gpuUsd = cloud.costs().reduce((sum, { gpuUnits }) => sum + gpuUnits, 0n);
    const [whole] = cloud.bill();
    assert.equal(whole?.gpuUnits, gpuUsd);
    const hours = cloud.bill({ byAppHour: true });
    assert.ok((hours.at(-1)?.usd ?? 0) > (hours[0]?.usd ?? 0) * 1.11);
  });

  it("hands out its exact bill by container and phase over the admin API", async () => {
    const { modal, cloud } = await inWorld("billed-from-enqueue");
    const spec = { name: "web", gpu: t4, queueMs: 5000, coldStartMs: 20_000, minContainers: 1 };
    modal.seedApp({ name: "flux", functions: [spec] }, 0);
    modal.advance(minuteMs);
    const shape = z.array(
      z.object({ phase: z.string(), gpuUsd: z.string(), containerId: z.string() }),
    );
    const answer: unknown = await (await fetch(`${modal.adminUrl}/costs`)).json();
    const parts = z.parse(shape, answer);
    assert.deepEqual(
      parts.map(({ phase }) => phase),
      ["queue", "boot", "idle"],
    );
    assert.equal(parts[0]?.containerId, cloud.listContainers()[0]?.id);
    assert.ok(Math.abs(Number(parts[1]?.gpuUsd) - (0.59 * 20) / 3600) < 1e-9);
    const world: unknown = await (await fetch(`${modal.adminUrl}/world`)).json();
    assert.deepEqual(world, worldNamed("billed-from-enqueue"));
  });
});

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** What the trailer "grpc-status-details-bin" says in answer to an empty request. */
async function detailsOf(serverUrl: string, rpc: string): Promise<Buffer> {
  const session = connect(serverUrl);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": `/modal.client.ModalClient/${rpc}`,
      "content-type": "application/grpc",
      "x-modal-token-id": "ak-acme",
      "x-modal-token-secret": "as-acme",
    });
    stream.end(Buffer.alloc(5));
    const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      const take = (received: IncomingHttpHeaders): void => {
        if (received["grpc-status"] !== undefined) resolve(received);
      };
      stream.on("response", take);
      stream.on("trailers", take);
      stream.on("error", reject);
      stream.resume();
    });
    return Buffer.from(String(headers["grpc-status-details-bin"]), "base64");
  } finally {
    session.close();
  }
}
