import { basename, isAbsolute, join, relative } from "node:path";
import * as vscode from "vscode";
import { t } from "../base/text.ts";
import { DisposableStore, type Disposable } from "../base/disposable.ts";
import { failureOf } from "../base/failure.ts";
import { formatReported } from "../cost/format.ts";
import { knownTiersText } from "../cost/knownTiersText.ts";
import { microUsd, usd } from "../cost/money.ts";
import type { CostTiers } from "../cost/tiers.ts";
import { listResults, type ResultEntry, type ResultFilter } from "../endpoints/result/gallery.ts";
import { sidecarPath } from "../endpoints/result/sidecar.ts";
import { requireWithin } from "../endpoints/result/resultsPlace.ts";
import { sizeText } from "../endpoints/result/sizeText.ts";
import { askText, confirm } from "./ask.ts";
import { resultsPlace } from "./resultsPlace.ts";
import { watchJsonFiles } from "./folderWatch.ts";
import type { SettingsSource } from "./settings/source.ts";
import { markdownString } from "./doors.ts";
import { sayInfo } from "./say.ts";
import { escapeMarkdown, shownInMessage, shownMarkdown } from "./shown.ts";

/** The results of the open folders, newest first, with what each cost. */
export class ResultsView implements vscode.TreeDataProvider<ResultEntry>, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<undefined>());
  readonly #settings: SettingsSource;
  readonly #folders: () => readonly string[];
  readonly #view: vscode.TreeView<ResultEntry>;
  #filter: ResultFilter = {};
  #sight: string | undefined;
  #rows: ReadonlyMap<string, ResultEntry> = new Map();
  #watchers = new DisposableStore();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(settings: SettingsSource, folders: () => readonly string[]) {
    this.#settings = settings;
    this.#folders = folders;
    this.#view = this.#store.add(
      vscode.window.createTreeView("modalMeter.results", { treeDataProvider: this }),
    );
    this.#watch();
    for (const changed of [settings.onChange, vscode.workspace.onDidChangeWorkspaceFolders]) {
      this.#store.add(changed(() => this.look()));
    }
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  /** A result was saved here: its folder may be new, and nothing could watch what was not there. */
  look(): void {
    this.#watch();
    this.refresh();
  }

  async show(): Promise<void> {
    await vscode.commands.executeCommand("modalMeter.results.focus");
  }

  /** The row of a file, as the view shows it now. */
  rowAt(path: string): ResultEntry | undefined {
    return this.#rows.get(path);
  }

  async getChildren(parent?: ResultEntry): Promise<ResultEntry[]> {
    if (parent !== undefined) return [];
    try {
      const lists = await Promise.all(this.#paths().map((path) => listResults(path, this.#filter)));
      const results = lists.flat();
      this.#rows = new Map(results.map((row) => [row.path, row]));
      this.#view.description = describeFilter(this.#filter);
      this.#view.message = "";
      this.#tell(isFiltered(this.#filter) ? "filtered" : "clear");
      return results;
    } catch (error) {
      // Below a message there is no room for a button.
      this.#view.message = "";
      this.#view.description = shownInMessage(failureOf(error)?.message ?? String(error));
      this.#tell("unreadable");
      return [];
    }
  }

  /** What an empty list means, for the `when` clauses of its welcome texts (package.json). */
  #tell(sight: "clear" | "filtered" | "unreadable"): void {
    if (sight === this.#sight) return;
    this.#sight = sight;
    void vscode.commands.executeCommand("setContext", "modalMeter.results", sight);
  }

  getTreeItem({ path, bytes, provenance }: ResultEntry): vscode.TreeItem {
    const uri = vscode.Uri.file(path);
    const item = new vscode.TreeItem(provenance.prompt ?? basename(path));
    const reported = provenance.cost.reportedMicroUsd;
    const shown = reported === null ? t("cost unknown") : formatReported(microUsd(reported));
    const cost = knownTiersText(tiersIn(provenance));
    item.description = `${provenance.endpoint} · ${shown}`;
    item.resourceUri = uri;
    item.iconPath =
      provenance.mediaType?.startsWith("image/") === true ? uri : vscode.ThemeIcon.File;
    item.contextValue = "result";
    item.command = { command: "vscode.open", title: t("Open"), arguments: [uri] };
    item.tooltip = tooltip(path, bytes, provenance, cost);
    return item;
  }

  /** Where results lie. Throws `Failure("bad-setting")`, also where a folder leads out of what is open. */
  #paths(): readonly string[] {
    const open = this.#folders();
    const setting = this.#settings.current.get("resultsFolder");
    if (open.length === 0) return isAbsolute(setting) ? [setting] : [];
    const places = open.map((folder) => resultsPlace(this.#settings, folder, open));
    for (const place of places) requireWithin(place);
    return [...new Set(places.map(({ folder }) => folder))];
  }

  #watch(): void {
    this.#watchers.dispose();
    this.#watchers = new DisposableStore();
    if (this.#store.isDisposed) return;
    for (const path of this.#pathsIfSound()) {
      if (vscode.workspace.getWorkspaceFolder(vscode.Uri.file(path)) === undefined) {
        const watcher = watchJsonFiles(path, () => this.refresh());
        if (watcher !== undefined) this.#watchers.add(watcher);
      } else this.#watchInWorkspace(path);
    }
  }

  #watchInWorkspace(path: string): void {
    const sidecars = new vscode.RelativePattern(vscode.Uri.file(path), "*.json");
    const watcher = this.#watchers.add(vscode.workspace.createFileSystemWatcher(sidecars));
    for (const changed of [watcher.onDidCreate, watcher.onDidDelete, watcher.onDidChange]) {
      this.#watchers.add(changed(() => this.refresh()));
    }
  }

  /** A wrong setting is told where the results are shown. */
  #pathsIfSound(): readonly string[] {
    try {
      return this.#paths();
    } catch (error) {
      if (failureOf(error) === undefined) throw error;
      return [];
    }
  }

  /** Asks what to show: words of the prompt, and a least cost. */
  async askFilter(): Promise<void> {
    const text = await askText({
      title: t("Filter Results"),
      prompt: t("Words of the prompt, and a minimum cost: fox >0.01. Empty: all."),
      value: describeFilter(this.#filter),
    });
    if (text === undefined) return;
    const least = />\s*\$?(\d*\.?\d+)/.exec(text)?.[1];
    const words = text.replace(/>\s*\$?\d*\.?\d+/, "").trim();
    this.#filter = {
      ...(words === "" ? {} : { prompt: words }),
      ...(least === undefined ? {} : { minMicroUsd: usd(Number(least)) }),
    };
    this.refresh();
  }

  dispose(): void {
    this.#watchers.dispose();
    this.#store.dispose();
  }
}

