import * as vscode from "vscode";
import * as z from "zod/mini";
import type { CliCommand } from "../modal/cli/command.ts";
import { tokenFree } from "../base/tokenFree.ts";
import { findCli } from "../modal/findCli.ts";

const pythonApi = z.object({
  environments: z.object({ getActiveEnvironmentPath: z.custom<() => unknown>(isFunction) }),
});
const environmentPath = z.object({ path: z.string() });

function isFunction(value: unknown): value is () => unknown {
  return typeof value === "function";
}

/** Finds the `modal` command for this window. Programs inside of a workspace are run only when it is trusted. */
export function findModalCommand(
  setting: string,
  folders: readonly string[],
): Promise<CliCommand | null> {
  const trusted = vscode.workspace.isTrusted;
  return findCli({
    setting,
    trustedFolders: trusted ? folders : [],
    folders,
    pythonPath: trusted ? activePython() : null,
    processEnv: process.env,
    askVersion,
  });
}

/** The interpreter that the Python extension has chosen; null where it is not there, or not active yet. */
function activePython(): string | null {
  const extension = vscode.extensions.getExtension<unknown>("ms-python.python");
  if (extension === undefined || !extension.isActive) return null;
  const api = z.safeParse(pythonApi, extension.exports);
  if (!api.success) return null;
  const path = z.safeParse(environmentPath, api.data.environments.getActiveEnvironmentPath());
  return path.success ? path.data.path : null;
}

async function askVersion(command: string, args: readonly string[]): Promise<string | undefined> {
  const { execa } = await import("execa");
  const result = await execa(command, [...args], {
    // Asking for a version takes no credentials, and several programs are asked.
    env: tokenFree(process.env),
    extendEnv: false,
    timeout: 15_000,
    reject: false,
    stdin: "ignore",
  });
  return result.exitCode === 0 ? result.stdout : undefined;
}
