import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { systemClock } from "../../../src/base/systemClock.ts";
import { Failure } from "../../../src/base/failure.ts";
import { pidAlive } from "../../../src/guardian/pidAlive.ts";
import type { CliCommand } from "../../../src/modal/cli/command.ts";
import { runCli } from "../../../src/modal/cli/process.ts";
import { streamCli } from "../../../src/modal/cli/stream.ts";
import { findCli } from "../../../src/modal/findCli.ts";
import { testControl } from "./controlAdapters.ts";
import { skip } from "../../skip.ts";

const token = { MODAL_TOKEN_ID: "ak-visible", MODAL_TOKEN_SECRET: "as-visible" };

/** A `modal` command made of JavaScript, for answers that no real one gives. */
class FakeCli {
  readonly #folder: string;
  #number = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async command(code: string): Promise<CliCommand> {
    const file = join(this.#folder, `modal-${(this.#number += 1)}.cjs`);
    const known = `
      const [group, verb] = process.argv.slice(2);
      if (group === "--version") { console.log("modal client version: 1.6.4"); process.exit(0); }
      if (group === "token") { console.log("Workspace: acme (ac-1)\\nUser: you (us-1)"); process.exit(0); }
    `;
    await writeFile(file, `${known}\n${code}`);
    return { command: process.execPath, prefixArgs: [file], origin: "setting", version: null };
  }
}

