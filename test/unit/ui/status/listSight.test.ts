import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { nothingKnown, type MeterState } from "../../../../src/session/meter/meterState.ts";
import type { Health } from "../../../../src/session/watch/health.ts";
import { oldText, sightOf, welcomeOf } from "../../../../src/ui/status/listSight.ts";
import { flux } from "../runningAppSample.ts";

const nowMs = Date.UTC(2026, 10, 20, 13, 5);

function state(health: Health, some: Partial<MeterState> = {}): MeterState {
  return {
    ...nothingKnown({ nowMs, health, ledger: null, activity: "none", settingProblems: [] }),
    staleAfterMs: 60_000,
    ...some,
  };
}

const kinds = [
  "no-cli",
  "not-authenticated",
  "offline",
  "denied",
  "failing",
  "bad-setting",
] as const;
const healths: readonly Health[] = [
  { kind: "starting" },
  { kind: "ok" },
  ...kinds.map((kind) => ({ kind, message: "Why." })),
];

describe("the sight of what runs", () => {
  it("is clear only after a look that succeeded", () => {
    const seen = { observedAtMs: nowMs - 1000 };
    for (const health of healths)
      assert.equal(sightOf(state(health, seen)) === "clear", health.kind === "ok", health.kind);
    assert.equal(sightOf(state({ kind: "ok" })), "looking");
  });

  it("has no welcome text where rows are about to come", () => {
    const seen = { observedAtMs: nowMs - 1000 };
    const dev = { environment: "dev", gpus: 1, containers: 1, seenAtMs: nowMs };
    assert.equal(welcomeOf(state({ kind: "ok" }, seen)), "clear");
    assert.equal(welcomeOf(state({ kind: "ok" }, { ...seen, apps: [flux] })), "rows");
    assert.equal(welcomeOf(state({ kind: "ok" }, { ...seen, elsewhere: [dev] })), "rows");
    assert.doesNotMatch(readFileSync("package.json", "utf8"), /modalMeter\.sight == rows/);
  });

  it("has one welcome text for each state, and only the clear one says that nothing runs", () => {
    const welcome = z.object({
      view: z.string(),
      contents: z.string(),
      when: z.optional(z.string()),
    });
    const { contributes } = z
      .object({ contributes: z.object({ viewsWelcome: z.array(welcome) }) })
      .parse(jsonOf("package.json"));
    const english = z.record(z.string(), z.string()).parse(jsonOf("package.nls.json"));
    const texts = contributes.viewsWelcome
      .filter(({ view }) => view === "modalMeter.apps")
      .map((one) => ({ ...one, contents: english[one.contents.slice(1, -1)] ?? "" }));
    for (const sight of new Set(healths.map((health) => sightOf(state(health))))) {
      const shown = texts.filter(({ when }) => when?.includes(`modalMeter.sight == ${sight}`));
      assert.ok(shown.length > 0, sight);
      for (const { contents } of shown) {
        assert.equal(contents.startsWith("Nothing is running."), sight === "clear", contents);
        assert.equal(/startDe/.test(contents) && sight !== "clear", false, contents);
      }
    }
  });

  it("says of when old rows are, and why", () => {
    const seen = { observedAtMs: nowMs - 300_000, apps: [flux] };
    const offline: Health = { kind: "offline", message: "Modal cannot be reached." };
    assert.equal(oldText(state(offline, seen), "UTC"), "As of 13:00. Modal cannot be reached.");
    assert.equal(oldText(state({ kind: "ok" }, seen), "UTC"), "As of 13:00.");
    const fresh = { ...seen, observedAtMs: nowMs - 1000 };
    assert.equal(oldText(state({ kind: "ok" }, fresh)), undefined);
    assert.equal(oldText(state(offline, { ...seen, apps: [] })), undefined);
  });
});

function jsonOf(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8"));
}
