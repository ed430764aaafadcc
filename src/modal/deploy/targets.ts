import { appsOfFile, mayBeAppFile, withoutParts, type AppFile } from "../../lens/read/appFiles.ts";
import { factsOf, type AppFacts } from "../../lens/read/facts.ts";
import { ParsedFiles } from "../../lens/read/parsedFiles.ts";
import type { DeployTarget } from "../../session/deployer.ts";
import type { WindowsInFile } from "../../session/windows/fileWindow.ts";
import { readWithImports } from "./pythonFiles.ts";

/** How to look at a workspace folder; the editor's own file search stands behind it. */
export interface WorkspaceFiles {
  /** The folder's Python files, without what the editor excludes; `limit` of them at most. */
  listPythonFiles(folder: string, limit: number): Promise<ListedFiles>;
  /** Rejects when the file cannot be read. */
  readonly read: (file: string) => Promise<Uint8Array>;
  /** Where the file is without links. Rejects where that cannot be told. */
  readonly realPath: (file: string) => Promise<string>;
}

/** Absolute paths. */
export interface ListedFiles {
  readonly files: readonly string[];
  /** Those of them that are no app of their own, as git ignores them; others may import them. */
  readonly ignored: ReadonlySet<string>;
}

/** An app file that `modal deploy` could take, and what it would run. */
export interface DeployCandidate {
  readonly target: DeployTarget;
  readonly facts: AppFacts;
  /** Whether its functions' idle windows follow SCALEDOWN_WINDOW. */
  readonly windows: WindowsInFile;
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

/** The Python files of a folder that matter, as they were when they were read. */
export interface WorkspaceText extends Omit<FoundCandidates, "candidates"> {
  readonly folder: string;
  /** By absolute paths with "/". */
  readonly files: ParsedFiles;
  /** The machine's own spelling of each path. */
  readonly paths: ReadonlyMap<string, string>;
  /** Those of them that may be an app of their own, in the same spelling as the texts. */
  readonly offered: readonly string[];
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

/** Reads the app files of a folder, and what they import of it. */
export async function readWorkspace(folder: string, files: WorkspaceFiles): Promise<WorkspaceText> {
  // One more than is read tells whether there are more.
  const { files: listed, ignored } = await files.listPythonFiles(folder, maxFiles + 1);
  const candidates = listed
    .slice(0, maxFiles)
    .filter((file) => !isSkipped(file.slice(folder.length)));
  const { texts, unreadable } = await readWithImports(
    candidates,
    (file, text) => !ignored.has(file) && mayBeAppFile(text),
    files.read,
  );
  const paths = new Map(candidates.map((file) => [slashed(file), file]));
  const offered = candidates.filter(
    (file) => !ignored.has(file) && mayBeAppFile(texts.get(slashed(file)) ?? ""),
  );
  return {
    folder,
    files: new ParsedFiles(texts),
    paths,
    offered: (await eachOnce(offered, files.realPath)).map(slashed),
    unreadable,
    isComplete: listed.length <= maxFiles,
  };
}

/** Of a file that links lead to as well, its own path alone, or the first of them. */
async function eachOnce(
  files: readonly string[],
  realPath: WorkspaceFiles["realPath"],
): Promise<readonly string[]> {
  const places = await Promise.all(
    files.map(async (file) => ({ file, place: await realPath(file).catch(() => file) })),
  );
  const chosen = new Map<string, string>();
  for (const { file, place } of places)
    if (!chosen.has(place) || file === place) chosen.set(place, file);
  const kept = new Set(chosen.values());
  return files.filter((file) => kept.has(file));
}

/**
 * The Modal apps in these files; nothing is run. `variables`: the environment that a deploy would have,
 * those of a mode included, by which a file may choose its app's name. Files with web endpoints come
 * first, then those nearest to the folder.
 */
export function findDeployTargets(
  { folder, files, paths, offered, unreadable, isComplete }: WorkspaceText,
  variables: ReadonlyMap<string, string>,
): FoundCandidates {
  const root = slashed(folder);
  const apps = offered.flatMap((file) => appsOfFile(file, root, files, variables));
  const candidates = withoutParts(apps).map((app) => ({
    ...candidateOf(app, paths, folder),
    windows: windowsOf(app, root, files, variables),
  }));
  candidates.sort(
    (a, b) =>
      Number(b.hasWebEndpoint) - Number(a.hasWebEndpoint) ||
      depth(a.target.file) - depth(b.target.file) ||
      (a.target.file < b.target.file ? -1 : 1),
  );
  return { candidates, isComplete, unreadable };
}

/** Another window than any mode has: what a function makes of it shows whether it reads it. */
const probeSeconds = 7;

/** Read a second time where somebody asks, with another window. */
function windowsOf(
  { file, variable, app }: AppFile,
  root: string,
  files: ParsedFiles,
  variables: ReadonlyMap<string, string>,
): WindowsInFile {
  const name = "SCALEDOWN_WINDOW"; // not shown: the name of a variable
  const seconds = Number(variables.get(name));
  const probed = once(() => {
    const others = new Map([...variables, [name, String(seconds + probeSeconds)]]);
    const again = appsOfFile(file, root, files, others).find((one) => one.variable === variable);
    return again === undefined ? undefined : factsOf(again.app).functions;
  });
  const now = once(() => factsOf(app).functions);
  return (functionName) => {
    const [one, other] = [now(), probed()].map(
      (functions) => functions?.get(functionName)?.scaledownSeconds,
    );
    if (one === undefined || other === undefined) return null;
    if (one === seconds && other === seconds + probeSeconds) return "mode";
    return one === other ? one : null;
  };
}

function once<Value>(work: () => Value): () => Value {
  let done: { readonly value: Value } | undefined;
  return () => (done ??= { value: work() }).value;
}

function candidateOf(
  { file, entry, variable, app, problem }: AppFile,
  paths: ReadonlyMap<string, string>,
  folder: string,
): Omit<DeployCandidate, "windows"> {
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
