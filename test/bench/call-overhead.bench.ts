import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod/mini";
import { median, type Figure } from "./figure.ts";

const runs = 10;
const sizes = [
  ["1 MB", 1_000_000],
  ["500 MB", 500_000_000],
] as const;

interface Sample {
  readonly ms: number;
  /** Ours: growth over what the process had before. curl: its whole peak. */
  readonly bytes: number;
}

const report = z.object({ ms: z.number(), growthBytes: z.number() });

/**
 * A call that saves its result against `curl -o`, taking turns, from one server on the loopback
 * interface. curl's time is its own (`time_total`), without the start of its process; ours is the
 * whole call with name, flush to the disk and rename, which curl does not do. So there is a second
 * figure against `curl -o` and a flush of its file, which is what it takes to be as safe.
 */
export async function bench(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "modal-meter-bench-"));
  const server = spawn(process.execPath, [join(import.meta.dirname, "bodyServer.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const port = await new Promise<string>((resolve) => {
      server.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
    });
    const origin = `http://127.0.0.1:${port}`;
    const figures: Figure[] = [];
    for (const [label, bytes] of sizes) {
      const ours: Sample[] = [];
      const peers: Sample[] = [];
      const flushed: Sample[] = [];
      for (let run = 0; run < runs; run++) {
        peers.push(await curl(origin, bytes, folder, false));
        ours.push(await own(origin, bytes, folder));
        flushed.push(await curl(origin, bytes, folder, true));
      }
      figures.push(...figuresOf(label, bytes, ours, peers, flushed));
    }
    return figures;
  } finally {
    server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

function figuresOf(
  label: string,
  bytes: number,
  ours: readonly Sample[],
  peers: readonly Sample[],
  flushed: readonly Sample[],
): readonly Figure[] {
  const time = { ours: median(ours.map(({ ms }) => ms)), peer: median(peers.map(({ ms }) => ms)) };
  const safe = { ours: time.ours, peer: median(flushed.map(({ ms }) => ms)) };
  const memory = {
    ours: median(ours.map((sample) => sample.bytes)) / 1e6,
    peer: median(peers.map((sample) => sample.bytes)) / 1e6,
  };
  const isSmall = bytes < 10_000_000;
  return [
    {
      name: `call-overhead ${label}, wall time against curl`,
      ...time,
      ratio: time.peer / time.ours,
      unit: "ms",
      goal: isSmall ? "at most 30 ms more than curl" : "at most 1.1 times curl's time",
      runs,
    },
    {
      name: `call-overhead ${label}, wall time against curl and a flush to the disk`,
      ...safe,
      ratio: safe.peer / safe.ours,
      unit: "ms",
      goal: isSmall ? "at most 30 ms more" : "at most as long",
      runs,
    },
    {
      name: `call-overhead ${label}, memory growth (curl: its peak)`,
      ...memory,
      ratio: memory.peer / memory.ours,
      unit: "MB",
      goal: "at most 32 MB",
      runs,
    },
  ];
}

async function own(origin: string, bytes: number, folder: string): Promise<Sample> {
  const { stdout } = await execa(process.execPath, [
    join(import.meta.dirname, "callWorker.ts"),
    origin,
    String(bytes),
    folder,
  ]);
  const { ms, growthBytes } = z.parse(report, JSON.parse(stdout));
  return { ms, bytes: growthBytes };
}

async function curl(
  origin: string,
  bytes: number,
  folder: string,
  flush: boolean,
): Promise<Sample> {
  const path = join(folder, "curl.mp4");
  const child = execa("curl", [
    "--silent",
    "--json",
    '{"prompt":"a fox"}',
    "--output",
    path,
    "--write-out",
    "%{time_total}",
    `${origin}/${bytes}`,
  ]);
  let peak = 0;
  const sampler = setInterval(() => {
    void peakMemory(child.pid).then((value) => {
      peak = Math.max(peak, value);
    });
  }, 2);
  const { stdout } = await child;
  clearInterval(sampler);
  if ((await stat(path)).size !== bytes) throw new Error("curl's file is not whole.");
  const flushMs = flush ? await flushTime(path) : 0;
  await rm(path);
  return { ms: Number(stdout) * 1000 + flushMs, bytes: peak };
}

/** What `sync FILE` takes, without the start of its process. */
async function flushTime(path: string): Promise<number> {
  const file = await open(path, "r+");
  const startedMs = performance.now();
  await file.sync();
  const ms = performance.now() - startedMs;
  await file.close();
  return ms;
}

/** The highest resident memory of a process so far; 0 where the system does not tell. */
async function peakMemory(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid ?? 0}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
