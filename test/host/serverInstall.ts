import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { cacheFolder, root } from "./paths.ts";

/** VS Code's server, ready to start. */
export interface ServerInstall {
  /** The script that Node runs. */
  readonly main: string;
  /** A bare machine has no fonts, and a screenshot without letters shows nothing. */
  readonly fontFiles: readonly string[];
}

const recipe = join(root, "test", "host", "server");

/** Changes when the steps below change, so that an old install is not taken for a new one. */
const steps = 1;

async function installFolder(): Promise<string> {
  const lock = await readFile(join(recipe, "package-lock.json"));
  const hash = createHash("sha256").update(lock).update(`${steps} ${process.arch}`).digest("hex");
  return join(cacheFolder, `server-${hash.slice(0, 12)}`);
}

const emoji = "NotoColorEmoji_400Regular.ttf";

function installed(folder: string): ServerInstall {
  const modules = join(folder, "node_modules");
  return {
    main: join(modules, "code-server", "lib", "vscode", "out", "server-main.js"),
    fontFiles: [
      ...["DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono"].map((name) =>
        join(modules, "dejavu-fonts-ttf", "ttf", `${name}.ttf`),
      ),
      join(modules, "@expo-google-fonts", "noto-color-emoji", "400Regular", emoji),
    ],
  };
}

/** Node's headers, when this machine has them: else node-gyp downloads them. */
async function headersFolder(): Promise<string | undefined> {
  const nodes = (process.env["PATH"] ?? "").split(":").map((folder) => dirname(folder));
  for (const prefix of nodes) {
    const header = join(prefix, "include", "node", "node_api.h");
    if ((await stat(header).catch(() => undefined))?.isFile() === true) return prefix;
  }
  return undefined;
}

/**
 * Installs VS Code's server from npm packages alone, once per lock file.
 *
 * code-server's own install script compiles everything that it has; the extension host needs two of
 * its native modules (without spdlog it dies, without the watchdog it logs an error).
 *
 * @throws Error with one line that says what to install, when the compiler or Python is missing.
 */
export async function installServer(say: (line: string) => void): Promise<ServerInstall> {
  const folder = await installFolder();
  if (existsSync(folder)) return installed(folder);
  for (const [command, packageName] of [
    ["g++", "g++ (Debian: apt install build-essential)"],
    ["make", "make (Debian: apt install build-essential)"],
    ["python3", "python3"],
  ] as const) {
    const { failed } = await execa(command, ["--version"], { reject: false });
    if (failed)
      throw new Error(`${packageName} is missing: VS Code's server needs it to be built.`);
  }
  // Finished under another name, then renamed: a cancelled install is never taken for a whole one.
  const partial = join(cacheFolder, `.${basename(folder)}.${process.pid}`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
      await cp(join(recipe, file), join(partial, file));
    }
    const npm = async (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
      await execa("npm", [...args, "--loglevel=error"], { cwd, env, stdout: "ignore" });
    };
    const vscode = join(partial, "node_modules", "code-server", "lib", "vscode");
    say("VS Code's server: npm ci (1 of 3)");
    await npm(partial, ["ci", "--ignore-scripts"]);
    say("VS Code's server: its own packages (2 of 3)");
    await npm(vscode, ["install", "--ignore-scripts", "--omit=dev"]);
    await npm(join(vscode, "extensions"), ["install", "--ignore-scripts", "--omit=dev"]);
    say("VS Code's server: two native modules (3 of 3)");
    const headers = await headersFolder();
    await npm(
      vscode,
      ["rebuild", "@vscode/spdlog", "@vscode/native-watchdog", "--ignore-scripts=false"],
      headers === undefined ? {} : { npm_config_nodedir: headers },
    );
    for (const [name, file] of [
      ["spdlog", "spdlog.node"],
      ["native-watchdog", "watchdog.node"],
    ] as const) {
      const built = join(vscode, "node_modules", "@vscode", name, "build", "Release", file);
      if (!existsSync(built)) throw new Error(`npm built no ${file}: install scripts are blocked.`);
    }
    await writeFile(join(partial, "complete"), new Date().toISOString());
    await rename(partial, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // Another run was faster; its result is as good.
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return installed(folder);
}
