import { pack } from "../../scripts/package.ts";
import { killLeftovers } from "../host/processes.ts";
import { takeTurn, type Turn } from "./turn.ts";

/** What two cores bear at once: two runs, of which most waits for graces and countdowns, and one that only waits. */
const places = ["e2e-1", "e2e-2", "e2e-3"];

let turn: Turn | undefined;

/** Called by mocha before the first test: the window is given the package that users install. */
export async function mochaGlobalSetup(): Promise<void> {
  turn = await takeTurn(places, "another end-to-end run");
  await using _ = await takeTurn(["package"], "another run's package");
  await pack();
}

/** Called by mocha after the last test: what outlives its window on purpose ends here. */
export async function mochaGlobalTeardown(): Promise<void> {
  await turn?.[Symbol.asyncDispose]();
  for (const { pid, command } of await killLeftovers()) console.log(`Ended ${pid}: ${command}`);
}
