import { rememberBook } from "../../../src/session/windows/windowBook.ts";
import type { MemoryLedger } from "./memoryLedger.ts";
import type { PortApp } from "./portModal.ts";

/** Notes that the app was deployed here for a mode with this window, from a file that follows the mode. */
export function followsMode(ledger: MemoryLedger, app: PortApp, seconds = 120): PortApp {
  app.deployedWindow = seconds;
  const functions = app.functions.map((functionName) => ({
    functionName,
    ownSeconds: seconds,
    kind: "mode" as const,
    putSeconds: [],
    putAtMs: 0,
  }));
  rememberBook(ledger, { scope: "acme/main", appId: app.appId }, { functions, restored: [] });
  return app;
}
