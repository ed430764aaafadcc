import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { systemClock } from "../../../src/base/systemClock.ts";
import { streamCli } from "../../../src/modal/cli/stream.ts";
import { kill, marked, ownProcesses } from "../../host/processes.ts";
import { until } from "../../host/until.ts";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import { cliOf, isolatedEnv, keeperProgram } from "./controlAdapters.ts";

const source = `
import modal

app = modal.App("served")


@app.function()
@modal.fastapi_endpoint()
def hello():
    return "hello"
`;

const patient = { withinMs: 60_000, everyMs: 50 };

for (const venv of ["current", "old"] as const) {
  describe(`modal serve with the ${venv} CLI, when its owner is gone`, () => {
    let local: LocalModal;
    let folder: string;
    let command: string;
    let bundle: string;
    const owners: ChildProcess[] = [];

    before(async function (this: Mocha.Context) {
      ({ command } = cliOf(this, venv));
      folder = await mkdtemp(join(tmpdir(), "modal-meter-keeper-"));
      await writeFile(join(folder, "served.py"), source);
      bundle = join(folder, "keeper.cjs");
      await build({
        entryPoints: [keeperProgram],
        outfile: bundle,
        bundle: true,
        platform: "node",
        format: "cjs",
        logLevel: "error",
      });
      local = await startLocalModal({ speed: 0, heartbeatTimeoutMs: 40_000 });
    });
    after(async () => {
      for (const { pid } of owners) if (pid !== undefined) kill(pid);
      for (const { pid } of serving()) kill(pid);
      await local?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    /** What of `modal serve` and its keeper lives, by a mark that every descendant inherits. */
    const serving = () => ownProcesses().filter(({ command: line }) => line.includes(" serve "));

    async function serve(keeper = bundle): Promise<{ owner: ChildProcess; appId: string }> {
      const owner = spawn(
        process.execPath,
        [join(import.meta.dirname, "serveOwner.ts"), command, keeper, folder, "served.py"],
        { env: marked(env(local)), stdio: ["ignore", "pipe", "inherit"] },
      );
      owners.push(owner);
      owner.stdout?.setEncoding("utf8");
      const appId = await new Promise<string>((resolve, reject) => {
        owner.stdout?.once("data", (text: string) => resolve(text.trim()));
        owner.once("exit", (code) => reject(new Error(`the owner ended with ${code}`)));
      });
      assert.equal(local.workspace.cloud.app(appId).state, "ephemeral");
      assert.ok(serving().length > 0);
      return { owner, appId };
    }

    /** By its client's word, or because Modal missed its heartbeat. */
    const untilEnded = (appId: string): Promise<unknown> =>
      until(
        "Modal has ended the app",
        () => {
          local.sync();
          return local.workspace.cloud.app(appId).state === "stopped";
        },
        patient,
      );

    it("says goodbye to Modal and leaves no process after SIGKILL", async () => {
      const { owner, appId } = await serve();
      // Some seconds after it says that it serves it hears an interrupt; before, it may not.
      const beats = (): number => local.journal.count({ name: "AppHeartbeat", appId });
      await until("it is up and well", () => beats() > 1, patient);
      owner.kill("SIGKILL");
      await once(owner, "exit");
      await until("no process is left", () => serving().length === 0, patient);
      // It said goodbye: Modal did not have to miss its heartbeat.
      assert.equal(local.journal.count({ name: "AppClientDisconnect", appId }), 1);
      await untilEnded(appId);
    });

    it("ends, and its app with it, also when its owner is ended as soon as it serves", async () => {
      const { owner, appId } = await serve();
      owner.kill("SIGTERM");
      await once(owner, "exit");
      await until("no process is left", () => serving().length === 0, patient);
      await untilEnded(appId);
    });

    it("ends with its owner also while it is only starting", async () => {
      local.faults.addRpc({ rpc: "AppPublish", fault: { kind: "delay", ms: 1000 } });
      const before = local.journal.count({ name: "AppPublish" });
      const served = serve().catch(() => undefined);
      await until(
        "it is about to serve",
        () => local.journal.count({ name: "AppPublish" }) > before,
        patient,
      );
      owners.at(-1)?.kill("SIGKILL");
      await served;
      await until("no process is left", () => serving().length === 0, patient);
      local.faults.clear();
      for (const { id } of local.workspace.cloud.apps.values()) await untilEnded(id);
    });
  });
}

function env(local: LocalModal): Record<string, string> {
  return Object.fromEntries(
    Object.entries(isolatedEnv(local.env)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

describe("the keeper of a command", function () {
  const run = (script: string, onLine: (line: string) => void = () => undefined) =>
    streamCli(
      {
        cli: { command: process.execPath, prefixArgs: ["-e"], origin: "path", version: null },
        processEnv: marked({ PATH: process.env["PATH"] ?? "" }),
        clock: systemClock,
      },
      [script],
      { keeper: keeperProgram, onLine },
    );

  it("hands on its output and its exit code, and neither the editor's switch nor a stdin", async () => {
    const lines: string[] = [];
    const { exitCode, stderr } = await run(
      `console.log(process.env.ELECTRON_RUN_AS_NODE ?? "none"); console.error("é");
       process.stdin.resume().on("end", () => process.exit(3));`,
      (line) => lines.push(line),
    ).ended;
    assert.deepEqual([exitCode, stderr], [3, "é\n"]);
    assert.deepEqual(lines.toSorted(), ["none", "é"]);
  });

  it("asks it to end, and kills one that does not hear, with what it started", async () => {
    for (const [script, code, said] of [
      [`process.on("SIGINT", () => { console.log("bye"); process.exit(0); });`, 0, "bye"],
      [
        `process.on("SIGINT", () => undefined); process.on("SIGTERM", () => undefined);
         require("child_process").spawn(process.execPath, ["-e", "process.on('SIGINT', () => 0); process.on('SIGTERM', () => 0); setInterval(() => 0, 1000)"]);`,
        null,
        undefined,
      ],
    ] as const) {
      const lines: string[] = [];
      const stream = run(`${script} console.log("ready"); setInterval(() => 0, 1000);`, (line) =>
        lines.push(line),
      );
      await until("it runs", () => lines.includes("ready"));
      stream.interrupt(500);
      assert.equal((await stream.ended).exitCode, code);
      assert.equal(lines.at(-1), said ?? "ready");
      assert.deepEqual(
        ownProcesses().filter(({ command }) => command.includes("SIGINT")),
        [],
      );
    }
  });

  it("that is killed itself takes the command with it", async () => {
    const lines: string[] = [];
    const stream = run(`console.log("ready SIGINT"); setInterval(() => 0, 1000);`, (line) =>
      lines.push(line),
    );
    await until("it runs", () => lines.length > 0);
    const [keeper] = ownProcesses().filter(({ command }) => command.includes("keeperEntry"));
    assert.ok(keeper);
    kill(keeper.pid);
    assert.equal((await stream.ended).exitCode, null);
    await until("no process is left", () => ownProcesses().length === 0);
  });

  it("says that the command is missing", async () => {
    const parts = {
      cli: { command: "/no/such/modal", prefixArgs: [], origin: "path", version: null },
      processEnv: { PATH: process.env["PATH"] },
      clock: systemClock,
    } as const;
    await assert.rejects(
      streamCli(parts, ["serve"], { keeper: keeperProgram, onLine: () => undefined }).ended,
      { reason: "cli-missing", message: /\/no\/such\/modal/ },
    );
  });
});
