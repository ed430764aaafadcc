import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import {
  findDeployTargets,
  skippedFolders,
  type FoundCandidates,
} from "../../modal/deploy/targets.ts";
import { deployVariables, type ModeDefinition } from "../../session/mode.ts";

/** The Modal apps in the folders' Python files: read when they are first asked for, and again when a file has changed. */
export class AppFiles implements Disposable {
  readonly #store = new DisposableStore();
  readonly #found = new Map<string, Promise<FoundCandidates>>();

  constructor() {
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher("**/*.py"));
    for (const changed of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete]) {
      this.#store.add(changed(() => this.#found.clear()));
    }
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("files.exclude")) this.#found.clear();
      }),
    );
  }

  /** What a deploy in this mode would find in the folder. `fresh`: read now, whatever was read before. */
  find(
    folder: string,
    mode: ModeDefinition,
    { fresh = false }: { readonly fresh?: boolean } = {},
  ): Promise<FoundCandidates> {
    const variables = { ...inherited(), ...deployVariables(mode) };
    const key = JSON.stringify([folder, deployVariables(mode)]);
    const known = this.#found.get(key);
    if (known !== undefined && !fresh) return known;
    if (fresh) this.#found.clear();
    const found = findDeployTargets(
      folder,
      { listPythonFiles, read: readFile },
      new Map(Object.entries(variables)),
    );
    this.#found.set(key, found);
    // What failed is asked again the next time.
    found.catch(() => this.#found.delete(key));
    return found;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

async function listPythonFiles(folder: string, limit: number): Promise<readonly string[]> {
  const pattern = new vscode.RelativePattern(vscode.Uri.file(folder), "**/*.py");
  // The editor counts what it finds, so what is skipped must not use up the limit.
  const skipped = `**/{${skippedFolders.join(",")}}/**`;
  const files = await vscode.workspace.findFiles(pattern, skipped, limit);
  return files.map(({ fsPath }) => fsPath);
}

/** The environment that a deploy inherits from the editor. */
function inherited(): Readonly<Record<string, string>> {
  const set = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(set);
}
