import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import type {
  MeterState,
  RunningApp,
  SessionState,
} from "../../../../src/session/meter/meterState.ts";
import type { Health } from "../../../../src/session/watch/health.ts";
import { menuEntries } from "../../../../src/ui/status/menuView.ts";
import { statusView } from "../../../../src/ui/status/statusView.ts";

const nowMs = 1_760_000_000_000;
const nothing = {
  reported: null,
  metered: null,
  billed: null,
  meteredIsFloor: false,
  figure: null,
};

const flux: RunningApp = {
  appId: "ap-1",
  name: "flux-api",
  state: "deployed",
  owner: "started-here",
  running: 1,
  pending: 0,
  gpu: "L40S",
  microUsdPerHour: usd(1.95),
  warmUntilMs: nowMs + 90_000,
  tailMicroUsd: usd(0.05),
};

const session: SessionState = {
  sessionId: "s",
  mode: "dev",
  startedAtMs: nowMs - 600_000,
  expiresAtMs: null,
  cost: {
    ...nothing,
    reported: usd(0.0014),
    metered: usd(0.42),
    figure: { microUsd: usd(0.42), tier: "metered", isFloor: false },
  },
};

function state(change: Partial<MeterState> = {}): MeterState {
  return {
    nowMs,
    health: { kind: "ok" },
    ledger: null,
    scope: { workspace: "acme", environment: "main" },
    activity: "none",
    observedAtMs: nowMs - 5000,
    staleAfterMs: 60_000,
    apps: [flux, { ...flux, appId: "ap-2", name: "llm" }],
    session,
    today: nothing,
    adapter: "sdk",
    prices: null,
    settingProblems: [],
    ...change,
  };
}

