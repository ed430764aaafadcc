import { pack } from "../../scripts/package.ts";

/** Called by mocha before the first test: the window is given the package that users install. */
export async function mochaGlobalSetup(): Promise<void> {
  await pack();
}
