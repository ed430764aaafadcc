import { join } from "node:path";
import { gitOutput } from "../process/git.ts";

/** What git leaves out of a folder, with absolute paths; a folder stands for all that is in it. */
export interface GitIgnored {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

const nothing: GitIgnored = { folders: [], files: [] };
/** Git walks the folder once; one that takes longer has other troubles. */
const answerMs = 10_000;
const maxBytes = 64 * 1024 * 1024;

/**
 * Asks git what it ignores below a folder: `.gitignore` files, `.git/info/exclude` and the user's own.
 * Nothing where the folder is in no repository, or there is no git. A repository's settings can run
 * programs, so this is for folders that the user trusts. Never rejects.
 */
export async function gitIgnored(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<GitIgnored> {
  const listing = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
  const stdout = await gitOutput(folder, env, listing, { timeoutMs: answerMs, maxBytes });
  if (stdout === undefined) return nothing;
  const paths = stdout.split("\0").filter((path) => path !== "");
  // A folder that is itself ignored, by a repository around it, is meant all the same.
  if (paths.includes("./")) return nothing;
  const of = (isFolder: boolean): readonly string[] =>
    paths
      .filter((path) => path.endsWith("/") === isFolder)
      .map((path) => join(folder, path.replace(/\/$/, "")));
  return { folders: of(true), files: of(false) };
}
