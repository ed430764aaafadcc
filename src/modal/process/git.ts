import { tokenFree } from "../../base/tokenFree.ts";
import { findProgram } from "./findProgram.ts";

interface GitLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * What the machine's own git prints in a folder; undefined: there is no git, it failed or took too long. A
 * repository's settings can run programs, so this is for folders that the person trusts; not even those
 * programs are given Modal's credentials. Never rejects.
 */
export async function gitOutput(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  { timeoutMs, maxBytes }: GitLimits,
): Promise<string | undefined> {
  const git = await findProgram("git", env, [folder]);
  if (git === undefined) return undefined;
  const { execa } = await import("execa");
  const result = await execa(git, ["-c", "core.fsmonitor=false", ...args], {
    cwd: folder,
    env: tokenFree(env),
    extendEnv: false,
    stdin: "ignore",
    timeout: timeoutMs,
    maxBuffer: maxBytes,
    reject: false,
  });
  return result.exitCode === 0 ? result.stdout : undefined;
}
