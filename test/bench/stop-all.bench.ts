import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod/mini";
import { systemClock } from "../../src/base/systemClock.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import type { Connected } from "../../src/session/watch/modalConnection.ts";
import { liveApps } from "../../src/session/liveApp.ts";
import { Look } from "../../src/session/watch/look.ts";
import { stopApps } from "../../src/session/stop/stopApps.ts";
import type { StopPlan } from "../../src/session/stop/stopPlan.ts";
import { connect } from "./benchControl.ts";
import { median, type Figure } from "./figure.ts";
import { cliPath, startSim, type SimProcess } from "./simProcess.ts";

const run = promisify(execFile);
const runs = 10;
const apps = 20;
/** As many at once as the product's CLI adapter starts: twice the cores. */
const concurrency = Math.max(4, 2 * availableParallelism());
const log = { debug() {}, info() {}, warn: console.error, error: console.error };

/**
 * Wall time from the command until a fresh listing proves that 20 apps are stopped. The peer is the
 * usual script: list, `modal app stop` one after another, list again.
 */
export async function bench(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "modal-meter-stop-all-"));
  await using sim = await startSim();
  try {
    const sdk = await connect(sim, "sdk");
    const cli = await connect(sim, "cli");
    const times = { sdk: [] as number[], cli: [] as number[], peer: [] as number[] };
    await stopAll(sim, sdk, join(folder, "warm-up.db"));
    for (let turn = 0; turn < runs; turn += 1) {
      times.sdk.push(await stopAll(sim, sdk, join(folder, `sdk-${turn}.db`)));
      times.cli.push(await stopAll(sim, cli, join(folder, `cli-${turn}.db`)));
      times.peer.push(await stopOneByOne(sim));
    }
    const figure = (name: string, ours: readonly number[], goal: string): Figure => ({
      name,
      ours: median(ours),
      peer: median(times.peer),
      ratio: median(times.peer) / median(ours),
      unit: "s",
      goal,
      runs,
    });
    return [
      figure("stop-all through the SDK", times.sdk, "at least 25 times faster"),
      figure("stop-all through the CLI", times.cli, "at least 4 times faster"),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function stopAll(sim: SimProcess, connected: Connected, path: string): Promise<number> {
  await seed(sim);
  const { ledger } = await openLedger(path);
  const look = new Look({ clock: systemClock, ledger });
  const startMs = performance.now();
  const listing = await look.take(connected);
  const plan: StopPlan = {
    scope: connected.scopeKey,
    what: { kind: "all" },
    planned: liveApps(listing).map((app) => ({ ...app, owner: "mine", version: null })),
    excluded: [],
    alreadyStopped: [],
  };
  const refresh = (): ReturnType<Look["take"]> => look.take(connected);
  const { control } = connected;
  const parts = { control, refresh, ledger, clock: systemClock, log, pid: process.pid };
  const receipt = await stopApps(parts, plan, {
    by: "person",
    receiptId: path,
    concurrency,
  });
  const seconds = (performance.now() - startMs) / 1000;
  ledger.dispose();
  if (receipt.verified !== "clear" || receipt.stopped.length !== apps) {
    throw new Error(`Stopped ${receipt.stopped.length} apps, verified: ${receipt.verified}.`);
  }
  return seconds;
}

const listed = z.array(z.object({ app_id: z.string(), state: z.string() }));

async function stopOneByOne(sim: SimProcess): Promise<number> {
  await seed(sim);
  const running = async (): Promise<readonly string[]> => {
    const { stdout } = await run(cliPath, ["app", "list", "--json"], { env: sim.env });
    const all = z.parse(listed, JSON.parse(stdout));
    return all.filter(({ state }) => state !== "stopped").map((app) => app.app_id);
  };
  const startMs = performance.now();
  const ids = await running();
  for (const id of ids) await run(cliPath, ["app", "stop", id, "--yes"], { env: sim.env });
  const left = await running();
  const seconds = (performance.now() - startMs) / 1000;
  if (ids.length !== apps || left.length > 0) throw new Error(`${left.length} apps are left.`);
  return seconds;
}

async function seed(sim: SimProcess): Promise<void> {
  for (let app = 0; app < apps; app += 1) await sim.seedApp(`app-${app}`, 1);
}
