import assert from "node:assert/strict";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import {
  keys,
  modalPath,
  rows,
  run,
  Running,
  clientEnv,
  type Finished,
  type Venv,
} from "./simProcess.ts";
import type { App } from "../../sim/model/entities.ts";
import { skip } from "../../skip.ts";

// Python takes a second or more to start, and several times that on a busy machine.
const CLI_MS = 120_000;
const HOUR_MS = 3_600_000;

for (const venv of ["current", "old"] satisfies Venv[]) {
  describe(`Local Modal and the real CLI (${venv})`, function () {
    this.timeout(CLI_MS);
    const key = keys[venv];
    const isCurrent = venv === "current";
    let local: LocalModal;
    let path: string;
    const modal = (args: readonly string[], more: Record<string, string> = {}): Promise<Finished> =>
      run(path, args, clientEnv(local.env, more));

    before(async function () {
      path = modalPath(this, venv);
      // Time stands still unless a test lets it pass, so that every figure can be named beforehand.
      local = await startLocalModal({ speed: 0 });
    });
    after(() => local?.stop());

    it("deploys an app file and takes GPU, scaledown and variables from it", async () => {
      const done = await modal(["deploy", "flux_app.py"], {
        MODAL_MODE: "demo",
        SCALEDOWN_WINDOW: "7",
      });
      assert.equal(done.code, 0, done.stderr);
      assert.ok(done.stdout.includes(`${local.webUrl}/acme--flux-web`), done.stdout);
      const app = local.workspace.cloud.deployedApp("flux");
      const spec = [...(app?.functions.values() ?? [])][0]?.spec;
      assert.deepEqual(spec?.gpu, { type: "L40S", count: 1 });
      assert.equal(spec?.scaledownMs, 7000);
      assert.deepEqual(spec?.env, { MODAL_MODE: "demo", SCALEDOWN_WINDOW: "7" });
      assert.equal(spec?.milliCpu, 2000);
      assert.equal(spec?.memoryMib, 8192);
    });

    it("deploys a class with a web method", async () => {
      const done = await modal(["deploy", "inference_app.py"]);
      assert.equal(done.code, 0, done.stderr);
      assert.ok(done.stdout.includes(`${local.webUrl}/acme--inference-model-api`), done.stdout);
      const app = local.workspace.cloud.deployedApp("inference");
      const specs = [...(app?.functions.values() ?? [])].map((fn) => fn.spec);
      assert.deepEqual(
        Object.fromEntries(
          specs.map((spec) => [spec.name, [spec.gpu?.type ?? null, spec.scaledownMs]]),
        ),
        { "Model.*": ["A100-80GB", 120_000], nightly_report: [null, 60_000] },
      );
    });

    it("lists apps and containers, follows a container from pending to its end", async () => {
      const app = local.workspace.cloud.deployedApp("flux");
      assert.ok(app);
      const call = fetch(`${local.webUrl}/acme--flux-web/flux`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ prompt: "a red fox" }),
      });
      await until(() => local.workspace.cloud.listContainers().length === 1);
      const [pending] = rows(await modal(["container", "list", "--json"]));
      assert.equal(pending?.[key.startTime], "Pending");
      assert.equal(pending?.[key.appId], app.id);
      local.advance(1000);
      const [booting] = rows(await modal(["container", "list", "--json"]));
      assert.equal(booting?.[key.startTime], "Pending", "it costs, and is not ready yet");
      local.advance(40_000);
      const [ready] = rows(await modal(["container", "list", "--json"]));
      assert.match(String(ready?.[key.startTime]), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$/);
      assert.equal(ready?.[key.containerId], pending?.[key.containerId]);
      const listed = rows(await modal(["app", "list", "--json"]));
      const flux = listed.find((row) => row[key.appId] === app.id);
      assert.equal(flux?.[key.description], "flux");
      assert.equal(flux?.[key.state], "deployed");
      assert.equal(flux?.[key.tasks], "1");
      local.advance(20_000);
      const response = await call;
      assert.equal(response.status, 200);
      await response.arrayBuffer();
      assert.deepEqual(rows(await modal(["container", "list", "--json"])), []);
    });

    it("shows the cost line of the call in the log", async () => {
      const done = await modal(["app", "logs", "flux"]);
      assert.equal(done.code, 0, done.stderr);
      assert.match(
        done.stdout,
        /💰 Cost: \$0\.00\d{4} \| Time: \d\.\d\ds \| GPU: L40S @ \$0\.00\d{4}/,
      );
    });

    it("follows the log and ends on SIGINT", async () => {
      const app = local.workspace.cloud.deployedApp("flux");
      assert.ok(app);
      const follow = new Running(path, ["app", "logs", app.id, "-f"], clientEnv(local.env));
      await follow.line("💰");
      local.workspace.cloud.log(app.id, { text: "second line\n" });
      await follow.line("second line");
      follow.child.kill("SIGINT");
      assert.equal((await follow.done).code, 0);
    });

    it("reports the exact bill by hour", async () => {
      local.advance(HOUR_MS);
      const today = new Date(local.clock.nowMs() - HOUR_MS).toISOString().slice(0, 10);
      const tomorrow = new Date(local.clock.nowMs() + 86_400_000).toISOString().slice(0, 10);
      const range = ["--start", today, "--end", tomorrow, "-r", "h", "--json"];
      const listed = rows(await modal(["billing", "report", ...range]));
      const truth = local.workspace.cloud.bill({ byAppHour: true });
      assert.deepEqual(
        new Set(listed.map((row) => `${String(row[key.intervalStart])} ${String(row[key.cost])}`)),
        new Set(
          truth.map(
            (row) => `${new Date(row.hourStartMs).toISOString().slice(0, 19)} ${row.usdText}`,
          ),
        ),
      );
      assert.ok(truth.length > 0);
    });

    if (isCurrent) {
      it("tells rates and a summary", async () => {
        const rates: unknown = JSON.parse((await modal(["billing", "rates", "--json"])).stdout);
        assert.deepEqual(rates, local.workspace.cloud.rates.usdPerHour);
        const summary: unknown = JSON.parse((await modal(["billing", "summary", "--json"])).stdout);
        const whole = local.workspace.cloud.bill();
        assert.deepEqual(summary, {
          metered_cost: whole[0]?.usdText,
          billed_cost: "0",
          adjustments: { credits_applied: `-${whole[0]?.usdText}`, plan_cost: "0" },
          metered_cost_breakdown: { deployed_apps: whole[0]?.usdText, ephemeral_apps: "0" },
        });
      });

      it("tells the GPU of each function (modal app info)", async () => {
        const done = await modal(["app", "info", "flux", "--json"]);
        assert.match(done.stdout, /"gpu_type": "L40S"/);
      });
    }

    it("names the workspace, the environments and the history", async () => {
      assert.match((await modal(["token", "info"])).stdout, /Workspace: acme \(ac-/);
      const environments = rows(await modal(["environment", "list", "--json"]));
      assert.deepEqual(
        environments.map((row) => [row["name"], row["active"]]),
        [
          ["main", "True"],
          ["staging", "False"],
        ],
      );
      const history = rows(await modal(["app", "history", "flux", "--json"]));
      assert.deepEqual(
        history.map((row) => row[key.version]),
        ["v1"],
      );
    });

    it("stops a container, and what it ran starts again elsewhere", async () => {
      const call = fetch(`${local.webUrl}/acme--flux-web/flux`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ prompt: "a red fox" }),
      });
      await until(() => local.workspace.cloud.listContainers().length === 1);
      local.advance(42_000);
      const [busy] = local.workspace.cloud.listContainers();
      assert.equal(busy?.state, "busy");
      const yes = isCurrent ? ["--yes"] : [];
      const done = await modal(["container", "stop", busy?.id ?? "", ...yes]);
      assert.equal(done.code, 0, done.stderr);
      assert.equal(busy?.endReason, "stopped");
      local.advance(60_000);
      const response = await call;
      assert.equal(response.status, 200);
      await response.arrayBuffer();
      const again = await modal(["container", "stop", busy?.id ?? "", ...yes]);
      // Only the current CLI asks first whether the container still runs.
      assert.equal(again.code, isCurrent ? 1 : 0);
      if (isCurrent) assert.match(again.stderr, /already stopped/);
    });

    it("keeps environments and workspaces apart", async () => {
      const elsewhere = local.addWorkspace(`other-${venv}`);
      const other = await run(path, ["app", "list", "--json"], clientEnv(elsewhere.env));
      assert.deepEqual(rows(other), []);
      assert.deepEqual(rows(await modal(["app", "list", "--json", "-e", "staging"])), []);
      const app = local.workspace.cloud.deployedApp("flux");
      const yes = isCurrent ? ["--yes"] : [];
      const theft = await run(
        path,
        ["app", "stop", app?.id ?? "", ...yes],
        clientEnv(elsewhere.env),
      );
      assert.equal(theft.code, 1);
      assert.equal(app?.state, "deployed");
    });

    it("serves an ephemeral app until SIGINT", async function () {
      if (process.platform === "win32")
        skip(this, "posix", "Windows cannot send SIGINT to a child");
      const { cloud } = local.workspace;
      const start = async (): Promise<{ serve: Running; app: App }> => {
        const serve = new Running(path, ["serve", "flux_app.py"], clientEnv(local.env));
        await serve.line("Serving");
        const app = [...cloud.apps.values()].at(-1);
        assert.ok(app !== undefined);
        return { serve, app };
      };
      let { serve, app } = await start();
      assert.equal(app.state, "ephemeral");
      const answer = fetch(`${local.webUrl}/acme--flux-web-dev/health`);
      await until(() => cloud.listContainers({ appId: app.id }).length === 1);
      local.advance(60_000);
      assert.equal((await answer).status, 200);
      const goodbyes = (): number =>
        local.journal.count({ name: "AppClientDisconnect", appId: app.id });
      // An interrupt that comes while the client sets up its file watcher is lost, or ends the client
      // before it can say goodbye: ask again, or serve again.
      while (goodbyes() === 0) {
        if (serve.ended) ({ serve, app } = await start());
        serve.child.kill("SIGINT");
        await until(() => goodbyes() > 0 || serve.ended, 10_000);
      }
      assert.equal((await serve.done).code, 0);
      assert.equal(app.state, "stopped");
      assert.equal(cloud.listContainers({ appId: app.id }).length, 0);
      assert.equal(goodbyes(), 1);
    });

    it("runs a function to its end", async () => {
      local.clock.setSpeed(100);
      const done = await modal(["run", "inference_app.py::nightly_report"]);
      local.clock.setSpeed(0);
      assert.equal(done.code, 0, done.stderr);
      const app = [...local.workspace.cloud.apps.values()].at(-1);
      assert.equal(app?.state, "stopped");
      assert.equal(local.workspace.cloud.listContainers({ appId: app?.id ?? "" }).length, 0);
    });

    it("stops an app for good, once", async () => {
      const app = local.workspace.cloud.deployedApp("flux");
      const yes = isCurrent ? ["--yes"] : [];
      const done = await modal(["app", "stop", app?.id ?? "", ...yes]);
      assert.deepEqual([done.code, done.stdout], [0, ""]);
      assert.equal(app?.state, "stopped");
      const stops = { name: "AppStop", appId: app?.id ?? "", workspace: "acme" };
      assert.equal(local.journal.count(stops), 1);
      const listed = rows(await modal(["app", "list", "--json"]));
      const flux = listed.find((row) => row[key.appId] === app?.id);
      assert.deepEqual([flux?.[key.state], flux?.[key.tasks]], ["stopped", "0"]);
      const again = await modal(["app", "stop", app?.id ?? "", ...yes]);
      if (isCurrent) {
        assert.equal(again.code, 1);
        assert.match(again.stderr, /App is already stopped. \(Stopped at .* by 'you'\)/);
      }
      const gone = await fetch(`${local.webUrl}/acme--flux-web/health`);
      assert.equal(gone.status, 404);
      assert.equal(await gone.text(), "modal-http: app for invoked web endpoint is stopped");
    });
  });
}

/** Waits until something is so; the test's own time limit ends it. */
async function until(isSo: () => boolean, forMs = Number.POSITIVE_INFINITY): Promise<void> {
  const end = performance.now() + forMs;
  while (!isSo() && performance.now() < end)
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
}
