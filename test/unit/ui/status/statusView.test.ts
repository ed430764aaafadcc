import { figure } from "../../cost/figures.ts";
import assert from "node:assert/strict";
import { usd, zeroUsd } from "../../../../src/cost/money.ts";
import type {
  MeterState,
  RunningApp,
  SessionState,
} from "../../../../src/session/meter/meterState.ts";
import type { Health } from "../../../../src/session/watch/health.ts";
import { menuEntries } from "../../../../src/ui/status/menuView.ts";
import { rowText } from "../../../../src/ui/status/rowText.ts";
import { statusView } from "../../../../src/ui/status/statusView.ts";
import { linkedCommands } from "../../../../src/ui/status/tooltipLinks.ts";

const nowMs = 1_760_000_000_000;
const window = { hasFolder: true };
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
  booting: null,
};

const session: SessionState = {
  mode: "dev",
  expiresAtMs: null,
  cost: {
    ...nothing,
    reported: usd(0.0014),
    metered: usd(0.42),
    figure: figure(usd(0.42), "metered", false),
  },
};

function state(change: Partial<MeterState> = {}): MeterState {
  return {
    nowMs,
    clockOffsetMs: 0,
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

const plain = (markdown: string): string => markdown.replaceAll("\\", "").replaceAll("&nbsp;", "");

describe("statusView", () => {
  it("counts mine, and names what is someone else's beside it", () => {
    const theirs: RunningApp = {
      ...flux,
      appId: "ap-9",
      name: "theirs",
      owner: "someone-else",
      microUsdPerHour: usd(40),
    };
    const beside = statusView(state({ session: null, apps: [theirs, flux] }), window);
    assert.equal(beside.text, "$(pulse) 1 app · $1.95/h · +1 other");
    assert.equal(beside.severity, "none", "their rate is no alarm of mine");
    assert.match(beside.tooltip, /^Someone else's, not in these sums: theirs \$40\.00\/h\.$/m);
    const alone = statusView(state({ session: null, apps: [theirs] }), window);
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
    const { text, severity, tooltip, accessibilityLabel } = statusView(one, window);
    assert.match(text, /2 apps · .* · 1 wrong setting$/);
    assert.equal(severity, "warning");
    assert.match(accessibilityLabel, /, 1 wrong setting$/);
    assert.match(
      tooltip.replaceAll("\\", ""),
      /workdayEnd is wrong: must look like .*There is no rem/,
    );
    const month = { ...week, entry: "monthUsd" };
    const two = state({ settingProblems: [workday, week, month] });
    assert.match(statusView(two, window).text, /2 wrong settings$/);
    assert.deepEqual(
      menuEntries(two, window)
        .filter(({ label }) => label.startsWith("$(gear)"))
        .map(({ label, arguments: args }) => [label, args]),
      [
        ["$(gear) Correct modalMeter.workdayEnd", ["workdayEnd"]],
        ["$(gear) Correct modalMeter.budget", ["budget"]],
      ],
    );
    assert.match(
      menuEntries(two, window)[0]?.label ?? "",
      /Stop All/,
      "what costs money comes first",
    );
  });

  it("warns of a ledger that is not as it should be, and shows what runs all the same", () => {
    const ledger = { message: "The disk is full.", isWritable: false };
    const view = statusView(state({ ledger }), window);
    assert.equal(view.text, "$(warning) dev · 2 apps · ≈$0.42 · $3.90/h");
    assert.equal(view.severity, "warning");
    assert.match(view.tooltip, /The disk is full/);
    assert.match(view.tooltip, /flux.*L40S/);
  });

  it("tells in the tooltip whose prices these are, and how old", () => {
    const prices = { origin: "workspace", asOf: "2026-11-19", userPriced: ["L40S"] } as const;
    assert.match(
      statusView(state({ prices }), window).tooltip,
      /^Prices of 19 Nov 2026, from Modal\. Your own for L40S\.$/m,
    );
  });

  const cases: readonly [string, Partial<MeterState>, string][] = [
    ["a session", {}, "$(pulse) dev · 2 apps · ≈$0.42 · $3.90/h"],
    [
      "another environment",
      { scope: { workspace: "acme", environment: "staging" } },
      "$(pulse) staging · dev · 2 apps · ≈$0.42 · $3.90/h",
    ],
    [
      "a session without a container",
      { apps: [] },
      "$(circle-outline) dev · nothing running · ≈$0.42",
    ],
    ["no session", { session: null }, "$(pulse) 2 apps · $3.90/h"],
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
            figure: figure(usd(0.42), "metered", true),
          },
        },
      },
      "$(pulse) dev · 2 apps · ≥$0.42 · $3.90/h",
    ],
    [
      "reported only",
      {
        session: {
          ...session,
          cost: {
            ...nothing,
            figure: figure(usd(0.0014), "reported", false),
          },
        },
      },
      "$(pulse) dev · 2 apps · $0.0014 · $3.90/h",
    ],
    [
      "what was billed, whatever was metered",
      {
        session: {
          ...session,
          cost: {
            ...session.cost,
            figure: figure(usd(28), "billed", false),
          },
        },
      },
      "$(pulse) dev · 2 apps · $28.00 billed · $3.90/h",
    ],
    [
      "a demo",
      { session: { ...session, mode: "demo", expiresAtMs: nowMs + 1_200_000 } },
      "$(pulse) demo · 20 min left · 2 apps · ≈$0.42 · $3.90/h",
    ],
    ["nothing at all", { apps: [], session: null }, "$(circle-outline) Modal · nothing running"],
    [
      "the first look",
      { observedAtMs: null, health: { kind: "starting" } },
      "$(loading~spin) Modal",
    ],
    ["stopping", { activity: "stopping" }, "$(loading~spin) stopping…"],
    ["a release", { activity: "releasing" }, "$(loading~spin) releasing GPUs…"],
    [
      "apps without a container",
      { apps: [{ ...flux, running: 0, gpu: "", microUsdPerHour: zeroUsd }] },
      "$(circle-outline) dev · 1 app · ≈$0.42 · idle",
    ],
    ["starting", { activity: "starting" }, "$(loading~spin) dev · 2 apps · ≈$0.42 · $3.90/h"],
    [
      "stale data",
      { observedAtMs: nowMs - 180_000 },
      "$(pulse) dev · 2 apps · ≈$0.42 · $3.90/h · 3 min ago",
    ],
    [
      "offline with known data",
      { health: { kind: "offline", message: "No network." }, observedAtMs: nowMs - 180_000 },
      "$(debug-disconnect) dev · 2 apps · ≈$0.42 · $3.90/h · offline · 3 min ago",
    ],
    [
      "offline after nothing ran",
      { health: { kind: "offline", message: "" }, apps: [], session: null },
      "$(debug-disconnect) Modal: offline",
    ],
    [
      "no permission in a session of which nothing ran",
      { health: { kind: "denied", message: "" }, apps: [] },
      "$(debug-disconnect) dev · ≈$0.42 · permission denied",
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
    it(`shows ${name}: ${text}`, () => assert.equal(statusView(state(change), window).text, text));
  }

  it("counts sandboxes beside apps, with what they are and when they end at the latest", () => {
    const agent: RunningApp = {
      ...flux,
      appId: "sb-1",
      name: "agent",
      warmUntilMs: null,
      tailMicroUsd: null,
      microUsdPerHour: usd(1.9),
      sandbox: {
        inApp: "agents",
        sinceMs: nowMs - 60_000,
        endsByMs: nowMs + 600_000,
        cores: 8,
        gib: 32,
      },
    };
    const { text, tooltip } = statusView(state({ apps: [flux, agent] }), window);
    assert.match(text, /1 app · 1 sandbox · /);
    assert.match(tooltip, /agent \(sandbox\)/);
    assert.match(tooltip, /ends in 10 min at the latest/);
    assert.match(statusView(state({ apps: [agent] }), window).text, /· 1 sandbox ·|1 sandbox ·/);
  });

  it("does not say that nothing runs where sandboxes cannot be listed", () => {
    const sight = { listedAtMs: null, sandboxes: [] };
    const none = statusView(
      state({ apps: [], session: null, sandboxes: { ...sight, kinds: "none" } }),
      window,
    );
    assert.match(none.text, /no app running/);
    assert.match(none.tooltip, /No app is running\. Not listed: sandboxes/);
    assert.doesNotMatch(none.text + none.tooltip, /nothing running|Nothing is running/);
    const some = statusView(
      state({ apps: [flux], sandboxes: { ...sight, kinds: "first" } }),
      window,
    );
    assert.match(some.tooltip, /Not listed: v2 sandboxes/);
    const all = statusView(
      state({ apps: [], session: null, sandboxes: { ...sight, kinds: "both" } }),
      window,
    );
    assert.match(all.text, /nothing running/);
  });

  it("links to nothing but what the tooltip may run, whatever it shows", () => {
    const dev = { environment: "dev", gpus: 2, containers: 2, seenAtMs: nowMs - 12_000 };
    const problem = { setting: "modalMeter.budget", entry: null, message: "no", effect: "" };
    const tooltips = [
      state({ elsewhere: [dev], session: { ...session, expiresAtMs: nowMs + 60_000 } }),
      state({ apps: [], elsewhere: [dev] }),
      state({ settingProblems: [problem] }),
      state({ health: { kind: "offline", message: "Offline." } }),
      state({ observedAtMs: null }),
    ].map((one) => statusView(one, window).tooltip);
    const linked = tooltips.flatMap((text) =>
      [...text.matchAll(/\]\(command:([\w.]+)/g)].map(([, id]) => id ?? ""),
    );
    assert.deepEqual(
      [...new Set(linked)].toSorted(),
      linkedCommands.toSorted(),
      "every one is shown by some state, and no other is",
    );
    assert.match(tooltips[0] ?? "", /\) · \[Stop There…\]/);
  });

  it("tells what runs elsewhere beside mine, never that nothing does, in 60 characters at most", () => {
    const dev = { environment: "dev", gpus: 2, containers: 2, seenAtMs: nowMs - 12_000 };
    const alone = statusView(state({ apps: [], session: null, elsewhere: [dev] }), window);
    assert.equal(alone.text.replace(/^\S+ /, ""), "Modal · elsewhere: 2 GPUs in dev");
    assert.match(plain(alone.tooltip), /Nothing runs in acme\/main\./);
    assert.match(plain(alone.tooltip), /Elsewhere: 2 GPUs in dev, seen 12 s ago\. \[Watch\]/);
    assert.match(alone.tooltip, /command:modalMeter\.watchEnvironment\?%5B%22dev%22%5D/);
    assert.match(alone.tooltip, /command:modalMeter\.stopElsewhere\?%5B%22dev%22%5D/);
    assert.doesNotMatch(alone.text + alone.tooltip, /nothing running|Nothing is running/i);
    const lengths = Array.from({ length: 60 }, (_, length) => {
      const environment = "e".repeat(length + 1);
      const { text } = statusView(state({ elsewhere: [{ ...dev, environment }] }), window);
      assert.match(text, /dev · 2 apps · ≈\$0\.42 · \$3\.90\/h/);
      return text.replace(/^\S+ /, "").length;
    });
    assert.ok(Math.max(...lengths) <= 60, String(Math.max(...lengths)));
    const unseen = statusView(state({ unseenEnvironments: ["staging"] }), window);
    assert.match(plain(unseen.tooltip), /Not looked at yet: staging\./);
  });

  it("never shows NaN, undefined or a false $0.00, whatever is missing", () => {
    for (const [, change] of cases) {
      const { text, tooltip, accessibilityLabel } = statusView(state(change), window);
      assert.doesNotMatch(`${text}${tooltip}${accessibilityLabel}`, /NaN|undefined|null|\$0\.00\b/);
    }
  });

  it("names the workspace and the environment in the tooltip", () => {
    assert.match(statusView(state(), window).tooltip, /acme\/main/);
  });

  it("warns when a demo is about to end, and when it cannot see", () => {
    const demo = { ...session, expiresAtMs: nowMs + 100_000 };
    assert.equal(statusView(state({ session: demo }), window).severity, "warning");
    const offline: Health = { kind: "offline", message: "" };
    assert.equal(statusView(state({ health: offline }), window).severity, "warning");
    assert.equal(statusView(state(), window).severity, "none");
  });

  it("has a sign of its own when it warns, and each reason in the tooltip", () => {
    const hot = statusView(state({ apps: [{ ...flux, microUsdPerHour: usd(33.72) }] }), window);
    assert.equal(hot.text, "$(warning) dev · 1 app · ≈$0.42 · $33.72/h");
    assert.match(plain(hot.tooltip), /^\$\(warning\) flux-api burns ≈ \$33\.72\/h\.$/m);
    const demo = { ...session, mode: "demo", expiresAtMs: nowMs + 100_000 };
    assert.match(
      plain(statusView(state({ session: demo }), window).tooltip),
      /^\$\(warning\) The demo session ends in 1 min 40 s\.$/m,
    );
  });

  it("leads from a wrong setting to the settings page, at that setting", () => {
    const wrong = { setting: "modalMeter.budget", entry: null, message: "m", effect: "e" };
    const link = `[Open Settings](command:modalMeter.openSettings?${encodeURIComponent('["budget"]')})`;
    assert.ok(statusView(state({ settingProblems: [wrong] }), window).tooltip.includes(link));
    const message = 'There is no environment "x". Correct the setting modalMeter.environment.';
    const blind = statusView(state({ health: { kind: "bad-setting", message } }), window);
    assert.ok(blind.tooltip.includes(encodeURIComponent('["environment"]')));
    assert.ok(!statusView(state(), window).tooltip.includes("openSettings"));
  });

  it("stays readable with 47 apps: the five dearest, their sum, and every link", () => {
    const apps = Array.from({ length: 47 }, (_, at) => ({
      ...flux,
      appId: `ap-${at}`,
      name: `app-${at}`,
      microUsdPerHour: usd(1),
      ...(at % 2 === 0 ? {} : { running: 0, microUsdPerHour: zeroUsd }),
    }));
    const { tooltip, text } = statusView(state({ session: null, apps }), window);
    assert.equal(text, "$(pulse) 47 apps · $24.00/h");
    assert.equal(plain(tooltip).match(/\| app-/g)?.length, 5);
    assert.match(
      plain(tooltip),
      /\| and 42 more \| 21 .*\$21\.00\/h.*\n\| \*\*Together\*\* \| \*\*24\*\* .*\*\*\$24\.00\/h\*\*/,
    );
    assert.ok(tooltip.split("\n").length < 24);
    assert.match(tooltip, /\[Stop All\]/);
  });

  it("rounds what apps cost per hour so that it adds up to what they cost together", () => {
    const dear = (at: number, amount: number) => ({
      ...flux,
      appId: `ap-${at}`,
      name: `app-${at}`,
      microUsdPerHour: usd(amount),
    });
    const apps = [1.004, 1.004, 1.004, 0.504, 0.504, 0.204, 0.204].map((amount, at) =>
      dear(at, amount),
    );
    const { tooltip, text } = statusView(state({ session: null, apps }), window);
    assert.equal(text, "$(pulse) 7 apps · $4.43/h");
    const cells = plain(tooltip).match(/\$\d+\.\d\d\/h/g) ?? [];
    assert.deepEqual(
      cells,
      ["$1.01", "$1.01", "$1.01", "$0.50", "$0.50", "$0.40", "$4.43"].map((cell) => `${cell}/h`),
    );
  });

  it("does not call what it cannot see nothing", () => {
    const offline: Health = { kind: "offline", message: "No network." };
    const seen = { apps: [], session: null, health: offline, observedAtMs: nowMs - 300_000 };
    const { tooltip } = statusView(state(seen), window);
    assert.match(tooltip, /^Nothing ran 5 min ago\. What runs now is not known\.$/m);
    assert.doesNotMatch(tooltip, /Nothing is running/);
  });

  it("lets no app name become a link or a table cell", () => {
    const { tooltip } = statusView(
      state({ apps: [{ ...flux, name: "[x](command:evil) | a" }] }),
      window,
    );
    assert.doesNotMatch(tooltip, /[^\\]\]\(command:evil\)/);
    assert.match(tooltip, /\\\|/);
  });

  it("reads well aloud: no icon names, no bullets", () => {
    assert.equal(
      statusView(state(), window).accessibilityLabel,
      "Modal Meter, acme/main: dev, 2 apps, ≈$0.42, $3.90/h",
    );
  });
});