describe("The modal command as a process", () => {
  let folder: string;
  let fake: FakeCli;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "modal-meter-cli-"));
    fake = new FakeCli(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function failureOf(promise: Promise<unknown>): Promise<Failure> {
    try {
      await promise;
    } catch (error) {
      assert.ok(error instanceof Failure, String(error));
      return error;
    }
    return assert.fail("did not fail");
  }

  async function listWith(code: string): Promise<Failure> {
    const cli = await fake.command(code);
    const control = testControl({ mode: "cli", cli, env: token, environment: "main" });
    return failureOf(control.listApps());
  }

  for (const [name, code] of [
    ["truncated JSON", `process.stdout.write('[{"app_id": "ap-1", "descr')`],
    ["HTML", `console.log("<!doctype html><title>Sign in to the Wi-Fi</title>")`],
    ["colours", `console.log("\\u001b[1m[]\\u001b[0m")`],
    ["a banner before", `console.log("Welcome!\\n[]")`],
    ["a line after", `console.log("[]\\nUsing acme workspace based on environment variables")`],
    [
      "bytes that are no UTF-8",
      `process.stdout.write(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]))`,
    ],
    ["nothing", ``],
    ["another shape", `console.log('{"apps": []}')`],
    ["a number where an id belongs", `console.log('[{"app_id": 7}]')`],
    ["a crash", `throw new TypeError("broken installation")`],
  ] as const) {
    it(`takes ${name} for no answer`, async () => {
      const failure = await listWith(code);
      assert.ok(["bad-output", "service-error"].includes(failure.reason), failure.reason);
      if (name !== "a crash") assert.equal(failure.reason, "bad-output");
      if (name !== "nothing") assert.notEqual(failure.evidence ?? "", "");
      assert.ok((failure.evidence ?? "").length < 2000);
    });
  }

  it("takes fifty megabytes for no answer, without holding them", async () => {
    const code = `
      const line = Buffer.alloc(1024 * 1024, "x");
      for (let i = 0; i < 50; i++) require("fs").writeSync(1, line);`;
    const before = process.memoryUsage.rss();
    const failure = await listWith(code);
    assert.equal(failure.reason, "bad-output");
    assert.ok(process.memoryUsage.rss() - before < 150 * 1024 * 1024);
  });

  it("ends a command that hangs, and everything that it started", async () => {
    const pidFile = join(folder, "grandchild.pid");
    const cli = await fake.command(`
      const child = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      process.on("SIGTERM", () => {}); process.on("SIGINT", () => {});
      setInterval(() => {}, 1000);`);
    const parts = { cli, processEnv: process.env, clock: systemClock, reachable: async () => true };
    const failure = await failureOf(
      runCli(parts, ["app", "list"], { what: "list the apps", silenceMs: 1500 }),
    );
    assert.equal(failure.reason, "timed-out");
    const pid = Number(await readFile(pidFile, "utf8"));
    await until(() => !pidAlive(pid));
  });

  it("limits the silence of a command, not its length", async () => {
    const slow = await fake.command(`
      let left = 8;
      setInterval(() => {
        process.stdout.write("piece ");
        if ((left -= 1) === 0) process.exit(0);
      }, 600);`);
    const silent = await fake.command(
      `process.stdout.write("piece "); setInterval(() => {}, 1000);`,
    );
    const run = (cli: CliCommand) =>
      runCli(
        { cli, processEnv: process.env, clock: systemClock, reachable: async () => true },
        ["billing", "report"],
        { what: "read the billing report", silenceMs: 3000 },
      );
    const [{ stdout }, failure] = await Promise.all([run(slow), failureOf(run(silent))]);
    assert.equal(Buffer.from(stdout).toString(), "piece ".repeat(8));
    assert.equal(failure.reason, "timed-out");
  });

  it("does not outlive its owner, nor does what it started", async () => {
    const pidFile = join(folder, "orphan.pid");
    const cli = await fake.command(`
      const child = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      setInterval(() => {}, 1000);`);
    const owner = join(folder, "owner.mjs");
    const source = (path: string): string =>
      JSON.stringify(join(import.meta.dirname, "../../../src", path));
    await writeFile(
      owner,
      `import { existsSync } from "node:fs";
      import { systemClock } from ${source("base/systemClock.ts")};
      import { runCli } from ${source("modal/cli/process.ts")};
      const parts = { cli: ${JSON.stringify(cli)}, processEnv: process.env, clock: systemClock, reachable: async () => true };
      void runCli(parts, ["app", "list"], { what: "list the apps", silenceMs: 60_000 });
      setInterval(() => { if (existsSync(${JSON.stringify(pidFile)})) process.exit(0); }, 20);`,
    );
    await execa(process.execPath, [owner]);
    const pid = Number(await readFile(pidFile, "utf8"));
    await until(() => !pidAlive(pid));
  });

  it("says offline as soon as it knows, not when the command does", async () => {
    const cli = await fake.command(`setInterval(() => {}, 1000)`);
    const parts = {
      cli,
      processEnv: process.env,
      clock: systemClock,
      reachable: async () => false,
    };
    const askedMs = Date.now();
    const failure = await failureOf(
      runCli(parts, ["app", "list"], { what: "list the apps", silenceMs: 60_000 }),
    );
    assert.equal(failure.reason, "offline");
    assert.ok(Date.now() - askedMs < 15_000);
  });

  it("says cli-missing for a command that is not there", async () => {
    const cli: CliCommand = {
      command: join(folder, "nowhere", "modal"),
      prefixArgs: [],
      origin: "setting",
      version: null,
    };
    const control = testControl({ mode: "cli", cli, env: token, environment: "main" });
    assert.equal((await failureOf(control.listApps())).reason, "cli-missing");
  });

  it("never puts a token into an argument, and never runs in the workspace", async () => {
    const seen = join(folder, "seen.jsonl");
    const cli = await fake.command(`
      require("fs").appendFileSync(${JSON.stringify(seen)}, JSON.stringify({ argv: process.argv, cwd: process.cwd() }) + "\\n");
      console.log(group === "billing" ? "{}" : "[]");`);
    const control = testControl({ mode: "cli", cli, env: token, environment: "main" });
    await control.listApps();
    await control.listContainers();
    await control.rates();
    const text = await readFile(seen, "utf8");
    assert.doesNotMatch(text, /a[ks]-visible/);
    assert.doesNotMatch(text, new RegExp(`"cwd":"${process.cwd()}"`));
    assert.match(text, /"--env","main"/);
  });

  it("learns from the answer whether stop knows --yes", async () => {
    const list = `if (verb === "list") {
      console.log('[{"App ID": "ap-1", "Description": "x", "State": "deployed", "Tasks": "0", "Created at": null, "Stopped at": null}]');
      process.exit(0); }`;
    const calls = join(folder, "stops.txt");
    const note = `require("fs").appendFileSync(${JSON.stringify(calls)}, process.argv.slice(4).join(" ") + "\\n");`;
    const withoutYes = await fake.command(`${list} ${note}
      if (process.argv.includes("--yes")) { console.error("Usage: modal\\nError: No such option: --yes"); process.exit(2); }`);
    const first = testControl({ mode: "cli", cli: withoutYes, env: token, environment: "main" });
    assert.equal(await first.stopApp("ap-1"), "stopped");
    assert.equal(await first.stopApp("ap-1"), "stopped");
    const needsYes = await fake.command(`${list} ${note}
      if (!process.argv.includes("--yes")) { console.error("Aborted: no interactive terminal detected. Rerun with --yes (-y) to skip confirmation."); process.exit(1); }`);
    const old = { ...needsYes, version: "1.4.1" };
    const second = testControl({ mode: "cli", cli: old, env: token, environment: "main" });
    assert.equal(await second.stopApp("ap-1"), "stopped");
    assert.equal(
      await readFile(calls, "utf8"),
      "stop ap-1 --yes\nstop ap-1\nstop ap-1\nstop ap-1\nstop ap-1 --yes\n".replaceAll("stop ", ""),
    );
  });

  it("interrupts a stream with SIGINT, and kills one that does not hear it", async () => {
    const polite = await fake.command(
      `process.on("SIGINT", () => { console.log("bye"); process.exit(0); }); console.log("ready"); setInterval(() => {}, 1000);`,
    );
    const deaf = await fake.command(
      `process.on("SIGINT", () => {}); console.log("ready"); setInterval(() => {}, 1000);`,
    );
    for (const [cli, code, said] of [
      [polite, 0, ["ready", "bye"]],
      [deaf, null, ["ready"]],
    ] as const) {
      const lines: string[] = [];
      const parts = { cli, processEnv: process.env, clock: systemClock };
      const stream = streamCli(parts, ["app", "logs"], { onLine: (line) => lines.push(line) });
      await until(() => lines.includes("ready"));
      stream.interrupt(1000);
      assert.equal((await stream.ended).exitCode, code);
      assert.deepEqual(lines, said);
    }
  });

  it("cuts a line without an end", async () => {
    const cli = await fake.command(
      `process.stdout.write("x".repeat(300000)); process.stdout.write("é");`,
    );
    const lines: string[] = [];
    const parts = { cli, processEnv: process.env, clock: systemClock };
    await streamCli(parts, ["app", "logs"], { onLine: (line) => lines.push(line) }).ended;
    assert.ok(lines.every((line) => line.length <= 64 * 1024));
    assert.equal(lines.join("").length, 300_001);
    assert.ok(lines.join("").endsWith("é"));
  });
});

