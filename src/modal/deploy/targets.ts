import { readModalSource, type ModalFunction } from "../../lens/modalApps.ts";
import type { DeployTarget } from "../../session/deployer.ts";

/** How to look at a workspace folder; the editor's own file search stands behind it. */
export interface WorkspaceFiles {
  /** Absolute paths of the folder's Python files, without what the editor excludes. */
  listPythonFiles(folder: string, signal?: AbortSignal): Promise<readonly string[]>;
  readText(file: string): Promise<string>;
}

/** An app file that `modal deploy` could take, and what it would run. */
export interface DeployCandidate {
  readonly target: DeployTarget;
  readonly functions: readonly ModalFunction[];
  readonly hasWebEndpoint: boolean;
}

/** Longer files are generated or data. */
const maxLength = 1_000_000;
const maxFiles = 5000;
const skipped =
  /(^|[\\/])(\.venv|venv|\.tox|\.nox|node_modules|site-packages|__pycache__|\.git|build|dist)[\\/]/;

/**
 * Finds the Modal app files of a folder by reading them; nothing is run. Files with web endpoints
 * come first, then those nearest to the folder. A file that cannot be read is left out.
 */
export async function findDeployTargets(
  folder: string,
  files: WorkspaceFiles,
  signal?: AbortSignal,
): Promise<readonly DeployCandidate[]> {
  const listed = await files.listPythonFiles(folder, signal);
  const candidates: DeployCandidate[] = [];
  for (const file of listed.slice(0, maxFiles)) {
    if (signal?.aborted === true) break;
    if (skipped.test(file.slice(folder.length))) continue;
    const text = await files.readText(file).catch(() => "");
    if (text.length > maxLength || !/\bmodal\b/.test(text)) continue;
    const { apps, functions } = readModalSource(text);
    // A file with several apps deploys the one named `app`, as the CLI does.
    const app = apps.findLast(({ variable }) => variable === "app") ?? apps[0];
    if (app === undefined) continue;
    const own = functions.filter(({ appVariable }) => appVariable === app.variable);
    if (own.length === 0) continue;
    candidates.push({
      target: { file, name: null, nameInFile: app.name, environment: null, folder },
      functions: own,
      hasWebEndpoint: own.some(({ webEndpoints }) => webEndpoints.length > 0),
    });
  }
  return candidates.toSorted(
    (a, b) =>
      Number(b.hasWebEndpoint) - Number(a.hasWebEndpoint) ||
      depth(a.target.file) - depth(b.target.file) ||
      (a.target.file < b.target.file ? -1 : 1),
  );
}

function depth(file: string): number {
  return file.split(/[\\/]/).length;
}
