// A process that serves an app file and then waits: the window, as far as its end matters.
// node serveOwner.ts <modal command> <keeper> <folder> <app file>; prints the app's id.
import { systemClock } from "../../../src/base/systemClock.ts";
import { CliDeployer } from "../../../src/modal/deploy/deployer.ts";
import { appTarget } from "../../appTarget.ts";
import { KeptLog } from "./controlAdapters.ts";

const [command = "", keeper = "", folder = "", file = ""] = process.argv.slice(2);
const deployer = new CliDeployer({
  cli: { command, prefixArgs: [], origin: "path", version: null },
  processEnv: process.env,
  choice: { profile: null, environment: null },
  environment: async () => "main",
  keeper,
  clock: systemClock,
  log: new KeptLog(),
});
const handle = await deployer.serve(appTarget(file, folder), {
  variables: {},
  onLine: () => undefined,
});
console.log(handle.appId);
process.on("SIGTERM", () => process.exit(0));
