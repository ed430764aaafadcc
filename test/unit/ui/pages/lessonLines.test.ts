import assert from "node:assert/strict";
import { nothingLearned, type AppLesson } from "../../../../src/cost/learned/lessons.ts";
import { lessonLines } from "../../../../src/ui/pages/lessonLines.ts";

const flux: AppLesson = {
  appName: "flux",
  hours: 34,
  oddHours: 1,
  start: { from: "before-ready", seconds: 38.2 },
  kinds: new Map([
    ["H100 2 16 0 any false false false false", { factor: 1.234, busyUsdPerHour: 0.5 }],
  ]),
  spread: 0.004,
  endShare: 1,
};

describe("what the bill has taught, for people", () => {
  it("is nothing where nothing was taught", () => {
    assert.deepEqual(lessonLines(nothingLearned, new Set(["flux"])), []);
  });

  it("names what it rests on, what it leaves open and how to undo it", () => {
    const lines = lessonLines(
      { begin: "boot", possible: ["boot", "asked"], apps: [flux, { ...flux, appName: "wan" }] },
      new Set(["flux"]),
    );
    assert.deepEqual(
      lines.filter((line) => line !== ""),
      [
        "## What the bill has taught",
        "Containers cost from when they begin to load; the billed hours do not rule out: from when they are asked for.",
        "- flux: calibrated on 34 billed hours: 38 s of each start are billed; H100: 1.234 × the price of what it asks for and $0.50/h while calls run in it; 1 hour is not explained by it; within 0.4 %.",
        'Undo it with the command "Modal Meter: Forget What the Bill Has Taught".',
      ],
    );
  });

  it("names the cores and the memory in use, and the boot, where the bill tells them", () => {
    const split = {
      factor: { gpu: 1, cpu: 11.2, memory: 176 },
      busyUsdPerHour: { gpu: 0, cpu: 0.01, memory: 0 },
      cores: 1.42,
      gib: 22.04,
    };
    const app = { ...flux, oddHours: 0, start: null, bootSeconds: 38.2 };
    const line = (kind: string, more: Partial<typeof split> = {}) => {
      const lesson = { factor: 1.2, busyUsdPerHour: 0.01, split: { ...split, ...more } };
      const apps = [{ ...app, kinds: new Map([[kind, lesson]]) }];
      return lessonLines({ begin: "boot", possible: ["boot"], apps }, new Set(["flux"]))[4];
    };
    const before = "- flux: calibrated on 34 billed hours: 38 s of boot per start; H100: ";
    assert.equal(
      line("H100 ? ? 0 any false false true true"),
      `${before}22 GiB and 1.4 cores in use; within 0.4 %.`,
    );
    assert.equal(
      line("H100 1.42 22 0 ? false false true true", { factor: { gpu: 1.75, cpu: 1, memory: 1 } }),
      `${before}it costs what it asks for at 1.75 × the price; within 0.4 %.`,
    );
  });
});
