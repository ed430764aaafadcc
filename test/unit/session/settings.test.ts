import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { Failure } from "../../../src/base/failure.ts";
import { parseWorkdayEnd, Settings, settingNames } from "../../../src/session/settings.ts";

const manifest = z.parse(
  z.object({
    contributes: z.object({
      configuration: z.object({
        properties: z.record(z.string(), z.object({ default: z.unknown(), scope: z.string() })),
      }),
    }),
    capabilities: z.object({
      untrustedWorkspaces: z.object({ restrictedConfigurations: z.array(z.string()) }),
    }),
  }),
  JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")),
);
const contributed = manifest.contributes.configuration.properties;
const defaults = Object.fromEntries(
  Object.entries(contributed).map(([key, { default: value }]) => [
    key.replace("modalMeter.", ""),
    value,
  ]),
);

describe("settings", () => {
  it("know exactly the settings that package.json contributes, and accept every default", () => {
    assert.deepEqual(
      settingNames.map((name) => `modalMeter.${name}`).toSorted(),
      Object.keys(contributed).toSorted(),
    );
    assert.deepEqual(Settings.parse(defaults).problems, []);
  });

  it("are restricted in an untrusted workspace wherever a workspace could set them", () => {
    const settable = Object.entries(contributed)
      .filter(([, { scope }]) => scope !== "machine")
      .map(([key]) => key);
    assert.deepEqual(
      manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.toSorted(),
      settable.toSorted(),
    );
  });

  it("name a wrong value and keep the others", () => {
    const settings = Settings.parse({ ...defaults, control: "telepathy", profile: "acme" });
    assert.equal(settings.get("profile"), "acme");
    assert.equal(settings.problems.length, 1);
    assert.throws(
      () => settings.get("control"),
      (error) =>
        error instanceof Failure &&
        error.reason === "bad-setting" &&
        error.message.includes("modalMeter.control") &&
        error.message.includes('"telepathy"'),
    );
  });

  it("leave a wrong rate out, keep the others, and offer what was meant", () => {
    const settings = Settings.parse({ ...defaults, rates: { L40S: 0.000542, T4: 0.5 } });
    assert.deepEqual(settings.get("rates"), { T4: 0.5 });
    assert.deepEqual(settings.problems, [
      {
        setting: "modalMeter.rates",
        message: '"L40S": $0.000542 looks like a price per second: $1.95/h?',
        fix: {
          label: "Use $1.95/h",
          name: "rates",
          wrongEntry: "L40S",
          entry: "L40S",
          value: 1.95,
        },
      },
    ]);
    assert.throws(
      () => Settings.parse({ ...defaults, rates: 3 }).get("rates"),
      /modalMeter\.rates/,
    );
  });

  for (const [name, value, why] of [
    ["maxParallelCalls", 0, /1 or more/],
    ["maxParallelCalls", 101, /100 or less/],
    ["maxParallelCalls", 2.5, /whole number/],
    ["maxParallelCalls", "4", /maxParallelCalls/],
    ["maxResultGibibytes", 0, /above 0/],
    ["maxResultGibibytes", -1, /above 0/],
    ["maxResultGibibytes", null, /maxResultGibibytes/],
  ] as const) {
    it(`refuse ${name} of ${JSON.stringify(value)} by its name, without a default in its place`, () => {
      const settings = Settings.parse({ ...defaults, [name]: value });
      assert.throws(
        () => settings.get(name),
        (error) =>
          error instanceof Failure &&
          error.reason === "bad-setting" &&
          error.message.includes(`modalMeter.${name}`) &&
          why.test(error.message),
      );
    });
  }

  it("say where inside a setting the fault is", () => {
    const settings = Settings.parse({
      ...defaults,
      deployTargets: [{ file: "a.py" }, { gpu: "T4" }],
    });
    assert.match(settings.problems[0]?.message ?? "", /1\.file/);
  });

  const refused = [
    "http://example.com",
    "ftp://localhost",
    "flux",
    "http://127.0.0.1.example.com/",
  ];
  for (const url of refused) {
    it(`refuse ${url} as an endpoint`, () => {
      assert.equal(Settings.parse({ ...defaults, endpointBaseUrl: url }).problems.length, 1);
    });
  }

  for (const url of [
    "https://acme--flux.modal.run",
    "http://127.0.0.1:8000/x",
    "http://localhost",
    "",
  ]) {
    it(`accept ${JSON.stringify(url)} as an endpoint`, () => {
      assert.deepEqual(Settings.parse({ ...defaults, endpointBaseUrl: url }).problems, []);
    });
  }
});

describe("parseWorkdayEnd", () => {
  it("reads ranges, lists, wrapping ranges and plain times", () => {
    assert.deepEqual(parseWorkdayEnd("Mon-Fri 18:00"), {
      minuteOfDay: 1080,
      days: [1, 2, 3, 4, 5],
    });
    assert.deepEqual(parseWorkdayEnd("Fri-Sun 9:05"), { minuteOfDay: 545, days: [0, 5, 6] });
    assert.deepEqual(parseWorkdayEnd("mon,wed 17:30"), { minuteOfDay: 1050, days: [1, 3] });
    assert.deepEqual(parseWorkdayEnd("18:00")?.days, [0, 1, 2, 3, 4, 5, 6]);
    assert.equal(parseWorkdayEnd("  "), null);
  });

  for (const text of ["25:00", "Mon-", "Mon–Fri 18:00", "Xyz 18:00", "18", "Mon-Wed-Fri 10:00"]) {
    it(`does not read ${text}`, () => assert.equal(parseWorkdayEnd(text), undefined));
  }
});
