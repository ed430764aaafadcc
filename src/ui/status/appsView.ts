import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { formatCountdown, formatPerHour } from "../../cost/format.ts";
import type { Meter } from "../../session/meter/meter.ts";
import { withoutOthers } from "../../session/meter/runningApps.ts";
import type { RunningApp } from "../../session/meter/meterState.ts";

/** What runs, in the side bar: one row per app, with a stop beside it. */
export class AppsView implements vscode.TreeDataProvider<RunningApp>, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<undefined>());
  #meter: Meter | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor() {
    const view = vscode.window.createTreeView("modalMeter.apps", { treeDataProvider: this });
    this.#store.add(view);
  }

  /** Shows the meter's state from now on. */
  follow(meter: Meter): void {
    this.#meter = meter;
    this.#store.add(meter.onChange(() => this.#changed.fire(undefined)));
    this.#changed.fire(undefined);
  }

  getChildren(parent?: RunningApp): RunningApp[] {
    if (parent !== undefined || this.#meter === undefined) return [];
    const { apps } = this.#meter.state();
    const mine = withoutOthers(apps);
    return [...mine, ...apps.filter((app) => !mine.includes(app))];
  }

  getTreeItem(app: RunningApp): vscode.TreeItem {
    const item = new vscode.TreeItem(app.name);
    item.id = app.appId;
    item.contextValue = "app";
    item.iconPath = new vscode.ThemeIcon(app.running > 0 ? "pulse" : "circle-outline");
    item.description = describe(app, Date.now());
    item.tooltip = `${app.name} (${app.appId}): ${app.state}`;
    return item;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function describe(app: RunningApp, nowMs: number): string {
  const whose = app.owner === "someone-else" ? [t("someone else's")] : [];
  if (app.running + app.pending === 0)
    return [...whose, t("{0}, no container", app.state)].join(" · ");
  const parts = [...whose, `${app.running} × ${app.gpu}`];
  if (app.pending > 0) parts.push(t("{0} pending", app.pending));
  parts.push(
    app.microUsdPerHour === null ? t("rate unknown") : `≈ ${formatPerHour(app.microUsdPerHour)}`,
  );
  if (app.warmUntilMs !== null && app.warmUntilMs > nowMs) {
    parts.push(t("warm for {0}", formatCountdown(app.warmUntilMs - nowMs)));
  }
  return parts.join(" · ");
}
