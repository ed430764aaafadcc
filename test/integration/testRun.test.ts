import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runInLanes } from "../../scripts/testing/lanes.ts";
import type { Results } from "../../scripts/testing/results.ts";
import { runJob } from "../../scripts/testing/runJob.ts";
import { root } from "../host/paths.ts";

describe("a run of the tests", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "mm-test-run-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What the run says of one file with this text. */
  async function resultsOf(
    text: string,
    { silentMs = 60_000, flags = [] as readonly string[] } = {},
  ): Promise<Results> {
    const file = join(folder, "sample.test.ts");
    const until = join(root, "test", "host", "until.ts");
    await writeFile(file, `import { until } from ${JSON.stringify(until)};\nvoid until;\n${text}`);
    const command = [
      join(root, "node_modules", ".bin", "mocha"),
      ...flags,
      file,
      "--reporter",
      join(root, "test", "resultReporter.ts"),
    ];
    return runJob({
      job: { command, counts: "mocha", file, expectedSeconds: 1 },
      suite: "sample",
      env: {},
      folder,
      silentMs,
    });
  }

  it("counts what mocha ran, with the words of what failed", async () => {
    const { passed, failed, skipped } = await resultsOf(`
      it("works", () => {});
      it("fails", () => { throw new Error("no such luck"); });
      it.skip("is left out", () => {});`);
    assert.equal(passed, 1);
    assert.deepEqual(
      failed.map(({ title }) => title),
      ["fails", "is left out"],
      "a skip without a reason is a failure",
    );
    assert.match(failed[0]?.error ?? "", /no such luck/);
    assert.deepEqual(skipped, []);
  });

  it("keeps the words of a first try that failed, whatever came of the second", async () => {
    const { passed, failed, retried } = await resultsOf(
      `let tries = 0;
      it("fails once", () => { tries += 1; if (tries === 1) throw new Error("the first of all"); });
      it("fails twice", () => { tries += 1; throw new Error("try " + tries); });`,
      { flags: ["--retries=1"] },
    );
    assert.equal(passed, 1);
    assert.match(failed[0]?.error ?? "", /try 4/);
    assert.deepEqual(
      retried?.map(({ title, error }) => [title, error.split("\n")[0]]),
      [
        ["fails once", "Error: the first of all"],
        ["fails twice", "Error: try 3"],
      ],
    );
  });

  it("begins a second try, and what comes after a failure, on a fresh stage", async () => {
    const hooks = join(root, "test", "e2e", "eachTry.ts");
    const { passed, failed, retried } = await resultsOf(
      `import { eachTry } from ${JSON.stringify(hooks)};
      let stages = 0, ended = 0, tries = 0;
      describe("a stage", () => {
        eachTry(async () => { stages += 1; }, async () => { ended += 1; });
        const is = (wanted) => { if (stages !== wanted || ended !== wanted - 1) throw new Error("stage " + stages); };
        it("is the first", () => is(1));
        it("stays after what passed", () => is(1));
        it("is fresh for the second try", () => { tries += 1; is(tries); if (tries === 1) throw new Error("once"); });
        it("stays after the second try", () => is(2));
        it("fails twice", () => { throw new Error("twice"); });
        it("is fresh after what failed", () => is(4));
      });
      describe("after it", () => it("the last is ended", () => { if (ended !== 4) throw new Error("ended " + ended); }));`,
      { flags: ["--retries=1"] },
    );
    assert.deepEqual(
      failed.map(({ title }) => title),
      ["a stage fails twice"],
    );
    assert.deepEqual([passed, retried?.length], [6, 2]);
  });

  it("does not pass when a file ran no test, or ended before its results", async () => {
    for (const [text, says] of [
      ["", /ran no test/],
      [`it("ends", () => process.exit(0));`, /ended with code 0, before it wrote its results/],
      [`throw new Error("cannot be loaded");`, /cannot be loaded/],
    ] as const) {
      const { passed, failed } = await resultsOf(text);
      assert.equal(passed, 0);
      assert.match(failed[0]?.error ?? "", says);
    }
  });

  it("does not pass when the process failed though no test did", async () => {
    const { passed, failed } = await resultsOf(
      `it("works", () => { process.on("exit", () => { process.exitCode = 7; }); });`,
      { flags: ["--exit"] },
    );
    assert.equal(passed, 1);
    assert.match(failed[0]?.error ?? "", /ended with code 7, though no test failed/);
  });

  it("ends a process that has fallen silent, and none that goes on", async () => {
    const { failed } = await resultsOf(
      `it("hangs", () => new Promise(() => setInterval(() => 0, 1000)));`,
      {
        silentMs: 2000,
        flags: ["--timeout=0"],
      },
    );
    assert.match(failed[0]?.error ?? "", /said nothing for 2 s and was ended/);
    const going = await resultsOf(
      `for (let at = 0; at < 12; at += 1) it(String(at), () => new Promise((done) => setTimeout(done, 400)));`,
      { silentMs: 3500 },
    );
    assert.deepEqual([going.passed, going.failed], [12, []]);
  });

  it("limits each step of a test, not the whole test", async () => {
    const step = (forMs: number) =>
      `await until("a step", () => performance.now() > startedAtMs + ${forMs}, { everyMs: 20 });`;
    const { passed, failed } = await resultsOf(
      `it("makes steps", async () => {
        const startedAtMs = performance.now();
        ${[600, 1200, 1800, 2400].map(step).join("\n")}
      });
      it("makes one step, and none after it", async () => {
        const startedAtMs = performance.now();
        ${step(600)}
        await new Promise(() => undefined);
      });`,
      { flags: ["--timeout=1000"] },
    );
    assert.equal(passed, 1);
    assert.deepEqual(
      failed.map(({ title }) => title),
      ["makes one step, and none after it"],
    );
    assert.match(failed[0]?.error ?? "", /Timeout of \d+ms exceeded/);
  });

  it("begins with the longest, fills its lanes, keeps none for what only waits, and limits windows", async () => {
    const order: string[] = [];
    let running = 0;
    let most = 0;
    let [windows, mostWindows] = [0, 0];
    const task = (
      name: string,
      expectedSeconds: number,
      { isIdle = false, hasWindow = false },
    ) => ({
      expectedSeconds,
      isIdle,
      hasWindow,
      run: async () => {
        order.push(name);
        running += isIdle ? 0 : 1;
        windows += hasWindow ? 1 : 0;
        most = Math.max(most, running);
        mostWindows = Math.max(mostWindows, windows);
        await delay(20);
        running -= isIdle ? 0 : 1;
        windows -= hasWindow ? 1 : 0;
      },
    });
    const window = { hasWindow: true };
    const tasks = [
      task("short", 1, {}),
      task("waits", 300, { isIdle: true }),
      task("long", 9, window),
      task("long too", 8, window),
      task("middle", 5, {}),
    ];
    await runInLanes(tasks, { lanes: 2, windows: 1 });
    assert.deepEqual(order.slice(0, 3), ["waits", "long", "middle"]);
    assert.deepEqual(order.slice(3).toSorted(), ["long too", "short"]);
    assert.deepEqual([most, mostWindows], [2, 1]);
    order.length = 0;
    await runInLanes(tasks, { lanes: 2, windows: 2 });
    assert.deepEqual(order.slice(0, 3), ["waits", "long", "long too"]);
  });
});
