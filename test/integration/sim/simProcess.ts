import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { skip } from "../../skip.ts";

export type Venv = "current" | "old";

export const sampleFolder = join(import.meta.dirname, "../../sample");

/** The JSON keys of one CLI version for the same things. */
export interface Keys {
  readonly appId: string;
  readonly description: string;
  readonly state: string;
  readonly tasks: string;
  readonly containerId: string;
  readonly startTime: string;
  readonly cost: string;
  readonly intervalStart: string;
  readonly version: string;
}

export const keys: Readonly<Record<Venv, Keys>> = {
  current: {
    appId: "app_id",
    description: "description",
    state: "state",
    tasks: "tasks",
    containerId: "container_id",
    startTime: "start_time",
    cost: "cost",
    intervalStart: "interval_start",
    version: "version",
  },
  old: {
    appId: "App ID",
    description: "Description",
    state: "State",
    tasks: "Tasks",
    containerId: "Container ID",
    startTime: "Start Time",
    cost: "Cost",
    intervalStart: "Interval Start",
    version: "Version",
  },
};

/** The CLI's path. Skips with the reason where scripts/venv.mjs has not run. */
export function modalPath(context: Mocha.Context, venv: Venv): string {
  const windows = process.platform === "win32";
  const folder = join(import.meta.dirname, "../../../.venv", venv, windows ? "Scripts" : "bin");
  const path = join(folder, windows ? "modal.exe" : "modal");
  if (!existsSync(path)) skip(context, "cli", `${path} is not installed (node scripts/venv.mjs).`);
  return path;
}

/** A client's variables: those of the token, nothing of this machine's own Modal set-up. */
export function clientEnv(
  env: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("MODAL_"));
  return {
    ...Object.fromEntries(own),
    MODAL_CONFIG_PATH: join(import.meta.dirname, "no-such-config.toml"),
    COLUMNS: "400",
    NO_COLOR: "1",
    TZ: "UTC",
    PYTHONUNBUFFERED: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    ...env,
    ...more,
  };
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A client that runs on, for signals: `line` waits for what it prints. */
export class Running {
  readonly child: ChildProcess;
  readonly done: Promise<Finished>;
  readonly #waiting = new Set<() => void>();
  #out = "";
  #err = "";

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(command, args, {
      env,
      cwd: sampleFolder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#out += text;
      this.#tell();
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#err += text;
      this.#tell();
    });
    this.done = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code) => {
        resolve({ code, stdout: this.#out, stderr: this.#err });
        this.#tell();
      });
    });
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when its output has this text; rejects when it ends without. */
  line(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#out.includes(text)) {
          this.#waiting.delete(look);
          resolve();
        } else if (this.ended) {
          this.#waiting.delete(look);
          reject(new Error(`It ended without "${text}":\n${this.#out}\n${this.#err}`));
        }
      };
      this.#waiting.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of this.#waiting) look();
  }
}

export function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Finished> {
  return new Running(command, args, env).done;
}

/** Parsed rows of a `--json` command. */
export function rows(finished: Finished): Record<string, unknown>[] {
  if (finished.code !== 0)
    throw new Error(`rc ${finished.code}: ${finished.stdout}${finished.stderr}`);
  const parsed: unknown = JSON.parse(finished.stdout);
  if (!Array.isArray(parsed)) throw new TypeError("No list.");
  return parsed.map((row: unknown) => {
    if (typeof row !== "object" || row === null) throw new TypeError("No row.");
    return { ...row };
  });
}
