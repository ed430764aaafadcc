import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { startGuardian } from "../../src/guardian/startGuardian.ts";
import { until } from "../host/until.ts";
import { targetSample } from "../unit/guardian/targetSample.ts";
import { copyBundle } from "../../src/guardian/bundleCopy.ts";
import { runTool } from "../../src/guardian/notifier/runTool.ts";
import { cell } from "../../src/ledger/exportRows.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import { gitIgnored } from "../../src/modal/deploy/gitIgnored.ts";
import { findCli } from "../../src/modal/findCli.ts";
import { findProgram } from "../../src/modal/process/findProgram.ts";
import { root } from "../host/paths.ts";
import { skip } from "../skip.ts";

const canary = "as-CanarySecretOfTheMachine";

describe("this machine", () => {
  let folder = "";
  before(function () {
    if (process.platform === "win32") skip(this, "posix", "rights and programs are POSIX's here");
  });
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "mm-machine-")));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A program that writes down that it ran, and with which credentials. */
  function program(path: string): string {
    mkdirSync(join(path, ".."), { recursive: true });
    const ran = `${path}.ran`;
    writeFileSync(path, `#!/bin/sh\necho "ran $MODAL_TOKEN_SECRET" >> '${ran}'\necho 1.6.4\n`);
    chmodSync(path, 0o755);
    return ran;
  }

  it("keeps its ledger from other users, one that an older version left open too", async () => {
    const path = join(folder, "ledger.db");
    for (let round = 0; round < 2; round += 1) {
      const { ledger } = await openLedger(path);
      const files = readdirSync(folder);
      assert.ok(files.includes("ledger.db") && files.length > 1, files.join());
      for (const file of files)
        assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, `${round} ${file}`);
      ledger.dispose();
      for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o644);
    }
  });

  it("does not start a guardian's bundle that somebody has changed since", () => {
    const bundle = join(folder, "guardian.cjs");
    writeFileSync(bundle, "the guardian");
    const bundles = join(folder, "bundles");
    const copy = copyBundle([bundle], bundles, 1000);
    appendFileSync(join(copy, "guardian.cjs"), "; require('child_process')");
    assert.equal(copyBundle([bundle], bundles, 2000), copy);
    assert.equal(readFileSync(join(copy, "guardian.cjs"), "utf8"), "the guardian");
    writeFileSync(join(copy, "sdk.cjs"), "planted");
    copyBundle([bundle], bundles, 3000);
    assert.deepEqual(readdirSync(copy), ["guardian.cjs"]);
  });

  it("gives Modal's credentials to no notifier and to no git", async () => {
    process.env["MODAL_TOKEN_SECRET"] = canary;
    try {
      const print = "console.log(JSON.stringify(process.env))";
      const call = { file: process.execPath, args: ["-e", print] };
      const { stdout } = await runTool(call, new AbortController().signal);
      assert.ok(stdout.includes("PATH") && !stdout.includes(canary));
    } finally {
      delete process.env["MODAL_TOKEN_SECRET"];
    }
    const ran = program(join(folder, "machine", "git"));
    const work = join(folder, "work");
    mkdirSync(work);
    const PATH = [join(folder, "machine"), "/bin", "/usr/bin"].join(delimiter);
    await gitIgnored(work, { PATH, MODAL_TOKEN_ID: canary, MODAL_TOKEN_SECRET: canary });
    assert.equal(readFileSync(ran, "utf8"), "ran \n");
  });

  it("runs no git, uv or modal that lies in the workspace, whatever PATH says", async () => {
    const work = join(folder, "work");
    const traps = ["git", "uv", "modal"].map((name) => program(join(work, "bin", name)));
    traps.push(program(join(work, ".venv", "bin", "modal")));
    symlinkSync(join(work, "bin"), join(folder, "innocent"));
    const PATH = [".", join(work, "bin"), join(folder, "innocent")].join(delimiter);
    for (const name of ["git", "uv", "modal"])
      assert.equal(await findProgram(name, { PATH }, [work]), undefined, name);
    assert.deepEqual(await gitIgnored(work, { PATH }), { folders: [], files: [] });
    const asked: string[] = [];
    const cli = await findCli({
      setting: "",
      trustedFolders: [],
      folders: [work],
      pythonPath: null,
      processEnv: { PATH, VIRTUAL_ENV: join(work, ".venv"), CONDA_PREFIX: join(work, ".venv") },
      askVersion: (command) => {
        asked.push(command);
        return Promise.resolve("modal client version: 1.6.4");
      },
    });
    assert.deepEqual([cli, asked], [null, []]);
    assert.deepEqual(
      traps.filter((ran) => existsSync(ran)),
      [],
    );
  });

  it("hands no program of the workspace to the guardian, whose notifier runs by its name", async () => {
    const work = join(folder, "work");
    const trap = program(join(work, "bin", "notify-send"));
    const ran = program(join(folder, "system", "notify-send"));
    symlinkSync(join(work, "bin"), join(folder, "innocent"));
    const path = [
      "bin",
      ".",
      "",
      join(work, "bin"),
      join(folder, "innocent"),
      join(folder, "system"),
      "/bin",
      "/usr/bin",
    ].join(delimiter);
    const bundle = join(folder, "guardian.cjs");
    // What the guardian does with a reminder, in the working folder and with the PATH that it has.
    writeFileSync(bundle, `require("child_process").spawnSync("notify-send", ["--help"])`);
    const storageFolder = join(folder, "storage");
    const { ledger } = await openLedger(":memory:");
    const started = await startGuardian({
      bundleFiles: [bundle],
      storageFolder,
      ledgerFile: join(storageFolder, "ledger.db"),
      ledger,
      target: targetSample({ scope: "acme/main" }),
      nowMs: Date.now(),
      execPath: process.execPath,
      env: { PATH: path },
      folders: [work],
    });
    assert.equal(started.kind, "started");
    await until("the notifier ran", () => existsSync(ran), { withinMs: 20_000 });
    assert.ok(!existsSync(trap), "the workspace's was run");
    ledger.dispose();
  });

  it("exports no cell that a spreadsheet would run", () => {
    for (const formula of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
      assert.match(cell(formula), /^"?'/, formula);
    for (const formula of [
      " =1+1",
      "\u00a0=1",
      "\u200b=1",
      '"=1',
      "'=1",
      "＝1+1",
      "＠SUM(A1)",
      " \t＋1",
    ])
      assert.match(cell(formula), /^"?'/, JSON.stringify(formula));
    for (const plain of ["fox", "a=b", "1-2", "", " fox"]) assert.equal(cell(plain), plain);
  });

  it("installs no package of another content than the lock file says, on any platform", () => {
    const lock: unknown = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    assert.ok(typeof lock === "object" && lock !== null && "packages" in lock);
    const { packages } = lock;
    assert.ok(typeof packages === "object" && packages !== null);
    const without = Object.entries(packages).filter(
      ([name, entry]: readonly [string, unknown]) =>
        name !== "" && !(typeof entry === "object" && entry !== null && "integrity" in entry),
    );
    // cbor-extract 2.2.3 asks for these, and nobody ever published them: there is nothing to have a hash of.
    const unpublished = /^node_modules\/@cbor-extract\//;
    assert.deepEqual(
      without.map(([name]) => name).filter((name) => !unpublished.test(name)),
      [],
    );
  });
});
