import assert from "node:assert/strict";
import { Failure, type FailureReason } from "../../../src/base/failure.ts";
import type { LogChunk } from "../../../src/session/modalControl.ts";
import type { RoutedControl } from "../../../src/modal/routedControl.ts";
import type { RpcFault } from "../../sim/admin/faults.ts";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import { worldNamed } from "../../sim/worlds/worlds.ts";
import type { App } from "../../sim/model/entities.ts";
import { adapterCases, cliOf, testControl } from "./controlAdapters.ts";

/** Times that the CLI tells are whole seconds. */
const secondMs = 1000;
const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 10, 20, 10, 30, 0);

for (const adapter of adapterCases) {
  describe(`ModalControl contract: ${adapter.name}`, () => {
    let local: LocalModal;
    let control: RoutedControl;
    let flux: App;
    // Clients before 1.4.2 do not look before they stop, and are not told.
    const stoppedAgain = adapter.venv === "old" ? "stopped" : "already-stopped";

    before(async function (this: Mocha.Context) {
      const cli = adapter.venv === null ? null : cliOf(this, adapter.venv);
      local = await startLocalModal({ speed: 0, startMs, environments: ["main", "staging"] });
      flux = local.seedApp(
        {
          name: "flux-api",
          functions: [
            {
              name: "flux",
              gpu: { type: "L40S", count: 1 },
              scaledownMs: 300_000,
              idleUsedMilliCpu: 1500,
              idleUsedMemoryMib: 6144,
            },
            { name: "train", gpu: { type: "H100", count: 2 }, scaledownMs: 60_000 },
          ],
        },
        2,
      );
      control = testControl({ mode: adapter.mode, cli, env: local.env });
    });
    after(() => local?.stop());
    afterEach(() => local.faults.clear());

    async function reasonOf(promise: Promise<unknown>): Promise<FailureReason | "none"> {
      try {
        await promise;
        return "none";
      } catch (error) {
        if (error instanceof Failure) return error.reason;
        throw error;
      }
    }

    it("says whose money it is", async () => {
      assert.deepEqual(await control.whoami(), {
        scope: { workspace: "acme", environment: "main" },
        username: "you",
      });
    });

    it("lists the environments and marks the default", async () => {
      const environments = await control.listEnvironments();
      assert.deepEqual(
        environments.map(({ name, isDefault }) => ({ name, isDefault })),
        [
          { name: "main", isDefault: true },
          { name: "staging", isDefault: false },
        ],
      );
    });

    it("lists the apps of its environment alone", async () => {
      local.seedApp({ name: "elsewhere", environment: "staging", functions: [{ name: "f" }] }, 0);
      const apps = await control.listApps();
      assert.deepEqual(
        apps.map(({ createdAtMs: _createdAtMs, ...app }) => app),
        [
          {
            appId: flux.id,
            name: "flux-api",
            state: "deployed",
            containerCount: 2,
            stoppedAtMs: null,
            // The command's list does not tell whose it is.
            ...(adapter.mode === "cli" ? {} : { by: "you" }),
          },
        ],
      );
      assert.ok(Math.abs((apps[0]?.createdAtMs ?? 0) - flux.createdAtMs) < secondMs);
    });

    it("lists the containers with their start, and none before the start", async () => {
      const { cloud } = local.workspace;
      const pending = cloud.deploy({
        name: "slow",
        functions: [
          { name: "f", gpu: { type: "T4", count: 1 }, minContainers: 1, queueMs: hourMs },
        ],
      });
      local.sync();
      const containers = await control.listContainers();
      const ofFlux = containers.filter(({ appId }) => appId === flux.id);
      const truth = cloud.listContainers({ appId: flux.id });
      assert.deepEqual(
        ofFlux.map(({ containerId }) => containerId).toSorted(),
        truth.map(({ id }) => id).toSorted(),
      );
      for (const container of ofFlux) {
        const own = truth.find(({ id }) => id === container.containerId);
        assert.equal(container.appName, "flux-api");
        assert.ok(Math.abs((container.startedAtMs ?? 0) - (own?.readyAtMs ?? Infinity)) < secondMs);
      }
      const waiting = containers.filter(({ appId }) => appId === pending.id);
      assert.deepEqual(
        waiting.map(({ startedAtMs }) => startedAtMs),
        [null],
      );
      cloud.stopApp(pending.id);
    });

    it("tells each container's exact times, or that it cannot; its GPU where Modal does", async () => {
      const truth = local.workspace.cloud.listContainers({ appId: flux.id });
      for (const own of truth) {
        if (!adapter.knowsContainers) {
          assert.equal(await reasonOf(control.containerDetails(own.id)), "unsupported");
          continue;
        }
        assert.deepEqual(await control.containerDetails(own.id), {
          containerId: own.id,
          appId: flux.id,
          enqueuedAtMs: own.enqueuedAtMs,
          startedAtMs: own.readyAtMs,
          finishedAtMs: null,
          gpu: null,
          isSandbox: false,
        });
      }
      if (!adapter.knowsContainers) return;
      const telling = await startLocalModal({
        world: worldNamed("gpu-told-container"),
        speed: 0,
        startMs,
      });
      try {
        const gpu = { type: "H100", count: 2 };
        telling.seedApp({ name: "flux-api", functions: [{ name: "train", gpu }] }, 1);
        const [own] = telling.workspace.cloud.listContainers();
        const other = testControl({ mode: adapter.mode, cli: null, env: telling.env });
        assert.deepEqual((await other.containerDetails(own?.id ?? "")).gpu, gpu);
      } finally {
        await telling.stop();
      }
    });

    it("reads the month's summary to the cent, and what each environment may spend", async () => {
      if (!adapter.knowsRates) {
        assert.equal(await reasonOf(control.billingSummary()), "cli-too-old");
        return;
      }
      const { workspace } = local;
      const { meteredCost, billedCost, metered, adjustments } = await control.billingSummary();
      const all = [...workspace.environments.values()].reduce(
        (sum, environment) => sum + workspace.usageUsd(environment),
        0,
      );
      const cents = (microUsd: number): number => Math.round(microUsd / 10_000);
      assert.equal(cents(meteredCost), Math.round(all * 100));
      assert.equal(cents(metered.reduce((sum, { cost }) => sum + cost, 0)), cents(meteredCost));
      const others = adjustments.reduce((sum, { cost }) => sum + cost, 0);
      assert.equal(cents(meteredCost + others), cents(billedCost));
      const [main] = workspace.environments.values();
      assert.ok(main);
      main.budgetUsd = 25;
      const told = (await control.listEnvironments()).find(({ name }) => name === main.name);
      assert.equal(told?.limitMicroUsd ?? 25_000_000, 25_000_000);
      if (adapter.mode !== "cli") assert.equal(told?.limitMicroUsd, 25_000_000);
      main.budgetUsd = null;
    });

    it("reads what an autoscaler has in force, and changes it, or says that the client is too old", async () => {
      if (!adapter.knowsRates) {
        assert.equal(await reasonOf(control.functionScaling("fu-1")), "cli-too-old");
        assert.equal(await reasonOf(control.listFunctions(flux.id)), "cli-too-old");
        const target = { appName: "flux-api", functionName: "flux" };
        assert.equal(await reasonOf(control.scale(target, { minContainers: 0 })), "cli-too-old");
        return;
      }
      const { cloud } = local.workspace;
      const app = cloud.deploy({
        name: "paced",
        functions: [
          { name: "own", scaledownMs: 300_000 },
          { name: "none", minContainers: 1 },
        ],
      });
      const functions = await control.appFunctions(app.id);
      const scalingOf = async (name: string) => {
        const { functionId = "" } = functions.find((one) => one.name === name) ?? {};
        return { functionId, scaling: await control.functionScaling(functionId) };
      };
      assert.deepEqual((await control.listFunctions(app.id)).toSorted(), ["none", "own"]);
      const own = { scaledownSeconds: 300, ownScaledownSeconds: 300, minContainers: 0 };
      const { functionId, scaling } = await scalingOf("own");
      assert.deepEqual(scaling, own);
      assert.deepEqual((await scalingOf("none")).scaling, {
        scaledownSeconds: 60,
        ownScaledownSeconds: 60,
        minContainers: 1,
      });
      const target = { appName: "paced", functionName: "own" };
      await control.scale({ ...target, functionId }, { scaledownWindowSeconds: 120 });
      const put = (await scalingOf("own")).scaling;
      assert.deepEqual([put.scaledownSeconds, put.minContainers], [120, 0]);
      // The command does not tell what a window that was changed has replaced.
      assert.ok([null, 300].includes(put.ownScaledownSeconds));
      await control.scale(target, { scaledownWindowSeconds: 90, minContainers: 0 });
      assert.equal((await scalingOf("own")).scaling.scaledownSeconds, 90);
      cloud.stopApp(app.id);
    });

    it("reads the GPUs of an app's functions and how long a container loaded, or that the client is too old", async () => {
      if (!adapter.knowsRates) {
        assert.equal(await reasonOf(control.appFunctions(flux.id)), "cli-too-old");
        assert.equal(await reasonOf(control.functionTerms("fu-1")), "cli-too-old");
        return;
      }
      const gpu = { type: "H100", count: 2 };
      const mixed = local.seedApp(
        {
          name: "mixed",
          functions: [{ name: "train", gpu }, { name: "health" }],
        },
        0,
      );
      const functions = await control.appFunctions(mixed.id);
      const gpusOf = new Map(functions.map(({ name, gpus }) => [name, gpus]));
      assert.deepEqual(gpusOf.get("train"), [gpu]);
      assert.deepEqual(gpusOf.get("health"), []);
      assert.equal(functions.length, 2);
      for (const { functionId } of functions) assert.match(functionId, /^fu-/);
      const { cloud } = local.workspace;
      const dear = cloud.deploy({
        name: "dear",
        functions: [
          {
            name: "f",
            milliCpu: 2000,
            memoryMib: 8192,
            ephemeralDiskMib: 600 * 1024,
            region: "narrow",
            nonpreemptible: true,
          },
        ],
      });
      assert.deepEqual(await control.functionTerms(cloud.functionOf(dear.id, "f").id), {
        cores: 2,
        gib: 8,
        diskGib: 600,
        region: "narrow",
        nonPreemptible: true,
      });
      cloud.stopApp(dear.id);
      assert.equal(
        (await control.functionTerms(cloud.functionOf(flux.id, "flux").id)).region,
        "any",
      );
      local.advance(secondMs);
      const ready = local.workspace.cloud
        .listContainers({ appId: flux.id })
        .find(({ readyAtMs }) => readyAtMs !== null);
      assert.ok(ready !== undefined);
      const of = async (containerId: string): Promise<readonly (number | null)[]> => {
        const range = { fromMs: ready.enqueuedAtMs - 60_000, toMs: local.clock.nowMs() + 1000 };
        const query = { functionId: ready.fn.id, containerId, ...range };
        const { containers, startupMs, coresInUse, gibInUse } = await control.containerStats(query);
        if (containers === 1)
          assert.deepEqual([coresInUse, gibInUse], [Array(3).fill(1.5), Array(3).fill(6)]);
        return [containers, startupMs];
      };
      assert.deepEqual(await of(ready.id), [1, (ready.readyAtMs ?? 0) - (ready.bootedAtMs ?? 0)]);
      assert.deepEqual(await of("ta-none"), [0, null]);
      local.workspace.cloud.stopApp(mixed.id);
    });

    it("tells which containers ran a function's calls, or that the client is too old", async function () {
      if (!adapter.knowsRates) {
        assert.equal(await reasonOf(control.functionContainers("fu-1")), "cli-too-old");
        return;
      }
      const cli = adapter.mode === "cli" ? cliOf(this, "current") : null;
      const telling = await startLocalModal({ speed: 0, startMs });
      try {
        const { cloud } = telling.workspace;
        const app = cloud.deploy({ name: "two", functions: [{ name: "f" }, { name: "health" }] });
        cloud.request({ appId: app.id, functionName: "health", durationMs: 1000 });
        telling.advance(60_000);
        const other = testControl({ mode: adapter.mode, cli, env: telling.env });
        const [own] = cloud.listContainers({ appId: app.id });
        const ran = await Promise.all(
          [...app.functions.values()].map(async ({ id, spec }) => [
            spec.name,
            await other.functionContainers(id),
          ]),
        );
        assert.deepEqual(Object.fromEntries(ran), { f: [], health: [own?.id] });
      } finally {
        await telling.stop();
      }
    });

    it("lists sandboxes of both kinds, tells what one has used and ends it, or that it cannot", async () => {
      if (!adapter.knowsContainers) {
        assert.equal(await reasonOf(control.listSandboxes()), "unsupported");
        assert.equal(await reasonOf(control.sandboxUse("sb-1")), "unsupported");
        assert.notEqual(await reasonOf(control.stopSandbox("sb-1")), "none");
        return;
      }
      const { cloud } = local.workspace;
      const agents = cloud.deploy({ name: "agents", functions: [] });
      const away = cloud.deploy({ name: "away", environment: "staging", functions: [] });
      const asked = { appId: agents.id, milliCpu: 8000, memoryMib: 32 * 1024, timeoutMs: hourMs };
      const gpu = { type: "H100", count: 2 };
      const timed = cloud.sandboxes.create({ ...asked, name: "timed", gpu, queueMs: 0 });
      const untimed = cloud.sandboxes.create({ ...asked, isUntimed: true, queueMs: 0 });
      const elsewhere = cloud.sandboxes.create({ ...asked, appId: away.id });
      local.advance(60_000);
      const listing = await control.listSandboxes();
      assert.equal(listing.kinds, "both");
      const of = new Map(listing.sandboxes.map((one) => [one.sandboxId, one]));
      assert.deepEqual([...of.keys()].toSorted(), [timed.id, untimed.id].toSorted());
      const terms = { cores: 8, gib: 32, diskGib: 0, region: "any" };
      assert.deepEqual(of.get(timed.id), {
        sandboxId: timed.id,
        appId: agents.id,
        name: "timed",
        createdAtMs: timed.createdAtMs,
        containerId: timed.container.id,
        enqueuedAtMs: timed.container.enqueuedAtMs,
        startedAtMs: timed.container.readyAtMs,
        gpu,
        terms,
        endsByMs: timed.createdAtMs + hourMs,
      });
      assert.deepEqual(of.get(untimed.id), {
        sandboxId: untimed.id,
        appId: agents.id,
        name: "",
        createdAtMs: untimed.createdAtMs,
        containerId: null,
        enqueuedAtMs: null,
        startedAtMs: null,
        gpu: "none",
        terms,
        endsByMs: untimed.createdAtMs + hourMs,
      });
      const use = await control.sandboxUse(timed.id);
      assert.equal(use?.gpuType, "H100");
      assert.ok(use.gpuSeconds > 100, JSON.stringify(use));
      assert.ok(use.coreSeconds > 0 && use.gibSeconds > 0, JSON.stringify(use));
      assert.equal((await control.sandboxUse(untimed.id))?.gpuSeconds, 0);
      for (const { id } of [timed, untimed]) {
        assert.equal(await control.stopSandbox(id), "stopped");
        assert.equal(await control.stopSandbox(id), "already-stopped");
      }
      assert.deepEqual((await control.listSandboxes()).sandboxes, []);
      assert.equal(await reasonOf(control.stopSandbox(elsewhere.id)), "invalid-argument");
      assert.equal(elsewhere.container.finishedAtMs, null, "another environment's is left alone");
      cloud.stopApp(agents.id);
      cloud.stopApp(away.id);
    });

    it("lists a sandbox that has no container yet without one", async () => {
      if (!adapter.knowsContainers) return;
      const { cloud } = local.workspace;
      const agents = cloud.deploy({ name: "agents", functions: [] });
      const sandbox = cloud.sandboxes.create({ appId: agents.id, taskAfterMs: 30_000 });
      local.sync();
      const idsNow = async () => [
        (await control.listSandboxes()).sandboxes.map((one) => one.containerId),
        (await control.listContainers())
          .filter(({ appId }) => appId === agents.id)
          .map((one) => one.containerId),
      ];
      assert.deepEqual(await idsNow(), [[null], []]);
      local.advance(31_000);
      assert.deepEqual(await idsNow(), [[sandbox.container.id], [sandbox.container.id]]);
      cloud.stopApp(agents.id);
    });

    it("lists v1 sandboxes where Modal refuses the list of both", async () => {
      if (!adapter.knowsContainers) return;
      const { cloud } = local.workspace;
      const agents = cloud.deploy({ name: "agents", functions: [] });
      const timed = cloud.sandboxes.create({ appId: agents.id });
      cloud.sandboxes.create({ appId: agents.id, isUntimed: true });
      local.sync();
      local.faults.addRpc({
        rpc: "SandboxListV2",
        fault: { kind: "status", code: "PERMISSION_DENIED", message: "not yours" },
      });
      const { kinds, sandboxes } = await control.listSandboxes();
      assert.deepEqual([kinds, sandboxes.map((one) => one.sandboxId)], ["first", [timed.id]]);
      cloud.stopApp(agents.id);
    });

    it("reads the deployment history, newest first", async () => {
      const app = local.workspace.cloud.deploy({ name: "twice", functions: [{ name: "f" }] });
      local.workspace.cloud.deploy({ name: "twice", functions: [{ name: "g" }], tag: "v1" });
      const history = await control.deployments(app.id);
      assert.deepEqual(
        history.map(({ version, deployedBy, tag }) => ({ version, deployedBy, tag })),
        [
          { version: 2, deployedBy: "you", tag: "v1" },
          { version: 1, deployedBy: "you", tag: null },
        ],
      );
      local.workspace.cloud.stopApp(app.id);
    });

    it("reads the last log lines with their container and time", async () => {
      const { cloud } = local.workspace;
      const [container] = cloud.listContainers({ appId: flux.id });
      assert.ok(container !== undefined);
      const request = { appId: flux.id, functionName: "flux", durationMs: 1000 };
      const input = cloud.request(request);
      cloud.log(flux.id, { text: "💰 first €\n", container, input });
      cloud.log(flux.id, { text: "second\n", container });
      const chunks = await control.fetchLogs(flux.id, { tail: 2 });
      assert.equal(textOf(chunks), "💰 first €\nsecond\n");
      assert.deepEqual(
        chunks.map(({ functionCallId }) => functionCallId),
        [input.callId, null],
      );
      for (const chunk of chunks) {
        assert.equal(chunk.containerId, container.id);
        assert.ok(Math.abs((chunk.atMs ?? 0) - cloud.nowMs) < secondMs);
      }
    });

    it("follows the log until it is aborted", async () => {
      const { cloud } = local.workspace;
      const abort = new AbortController();
      let text = "";
      let added = false;
      for await (const chunk of control.followLogs(flux.id, { signal: abort.signal })) {
        text += chunk.text;
        if (!added) {
          added = true;
          cloud.log(flux.id, { text: "while followed\n" });
          local.sync();
        }
        if (text.includes("while followed\n")) abort.abort();
      }
      assert.match(text, /while followed\n$/);
    });

    it("reads the rates, or says that the command is too old", async () => {
      if (!adapter.knowsRates) {
        assert.equal(await reasonOf(control.rates()), "cli-too-old");
        return;
      }
      const { usdPerHourByKey } = await control.rates();
      assert.equal(usdPerHourByKey.get("gpu_hour_cost_l40s"), 1.95);
    });

    it("reads the billing report to the micro-dollar, and what it was paid for", async () => {
      local.advance(2 * hourMs);
      const query = { startMs: startMs - 30 * 60_000, endMs: startMs + 90 * 60_000 };
      const rows = await control.billingReport({ ...query, resolution: "hour", byResource: true });
      for (const { cost, costByResource } of rows) {
        const parts = Object.values(costByResource ?? {}).reduce((sum, part) => sum + part, 0);
        // Clients before 1.5.1 do not split it.
        if (adapter.venv === "old") assert.equal(costByResource, undefined);
        else assert.ok(Math.abs(parts - cost) <= 2, `${parts} of ${cost}`);
      }
      const truth = local.workspace.cloud
        .bill({ byAppHour: true })
        .filter((row) => row.hourStartMs < query.endMs && Number(row.usdText) > 0);
      const plain = (row: { id: string; startMs: number; microUsd: number }): string =>
        `${row.id} ${row.startMs} ${row.microUsd}`;
      assert.deepEqual(
        rows
          .map((row) =>
            plain({ id: row.objectId, startMs: row.intervalStartMs, microUsd: row.cost }),
          )
          .toSorted(),
        truth
          .map((row) =>
            plain({
              id: row.appId,
              startMs: row.hourStartMs,
              microUsd: Math.round(Number(row.usdText) * 1e6),
            }),
          )
          .toSorted(),
      );
      assert.ok(rows.length > 0);
    });

    const faults: readonly (readonly [RpcFault, FailureReason])[] = [
      [{ kind: "status", code: "UNAUTHENTICATED", message: "bad token" }, "not-authenticated"],
      [{ kind: "status", code: "PERMISSION_DENIED", message: "no" }, "permission-denied"],
      [{ kind: "status", code: "UNAVAILABLE", message: "later" }, "service-error"],
      [{ kind: "status", code: "INTERNAL", message: "oops" }, "service-error"],
      [{ kind: "status", code: "UNIMPLEMENTED", message: "gone" }, "unsupported"],
      [{ kind: "status", code: "RESOURCE_EXHAUSTED", message: "slow down" }, "rate-limited"],
      [
        {
          kind: "status",
          code: "RESOURCE_EXHAUSTED",
          message: "workspace billing cycle spend limit reached",
        },
        "spend-limit",
      ],
      [{ kind: "garbage" }, "bad-output"],
      [{ kind: "html", status: 502 }, "service-error"],
      [{ kind: "close" }, "offline"],
    ];
    for (const [fault, reason] of faults) {
      it(`gives ${reason} when the service answers with ${JSON.stringify(fault)}`, async () => {
        local.faults.addRpc({ rpc: "AppList", fault });
        assert.equal(await reasonOf(control.listApps()), reason);
        if (adapter.mode === "cli") return;
        local.faults.clear();
        assert.ok((await control.listApps()).length > 0, "works again afterwards");
      });
    }

    it("gives not-found for the history of an app that never was", async () => {
      const promise = control.deployments("ap-0000000000000000000000");
      assert.equal(await reasonOf(promise), "not-found");
    });

    it("gives up at once when cancelled", async () => {
      local.faults.addRpc({ rpc: "AppList", fault: { kind: "hang" } });
      const before = local.journal.count({ name: "AppList" });
      const abort = new AbortController();
      const asked = reasonOf(control.listApps({ signal: abort.signal }));
      await until(() => local.journal.count({ name: "AppList" }) > before);
      abort.abort();
      assert.equal(await asked, "cancelled");
    });

    it("stops a container, and says when it was stopped already", async () => {
      const [first] = local.workspace.cloud.listContainers({ appId: flux.id });
      const own = first ?? local.workspace.cloud.startWarm(functionOf(flux));
      local.sync();
      await control.listContainers();
      assert.equal(await control.stopContainer(own.id), "stopped");
      assert.notEqual(local.workspace.cloud.containerInfo(own.id)?.finishedAtMs, null);
      assert.equal(await control.stopContainer(own.id), stoppedAgain);
    });

    it("replaces the containers of a deployment, or says that it cannot", async () => {
      const { cloud } = local.workspace;
      const before = cloud.startWarm(functionOf(flux));
      local.advance(5000);
      const done = control.rollover(flux.id);
      if (!adapter.knowsRates) {
        assert.equal(await reasonOf(done), "cli-too-old");
        return;
      }
      await done;
      assert.notEqual(cloud.containerInfo(before.id)?.finishedAtMs, null);
      assert.equal(cloud.app(flux.id).state, "deployed");
    });

    it("stops an app, and says when it was stopped already", async () => {
      const app = local.seedApp({ name: "to-stop", functions: [{ name: "f" }] }, 1);
      assert.equal(await control.stopApp(app.id), "stopped");
      assert.equal(local.workspace.cloud.app(app.id).state, "stopped");
      assert.equal(local.workspace.cloud.listContainers({ appId: app.id }).length, 0);
      assert.equal(await control.stopApp(app.id), stoppedAgain);
    });

    it("never stops what is in another environment or workspace", async () => {
      const staging = local.seedApp(
        { name: "flux-api", environment: "staging", functions: [{ name: "f" }] },
        1,
      );
      const other = local.workspaces.get("rival") ?? local.addWorkspace("rival").workspace;
      const foreign = other.cloud.deploy({ name: "flux-api", functions: [{ name: "f" }] });
      const container = local.workspace.cloud.listContainers({ appId: staging.id })[0];
      assert.ok(container !== undefined);
      const before = local.journal.count({ name: "AppStop" });
      assert.equal(await reasonOf(control.stopApp(staging.id)), "invalid-argument");
      assert.equal(await reasonOf(control.stopApp(foreign.id)), "invalid-argument");
      assert.equal(await reasonOf(control.rollover(staging.id)), "invalid-argument");
      assert.equal(await reasonOf(control.stopContainer(container.id)), "invalid-argument");
      assert.equal(local.journal.count({ name: "AppStop" }), before);
      assert.equal(local.workspace.cloud.app(staging.id).state, "deployed");
      assert.equal(other.cloud.app(foreign.id).state, "deployed");
      assert.equal(local.workspace.cloud.containerInfo(container.id)?.finishedAtMs, null);
    });

    it("says that there is no network long before the command itself would", async () => {
      await local.offline();
      const askedMs = Date.now();
      assert.equal(await reasonOf(control.listApps()), "offline");
      assert.ok(Date.now() - askedMs < 20_000);
      await local.restore();
    });
  });
}

