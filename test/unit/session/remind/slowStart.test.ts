import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { addNotes, usualStartMs } from "../../../../src/session/logs/appNotes.ts";
import { slowStartIn } from "../../../../src/session/remind/slowStart.ts";
import { MemoryLedger } from "../memoryLedger.ts";

const nowMs = Date.UTC(2026, 10, 20, 13);

function app(name: string, forSeconds: number) {
  const booting = { sinceMs: nowMs - forSeconds * 1000, microUsd: usd(0.14), gpu: "L40S" };
  return { appId: `ap-${name}`, name, booting };
}

describe("a slow start", () => {
  it("is one above three times the usual time", () => {
    const usual = (): number => 38_000;
    assert.deepEqual(slowStartIn([app("flux", 250)], usual, nowMs), {
      appId: "ap-flux",
      appName: "flux",
      sinceMs: nowMs - 250_000,
      forMs: 250_000,
      usualMs: 38_000,
      microUsd: usd(0.14),
    });
    assert.equal(slowStartIn([app("flux", 114)], usual, nowMs), undefined);
    assert.equal(slowStartIn([{ ...app("flux", 250), booting: null }], usual, nowMs), undefined);
  });

  it("is never one of less than a minute, or where nobody knows what is usual", () => {
    assert.equal(
      slowStartIn([app("flux", 59)], () => 5000, nowMs),
      undefined,
    );
    assert.equal(
      slowStartIn([app("flux", 2500)], () => undefined, nowMs),
      undefined,
    );
  });

  it("is measured by what starts on such a GPU", () => {
    const usual = (_name: string, gpu: string | null): number => (gpu === "L40S" ? 60_000 : 2000);
    assert.equal(slowStartIn([app("flux", 150)], usual, nowMs), undefined);
    assert.equal(slowStartIn([app("flux", 200)], usual, nowMs)?.usualMs, 60_000);
  });

  it("names the app that is the furthest beyond", () => {
    const usual = (name: string): number => (name === "flux" ? 60_000 : 10_000);
    assert.equal(slowStartIn([app("flux", 300), app("wan", 100)], usual, nowMs)?.appName, "wan");
  });
});

describe("the usual start", () => {
  const scope = "acme/main";
  const startup = (containerId: string, seconds: number, readyMs: number) => ({
    containerId,
    appName: "flux",
    readyMs,
    startupMs: seconds * 1000,
  });

  it("is when nine of ten were ready, of what Modal said of the apps of this name, whatever their ids", () => {
    const ledger = new MemoryLedger();
    addNotes(ledger, { scope, appId: "ap-1" }, { startups: [startup("ta-1", 30, 1)] });
    addNotes(ledger, { scope, appId: "ap-2" }, { startups: [startup("ta-2", 38, 2)] });
    assert.equal(usualStartMs(ledger, scope, "flux", null), undefined, "two do not tell");
    addNotes(ledger, { scope, appId: "ap-2" }, { startups: [startup("ta-3", 90, 3)] });
    assert.equal(usualStartMs(ledger, scope, "flux", null), 79_600);
    assert.equal(usualStartMs(ledger, scope, "wan", null), undefined);
    assert.equal(usualStartMs(ledger, "acme/prod", "flux", null), undefined);
  });

  it("is that of the function that takes longest, and of its GPU where there is one", () => {
    const ledger = new MemoryLedger();
    const of = (functionName: string, gpu: string, all: readonly number[]) =>
      all.map((seconds, at) => ({
        ...startup(`ta-${functionName}-${at}`, seconds, at),
        functionName,
        gpu,
      }));
    const light = of(
      "health",
      "CPU",
      Array.from({ length: 30 }, () => 2),
    );
    const app = { scope, appId: "ap-1" };
    addNotes(ledger, app, { startups: [...light, ...of("web", "L40S", [50, 60, 60])] });
    assert.equal(usualStartMs(ledger, scope, "flux", null), 60_000, "one of them may boot");
    assert.equal(usualStartMs(ledger, scope, "flux", "L40S"), 60_000);
    assert.equal(usualStartMs(ledger, scope, "flux", "CPU"), 2000);
    assert.equal(usualStartMs(ledger, scope, "flux", "H100"), undefined);
    addNotes(ledger, app, { startups: of("train", "L40S", [240]) });
    assert.equal(usualStartMs(ledger, scope, "flux", "L40S"), 240_000, "seldom, and no failure");
  });
});
