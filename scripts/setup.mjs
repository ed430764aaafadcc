// Installs whatever a bare clone lacks, then runs a program on Node 24.
//
//   node scripts/setup.mjs [--python] [--editor] [program.ts args...]
//
// Plain JavaScript without dependencies, because it runs before anything is installed and on
// whatever Node (>= 20.19) the machine has. Everything after it runs on the Node 24 that npm brings,
// which is the Node of VS Code's extension host.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const windows = process.platform === "win32";
const npm = windows ? "npm.cmd" : "npm";

/** A thing that only the user can install. Printed as one line, without a stack. */
class Missing extends Error {}

function say(line) {
  console.error(`set-up: ${line}`);
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: "ignore", shell: windows }).status === 0;
}

function run(command, args, options = {}) {
  const { error, status } = spawnSync(command, args, {
    cwd: root,
    shell: windows,
    stdio: ["ignore", "inherit", "inherit"],
    ...options,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with code ${status}`);
}

function checkMachine() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Missing(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
  }
  if (!runs(npm, ["--version"])) throw new Missing("npm is missing: install it with Node.");
}

/** Why node_modules cannot be used as it is; undefined when it can. */
function staleReason() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return "node_modules is missing";
  // Contents are compared, not times: a checkout touches the lock file without changing it.
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const have = JSON.parse(readFileSync(installed, "utf8")).packages;
  for (const [path, { version, optional, os }] of Object.entries(wanted)) {
    if (path === "" || optional || os) continue;
    if (have[path]?.version !== version) return `${path} is not at ${version}`;
  }
  return undefined;
}

const node24 = join(root, "node_modules", "node", "bin", windows ? "node.exe" : "node");

function nodeWorks() {
  const { stdout } = spawnSync(node24, ["--version"], { encoding: "utf8" });
  return stdout?.startsWith("v24.") ?? false;
}

function installPackages() {
  const stale = staleReason();
  if (stale) {
    say(`npm ci (${stale})`);
    run(npm, ["ci", "--loglevel=error"]);
  }
  if (nodeWorks()) return;
  // npm may have blocked the install script that fetches the binary (newer npm asks for approval).
  say("npm rebuild node");
  run(npm, ["rebuild", "node", "--loglevel=error", "--ignore-scripts=false"]);
  if (nodeWorks()) return;
  run(process.execPath, ["installArchSpecificPackage.js"], {
    cwd: join(root, "node_modules", "node"),
  });
  if (!nodeWorks()) throw new Error(`${node24} does not run: remove node_modules and try again.`);
}

async function installPython() {
  const { ensureVenvs } = await import("./venv.mjs");
  try {
    await ensureVenvs(say);
  } catch (error) {
    throw new Missing(error.message, { cause: error });
  }
}

function installEditor() {
  const { status } = spawnSync(node24, [join(root, "test", "host", "install.ts")], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Missing("VS Code to test in could not be set up (see above).");
}

/** Runs the program and passes on what ends it, so that Ctrl-C reaches it once. */
function exec(program, args) {
  const path = join(root, "node_modules", ".bin");
  const child = spawn(node24, [program, ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${path}${windows ? ";" : ":"}${process.env.PATH ?? ""}` },
  });
  // The terminal sends Ctrl-C to the whole group; other senders know only this process.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
}

const args = process.argv.slice(2);
const program = args.findIndex((arg) => !arg.startsWith("--"));
const needs = program === -1 ? args : args.slice(0, program);
try {
  checkMachine();
  installPackages();
  if (needs.includes("--python")) await installPython();
  if (needs.includes("--editor")) installEditor();
  if (program !== -1) exec(args[program], args.slice(program + 1));
} catch (error) {
  say(error instanceof Missing ? error.message : String(error?.stack ?? error));
  process.exitCode = 1;
}
