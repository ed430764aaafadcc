// Prints how many MB of resident memory the SDK's bundle adds to this process, once it has answered
// a few refreshes. Started by refresh.bench.ts with --expose-gc and the bundle's path.
import { systemClock } from "../../src/base/systemClock.ts";
import { createControl } from "../../src/modal/createControl.ts";
import { sdkLoader } from "../../src/modal/sdk/loadSdk.ts";

const control = createControl({
  mode: "sdk",
  cli: null,
  loadSdk: sdkLoader(process.argv[2] ?? ""),
  choice: { profile: null, environment: null },
  processEnv: process.env,
  clock: systemClock,
  log: { debug() {}, info() {}, warn: console.error, error: console.error },
});
globalThis.gc?.();
const before = process.memoryUsage.rss();
for (let look = 0; look < 20; look += 1) {
  await Promise.all([control.listApps(), control.listContainers()]);
}
globalThis.gc?.();
console.log((process.memoryUsage.rss() - before) / 1024 / 1024);
process.exit(0);
