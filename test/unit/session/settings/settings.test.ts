import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import * as z from "zod/mini";
import { Failure } from "../../../../src/base/failure.ts";
import { Settings } from "../../../../src/session/settings/settings.ts";
import { settingNames, type SettingName } from "../../../../src/session/settings/shape.ts";
import { parseWorkdayEnd } from "../../../../src/session/settings/workdayEnd.ts";

const manifest = z.parse(
  z.object({
    contributes: z.object({
      configuration: z.object({
        properties: z.record(
          z.string(),
          z.looseObject({ default: z.unknown(), scope: z.string() }),
        ),
      }),
    }),
    capabilities: z.object({
      untrustedWorkspaces: z.object({ restrictedConfigurations: z.array(z.string()) }),
    }),
  }),
  JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8")),
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

  it("are underlined in settings.json wherever they would be refused, and nowhere else", async () => {
    // zod itself, which alone reads a JSON schema, gives every schema of the process words of its own.
    const { fromJSONSchema } = await import("zod");
    const samples: readonly (readonly [SettingName, readonly unknown[]])[] = [
      ["control", ["auto", "cli", "telepathy", 3]],
      ["endpointBaseUrl", ["", "https://a.modal.run", "http://a.modal.run", "a.modal.run"]],
      ["endpointBaseUrl", ["http://localhost:8000", "http://127.0.0.1", "http://localhost.evil"]],
      ["endpointUrls", [{ flux: "https://a.modal.run/flux" }, { flux: "flux" }, { flux: 3 }]],
      ["deployTargets", [[{ file: "a.py" }], [{ file: "" }], [{}], [{ file: "a.py", x: 1 }]]],
      ["modes", [{ dev: { scaledownSeconds: 60 } }, { dev: { scaledownSeconds: 1 } }]],
      ["modes", [{ loud: { warmUp: true } }, { loud: { warmUp: "yes" } }, { "9": {} }, { a: 3 }]],
      ["modes", [{ a: { expiresAfterMinutes: null } }, { a: { expiresAfterMinutes: 1441 } }]],
      [
        "modes",
        [{ a: { variables: { X: "1" } } }, { a: { variables: { X: 1 } } }, { a: { b: 1 } }],
      ],
      ["resultsFolder", ["out", ""]],
      ["askAboveUsd", [0, 1.5, -1, "1"]],
      ["maxParallelCalls", [1, 100, 0, 101, 1.5]],
      ["maxResultGibibytes", [0.5, 0, -1]],
      ["budget", [{ weekUsd: 0 }, { weekUsd: "5" }, { weekUsd: -1 }, { dayUsd: 1 }]],
      ["onClose", ["remind", "burn"]],
      ["stopAfterMinutes", [0, 30, -1]],
      ["idleReminderMinutes", [0, 20, "20"]],
      [
        "workdayEnd",
        ["", "18:00", "Mon-Fri 18:00", "mon,wed-fri 7:30", "6pm", "Mo 18:00", "24:00"],
      ],
      ["mutedReminders", [[], ["idle"], [5]]],
    ];
    for (const [name, values] of samples) {
      const { [`modalMeter.${name}`]: written } = contributed;
      assert.ok(written);
      const schema = fromJSONSchema(written);
      for (const value of values) {
        const problems = Settings.parse({ ...defaults, [name]: value }).problems;
        assert.equal(
          schema.safeParse(value).success,
          problems.length === 0,
          `${name} ${JSON.stringify(value)}: ${JSON.stringify(problems)}`,
        );
      }
    }
    z.config({ localeError: undefined });
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
        error.message.includes('must be one of "auto", "sdk", "cli" (it is "telepathy")'),
    );
  });

  it("leave a wrong rate out, keep the others, and offer what was meant", () => {
    const settings = Settings.parse({ ...defaults, rates: { L40S: 0.000542, T4: 0.5 } });
    assert.deepEqual(settings.get("rates"), { T4: 0.5 });
    assert.deepEqual(settings.problems, [
      {
        setting: "modalMeter.rates",
        entry: "L40S",
        effect: "Modal's own prices are counted in its place.",
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

  it("turn off only what needs a wrong value, entry by entry, and say what that is", () => {
    const settings = Settings.parse({
      ...defaults,
      workdayEnd: "6pm",
      budget: { weekUsd: "5", monthUsd: 500, dayUsd: 1 },
      endpointUrls: { flux: "flux", wan2: "https://acme--wan2.modal.run" },
      mutedReminders: [5, "idle"],
      modes: { loud: { warmUp: "yes" } },
      stopAfterMinutes: -1,
    });
    assert.equal(settings.sound("workdayEnd"), undefined);
    assert.deepEqual(settings.sound("budget"), { monthUsd: 500 });
    assert.deepEqual(settings.sound("endpointUrls"), { wan2: "https://acme--wan2.modal.run" });
    assert.deepEqual(settings.sound("mutedReminders"), ["idle"]);
    assert.equal(settings.sound("idleReminderMinutes"), 20);
    assert.equal(settings.modes.named("dev").scaledownSeconds, 120);
    assert.deepEqual(
      settings.problems.map(({ setting, message, effect }) => `${setting} ${message} → ${effect}`),
      [
        'modalMeter.endpointUrls "flux" must be an https URL (http only for this machine itself) (it is "flux") → It cannot be called.',
        'modalMeter.budget "weekUsd" must be a number (it is "5") → There is no alert for it.',
        'modalMeter.budget "dayUsd" is not known → There is no alert for it.',
        "modalMeter.stopAfterMinutes must be 0 or more (it is -1) → Nothing is stopped after a reminder.",
        'modalMeter.workdayEnd must look like "Mon-Fri 18:00", or be empty (it is "6pm") → There is no reminder at the end of the workday.',
        'modalMeter.mutedReminders "0" must be text (it is 5) → A reminder that you turned off may appear.',
        'modalMeter.modes "loud.warmUp" must be true or false → No session can be started in this mode, and a stop leaves its apps alone.',
      ],
    );
    assert.throws(() => settings.require("endpointUrls", "flux"), /"flux" must be an https URL/);
    settings.require("endpointUrls", "wan2");
  });

  it("never throw, whatever somebody wrote", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...settingNames), fc.jsonValue({ maxDepth: 3 })),
        (written) => {
          const settings = Settings.parse({ ...defaults, ...written });
          for (const name of settingNames)
            if (settings.sound(name) === undefined)
              assert.throws(() => settings.get(name), { reason: "bad-setting" });
          assert.ok(settings.modes.resting.scaledownSeconds > 0);
        },
      ),
    );
  });

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
