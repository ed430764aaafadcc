import * as vscode from "vscode";
import type { DisposableStore } from "../../base/disposable.ts";
import { clientPatience, WindowBeat, type WindowBeatOptions } from "../../guardian/windowBeat.ts";
import type { Poller } from "../../session/watch/poller.ts";

/**
 * Tells the other windows and the guardian that this one is open and which scopes it watches, until
 * the store is disposed.
 */
export function beginHeartbeat(
  store: DisposableStore,
  window: Pick<WindowBeatOptions, "ledger" | "clock" | "log" | "windowId" | "pid">,
  poller: Pick<Poller, "onSeen">,
): void {
  const isRemote = vscode.env.remoteName !== undefined || vscode.env.uiKind === vscode.UIKind.Web;
  const beat = store.add(
    new WindowBeat({
      ...window,
      // A remote extension host outlives its client by hours, without any event.
      ...(isRemote ? { clientAlive, ...clientPatience(process.env) } : {}),
    }),
  );
  store.add(poller.onSeen(({ listing }) => beat.watch(listing.scope)));
}

/** A round trip to the window: a client that is gone never answers. */
async function clientAlive(): Promise<boolean> {
  await vscode.commands.getCommands(true);
  return true;
}
