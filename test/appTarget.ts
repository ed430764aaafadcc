import type { DeployTarget } from "../src/session/deployer.ts";

/** An app file of which nothing is known but where it lies. */
export function appTarget(file: string, folder: string): DeployTarget {
  return {
    file,
    module: null,
    variable: null,
    name: null,
    nameInFile: null,
    environment: null,
    folder,
  };
}
