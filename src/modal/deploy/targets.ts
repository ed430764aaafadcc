import { appsOfFile, mayBeAppFile, withoutParts, type AppFile } from "../../lens/read/appFiles.ts";
import { factsOf, type AppFacts } from "../../lens/read/facts.ts";
import type { DeployTarget } from "../../session/deployer.ts";
import { readWithImports } from "./pythonFiles.ts";

/** How to look at a workspace folder; the editor's own file search stands behind it. */
export interface WorkspaceFiles {
  /** Absolute paths of the folder's Python files, without what the editor excludes; `limit` of them at most. */
  listPythonFiles(folder: string, limit: number): Promise<readonly string[]>;
  /** Rejects when the file cannot be read. */
  readonly read: (file: string) => Promise<Uint8Array>;
}

/** An app file that `modal deploy` could take, and what it would run. */
export interface DeployCandidate {
  readonly target: DeployTarget;
  readonly facts: AppFacts;
  readonly hasWebEndpoint: boolean;
  /** Why a deploy of it would fail; null: nothing speaks against it. */
  readonly problem: AppFile["problem"];
}

export interface FoundCandidates {
  readonly candidates: readonly DeployCandidate[];
  /** False: there are more Python files than were read. */
  readonly isComplete: boolean;
  /** Absolute paths of Python files that could not be read: too large, in UTF-16, without permission. */
  readonly unreadable: readonly string[];
}

/** Python files that are read of a folder. */
export const maxFiles = 25_000;
/** Folders of installed packages and of build output: what is in them is not the person's app. */
export const skippedFolders = [
  ".venv",
  "venv",
  "env",
  ".env",
  ".tox",
  ".nox",
  ".eggs",
  "node_modules",
  "site-packages",
  "dist-packages",
  "__pycache__",
  ".git",
  ".mypy_cache",
  ".ruff_cache",
  ".ipynb_checkpoints",
  "build",
  "dist",
] as const;

/**
 * Finds the Modal app files of a folder by reading them; nothing is run. `variables`: the environment
 * that a deploy would have, those of a mode included, by which a file may choose its app's name. Files
 * with web endpoints come first, then those nearest to the folder.
 */
export async function findDeployTargets(
  folder: string,
  files: WorkspaceFiles,
  variables: ReadonlyMap<string, string>,
): Promise<FoundCandidates> {
  // One more than is read tells whether there are more.
  const listed = await files.listPythonFiles(folder, maxFiles + 1);
  const own = listed.slice(0, maxFiles).filter((file) => !isSkipped(file.slice(folder.length)));
  const { texts, unreadable } = await readWithImports(own, mayBeAppFile, files.read);
  const root = slashed(folder);
  const apps = [...texts].flatMap(([file, text]) =>
    mayBeAppFile(text)
      ? appsOfFile(file, root, { text: (path) => texts.get(path) }, variables)
      : [],
  );
  const paths = new Map(own.map((file) => [slashed(file), file]));
  const candidates = withoutParts(apps).map((app) => candidateOf(app, paths, folder));
  candidates.sort(
    (a, b) =>
      Number(b.hasWebEndpoint) - Number(a.hasWebEndpoint) ||
      depth(a.target.file) - depth(b.target.file) ||
      (a.target.file < b.target.file ? -1 : 1),
  );
  return { candidates, isComplete: listed.length <= maxFiles, unreadable };
}

function candidateOf(
  { file, entry, variable, app, problem }: AppFile,
  paths: ReadonlyMap<string, string>,
  folder: string,
): DeployCandidate {
  const { name, functions } = app;
  return {
    target: {
      file: paths.get(file) ?? file,
      module: entry.kind === "module" ? { name: entry.module, folder: entry.folder } : null,
      variable: variable === "app" ? null : variable,
      name: null,
      nameInFile: name.kind === "known" ? name.value : null,
      environment: null,
      folder,
    },
    facts: factsOf(app),
    hasWebEndpoint: functions.some(({ webEndpoints }) => webEndpoints.length > 0),
    problem,
  };
}

function isSkipped(path: string): boolean {
  const parts = new Set(path.split(/[\\/]/).slice(0, -1));
  return skippedFolders.some((name) => parts.has(name));
}

function depth(file: string): number {
  return file.split(/[\\/]/).length;
}

/** The form in which the reader compares paths. */
function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}
