import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "../../src/base/systemClock.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import { Look } from "../../src/session/watch/look.ts";
import { connect } from "./benchControl.ts";
import { median, type Figure } from "./figure.ts";
import { cliPath, cpuSecondsOf, ownCpuMs, startSim, type SimProcess } from "./simProcess.ts";
import { bundleSdk } from "../sdkBundle.ts";

const runs = 10;
/** One refresh is too short for the resolution of CPU times. */
const refreshesPerRun = 100;
const apps = 20;
const containersPerApp = 2;

/**
 * What one full refresh costs: apps, containers, and the GPU of each container, for 20 apps with 40
 * containers. Ours is a warm window: the details of a container are asked once in its life. The
 * peer is what a script has: `modal app list --json` and `modal container list --json`, which do
 * not tell the GPU at all.
 */
export async function bench(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "modal-meter-refresh-"));
  await using sim = await startSim();
  try {
    for (let app = 0; app < apps; app += 1) await sim.seedApp(`app-${app}`, containersPerApp);
    return [...(await cpuFigures(sim, folder)), await memoryFigure(sim, folder)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function cpuFigures(sim: SimProcess, folder: string): Promise<readonly Figure[]> {
  const connected = await connect(sim, "sdk");
  const { ledger } = await openLedger(join(folder, "ledger.db"));
  // The question itself; the record in the ledger is a figure of its own.
  let last: ReturnType<typeof ledger.latestListing>;
  const asking = new Look({
    clock: systemClock,
    ledger: {
      latestListing: () => last,
      recordListing: (listing) => void (last = listing),
      remember: () => {},
      recall: () => undefined,
    },
  });
  const recording = new Look({ clock: systemClock, ledger });
  const ours: number[] = [];
  const recorded: number[] = [];
  const peer: number[] = [];
  const cold = await cpuMsOf(async () => void (await asking.take(connected)), 1);
  const check = await asking.take(connected);
  const known = check.containers.filter(({ gpu }) => gpu?.type === "L40S");
  if (check.apps.length !== apps || known.length !== apps * containersPerApp) {
    throw new Error(`Saw ${check.apps.length} apps and ${known.length} GPUs.`);
  }
  const ask = async (): Promise<void> => void (await asking.take(connected));
  const record = async (): Promise<void> => void (await recording.take(connected));
  await cpuMsOf(ask, 3 * refreshesPerRun);
  await cpuMsOf(record, 10);
  const commands = [`'${cliPath}' app list --json`, `'${cliPath}' container list --json`];
  for (let run = 0; run < runs; run += 1) {
    ours.push(await cpuMsOf(ask, refreshesPerRun));
    recorded.push(await cpuMsOf(record, refreshesPerRun));
    peer.push((await cpuSecondsOf(commands, sim.env)) * 1000);
  }
  ledger.dispose();
  const figure = (name: string, values: readonly number[], goal: string): Figure => ({
    name,
    ours: median(values),
    peer: median(peer),
    ratio: median(peer) / median(values),
    unit: "ms CPU",
    goal,
    runs,
  });
  return [
    figure("refresh", ours, "at least 500 times less CPU than two CLI calls"),
    figure("refresh and record in the ledger", recorded, "no goal of its own"),
    { ...figure("first refresh, with all details", [cold], "no goal of its own"), runs: 1 },
  ];
}

async function cpuMsOf(work: () => Promise<void>, times: number): Promise<number> {
  const before = ownCpuMs();
  for (let time = 0; time < times; time += 1) await work();
  return (ownCpuMs() - before) / times;
}

/** Resident memory that the SDK's bundle adds to a process, after it has answered. */
async function memoryFigure(sim: SimProcess, folder: string): Promise<Figure> {
  const outfile = join(folder, "sdk.cjs");
  await bundleSdk(outfile);
  const worker = join(import.meta.dirname, "sdkMemory.ts");
  const added: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const args = ["--expose-gc", worker, outfile];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: sim.env });
    added.push(Number(stdout.trim()));
  }
  const limitMb = 60;
  return {
    name: "refresh: resident memory that the SDK adds",
    ours: median(added),
    peer: limitMb,
    ratio: limitMb / median(added),
    unit: "MB",
    goal: "at most 60 MB",
    runs,
  };
}
