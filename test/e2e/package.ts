import { pack } from "../../scripts/package.ts";
import { killLeftovers } from "../host/processes.ts";
import { endTurn, takeTurn } from "./oneRun.ts";

/** Called by mocha before the first test: the window is given the package that users install. */
export async function mochaGlobalSetup(): Promise<void> {
  await takeTurn();
  await pack();
}

/** Called by mocha after the last test: what outlives its window on purpose ends here. */
export async function mochaGlobalTeardown(): Promise<void> {
  await endTurn();
  for (const { pid, command } of await killLeftovers()) console.log(`Ended ${pid}: ${command}`);
}
