import { stat, rm } from "node:fs/promises";
import { callEndpoint } from "../../src/endpoints/call/call.ts";
import { systemClock } from "../../src/base/systemClock.ts";
import { silentLog } from "../unit/silentLog.ts";

/**
 * One process, one measured call: node callWorker.ts ORIGIN BYTES FOLDER. A first call of 1 MB
 * loads the code. Prints {"ms", "growthBytes"}; the growth is the process' highest resident memory
 * during its life over what it had before the measured call.
 */
const [origin = "", bytes = "", folder = ""] = process.argv.slice(2);

async function call(size: number): Promise<number> {
  const startedMs = performance.now();
  const { resultPath } = await callEndpoint(
    {
      callId: "bench",
      endpoint: "bench",
      expects: "video",
      folder,
      prompt: "a fox",
      method: "POST",
      url: new URL(`${origin}/${size}`),
      body: { prompt: "a fox" },
    },
    { clock: systemClock, log: silentLog },
  );
  const ms = performance.now() - startedMs;
  if (resultPath === null || (await stat(resultPath)).size !== size) throw new Error("Not whole.");
  await rm(resultPath);
  return ms;
}

await call(1_000_000);
const before = process.memoryUsage.rss();
const ms = await call(Number(bytes));
const growthBytes = Math.max(0, process.resourceUsage().maxRSS * 1024 - before);
console.log(JSON.stringify({ ms, growthBytes }));