describe("statusView", () => {
  it("counts mine, and names what is someone else's beside it", () => {
    const theirs: RunningApp = {
      ...flux,
      appId: "ap-9",
      name: "theirs",
      owner: "someone-else",
      microUsdPerHour: usd(40),
    };
    const beside = statusView(state({ session: null, apps: [theirs, flux] }));
    assert.equal(beside.text, "$(pulse) 1 app · ≈$1.95/h · +1 other");
    assert.equal(beside.severity, "none", "their rate is no alarm of mine");
    assert.match(beside.tooltip, /theirs .*someone else/);
    const alone = statusView(state({ session: null, apps: [theirs] }));
    assert.equal(alone.text, "$(circle-outline) Modal · nothing running · +1 other");
  });

  it("says that a setting is wrong, and what is off because of it", () => {
    const workday = {
      setting: "modalMeter.workdayEnd",
      entry: null,
      message: 'must look like "Mon-Fri 18:00", or be empty (it is "6pm")',
      effect: "There is no reminder at the end of the workday.",
    };
    const week = { ...workday, setting: "modalMeter.budget", entry: "weekUsd", message: "m" };
    const one = state({ settingProblems: [workday] });
    const { text, severity, tooltip, accessibilityLabel } = statusView(one);
    assert.match(text, /2 apps · .* · 1 wrong setting$/);
    assert.equal(severity, "warning");
    assert.match(accessibilityLabel, /, 1 wrong setting$/);
    assert.match(
      tooltip.replaceAll("\\", ""),
      /workdayEnd is wrong: must look like .*There is no rem/,
    );
    const month = { ...week, entry: "monthUsd" };
    const two = state({ settingProblems: [workday, week, month] });
    assert.match(statusView(two).text, /2 wrong settings$/);
    assert.deepEqual(
      menuEntries(two)
        .filter(({ label }) => label.startsWith("$(gear)"))
        .map(({ label, arguments: args }) => [label, args]),
      [
        ["$(gear) Correct modalMeter.workdayEnd", ["modalMeter.workdayEnd"]],
        ["$(gear) Correct modalMeter.budget", ["modalMeter.budget"]],
      ],
    );
    assert.match(menuEntries(two)[0]?.label ?? "", /Stop All/, "what costs money comes first");
  });

  it("warns of a ledger that is not as it should be, and shows what runs all the same", () => {
    const ledger = { message: "The disk is full.", isWritable: false };
    const view = statusView(state({ ledger }));
    assert.equal(view.text, "$(warning) dev · 2 apps · ≈$0.42");
    assert.equal(view.severity, "warning");
    assert.match(view.tooltip, /The disk is full/);
    assert.match(view.tooltip, /flux.*L40S/);
  });

  it("tells in the tooltip whose prices these are, and how old", () => {
    const prices = { origin: "workspace", asOf: "2026-11-19", own: ["L40S"] } as const;
    assert.match(
      statusView(state({ prices })).tooltip,
      /^Prices of 19 Nov 2026, from Modal\. Your own for L40S\.$/m,
    );
  });

  const cases: readonly [string, Partial<MeterState>, string][] = [
    ["a session", {}, "$(pulse) dev · 2 apps · ≈$0.42"],
    [
      "another environment",
      { scope: { workspace: "acme", environment: "staging" } },
      "$(pulse) staging · dev · 2 apps · ≈$0.42",
    ],
    [
      "a session without a container",
      { apps: [] },
      "$(circle-outline) dev · nothing running · ≈$0.42",
    ],
    ["no session", { session: null }, "$(pulse) 2 apps · ≈$3.90/h"],
    [
      "an unknown rate",
      { session: null, apps: [flux, { ...flux, microUsdPerHour: null }] },
      "$(pulse) 2 apps · rate unknown",
    ],
    [
      "a cost with an unknown part",
      {
        session: {
          ...session,
          cost: {
            ...session.cost,
            figure: { microUsd: usd(0.42), tier: "metered", isFloor: true },
          },
        },
      },
      "$(pulse) dev · 2 apps · ≥$0.42",
    ],
    [
      "reported only",
      {
        session: {
          ...session,
          cost: {
            ...nothing,
            figure: { microUsd: usd(0.0014), tier: "reported", isFloor: false },
          },
        },
      },
      "$(pulse) dev · 2 apps · $0.0014",
    ],
    [
      "what was billed, whatever was metered",
      {
        session: {
          ...session,
          cost: {
            ...session.cost,
            figure: { microUsd: usd(28), tier: "billed", isFloor: false },
          },
        },
      },
      "$(pulse) dev · 2 apps · $28.00 billed",
    ],
    [
      "a demo",
      { session: { ...session, mode: "demo", expiresAtMs: nowMs + 1_200_000 } },
      "$(pulse) demo · 20 min left · 2 apps · ≈$0.42",
    ],
    ["nothing at all", { apps: [], session: null }, "$(circle-outline) Modal · nothing running"],
    [
      "the first look",
      { observedAtMs: null, health: { kind: "starting" } },
      "$(loading~spin) Modal",
    ],
    ["stopping", { activity: "stopping" }, "$(loading~spin) stopping 2 apps…"],
    ["starting", { activity: "starting" }, "$(loading~spin) dev · 2 apps · ≈$0.42"],
    ["stale data", { observedAtMs: nowMs - 180_000 }, "$(pulse) dev · 2 apps · ≈$0.42 · 3 min ago"],
    [
      "offline with known data",
      { health: { kind: "offline", message: "No network." }, observedAtMs: nowMs - 180_000 },
      "$(debug-disconnect) dev · 2 apps · ≈$0.42 · offline · 3 min ago",
    ],
    [
      "offline from the start",
      { health: { kind: "offline", message: "" }, observedAtMs: null },
      "$(debug-disconnect) Modal: offline",
    ],
    [
      "no CLI",
      { health: { kind: "no-cli", message: "" }, observedAtMs: null },
      "$(warning) Modal: CLI not found",
    ],
    [
      "no token",
      { health: { kind: "not-authenticated", message: "" } },
      "$(key) Modal: not logged in",
    ],
    [
      "a wrong setting",
      { health: { kind: "bad-setting", message: "" } },
      "$(error) Modal: wrong setting",
    ],
    [
      "no permission",
      { health: { kind: "denied", message: "" }, observedAtMs: null },
      "$(lock) Modal: permission denied",
    ],
    [
      "no answer",
      { health: { kind: "failing", message: "" }, observedAtMs: null },
      "$(warning) Modal: no answer",
    ],
  ];
  for (const [name, change, text] of cases) {
    it(`shows ${name}: ${text}`, () => assert.equal(statusView(state(change)).text, text));
  }

  it("never shows NaN, undefined or a false $0.00, whatever is missing", () => {
    for (const [, change] of cases) {
      const { text, tooltip, accessibilityLabel } = statusView(state(change));
      assert.doesNotMatch(`${text}${tooltip}${accessibilityLabel}`, /NaN|undefined|null|\$0\.00\b/);
    }
  });

  it("names the workspace and the environment in the tooltip", () => {
    assert.match(statusView(state()).tooltip, /acme\/main/);
  });

  it("warns when a demo is about to end, and when it cannot see", () => {
    const demo = { ...session, expiresAtMs: nowMs + 100_000 };
    assert.equal(statusView(state({ session: demo })).severity, "warning");
    const offline: Health = { kind: "offline", message: "" };
    assert.equal(statusView(state({ health: offline })).severity, "warning");
    assert.equal(statusView(state()).severity, "none");
  });

  it("lets no app name become a link or a table cell", () => {
    const { tooltip } = statusView(state({ apps: [{ ...flux, name: "[x](command:evil) | a" }] }));
    assert.doesNotMatch(tooltip, /[^\\]\]\(command:evil\)/);
    assert.match(tooltip, /\\\|/);
  });

  it("reads well aloud: no icon names, no bullets", () => {
    assert.equal(
      statusView(state()).accessibilityLabel,
      "Modal Meter, acme/main: dev, 2 apps, ≈$0.42",
    );
  });
});

describe("menuEntries", () => {
  const commands = (change: Partial<MeterState>): readonly string[] =>
    menuEntries(state(change)).map(({ command }) => command.replace("modalMeter.", ""));

  it("offers to stop first while something runs", () => {
    assert.equal(commands({})[0], "stopAll");
  });

  it("offers no stop when nothing runs", () => {
    assert.ok(!commands({ apps: [], session: null }).includes("stopAll"));
    assert.ok(commands({ apps: [], session: null }).includes("startDev"));
  });

  it("offers to extend only what expires", () => {
    assert.ok(!commands({}).includes("extendDemo"));
    assert.ok(commands({ session: { ...session, expiresAtMs: nowMs + 1 } }).includes("extendDemo"));
  });

  it("offers the way out of trouble first", () => {
    assert.equal(commands({ health: { kind: "offline", message: "x" } })[0], "refresh");
    assert.equal(
      commands({ health: { kind: "no-cli", message: "x" } })[0],
      "workbench.action.openSettings",
    );
  });
});