describe("findCli", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "modal-meter-find-"));
    for (const path of ["project/.venv/bin", "other/venv/bin", "global", "uvbin"]) {
      await mkdir(join(folder, path), { recursive: true });
    }
    for (const path of [
      "project/.venv/bin/modal",
      "other/venv/bin/modal",
      "global/modal",
      "uvbin/uv",
    ]) {
      await writeFile(join(folder, path), "#!/bin/sh\n");
      await chmod(join(folder, path), 0o755);
    }
    await mkdir(join(folder, "uvproject"));
    await writeFile(join(folder, "uvproject/pyproject.toml"), 'dependencies = ["modal>=1.0"]');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  interface Asked {
    setting?: string;
    folders?: readonly string[];
    path?: readonly string[];
    pythonPath?: string;
    env?: Readonly<Record<string, string>>;
    broken?: RegExp;
  }

  async function find(asked: Asked): Promise<{ cli: CliCommand | null; run: readonly string[] }> {
    const run: string[] = [];
    const cli = await findCli({
      setting: asked.setting ?? "",
      trustedFolders: asked.folders ?? [],
      folders: asked.folders ?? [],
      pythonPath: asked.pythonPath ?? null,
      processEnv: { PATH: (asked.path ?? []).join(delimiter), ...asked.env },
      askVersion: async (command, args) => {
        run.push([command, ...args].join(" "));
        return asked.broken?.test(command) === true ? undefined : "modal client version: 1.6.4\n";
      },
    });
    return { cli, run };
  }

  it("prefers the workspace's own environment to PATH", async function () {
    if (process.platform === "win32")
      skip(
        this,
        "posix",
        "programs are found by their executable bit, which Windows does not have",
      );
    const { cli } = await find({
      folders: [join(folder, "project")],
      path: [join(folder, "global")],
    });
    assert.deepEqual(cli, {
      command: join(folder, "project/.venv/bin/modal"),
      prefixArgs: [],
      origin: "virtual-environment",
      version: "1.6.4",
    });
  });

  it("runs nothing from a folder that is not trusted", async () => {
    const { cli, run } = await find({ path: [join(folder, "global")] });
    assert.equal(cli?.origin, "path");
    assert.ok(run.every((line) => line.startsWith(join(folder, "global"))));
  });

  it("goes on when an environment is broken", async () => {
    const { cli } = await find({
      folders: [join(folder, "project"), join(folder, "other")],
      broken: /\.venv/,
    });
    assert.equal(cli?.command, join(folder, "other/venv/bin/modal"));
  });

  it("knows the active environment, the Python extension's, and uv's", async () => {
    const active = await find({ env: { VIRTUAL_ENV: join(folder, "other/venv") } });
    assert.equal(active.cli?.command, join(folder, "other/venv/bin/modal"));
    const python = await find({ pythonPath: join(folder, "project/.venv/bin/python") });
    assert.equal(python.cli?.origin, "python-extension");
    const uv = await find({ folders: [join(folder, "uvproject")], path: [join(folder, "uvbin")] });
    assert.equal(uv.cli?.origin, "uv");
    assert.deepEqual(uv.cli?.prefixArgs.slice(0, 2), ["run", "--project"]);
  });

  it("never takes a relative entry of PATH", async () => {
    const { cli } = await find({ path: [".", "bin"] });
    assert.equal(cli, null);
  });

  it("takes the setting alone, and says when it is wrong", async () => {
    const right = await find({ setting: join(folder, "global/modal"), path: [] });
    assert.equal(right.cli?.origin, "setting");
    await assert.rejects(
      find({ setting: "/nowhere/modal", broken: /nowhere/, path: [join(folder, "global")] }),
      { reason: "cli-missing", message: /modalMeter\.cliPath/ },
    );
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
