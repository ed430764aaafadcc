import { realpath } from "node:fs/promises";
import { relative } from "node:path";
import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { gitIgnored } from "../../modal/deploy/gitIgnored.ts";
import {
  findDeployTargets,
  readWorkspace,
  skippedFolders,
  type FoundCandidates,
  type ListedFiles,
  type WorkspaceText,
} from "../../modal/deploy/targets.ts";
import { deployVariables, type ModeDefinition } from "../../session/mode.ts";
import { isInside } from "../../endpoints/folderBounds.ts";
import { readRegular } from "../../endpoints/regularFile.ts";

/** What was read of a folder, and what is in it in each mode. */
interface ReadFolder {
  readonly text: Promise<WorkspaceText>;
  readonly inMode: Map<string, Promise<FoundCandidates>>;
}

/** The Modal apps in the folders' Python files: read when they are first asked for, and again when a file has changed. */
export class AppFiles implements Disposable {
  readonly #store = new DisposableStore();
  readonly #read = new Map<string, ReadFolder>();

  constructor() {
    const watcher = this.#store.add(
      vscode.workspace.createFileSystemWatcher("**/{*.py,.gitignore}"),
    );
    for (const changed of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete]) {
      this.#store.add(changed(() => this.#read.clear()));
    }
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("files.exclude")) this.#read.clear();
      }),
    );
  }

  /** What a deploy in this mode would find in the folder. `fresh`: read now, whatever was read before. */
  find(
    folder: string,
    mode: ModeDefinition,
    { fresh = false }: { readonly fresh?: boolean } = {},
  ): Promise<FoundCandidates> {
    if (fresh) this.#read.delete(folder);
    const { text, inMode } = this.#folder(folder);
    const variables = deployVariables(mode);
    const key = JSON.stringify(variables);
    const cached = inMode.get(key);
    if (cached !== undefined) return cached;
    const all = new Map(Object.entries({ ...inherited(), ...variables }));
    const found = text.then((read) => findDeployTargets(read, all));
    inMode.set(key, found);
    return found;
  }

  dispose(): void {
    this.#store.dispose();
  }

  #folder(folder: string): ReadFolder {
    const cached = this.#read.get(folder);
    if (cached !== undefined) return cached;
    const read: ReadFolder = {
      text: readWorkspace(folder, {
        listPythonFiles,
        read: (file) => readRegular(file, maxFileBytes),
        realPath: realpath,
      }),
      inMode: new Map(),
    };
    this.#read.set(folder, read);
    // What failed is asked again the next time.
    read.text.catch(() => {
      if (this.#read.get(folder) === read) this.#read.delete(folder);
    });
    return read;
  }
}

/** Longer ones are data, and not looked into. */
const maxFileBytes = 16_000_000;

/** More of them would make a pattern that takes longer than the search. */
const maxPatterns = 200;

async function listPythonFiles(folder: string, limit: number): Promise<ListedFiles> {
  const ignored = vscode.workspace.isTrusted
    ? await gitIgnored(folder, process.env)
    : { folders: [], files: [] };
  const pattern = new vscode.RelativePattern(vscode.Uri.file(folder), "**/*.py");
  // The editor counts what it finds, so what is skipped must not use up the limit.
  const skipped = [
    ...skippedFolders.map((name) => `**/${name}/**`),
    ...ignored.folders.flatMap((path) => patternOf(folder, path)).slice(0, maxPatterns),
  ];
  const files = await vscode.workspace.findFiles(pattern, `{${skipped.join(",")}}`, limit);
  return {
    files: files
      .map(({ fsPath }) => fsPath)
      .filter((file) => !ignored.folders.some((inner) => isInside(inner, file))),
    ignored: new Set(ignored.files),
  };
}

/** A folder whose name is no pattern by itself; the others are taken out of what is found. */
function patternOf(folder: string, path: string): readonly string[] {
  const inner = relative(folder, path).replaceAll("\\", "/");
  const name = inner.slice(inner.lastIndexOf("/") + 1);
  if (skippedFolders.some((skipped) => skipped === name) || /[*?[\]{},!]/.test(inner)) return [];
  return [`${inner}/**`];
}

/** The environment that a deploy inherits from the editor. */
function inherited(): Readonly<Record<string, string>> {
  const set = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(set);
}