/** Puts an image link into the active Markdown editor, or onto the clipboard. */
export async function insertAsMarkdown({ path, provenance }: ResultEntry): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const alt = (provenance.prompt ?? provenance.endpoint).replaceAll(/[[\]\n]/g, " ");
  const link = (from: string): string => `![${alt}](${encodeURI(from.replaceAll("\\", "/"))})`;
  if (editor?.document.languageId === "markdown" && editor.document.uri.scheme === "file") {
    const to = relative(join(editor.document.uri.fsPath, ".."), path);
    await editor.edit((edit) => edit.insert(editor.selection.active, link(to)));
    return;
  }
  await vscode.env.clipboard.writeText(link(path));
  await sayInfo(t("The Markdown is on the clipboard."));
}

/** Moves a result and its sidecar to the trash, after a question. */
export async function deleteResult({ path }: ResultEntry): Promise<void> {
  const go = t("Move to Trash");
  const isMeant = await confirm(
    t("Delete {0}?", basename(path)),
    t("Its metadata file is deleted too. What it cost stays in the ledger."),
    go,
  );
  if (!isMeant) return;
  for (const file of [path, sidecarPath(path)]) {
    const uri = vscode.Uri.file(file);
    try {
      await vscode.workspace.fs.delete(uri, { useTrash: true });
    } catch {
      // A remote machine has no trash.
      await vscode.workspace.fs.delete(uri, { useTrash: false });
    }
  }
}

function tiersIn({ cost }: ResultEntry["provenance"]): CostTiers {
  const { reportedMicroUsd, meteredMicroUsd, billedMicroUsd } = cost;
  const amount = (value: number | null) => (value === null ? null : microUsd(value));
  return {
    reported: amount(reportedMicroUsd),
    metered: amount(meteredMicroUsd),
    billed: amount(billedMicroUsd),
    meteredIsFloor: false,
  };
}

function isFiltered(filter: ResultFilter): boolean {
  return Object.keys(filter).length > 0;
}

function describeFilter(filter: ResultFilter): string {
  const least = filter.minMicroUsd;
  return [filter.prompt, least === undefined ? undefined : `>${least / 1e6}`]
    .filter((part) => part !== undefined)
    .join(" ");
}

function tooltip(
  path: string,
  bytes: number,
  provenance: ResultEntry["provenance"],
  cost: string,
): vscode.MarkdownString {
  const facts = [
    [t("endpoint"), provenance.endpoint],
    [t("seed"), provenance.seed],
    [t("mode"), provenance.mode],
    [t("app"), provenance.app?.name ?? null],
    ["GPU", provenance.gpu],
    [t("handler seconds"), provenance.executionSeconds],
    [t("cost"), cost],
    [t("made"), provenance.startedAt],
    [t("commit"), provenance.commit],
    [t("size"), sizeText(bytes)],
  ] as const;
  const lines = facts.flatMap(([name, value]) =>
    value === null ? [] : [`- ${name}: ${escapeMarkdown(String(value))}`],
  );
  const title = escapeMarkdown(provenance.prompt ?? basename(path));
  return markdownString(shownMarkdown([title, "", ...lines].join("\n")), []);
}
