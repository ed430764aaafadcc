import { Failure } from "../../../src/base/failure.ts";
import type { ModalControl } from "../../../src/session/modalControl.ts";

/** A control plane that knows only these answers; everything else is "unsupported". */
export function controlThatOnly(answers: Partial<ModalControl>): ModalControl {
  const never = (): Promise<never> => Promise.reject(new Failure("unsupported", "Not asked here."));
  return {
    adapter: "sdk",
    whoami: never,
    listEnvironments: never,
    listApps: never,
    listContainers: never,
    containerDetails: never,
    appFunctions: never,
    functionContainers: never,
    listSandboxes: never,
    sandboxUse: never,
    stopSandbox: never,
    containerStats: never,
    functionTerms: never,
    functionScaling: never,
    stopApp: never,
    stopContainer: never,
    rollover: never,
    deployments: never,
    fetchLogs: never,
    followLogs: () => {
      throw new Failure("unsupported", "Not asked here.");
    },
    rates: never,
    billingReport: never,
    billingSummary: never,
    scale: never,
    listFunctions: never,
    ...answers,
  };
}
