import { availableParallelism } from "node:os";
import { pack } from "../../scripts/package.ts";
import { killLeftovers } from "../host/processes.ts";
import { closeSpareEditor } from "./stage.ts";
import { takeTurn, type Turn } from "./turn.ts";

/** Editors that this machine bears at once, of all runs together: as many as a run has lanes, and one. */
const places = Array.from({ length: 3 * availableParallelism() + 1 }, (_, at) => `e2e-${at + 1}`);

let turn: Turn | undefined;

/** Called by mocha before the first test: the window is given the package that users install. */
export async function mochaGlobalSetup(): Promise<void> {
  turn = await takeTurn(places, "another end-to-end run");
  // scripts/test.ts has made the package for all files.
  if (process.env["MODAL_METER_PACKED"] === "1") return;
  await using _ = await takeTurn(["package"], "another run's package");
  await pack();
}

/** Called by mocha after the last test: what outlives its window on purpose ends here. */
export async function mochaGlobalTeardown(): Promise<void> {
  await closeSpareEditor();
  await turn?.[Symbol.asyncDispose]();
  for (const { pid, command } of await killLeftovers()) console.log(`Ended ${pid}: ${command}`);
}
