import { systemClock } from "../../src/base/systemClock.ts";
import { createControl } from "../../src/modal/createControl.ts";
import { sdkLoader } from "../../src/modal/sdk/loadSdk.ts";
import { scopeKey } from "../../src/session/scope.ts";
import type { Connected } from "../../src/session/watch/modalConnection.ts";
import { cliPath, type SimProcess } from "./simProcess.ts";

/** The product's own way to a Local Modal, connected. */
export async function connect(sim: SimProcess, mode: "sdk" | "cli"): Promise<Connected> {
  const control = createControl({
    mode,
    cli:
      mode === "sdk"
        ? null
        : { command: cliPath, prefixArgs: [], origin: "virtual-environment", version: null },
    loadSdk: sdkLoader(() => import("../../src/modal/sdk/entry.ts")),
    choice: { profile: null, environment: null },
    processEnv: sim.env,
    clock: systemClock,
    log: { debug() {}, info() {}, warn: console.error, error: console.error },
    cliSilenceMs: 120_000,
  });
  const { scope, username } = await control.whoami();
  return { control, scope, scopeKey: scopeKey(scope), username };
}
