import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../../src/base/systemClock.ts";
import { CliDeployer } from "../../../src/modal/deploy/deployer.ts";
import { findDeployTargets, readWorkspace } from "../../../src/modal/deploy/targets.ts";
import type { DeployTarget } from "../../../src/session/deployer.ts";
import { appTarget } from "../../appTarget.ts";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import { cliOf, isolatedEnv, keeperProgram, KeptLog } from "./controlAdapters.ts";

const source = `
import os
import modal

app = modal.App("flux-api")
window = int(os.environ.get("SCALEDOWN_WINDOW", "300"))
print("mode is", os.environ.get("MODAL_MODE", "none"))


@app.function(gpu="L40S", scaledown_window=window, serialized=False)
@modal.fastapi_endpoint(method="POST")
def flux(item: dict):
    return item


@app.function()
@modal.asgi_app(requires_proxy_auth=True)
def private():
    return None
`;

for (const venv of ["current", "old"] as const) {
  describe(`CliDeployer with the ${venv} CLI`, () => {
    let local: LocalModal;
    let deployer: CliDeployer;
    let folder: string;

    before(async function (this: Mocha.Context) {
      const cli = cliOf(this, venv);
      folder = await mkdtemp(join(tmpdir(), "modal-meter-deploy-"));
      local = await startLocalModal({ speed: 0, environments: ["main", "staging"] });
      deployer = new CliDeployer({
        cli,
        processEnv: isolatedEnv(local.env),
        choice: { profile: null, environment: null },
        environment: async () => "main",
        keeper: keeperProgram,
        clock: systemClock,
        log: new KeptLog(),
      });
    });
    after(async () => {
      await local?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });
    afterEach(() => local.faults.clear());

    async function target(name: string, text = source): Promise<DeployTarget> {
      const file = join(folder, name);
      await writeFile(file, text);
      return appTarget(file, folder);
    }

    it("deploys with the mode's variables and learns the URLs", async () => {
      const lines: string[] = [];
      const { urls, appName } = await deployer.deploy(await target("app.py"), {
        variables: { MODAL_MODE: "demo", SCALEDOWN_WINDOW: "7" },
        onLine: (line) => lines.push(line),
      });
      assert.deepEqual(
        // The CLI creates functions in parallel, and prints them as they come.
        new Set(urls.map(({ functionName }) => functionName)),
        new Set(["flux", "private"]),
      );
      for (const { url } of urls) assert.ok(url.startsWith(local.webUrl), url);
      assert.equal(appName, "flux-api");
      assert.ok(lines.includes("mode is demo"), lines.join("\n"));
      const app = local.workspace.cloud.deployedApp("flux-api");
      const flux = [...(app?.functions.values() ?? [])].find(({ spec }) => spec.name === "flux");
      assert.equal(flux?.spec.scaledownMs, 7000);
      assert.deepEqual(flux?.spec.gpu, { type: "L40S", count: 1 });
    });

    it("leaves the name to the file, which may choose it by the mode", async () => {
      const text = source.replace(
        'app = modal.App("flux-api")',
        'if os.environ.get("MODAL_MODE") == "dev":\n    app = modal.App("by-mode-dev")\nelse:\n    app = modal.App("by-mode-prod")',
      );
      const file = join(folder, "by_mode.py");
      await writeFile(file, text);
      const variables = { MODAL_MODE: "dev" };
      const read = await readWorkspace(folder, {
        listPythonFiles: async () => ({ files: [file], ignored: new Set() }),
        read: async () => Buffer.from(text),
        realPath: realpath,
      });
      const { candidates } = findDeployTargets(read, new Map(Object.entries(variables)));
      const [found] = candidates;
      assert.ok(found);
      assert.deepEqual([found.target.name, found.target.nameInFile], [null, "by-mode-dev"]);
      const { appName } = await deployer.deploy(found.target, {
        variables,
        onLine: () => undefined,
      });
      assert.equal(appName, "by-mode-dev");
      assert.equal(local.workspace.cloud.deployedApp("by-mode-dev")?.state, "deployed");
      assert.equal(local.workspace.cloud.deployedApp("by-mode-prod"), null);
      // Whatever a reader of the file believes, the file decides.
      const believed = { ...found.target, nameInFile: "by-mode-prod" };
      await deployer.deploy(believed, { variables, onLine: () => undefined });
      assert.equal(local.workspace.cloud.deployedApp("by-mode-prod"), null);
    });

    for (const [title, files, names] of [
      [
        "a part of a package, as a module",
        {
          "shop/__init__.py": "",
          "shop/common.py": 'import modal\napp = modal.App("package-shop")\n',
          "shop/main.py": "from .common import app\n\n@app.function()\ndef work(): ...\n",
        },
        ["package-shop"],
      ],
      [
        "two apps of one file, each under its variable",
        {
          "two.py":
            'import modal\nworker = modal.App("worker")\napp = modal.App("web")\n\n@worker.function()\ndef work(): ...\n\n@app.function()\ndef web(): ...\n',
        },
        ["web", "worker"],
      ],
      [
        "an app that is made in one file and has its functions in another",
        {
          "common.py": 'import modal\napp = modal.App("in-two-files")\n',
          "serve.py": "from common import app\n\n@app.function()\ndef serve(): ...\n",
        },
        ["in-two-files"],
      ],
    ] as const) {
      it(`finds and deploys ${title}`, async () => {
        const root = await mkdtemp(join(folder, "found-"));
        for (const [path, text] of Object.entries(files)) {
          await mkdir(dirname(join(root, path)), { recursive: true });
          await writeFile(join(root, path), text);
        }
        const listed = Object.keys(files).map((path) => join(root, path));
        const read = await readWorkspace(root, {
          listPythonFiles: async () => ({ files: listed, ignored: new Set() }),
          read: readFile,
          realPath: realpath,
        });
        const { candidates } = findDeployTargets(read, new Map());
        const deployed: string[] = [];
        for (const { target: found, problem } of candidates) {
          assert.equal(problem, null);
          const { appName } = await deployer.deploy(found, {
            variables: {},
            onLine: () => undefined,
          });
          assert.equal(appName, found.nameInFile);
          deployed.push(appName ?? "");
        }
        assert.deepEqual(new Set(deployed), new Set(names));
        for (const name of names)
          assert.equal(local.workspace.cloud.deployedApp(name)?.state, "deployed");
      });
    }

    it("deploys into the environment of the target, under the target's name", async () => {
      const other = { ...(await target("app.py")), environment: "staging", name: "renamed" };
      await deployer.deploy(other, { variables: {}, onLine: () => undefined });
      assert.equal(local.workspace.cloud.deployedApp("renamed", "staging")?.state, "deployed");
      assert.equal(local.workspace.cloud.deployedApp("renamed", "main"), null);
    });

    for (const [name, text, message] of [
      [
        "import.py",
        "import no_such_module_here\n",
        /ModuleNotFoundError: No module named 'no_such_module_here' \(import\.py, line 1\)/,
      ],
      ["syntax.py", "def broken(:\n", /SyntaxError: invalid syntax \(syntax\.py, line 1\)/],
      ["noapp.py", "x = 1\n", /app/],
    ] as const) {
      it(`names what is wrong with ${name}`, async () => {
        const wrong = await target(name, text);
        await assert.rejects(deployer.deploy(wrong, { variables: {}, onLine: () => undefined }), {
          reason: "deploy-failed",
          message,
        });
      });
    }

    it("names a refusal of the service for what it is", async () => {
      local.faults.addRpc({
        rpc: "AppCreate",
        fault: {
          kind: "status",
          code: "RESOURCE_EXHAUSTED",
          message: "App creation failed: workspace billing cycle spend limit reached",
        },
      });
      const fresh = { ...(await target("app.py")), name: "fresh" };
      await assert.rejects(deployer.deploy(fresh, { variables: {}, onLine: () => undefined }), {
        reason: "spend-limit",
      });
    });

    it("ends a deploy that is cancelled", async () => {
      local.faults.addRpc({ rpc: "AppPublish", fault: { kind: "hang" } });
      const abort = new AbortController();
      const hanging = { ...(await target("app.py")), name: "hanging" };
      const before = local.journal.count({ name: "AppPublish" });
      const done = deployer.deploy(hanging, {
        variables: {},
        onLine: () => undefined,
        signal: abort.signal,
      });
      const rejected = assert.rejects(done, { reason: "cancelled" });
      while (local.journal.count({ name: "AppPublish" }) === before) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      abort.abort();
      await rejected;
    });

    it("serves until it is ended, as Ctrl-C would", async () => {
      const lines: string[] = [];
      const handle = await deployer.serve(await target("served.py"), {
        variables: {},
        onLine: (line) => lines.push(line),
      });
      assert.match(handle.appId, /^ap-\w+$/);
      assert.deepEqual(
        // The CLI creates functions in parallel, and prints them as they come.
        handle.urls.map(({ functionName }) => functionName).toSorted(),
        ["flux", "private"],
        lines.join("\n"),
      );
      assert.equal(local.workspace.cloud.app(handle.appId).state, "ephemeral");
      await handle.end();
      assert.equal(local.journal.count({ name: "AppClientDisconnect" }) > 0, true);
      assert.notEqual(local.workspace.cloud.app(handle.appId).state, "ephemeral");
    });
  });
}
