import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { shownMarkdown, type Shown } from "../shown.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";

const scheme = "modal-meter";

/**
 * Read-only pages of text and tables, shown formatted in the editor area. They are documents without
 * a file: nothing asks to be saved when they are closed.
 */
export class Pages implements vscode.TextDocumentContentProvider, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly #texts = new Map<string, Shown<"markdown">>();

  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
  }

  /** Shows the page, or what it says now where it is open already. `lines` are Markdown. */
  async show(title: string, lines: readonly string[]): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${title}.md` });
    this.#texts.set(uri.path, shownMarkdown([`# ${title}`, "", ...lines].join("\n")));
    this.#changed.fire(uri);
    try {
      await vscode.commands.executeCommand("markdown.showPreview", uri);
    } catch {
      // The editor's own Markdown extension can be turned off.
      await vscode.window.showTextDocument(uri, { preview: true });
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#texts.get(uri.path) ??
      t("This page was made before the window was opened. Run its command once more.")
    );
  }

  dispose(): void {
    this.#store.dispose();
  }
}