describe("menuEntries", () => {
  const commands = (change: Partial<MeterState>): readonly string[] =>
    menuEntries(state(change), window).map(({ command }) => command.replace("modalMeter.", ""));

  it("offers to stop first while something runs", () => {
    assert.equal(commands({})[0], "stopAll");
  });

  it("offers no stop when nothing runs", () => {
    assert.ok(!commands({ apps: [], session: null }).includes("stopAll"));
    assert.ok(commands({ apps: [], session: null }).includes("startDev"));
  });

  it("offers a start where it can work alone", () => {
    const none = { apps: [], session: null };
    const blind = { ...none, observedAtMs: null };
    const starts = (change: Partial<MeterState>, hasFolder = true): readonly string[] =>
      menuEntries(state(change), { hasFolder })
        .map(({ command }) => command)
        .filter((command) => /start|openFolder/.test(command));
    assert.deepEqual(starts(none, false), ["vscode.openFolder"]);
    assert.deepEqual(starts({ ...blind, health: { kind: "starting" } }), []);
    for (const kind of ["offline", "not-authenticated", "no-cli", "denied", "failing"] as const)
      assert.deepEqual(starts({ ...blind, health: { kind, message: "x" } }), [], kind);
    const tooltip = statusView(state(none), { hasFolder: false }).tooltip;
    assert.doesNotMatch(tooltip, /startDev|startDemo/);
    assert.match(statusView(state(none), window).tooltip, /startDev.*startDemo/);
  });

  it("says before the first look that it looks, and no cost of nobody's day", () => {
    const looking = { scope: null, observedAtMs: null, apps: [], session: null };
    const { tooltip } = statusView(state({ ...looking, health: { kind: "starting" } }), window);
    assert.match(tooltip, /Looking at what runs…/);
    assert.doesNotMatch(tooltip, /Today|Nothing is running|startDev/);
  });

  it("offers to release, and to stop a project's apps, where there are such", () => {
    const theirs = { ...flux, owner: "mine" } as const;
    assert.ok(commands({}).includes("releaseGpus"));
    assert.ok(!commands({ apps: [theirs] }).includes("releaseGpus"));
    assert.ok(!commands({ apps: [{ ...flux, running: 0 }] }).includes("releaseGpus"));
    assert.doesNotMatch(statusView(state({ apps: [theirs] }), window).tooltip, /releaseGpus/);
    assert.ok(commands({}).includes("stopProject"));
    const inNone = menuEntries(state(), { hasFolder: false }).map(({ command }) => command);
    assert.ok(!inNone.includes("modalMeter.stopProject"));
  });

  it("says what Stop All stops at once, and what it asks about", () => {
    const stopAll = (...owners: readonly RunningApp["owner"][]): string | undefined =>
      menuEntries(state({ apps: owners.map((owner) => ({ ...flux, owner })) }), window).find(
        ({ command }) => command === "modalMeter.stopAll",
      )?.description;
    assert.equal(stopAll("started-here"), "1 app started here in acme/main");
    assert.equal(
      stopAll("started-here", "started-here", "mine"),
      "2 apps started here in acme/main · asks about 1 more",
    );
    assert.equal(stopAll("mine"), "asks about 1 app in acme/main that was not started here");
    assert.equal(
      stopAll("mine", "mine", "someone-else"),
      "asks about 2 apps in acme/main that were not started here",
    );
  });

  it("calls a sandbox a sandbox, and says what is asked about", () => {
    const sandbox = { inApp: "agents", sinceMs: null, endsByMs: null, cores: null, gib: null };
    const agent: RunningApp = { ...flux, appId: `sb-${"a".repeat(22)}`, owner: "mine", sandbox };
    const what = (...apps: readonly RunningApp[]): string | undefined =>
      menuEntries(state({ apps }), window).find(({ command }) => command === "modalMeter.stopAll")
        ?.description;
    assert.equal(what(agent), "asks about 1 sandbox in acme/main that was not started here");
    const here = { ...agent, owner: "started-here" } as const;
    assert.equal(what(flux, here), "1 app and 1 sandbox started here in acme/main");
  });

  it("rounds what burns once: the rows of the side bar, the hover and the sum say the same", () => {
    const sandbox = { inApp: "agents", sinceMs: null, endsByMs: null, cores: null, gib: null };
    const rates = [9.804, 2.104, 1.303, 1.304, 0.804, 0.704, 0.604, 0.404];
    const apps = rates.map((rate, index): RunningApp => {
      const appId = `ap-${index}`;
      const one = { ...flux, appId, name: `app${index}`, microUsdPerHour: usd(rate) };
      return index === 0 ? { ...one, sandbox } : one;
    });
    const { text, tooltip } = statusView(state({ apps, session: null }), window);
    const cents = (of: string): number =>
      Math.round(Number(/\$([\d.]+)\/h/.exec(of)?.[1] ?? Number.NaN) * 100);
    const rows = apps.map((app) => cents(rowText(app, apps, nowMs)));
    assert.equal(
      rows.reduce((sum, row) => sum + row, 0),
      cents(text),
    );
    const hover = plain(tooltip).split("\n");
    for (const [index, row] of rows.slice(0, 5).entries())
      assert.equal(cents(hover.find((line) => line.includes(`app${index}`)) ?? ""), row);
    assert.equal(
      cents(hover.find((line) => line.includes("and 3 more")) ?? ""),
      rows.slice(5).reduce((sum, row) => sum + row, 0),
    );
    assert.equal(cents(hover.find((line) => line.includes("Together")) ?? ""), cents(text));
  });

  it("offers to extend only what expires", () => {
    assert.ok(!commands({}).includes("extendDemo"));
    assert.ok(commands({ session: { ...session, expiresAtMs: nowMs + 1 } }).includes("extendDemo"));
  });

  it("offers nothing twice", () => {
    for (const kind of ["offline", "not-authenticated", "no-cli", "denied", "failing"] as const) {
      const ids = commands({ health: { kind, message: "x" } });
      assert.equal(new Set(ids).size, ids.length, `${kind}: ${ids.join()}`);
    }
  });

  it("offers the way out of trouble first", () => {
    assert.equal(commands({ health: { kind: "offline", message: "x" } })[0], "refresh");
    assert.equal(commands({ health: { kind: "no-cli", message: "x" } })[0], "openSettings");
  });
});
