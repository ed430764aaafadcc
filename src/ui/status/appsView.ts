import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { formatClock, formatCountdown } from "../../cost/format.ts";
import type { Meter } from "../../session/meter/meter.ts";
import { withoutOthers } from "../../session/meter/runningApps.ts";
import type { MeterState, RunningApp } from "../../session/meter/meterState.ts";
import { shownInMessage } from "../shown.ts";
import { isOld, oldText, welcomeOf, type ListSight } from "./listSight.ts";
import { rowText } from "./rowText.ts";
import { askedText } from "./statusTooltip.ts";
import { placeText, whoseText, type RunsElsewhere } from "../../session/runsElsewhere.ts";

/** An app, a sandbox, or another environment in which something runs. */
type Shown = RunningApp | RunsElsewhere;

/**
 * What a row is of, which its commands get. It stays the same object for as long as the row is there: the
 * editor forgets the objects of rows that are replaced, and a click at that moment would be about none.
 */
type Row = Pick<RunningApp, "appId"> | Pick<RunsElsewhere, "environment">;

/** What runs, in the side bar: one row per app, with a stop beside it. */
export class AppsView implements vscode.TreeDataProvider<Row>, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<Row[] | undefined>());
  readonly #view: vscode.TreeView<Row>;
  #meter: Meter | undefined;
  #sight: ListSight | "rows" | undefined;
  /** By their ids, in the order in which they stand. */
  #rows: ReadonlyMap<string, { readonly row: Row; readonly shown: Shown }> = new Map();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor() {
    this.#view = this.#store.add(
      vscode.window.createTreeView("modalMeter.apps", { treeDataProvider: this }),
    );
  }

  /** Shows the meter's state from now on. */
  follow(meter: Meter): void {
    this.#meter = meter;
    this.#store.add(meter.onChange((state) => this.#show(state)));
    this.#show(meter.state());
  }

  #show(state: MeterState): void {
    const sight = welcomeOf(state);
    if (sight !== this.#sight) {
      this.#sight = sight;
      void vscode.commands.executeCommand("setContext", "modalMeter.sight", sight);
    }
    this.#view.message = shownInMessage(oldText(state) ?? "");
    const before = this.#rows;
    this.#rows = new Map(
      shownIn(state).map((shown) => {
        const id = idOf(shown);
        return [id, { row: before.get(id)?.row ?? rowOf(shown), shown }];
      }),
    );
    const isSame = [...before.keys()].join() === [...this.#rows.keys()].join();
    if (!isSame) this.#changed.fire(undefined);
    else if (before.size > 0) this.#changed.fire([...this.#rows.values()].map(({ row }) => row));
  }

  getChildren(parent?: Row): Row[] {
    return parent === undefined ? [...this.#rows.values()].map(({ row }) => row) : [];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    const shown = this.#rows.get(idOf(row))?.shown;
    if (shown === undefined) return new vscode.TreeItem("");
    return "environment" in shown ? elsewhereItem(shown, Date.now()) : this.#appItem(shown);
  }

  #appItem(app: RunningApp): vscode.TreeItem {
    const item = new vscode.TreeItem(app.name);
    item.id = app.appId;
    item.contextValue = "app";
    const isOldRow = this.#meter !== undefined && isOld(this.#meter.state());
    const busy = app.sandbox === undefined ? "pulse" : "vm-running";
    const icon = isOldRow ? "history" : app.running + app.pending > 0 ? busy : "circle-outline";
    item.iconPath = new vscode.ThemeIcon(icon);
    item.description = rowText(app, this.#meter?.state().apps ?? [], Date.now());
    item.tooltip = tooltipOf(app);
    return item;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function shownIn({ apps, elsewhere = [] }: MeterState): readonly Shown[] {
  const mine = withoutOthers(apps);
  return [...mine, ...apps.filter((app) => !mine.includes(app)), ...elsewhere];
}

function rowOf(shown: Shown): Row {
  return "environment" in shown ? { environment: shown.environment } : { appId: shown.appId };
}

function idOf(row: Row): string {
  return "environment" in row ? `environment ${row.environment}` : row.appId; // not shown: the id of a row
}

/** Something runs in another environment: one click watches or stops it there. */
function elsewhereItem(one: RunsElsewhere, nowMs: number): vscode.TreeItem {
  const item = new vscode.TreeItem(t("elsewhere: {0}", placeText(one)));
  item.id = idOf(one);
  item.contextValue = "elsewhere";
  item.iconPath = new vscode.ThemeIcon("globe");
  // Whose it is comes first: a narrow side bar cuts the age.
  item.description = [
    ...(one.whose === undefined ? [] : [whoseText(one.whose)]),
    t("{0} ago", formatCountdown(Math.max(0, nowMs - one.seenAtMs))),
  ].join(" · ");
  return item;
}

/** Where a pointer rests: what it is, since when, and until when at the latest. */
function tooltipOf({ name, appId, state, sandbox }: RunningApp): string {
  if (sandbox === undefined) return `${name} (${appId}): ${state}`;
  return [
    t("Sandbox {0} ({1}) of the app {2}", name, appId, sandbox.inApp),
    ...(sandbox.sinceMs === null ? [] : [t("since {0}", formatClock(sandbox.sinceMs))]),
    ...(askedText(sandbox) === "" ? [] : [t("asks for {0}", askedText(sandbox))]),
    ...(sandbox.endsByMs === null
      ? []
      : [t("ends at {0} at the latest", formatClock(sandbox.endsByMs))]),
  ].join("\n");
}
