import assert from "node:assert/strict";
import { ModalClient } from "modal";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import type { App } from "../../sim/model/entities.ts";
import type { GrpcCode } from "../../sim/control/status.ts";

const HOUR = 3_600_000;
const START_MS = Date.UTC(2026, 2, 1, 12, 30);

describe("Local Modal and the real JavaScript SDK", () => {
  let local: LocalModal;
  let client: ModalClient;
  let flux: App;

  /** The SDK takes its server from the environment alone, when a client is made. */
  const connect = (env: Readonly<Record<string, string>>): ModalClient => {
    const before = process.env["MODAL_SERVER_URL"];
    process.env["MODAL_SERVER_URL"] = local.serverUrl;
    try {
      return new ModalClient({
        tokenId: env["MODAL_TOKEN_ID"] ?? "",
        tokenSecret: env["MODAL_TOKEN_SECRET"] ?? "",
        maxRetries: 0,
        maxThrottleWaitSecs: 0,
      });
    } finally {
      if (before === undefined) delete process.env["MODAL_SERVER_URL"];
      else process.env["MODAL_SERVER_URL"] = before;
    }
  };

  beforeEach(async () => {
    local = await startLocalModal({ speed: 0, startMs: START_MS });
    client = connect(local.env);
    flux = local.seedApp(
      {
        name: "flux",
        functions: [{ name: "web", gpu: { type: "L40S", count: 2 }, scaledownMs: 600_000 }],
      },
      2,
    );
  });
  afterEach(async () => {
    client.close();
    await local.stop();
  });

  it("lists apps and containers, and tells a container's GPU, start and end after it ended", async () => {
    const { apps } = await client.cpClient.appList({ environmentName: "main" });
    assert.deepEqual(
      apps.map((app) => [app.appId, app.description, app.state, app.nRunningTasks]),
      [[flux.id, "flux", 3, 2]],
    );
    const { tasks } = await client.cpClient.taskList({ environmentName: "main", appId: "" });
    assert.equal(tasks.length, 2);
    local.advance(600_000);
    const info = await client.cpClient.taskGetInfo({ taskId: tasks[0]?.taskId ?? "" });
    assert.equal(info.appId, flux.id);
    assert.equal(info.info?.gpuType, "", "the container does not tell; the function summary does");
    const { functionInfoSummaries } = await client.cpClient.appGetInfo({ appId: flux.id });
    assert.deepEqual(
      Object.values(functionInfoSummaries).map(({ gpuConfig }) =>
        gpuConfig.map(({ gpuType, count }) => [gpuType, count]),
      ),
      [[["L40S", 2]]],
    );
    assert.equal(info.info?.startedAt, START_MS / 1000);
    assert.equal(info.info?.finishedAt, (START_MS + 600_000) / 1000);
    assert.deepEqual(
      (await client.cpClient.taskList({ environmentName: "main", appId: "" })).tasks,
      [],
    );
  });

  it("reports each hour to the last millisecond of what was started", async () => {
    local.advance(2 * HOUR);
    const rows: [string, number, string][] = [];
    for await (const row of client.cpClient.workspaceBillingReport({
      startTimestamp: new Date(START_MS - HOUR),
      endTimestamp: new Date(START_MS + 3 * HOUR),
      resolution: "h",
      tagNames: [],
    }))
      rows.push([row.objectId, row.interval?.getTime() ?? 0, row.cost]);
    const truth = local.workspace.cloud.bill({ byAppHour: true });
    assert.deepEqual(
      rows,
      truth.map((row) => [row.appId, row.hourStartMs, row.usdText]),
    );
    // Two containers of two GPUs for ten minutes, and the CPU and memory beside them.
    const gpu = (2 * 2 * 1.95) / 6;
    assert.ok(Math.abs(Number(rows[0]?.[2]) - gpu) < 0.01);
  });

  it("knows nothing younger than the report's lag", async () => {
    local.workspace.billingLagMs = HOUR;
    local.advance(600_000);
    const rows: string[] = [];
    for await (const row of client.cpClient.workspaceBillingReport({
      startTimestamp: new Date(START_MS - HOUR),
      endTimestamp: new Date(START_MS + HOUR),
      resolution: "h",
      tagNames: [],
    }))
      rows.push(row.cost);
    assert.deepEqual(rows, []);
  });

  it("scales a function for real", async () => {
    const fn = await client.functions.fromName("flux", "web");
    await fn.updateAutoscaler({ minContainers: 1, scaledownWindowMs: 5000 });
    local.advance(5000);
    assert.equal(local.workspace.cloud.listContainers().length, 1);
    await fn.updateAutoscaler({ minContainers: 0 });
    local.advance(1);
    assert.equal(local.workspace.cloud.listContainers().length, 0);
  });

  it("streams the log, resumes after an entry, and ends with the app", async () => {
    local.workspace.cloud.log(flux.id, { text: "one\n" });
    local.workspace.cloud.log(flux.id, { text: "two\n" });
    const texts: string[] = [];
    let last = "";
    const read = async (after: string, stopAt: string): Promise<boolean> => {
      const abort = new AbortController();
      try {
        const request = { appId: flux.id, timeout: 55, lastEntryId: after };
        for await (const batch of client.cpClient.appGetLogs(request, { signal: abort.signal })) {
          if (batch.appDone) return true;
          for (const item of batch.items) texts.push(item.data);
          last = batch.entryId;
          if (texts.at(-1) === stopAt) abort.abort();
        }
      } catch (error) {
        if (!abort.signal.aborted) throw error;
      }
      return false;
    };
    assert.equal(await read("", "one\n"), false);
    texts.length = 1;
    last = flux.logs[0]?.entryId ?? "";
    const rest = read(last, "never");
    local.workspace.cloud.log(flux.id, { text: "three\n" });
    local.workspace.cloud.stopApp(flux.id);
    assert.equal(await rest, true);
    assert.deepEqual(texts, ["one\n", "two\n", "three\n"]);
  });

  it("stops an app and a container, and keeps workspaces and environments apart", async () => {
    const staging = local.workspace.cloud.deploy({
      name: "flux",
      environment: "staging",
      functions: [{ name: "web" }],
    });
    const other = connect(local.addWorkspace("rival").env);
    await assert.rejects(other.cpClient.appStop({ appId: flux.id }), /not found/);
    assert.deepEqual((await other.cpClient.appList({ environmentName: "" })).apps, []);
    other.close();
    const [first] = local.workspace.cloud.listContainers({ appId: flux.id });
    await client.cpClient.containerStop({ taskId: first?.id ?? "" });
    assert.equal(first?.state, "ended");
    await client.cpClient.appStop({ appId: flux.id });
    assert.equal(flux.state, "stopped");
    assert.equal(staging.state, "deployed");
    assert.equal(local.journal.count({ name: "AppStop", appId: flux.id }), 2);
    assert.equal(local.journal.count({ name: "AppStop", appId: staging.id }), 0);
    assert.deepEqual(
      local.journal.entries({ name: "AppStop" }).map((entry) => [entry.workspace, entry.outcome]),
      [
        ["rival", "NOT_FOUND"],
        ["acme", "OK"],
      ],
    );
  });

  it("tells budgets of environments", async () => {
    const main = local.workspace.environment("main");
    assert.ok(main);
    main.budgetUsd = 0.5;
    local.advance(600_000);
    const budget = await client.cpClient.environmentGetBudget({ environmentId: main.id });
    assert.equal(budget.cycleBudgetDollars, 0.5);
    assert.equal(budget.spendLimitReached, true);
    assert.equal(budget.currentCycleUsage, local.workspace.cloud.bill()[0]?.usd);
    const { items } = await client.cpClient.environmentList({});
    assert.deepEqual(
      items.map((one) => [one.name, one.default, one.spendLimitReached]),
      [
        ["main", true, true],
        ["staging", false, false],
      ],
    );
    await assert.rejects(
      client.cpClient.appCreate({ description: "x", environmentName: "main" }),
      /spend limit reached/,
    );
  });

  it("names who did it", async () => {
    const mate = connect(local.addUser("teammate"));
    const info = await mate.cpClient.tokenInfoGet({});
    assert.equal(info.userIdentity?.username, "teammate");
    await mate.cpClient.appStop({ appId: flux.id });
    mate.close();
    const { lifecycle } = await client.cpClient.appGetLifecycle({ appId: flux.id });
    assert.equal(lifecycle?.stoppedBy, "teammate");
    assert.equal(lifecycle?.deployedBy, "you");
  });

  describe("with faults", () => {
    const list = (): Promise<unknown> => client.cpClient.appList({ environmentName: "main" });

    it("fails the next N with a status, then answers", async () => {
      const codes: GrpcCode[] = [
        "PERMISSION_DENIED",
        "UNIMPLEMENTED",
        "RESOURCE_EXHAUSTED",
        "UNAUTHENTICATED",
        "NOT_FOUND",
      ];
      for (const code of codes) {
        local.faults.addRpc({
          rpc: "AppList",
          times: 1,
          fault: { kind: "status", code, message: `no: ${code}` },
        });
        await assert.rejects(list(), new RegExp(`${code}.*no: ${code}`));
        await list();
      }
    });

    it("fails in the middle of a sequence", async () => {
      local.faults.addRpc({
        rpc: "AppList",
        skip: 1,
        times: 1,
        fault: { kind: "status", code: "PERMISSION_DENIED", message: "oops" },
      });
      await list();
      await assert.rejects(list());
      await list();
    });

    it("hits one app alone", async () => {
      const second = local.seedApp({ name: "second", functions: [{ name: "f" }] }, 0);
      local.faults.addRpc({
        rpc: "AppStop",
        appId: flux.id,
        fault: { kind: "status", code: "UNAVAILABLE", message: "later" },
      });
      await assert.rejects(client.cpClient.appStop({ appId: flux.id }));
      await client.cpClient.appStop({ appId: second.id });
      assert.deepEqual([flux.state, second.state], ["deployed", "stopped"]);
    });

    // The SDK tries again by itself after UNAVAILABLE and the like, so these faults stay in force.
    it("drops the connection before or after the deed, sends garbage and pages", async () => {
      local.faults.addRpc({ rpc: "AppStop", fault: { kind: "close" } });
      await assert.rejects(client.cpClient.appStop({ appId: flux.id }));
      assert.equal(flux.state, "deployed");
      local.faults.clear();
      local.faults.addRpc({ rpc: "AppStop", fault: { kind: "close-after" } });
      await assert.rejects(client.cpClient.appStop({ appId: flux.id }));
      assert.equal(flux.state, "stopped");
      local.faults.addRpc({ rpc: "AppList", fault: { kind: "garbage" } });
      await assert.rejects(list());
      local.faults.clear();
      local.faults.addRpc({ rpc: "AppList", fault: { kind: "html", status: 502 } });
      await assert.rejects(list());
      local.faults.clear();
      await list();
    });

    it("ignores a stop, or goes on in spite of it", async () => {
      local.faults.addRpc({ rpc: "AppStop", times: 1, fault: { kind: "ignore" } });
      await client.cpClient.appStop({ appId: flux.id });
      assert.equal(flux.state, "deployed");
      flux.refusesToStop = true;
      await client.cpClient.appStop({ appId: flux.id });
      assert.equal(flux.state, "stopping");
      assert.equal(local.workspace.cloud.runningTasks(flux), 2);
    });

    it("lets a stop take its time, and a teammate deploy during it", async () => {
      local.workspace.cloud.stopMs = 5000;
      local.faults.addRpc({
        rpc: "AppStop",
        fault: {
          kind: "run",
          when: "after",
          run: () =>
            local.workspace.cloud.deploy({
              name: "flux",
              by: "teammate",
              functions: [{ name: "web", minContainers: 1 }],
            }),
        },
      });
      await client.cpClient.appStop({ appId: flux.id });
      local.advance(10_000);
      assert.equal(flux.state, "deployed");
      assert.equal(flux.deployments.at(-1)?.deployedBy, "teammate");
      assert.equal(local.workspace.cloud.runningTasks(flux), 1);
    });

    it("hangs until the caller gives up", async () => {
      local.faults.addRpc({ rpc: "AppList", fault: { kind: "hang" } });
      const abort = new AbortController();
      const waiting = client.cpClient.appList(
        { environmentName: "main" },
        { signal: abort.signal },
      );
      await until(() => local.journal.count({ name: "AppList" }) === 1);
      abort.abort();
      await assert.rejects(waiting);
    });

    it("goes offline and comes back at the same address", async () => {
      await local.offline();
      await assert.rejects(list());
      await local.restore();
      const again = connect(local.env);
      await again.cpClient.appList({ environmentName: "main" });
      again.close();
    });
  });

  it("ends an ephemeral app whose client stays silent", async () => {
    await local.stop();
    local = await startLocalModal({ speed: 0, heartbeatTimeoutMs: 50 });
    const own = connect(local.env);
    const app = local.workspace.cloud.createApp({ description: "script", state: "ephemeral" });
    await own.cpClient.appHeartbeat({ appId: app.id });
    assert.equal(app.state, "ephemeral");
    await until(() => app.state === "stopped");
    own.close();
  });

  it("offers its admin API over HTTP", async () => {
    const ask = async (path: string, body?: unknown): Promise<string> => {
      const response = await fetch(
        `${local.adminUrl}${path}`,
        body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
      );
      assert.equal(response.status, 200, await response.clone().text());
      return response.text();
    };
    await ask("/clock", { advanceMs: 60_000 });
    assert.match(await ask("/bill"), /"hour": "2026-03-01T12:00:00.000Z"/);
    assert.match(await ask("/state"), /"scaledownMs": 600000/);
    await ask("/faults/rpc", {
      rpc: "AppList",
      times: 1,
      fault: { kind: "status", code: "PERMISSION_DENIED", message: "x" },
    });
    await assert.rejects(client.cpClient.appList({ environmentName: "main" }));
    assert.match(await ask("/journal?name=AppList"), /"outcome": "PERMISSION_DENIED"/);
    const made = await ask("/apps", { name: "seeded", functions: [{ name: "f" }], containers: 3 });
    assert.match(made, /ap-/);
    assert.equal(local.workspace.cloud.listContainers().length, 5);
    const wrong = await fetch(`${local.adminUrl}/faults/rpc`, { method: "POST", body: "{}" });
    assert.equal(wrong.status, 400);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo())
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
}
