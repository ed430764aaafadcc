import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod/mini";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import { clientEnv, modalPath, run } from "./simProcess.ts";

// Python takes a second or more to start, and several times that on a busy machine.
const CLI_MS = 120_000;
const HOUR_MS = 3_600_000;
/** The CLI takes whole seconds alone, and asks for no more than the last week. */
const startMs = Math.floor((Date.now() - 5 * HOUR_MS) / HOUR_MS) * HOUR_MS;

const farApp = `import modal

app = modal.App("far")

@app.function(region="us")
def broad():
    pass

@app.function(region=["us-east", "eu-west"], ephemeral_disk=614_400)
def narrow():
    pass

@app.function(nonpreemptible=True)
def steady():
    pass
`;

describe("Local Modal and what the CLI asks of functions since 1.6", function () {
  this.timeout(CLI_MS);
  let local: LocalModal;
  let path: string;
  let folder: string;
  let functionId: string;
  const ask = async (...args: readonly string[]): Promise<string> => {
    const done = await run(path, args, clientEnv(local.env));
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
  };
  const range = ["--since", iso(startMs), "--until", iso(startMs + HOUR_MS)];

  before(async function () {
    path = modalPath(this, "current");
    folder = await mkdtemp(join(tmpdir(), "mm-far-"));
    local = await startLocalModal({ speed: 0, startMs });
    const app = local.seedApp(
      {
        name: "flux",
        by: "ana",
        functions: [
          {
            name: "web",
            gpu: { type: "L40S", count: 2 },
            milliCpu: 2000,
            memoryMib: 8192,
            usedMilliCpu: 1500,
            usedMemoryMib: 6144,
            queueMs: 3000,
            coldStartMs: 37_000,
            scaledownMs: 120_000,
            region: "broad",
            ephemeralDiskMib: 524_288,
          },
          { name: "nightly" },
        ],
      },
      0,
    );
    const { cloud } = local.workspace;
    functionId = cloud.functionOf(app.id, "web").id;
    const call = (): unknown =>
      cloud.request({ appId: app.id, functionName: "web", durationMs: 5000 });
    call();
    local.advance(60_000);
    call();
    local.advance(2 * HOUR_MS);
  });
  after(async () => {
    await local?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("tells who deployed an app, and the GPU of each function (app info)", async () => {
    const info = z.parse(
      z.object({
        lifecycle: z.object({ deployed_by: z.string(), version: z.number() }),
        functions: z.record(z.string(), z.object({ summary: z.unknown() })),
      }),
      JSON.parse(await ask("app", "info", "flux", "--json")),
    );
    assert.deepEqual(info.lifecycle, { deployed_by: "ana", version: 1 });
    assert.deepEqual(info.functions["web"]?.summary, {
      gpu_config: [{ count: 2, gpu_type: "L40S" }],
    });
    assert.deepEqual(info.functions["nightly"]?.summary, {});
  });

  it("tells resources, region and disk (function info)", async () => {
    const info: unknown = JSON.parse(await ask("function", "info", "flux/web", "--json"));
    const { cpu, memory_mib, gpus, regions, ephemeral_disk_mib } = z.parse(
      z.record(z.string(), z.unknown()),
      info,
    );
    assert.deepEqual(
      { cpu, memory_mib, gpus, regions, ephemeral_disk_mib },
      {
        cpu: 2,
        memory_mib: 8192,
        gpus: [["L40S", 2]],
        regions: ["us"],
        ephemeral_disk_mib: 524_288,
      },
    );
  });

  it("tells each call with its container and how long that loaded (function calls)", async () => {
    const shape = z.array(
      z.object({
        container_id: z.string(),
        startup_time_seconds: z.nullable(z.number()),
        execution_time_seconds: z.number(),
        status: z.string(),
      }),
    );
    const [container] = local.workspace.cloud.fleet.containers.keys();
    const told = (startup: number | null): unknown => ({
      container_id: container,
      startup_time_seconds: startup,
      execution_time_seconds: 5,
      status: "success",
    });
    const newest = z.parse(shape, JSON.parse(await ask("function", "calls", "flux/web", "--json")));
    assert.deepEqual(newest, [told(null), told(37)]);
    const inRange = await ask("function", "calls", functionId, ...range, "--json");
    assert.deepEqual(z.parse(shape, JSON.parse(inRange)), [told(37), told(null)]);
  });

  it("tells startup times, CPU and memory in use (function stats)", async () => {
    const stats = z.parse(
      z.object({
        input_success_count: z.number(),
        container_started_count: z.number(),
        container_percentile_stats: z.record(
          z.string(),
          z.object({ unit: z.string(), percentiles: z.record(z.string(), z.number()) }),
        ),
      }),
      JSON.parse(await ask("function", "stats", "flux/web", ...range, "--json")),
    );
    assert.equal(stats.input_success_count, 2);
    assert.equal(stats.container_started_count, 1);
    const p99 = Object.fromEntries(
      Object.entries(stats.container_percentile_stats).map(([name, { percentiles }]) => [
        name,
        percentiles["p99"],
      ]),
    );
    assert.deepEqual(p99, {
      "Startup time (s)": 37,
      "CPU Usage (cores)": 1.5,
      "Memory Usage (GiB)": 6,
    });
  });

  it("tells use over time (function metrics)", async () => {
    const text = await ask(
      "function",
      "metrics",
      "flux/web",
      ...range,
      "--bucket-size",
      "1h",
      "--json",
    );
    const { series } = z.parse(
      z.object({
        series: z.array(
          z.object({ name: z.string(), points: z.array(z.object({ value: z.number() })) }),
        ),
      }),
      JSON.parse(text),
    );
    const cpu = series.find(({ name }) => name === "cpu_usage_avg");
    // Busy for 10 s of a life that loads for 37 s and idles for 15 s and for 120 s.
    assert.match(await ask("function", "metrics", "flux/web"), /cpu_usage_avg \(cores\)/);
    assert.ok(Math.abs((cpu?.points[0]?.value ?? 0) - (1.5 * 10) / (37 + 10 + 15 + 120)) < 0.01);
  });

  it("scales a function for real, and tells that it did (function autoscaler)", async () => {
    const { cloud } = local.workspace;
    await ask(
      ..."function autoscaler update flux/web --min-containers 1 --scaledown-window 30".split(" "),
    );
    const { current_settings, override_events } = z.parse(
      z.object({ current_settings: z.unknown(), override_events: z.array(z.unknown()) }),
      JSON.parse(await ask("function", "autoscaler", "settings", "flux/web", "--json")),
    );
    assert.deepEqual(current_settings, {
      min_containers: 1,
      max_containers: 100,
      buffer_containers: 0,
      scaledown_window: 30,
    });
    assert.equal(override_events.length, 2, JSON.stringify(override_events));
    assert.match(JSON.stringify(override_events), /"you"/);
    assert.equal(cloud.listContainers().length, 1);
    await ask("function", "autoscaler", "update", "flux/web", "--min-containers", "0");
  });

  it("takes region, disk and preemption of a function from a deploy", async () => {
    const file = join(folder, "far_app.py");
    await writeFile(file, farApp);
    await ask("deploy", file);
    const app = local.workspace.cloud.deployedApp("far");
    const terms = [...(app?.functions.values() ?? [])].map(
      ({ spec }) =>
        [spec.name, [spec.region, spec.ephemeralDiskMib, spec.nonpreemptible] as const] as const,
    );
    assert.deepEqual(Object.fromEntries(terms), {
      broad: ["broad", 0, false],
      narrow: ["narrow", 614_400, false],
      steady: ["any", 0, true],
    });
  });

  it("splits a bill into resources that add up to it (billing report --show-resources)", async () => {
    const day = iso(startMs).slice(0, 10);
    const end = iso(startMs + 24 * HOUR_MS).slice(0, 10);
    const text = await ask(
      ...`billing report --start ${day} --end ${end} -r h --show-resources --json`.split(" "),
    );
    const rows = z.parse(
      z.array(z.object({ resource: z.string(), cost: z.string() })),
      JSON.parse(text),
    );
    assert.deepEqual(rows.map(({ resource }) => resource).toSorted(), ["CPU", "L40S", "Memory"]);
    const [bill] = local.workspace.cloud.bill({ toMs: startMs + HOUR_MS });
    const sum = rows.reduce((whole, { cost }) => whole + Number(cost), 0);
    assert.ok(Math.abs(sum - (bill?.usd ?? 0)) < 1e-9, `${sum} is not ${bill?.usd}`);
  });
});

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