function textOf(chunks: readonly LogChunk[]): string {
  return chunks.map(({ text }) => text).join("");
}

function functionOf(app: App): NonNullable<ReturnType<App["functions"]["get"]>> {
  const [fn] = app.functions.values();
  assert.ok(fn !== undefined);
  return fn;
}

/** Waits for a condition of the other process, looking often. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("A billing report that comes slowly", () => {
  const silenceMs = 3000;
  let local: LocalModal;
  let control: RoutedControl;
  beforeEach(async () => {
    local = await startLocalModal({ speed: 0, startMs });
    const gpu = { type: "L40S", count: 1 };
    for (const name of ["flux-api", "llm-api", "comfy"])
      local.seedApp({ name, functions: [{ name: "f", gpu, scaledownMs: 3 * hourMs }] }, 1);
    local.advance(3 * hourMs);
    control = testControl({ mode: "sdk", cli: null, env: local.env, sdkSilenceMs: silenceMs });
  });
  afterEach(() => local?.stop());

  const report = () =>
    control.billingReport({ startMs, endMs: startMs + 3 * hourMs, resolution: "hour" });

  it("is read to its end, however long it takes", async () => {
    const atOnce = await report();
    local.faults.addRpc({ rpc: "WorkspaceBillingReport", fault: { kind: "drip", ms: 600 } });
    const askedAtMs = Date.now();
    const slowly = await report();
    assert.ok(Date.now() - askedAtMs > silenceMs, "longer than it may be silent");
    assert.deepEqual(slowly, atOnce);
  });

  it("is given up when nothing comes any more", async () => {
    local.faults.addRpc({ rpc: "WorkspaceBillingReport", fault: { kind: "drip", ms: 60_000 } });
    await assert.rejects(
      report(),
      (error) => error instanceof Failure && error.reason === "timed-out",
    );
  });
});
