import { pack } from "../../scripts/package.ts";
import { killLeftovers } from "../host/processes.ts";

/** Called by mocha before the first test: the window is given the package that users install. */
export async function mochaGlobalSetup(): Promise<void> {
  await pack();
}

/** Called by mocha after the last test: what outlives its window on purpose ends here. */
export async function mochaGlobalTeardown(): Promise<void> {
  for (const { pid, command } of await killLeftovers()) console.log(`Ended ${pid}: ${command}`);
}
