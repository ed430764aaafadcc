import assert from "node:assert/strict";
import type { BillCheck } from "../../../../src/cost/learned/billCheck.ts";
import { checkPage } from "../../../../src/ui/pages/checkPage.ts";

const check: BillCheck = {
  hours: 48,
  isEnough: true,
  apps: [
    {
      appName: "secret_flux",
      hours: 48,
      oddHours: 0,
      start: null,
      kinds: new Map([["L40S 4 16", { factor: 1, busyUsdPerHour: 0 }]]),
      spread: 0.001,
      endShare: 1,
    },
  ],
  starts: [
    { enqueuedMs: 0, startedMs: 60_000, startupMs: 40_000, firstLineMs: 30_000 },
    { enqueuedMs: null, startedMs: 60_000, startupMs: null, firstLineMs: null },
  ],
  toldStart: ["ready"],
  begin: ["boot", "asked"],
  price: ["as-asked"],
  missed: new Map([
    ["boot", 0.0004],
    ["asked", 0.0005],
    ["ready", 0.07],
  ]),
};

const page = (over: Partial<BillCheck> = {}, hasNames = false): string =>
  checkPage({ ...check, ...over }, { adapter: "sdk", days: 14, hasNames }).join("\n");

describe("the page of the check of the meter", () => {
  it("says what the bill says, what it cannot tell apart, and what that rests on", () => {
    for (const line of [
      "| cannot tell between: from when it begins to load; from when it is asked for |",
      "| **the moment at which it is ready** |",
      "| **no** |",
      "48 billed hours of apps that were watched throughout, and 2 starts of containers, seen through the SDK",
      "| the start time that Modal reports | 7.000 % |",
      "For 1 of the starts Modal said when they were requested, and for 1 how long they took; 1 wrote log lines",
      "- app 1, 48 billed hours: it costs what it asks for; within 0.1 %.",
    ])
      assert.ok(page().includes(line), `${line}\nis not in\n${page()}`);
  });

  it("names no app, unless the person wants it", () => {
    assert.doesNotMatch(page(), /secret/);
    assert.match(page({}, true), /- secret\\_flux, 48 billed hours/);
  });

  it("says so where there are not enough hours", () => {
    const nothing = page({
      hours: 0,
      isEnough: false,
      apps: [],
      missed: new Map(),
      begin: ["boot", "asked", "ready"],
    });
    assert.match(
      nothing,
      /There are not enough billed hours yet that were watched throughout: it takes 6/,
    );
  });
});
