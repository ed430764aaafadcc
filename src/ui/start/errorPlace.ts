import { basename } from "node:path";
import * as vscode from "vscode";

/** Where the workspace's own code is wrong. */
export interface ErrorPlace {
  /** "flux_app.py:27". */
  readonly label: string;
  readonly uri: vscode.Uri;
  /** From 1. */
  readonly line: number;
}

const excluded = "**/{.venv,venv,node_modules,site-packages,__pycache__}/**";

/** The place that the message of a failed deploy names ("(flux_app.py, line 27)"), when it is in this workspace. */
export async function findPlace(message: string): Promise<ErrorPlace | undefined> {
  const [, path, digits] = /\(([^()\n]+\.py), line (\d+)\)/.exec(message) ?? [];
  if (path === undefined || digits === undefined) return undefined;
  const name = basename(path);
  const found = await vscode.workspace.findFiles(`**/${name}`, excluded, 20);
  const [uri] = found
    .filter((file) => file.fsPath.replaceAll("\\", "/").endsWith(path.replaceAll("\\", "/")))
    .toSorted((a, b) => a.path.length - b.path.length);
  return uri === undefined ? undefined : { label: `${name}:${digits}`, uri, line: Number(digits) };
}

export async function showPlace({ uri, line }: ErrorPlace): Promise<void> {
  const at = new vscode.Position(line - 1, 0);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at) });
}
