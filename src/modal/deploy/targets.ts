import { readModalSource, type ModalFunction } from "../../lens/modalApps.ts";
import type { DeployTarget } from "../../session/deployer.ts";

/** How to look at a workspace folder; the editor's own file search stands behind it. */
export interface WorkspaceFiles {
  /** Absolute paths of the folder's Python files, without what the editor excludes; `limit` of them at most. */
  listPythonFiles(folder: string, limit: number): Promise<readonly string[]>;
  readText(file: string): Promise<string>;
}

/** An app file that `modal deploy` could take, and what it would run. */
export interface DeployCandidate {
  readonly target: DeployTarget;
  readonly functions: readonly ModalFunction[];
  readonly hasWebEndpoint: boolean;
}

export interface FoundCandidates {
  readonly candidates: readonly DeployCandidate[];
  /** False: there are more Python files than were read. */
  readonly isComplete: boolean;
}

/** Longer files are generated or data. */
const maxLength = 1_000_000;
/** Python files that are read of a folder. */
export const maxFiles = 5000;
/** Folders of installed packages and of build output: what is in them is not the person's app. */
export const skippedFolders = [
  ".venv",
  "venv",
  ".tox",
  ".nox",
  "node_modules",
  "site-packages",
  "__pycache__",
  ".git",
  "build",
  "dist",
] as const;

/**
 * Finds the Modal app files of a folder by reading them; nothing is run. Files with web endpoints
 * come first, then those nearest to the folder. A file that cannot be read is left out.
 */
export async function findDeployTargets(
  folder: string,
  files: WorkspaceFiles,
): Promise<FoundCandidates> {
  // One more than is read tells whether there are more.
  const listed = await files.listPythonFiles(folder, maxFiles + 1);
  const candidates: DeployCandidate[] = [];
  for (const file of listed.slice(0, maxFiles)) {
    if (isSkipped(file.slice(folder.length))) continue;
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
  candidates.sort(
    (a, b) =>
      Number(b.hasWebEndpoint) - Number(a.hasWebEndpoint) ||
      depth(a.target.file) - depth(b.target.file) ||
      (a.target.file < b.target.file ? -1 : 1),
  );
  return { candidates, isComplete: listed.length <= maxFiles };
}

function isSkipped(path: string): boolean {
  const parts = new Set(path.split(/[\\/]/).slice(0, -1));
  return skippedFolders.some((name) => parts.has(name));
}

function depth(file: string): number {
  return file.split(/[\\/]/).length;
}
