import { execFile, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod/mini";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** A Local Modal in a process of its own, so that its CPU time is not taken for ours. */
export interface SimProcess extends AsyncDisposable {
  /** What a client needs to talk to it, and nothing of this machine's own Modal set-up. */
  readonly env: Readonly<Record<string, string>>;
  /** Deploys an app with warm containers; gives its id. */
  seedApp(name: string, containers: number): Promise<string>;
}

export async function startSim(): Promise<SimProcess> {
  const child = spawn(process.execPath, [join(root, "test/sim/main.ts"), "--speed", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    HOME: process.env["HOME"] ?? "",
    COLUMNS: "400",
    MODAL_CONFIG_PATH: join(tmpdir(), "modal-meter-no-such-config.toml"),
  };
  let text = "";
  let adminUrl: string | undefined;
  for await (const chunk of child.stdout) {
    text += String(chunk);
    adminUrl = /Admin API:\s+(\S+)/.exec(text)?.[1];
    if (adminUrl !== undefined) break;
  }
  if (adminUrl === undefined) throw new Error(`Local Modal did not start: ${text}`);
  for (const [, name = "", value = ""] of text.matchAll(/^export (\w+)=(\S+)$/gm))
    env[name] = value;
  return {
    env,
    async seedApp(name, containers) {
      const gpu = { type: "L40S", count: 1 };
      const body = { name, containers, functions: [{ name: "flux", gpu, scaledownMs: 300_000 }] };
      const answer = await fetch(new URL("/apps", adminUrl), {
        method: "POST",
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return z.parse(z.object({ appId: z.string() }), await answer.json()).appId;
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** The current one of the pinned CLIs (scripts/venv.mjs). */
export const cliPath = join(
  root,
  ".venv/current",
  process.platform === "win32" ? "Scripts/modal.exe" : "bin/modal",
);

/** CPU seconds (user and system) of commands run one after another, as the shell's `times` tells it. */
export async function cpuSecondsOf(
  commands: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const quiet = commands.map((command) => `${command} >/dev/null || exit 1`);
  const { stdout } = await run("sh", ["-c", [...quiet, "times"].join("\n")], { env });
  const children = stdout.trim().split("\n").at(-1) ?? "";
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`Not the output of times: ${stdout}`);
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

/** Milliseconds of CPU (user and system, all threads) that this process has used. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
