import assert from "node:assert/strict";
import * as fc from "fast-check";
import { knownCost, unknownCost } from "../../../../src/cost/cost.ts";
import { usd } from "../../../../src/cost/money.ts";
import { localTime } from "../../../../src/session/remind/localTime.ts";
import {
  claimDelayMs,
  nextReminder,
  type Reminder,
  type ReminderInput,
  type ReminderKind,
} from "../../../../src/session/remind/reminderPolicy.ts";
import { readSnoozes, snooze } from "../../../../src/session/remind/snoozes.ts";
import { parseWorkdayEnd } from "../../../../src/session/settings/workdayEnd.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { sessionSample } from "../sessionSample.ts";

const minute = 60_000;
const reminderKinds: readonly ReminderKind[] = [
  "demo-ending",
  "crash-loop",
  "slow-start",
  "overnight",
  "workday-end",
  "idle",
  "burn-rate",
];
/** A Friday, 14:00 in Berlin. */
const fridayMs = Date.UTC(2026, 10, 20, 13);

function input(some: Partial<ReminderInput> = {}): ReminderInput {
  return {
    nowMs: fridayMs,
    timeZone: "Europe/Berlin",
    scope: "acme/main",
    appNames: ["flux"],
    elsewhere: [],
    gpuContainers: 1,
    gpuWarmSinceMs: fridayMs - 5 * minute,
    callsRunning: 0,
    burnMicroUsdPerHour: usd(1.95),
    allBurn: { microUsdPerHour: usd(1.95), isFloor: false, others: [] },
    session: null,
    crashLoop: null,
    slowStart: null,
    lastActiveAtMs: fridayMs,
    overnight: () => null,
    settings: {
      idleReminderMinutes: 30,
      workdayEnd: parseWorkdayEnd("Mon-Fri 18:00") ?? null,
      hourLimit: null,
      muted: [],
    },
    snoozedUntilMs: new Map(),
    lastShownAtMs: null,
    wasShown: () => false,
    ...some,
  };
}

function text(reminder: Reminder | undefined): string {
  return reminder === undefined ? "" : reminder.message;
}

describe("localTime", () => {
  it("reads the wall clock of the zone, also on the days when it jumps", () => {
    assert.deepEqual(localTime(fridayMs, "Europe/Berlin"), {
      day: "2026-11-20",
      weekday: 5,
      minuteOfDay: 14 * 60,
      dayStartMs: Date.UTC(2026, 10, 19, 23),
    });
    const summerTimeMs = Date.UTC(2026, 2, 29, 10);
    assert.equal(localTime(summerTimeMs, "Europe/Berlin").minuteOfDay, 12 * 60);
    assert.equal(localTime(fridayMs, "Pacific/Auckland").day, "2026-11-21");
  });
});

describe("nextReminder", () => {
  it("says nothing while a person works", () => {
    assert.equal(nextReminder(input()), undefined);
  });

  describe("idle with GPUs warm", () => {
    const idle = { nowMs: fridayMs + 30 * minute };

    it("is due when nobody was active for so long", () => {
      assert.equal(nextReminder(input({ nowMs: idle.nowMs - 1 })), undefined);
      const due = nextReminder(input(idle));
      assert.equal(text(due), "Idle for 30 min with 1 warm GPU container (≈ $1.95/h).");
      assert.deepEqual(due?.actions, ["release", "stop-all", "snooze", "mute"]);
    });

    it("counts from the start of the GPU when that is later", () => {
      const gpuWarmSinceMs = fridayMs + 10 * minute;
      assert.equal(nextReminder(input({ ...idle, gpuWarmSinceMs })), undefined);
      assert.equal(
        nextReminder(input({ nowMs: gpuWarmSinceMs + 30 * minute, gpuWarmSinceMs }))?.kind,
        "idle",
      );
    });

    it("is not due without a GPU, while a call runs, or when it is switched off", () => {
      const { settings } = input();
      for (const no of [
        { gpuContainers: 0, gpuWarmSinceMs: null },
        { callsRunning: 1 },
        { settings: { ...settings, idleReminderMinutes: 0 } },
      ])
        assert.equal(nextReminder(input({ ...idle, ...no })), undefined);
    });

    it("has one key per warm episode", () => {
      const one = nextReminder(input(idle))?.key;
      const later = nextReminder(input({ nowMs: fridayMs + 60 * minute }))?.key;
      const other = nextReminder(input({ ...idle, gpuWarmSinceMs: fridayMs - minute }))?.key;
      assert.equal(one, later);
      assert.notEqual(one, other);
    });

    it("does not invent a rate", () => {
      assert.match(text(nextReminder(input({ ...idle, burnMicroUsdPerHour: null }))), /unknown/);
    });
  });

  describe("end of the workday", () => {
    const evening = { nowMs: fridayMs + 4 * 60 * minute, lastActiveAtMs: fridayMs + 239 * minute };

    it("is due from the time on, on the days", () => {
      assert.equal(nextReminder(input({ ...evening, nowMs: evening.nowMs - 1 })), undefined);
      const due = nextReminder(input(evening));
      assert.equal(due?.key, "workday-end:acme/main:2026-11-20");
      assert.match(text(due), /1 app still runs \(flux\)\. 1 GPU container costs ≈ \$1\.95/);
      const saturdayMs = evening.nowMs + 24 * 60 * minute;
      assert.equal(
        nextReminder(input({ nowMs: saturdayMs, lastActiveAtMs: saturdayMs })),
        undefined,
      );
    });

    it("is not due when nothing runs, or no end is set", () => {
      assert.equal(nextReminder(input({ ...evening, appNames: [], gpuContainers: 0 })), undefined);
      const settings = { ...input().settings, workdayEnd: null };
      assert.equal(nextReminder(input({ ...evening, settings })), undefined);
    });

    it("tells what runs elsewhere: at the end of what runs here, and alone where it is mine", () => {
      const theirs = { mine: false, others: ["theo"], unknown: false };
      const seenAtMs = evening.nowMs - 2 * minute;
      const dev = { environment: "dev", gpus: 2, containers: 2, seenAtMs, whose: theirs };
      const labs = { ...dev, environment: "labs", gpus: 1, whose: { ...theirs, mine: true } };
      const untold = { environment: "ci", gpus: 0, containers: 3, seenAtMs };
      const due = nextReminder(input({ ...evening, elsewhere: [dev, labs, untold] }));
      assert.match(
        text(due),
        /costs ≈ \$1\.95\/h now\. Elsewhere: 1 GPU in labs \(yours, theo's\), 3 containers in ci\.$/,
      );
      const idleHere = { ...evening, appNames: [], gpuContainers: 0 };
      assert.equal(nextReminder(input({ ...idleHere, elsewhere: [dev, untold] })), undefined);
      const alone = nextReminder(input({ ...idleHere, elsewhere: [dev, labs] }));
      assert.equal(
        text(alone),
        "End of the workday, and elsewhere runs: 1 GPU in labs (yours, theo's).",
      );
      assert.deepEqual(alone?.actions, ["stop-elsewhere", "snooze", "mute"]);
      assert.equal(alone.environment, "labs");
    });

    it("says of nothing that it runs elsewhere which was seen long ago", () => {
      const whose = { mine: true, others: [], unknown: false };
      const at = (seenAtMs: number) => ({
        elsewhere: [{ environment: "dev", gpus: 2, containers: 2, seenAtMs, whose }],
      });
      const { nowMs } = evening;
      const idleHere = { ...evening, appNames: [], gpuContainers: 0 };
      for (const offMs of [11 * minute, 5 * 60 * minute, -60 * minute]) {
        assert.doesNotMatch(
          text(nextReminder(input({ ...evening, ...at(nowMs - offMs) }))),
          /Elsewhere/,
        );
        assert.equal(nextReminder(input({ ...idleHere, ...at(nowMs - offMs) })), undefined);
      }
      assert.ok(nextReminder(input({ ...idleHere, ...at(nowMs - 9 * minute) })));
    });

    it("does not offer to release what is not there", () => {
      const due = nextReminder(input({ ...evening, gpuContainers: 0, gpuWarmSinceMs: null }));
      assert.deepEqual(due?.actions, ["stop-all", "snooze", "mute"]);
      assert.match(text(due), /No GPU is warm/);
    });
  });

  describe("end of a demo", () => {
    const session = sessionSample({
      mode: "demo",
      startedAtMs: fridayMs - 80 * minute,
      expiresAtMs: fridayMs + 10 * minute,
    });

    it("is due before the end, with its ways out, and waits for no other reminder", () => {
      const due = nextReminder(input({ session, lastShownAtMs: fridayMs - 1 }));
      assert.equal(due?.kind, "demo-ending");
      assert.deepEqual(due?.actions, ["extend-demo", "back-to-dev", "stop-all", "mute"]);
      assert.match(text(due), /The demo session ends in 10 min.*Stop it after the demo!/);
    });

    it("comes again after an extension", () => {
      const one = nextReminder(input({ session }))?.key;
      const expiresAtMs = fridayMs + 40 * minute;
      const again = input({
        session: { ...session, expiresAtMs },
        nowMs: expiresAtMs - minute,
        lastActiveAtMs: expiresAtMs - minute,
      });
      assert.notEqual(nextReminder(again)?.key, one);
    });
  });

  describe("the morning after", () => {
    const morning = { nowMs: fridayMs - 5 * 60 * minute, lastActiveAtMs: fridayMs };

    it("says how long it ran and what it cost", () => {
      const overnight = { ranMs: 36_000_000, cost: knownCost(usd(19.5)) };
      const due = nextReminder(input({ ...morning, overnight: () => overnight }));
      assert.equal(
        text(due),
        "flux ran overnight: 10 h of container time, ≈ $19.50. It still runs.",
      );
      assert.deepEqual(due?.actions, ["stop-all", "release", "mute"]);
      const unknown = { ranMs: 1000, cost: unknownCost("No rate for B999.") };
      assert.match(text(nextReminder(input({ ...morning, overnight: () => unknown }))), /unknown/);
    });

    it("says when an app was only left deployed", () => {
      const overnight = { ranMs: 0, cost: knownCost(usd(0)) };
      assert.match(
        text(nextReminder(input({ ...morning, overnight: () => overnight }))),
        /it cost nothing/,
      );
    });

    it("is a matter of the morning", () => {
      const overnight = { ranMs: 1000, cost: knownCost(usd(1)) };
      assert.equal(nextReminder(input({ overnight: () => overnight })), undefined);
    });
  });

  it("tells of a crash loop once per app and hour, before the rest", () => {
    const crashLoop = {
      appId: "ap-1",
      appName: "flux",
      everyMs: 9000,
      microUsdPerHour: usd(1.8),
    };
    const due = nextReminder(input({ crashLoop, nowMs: fridayMs + 40 * minute }));
    assert.equal(text(due), "flux restarts every 9 s: ≈ $1.80/h for nothing. Its log says why.");
    assert.equal(due?.appId, "ap-1");
    assert.deepEqual(due.actions, ["logs", "stop-app", "mute"]);
    const again = nextReminder(input({ crashLoop, nowMs: fridayMs + 50 * minute }));
    assert.equal(again?.key, due.key);
    const later = nextReminder(input({ crashLoop, nowMs: fridayMs + 70 * minute }));
    assert.notEqual(later?.key, due.key);
  });

  it("tells of a start that takes too long once per app and hour", () => {
    const slowStart = {
      appId: "ap-1",
      appName: "flux",
      sinceMs: fridayMs + 35 * minute,
      forMs: 250_000,
      usualMs: 38_000,
      microUsd: usd(0.14),
    };
    const due = nextReminder(input({ slowStart, nowMs: fridayMs + 40 * minute }));
    assert.equal(text(due), "flux has been starting for 4 min 10 s; usually 38 s: ≈ $0.14 so far.");
    assert.equal(due?.appId, "ap-1");
    assert.deepEqual(due.actions, ["logs", "stop-app", "mute"]);
    // The same start is the same one after the turn of the hour, too.
    const again = nextReminder(input({ slowStart, nowMs: fridayMs + 70 * minute }));
    assert.equal(again?.key, due.key);
    const next = { ...slowStart, sinceMs: fridayMs + 80 * minute };
    const later = nextReminder(input({ slowStart: next, nowMs: fridayMs + 85 * minute }));
    assert.notEqual(later?.key, due.key);
    const unknown = nextReminder(input({ slowStart: { ...slowStart, microUsd: null } }));
    assert.match(text(unknown), /: an unknown amount so far\.$/);
  });

  it("notices a high burn rate once a day", () => {
    const settings = { ...input().settings, hourLimit: usd(5) };
    assert.equal(nextReminder(input({ settings })), undefined);
    const allBurn = { microUsdPerHour: usd(12), isFloor: false, others: [] };
    const due = nextReminder(input({ settings, allBurn }));
    assert.equal(text(due), "Modal costs ≈ $12.00/h now; your limit is $5.00/h.");
    const known = { ...allBurn, isFloor: true, others: ["theirs", "llm"] };
    assert.equal(
      text(nextReminder(input({ settings, allBurn: known }))),
      "Modal costs ≥ $12.00/h now; your limit is $5.00/h. Not counted, someone else's: theirs, llm.",
    );
    assert.equal(due?.key, `burn-rate:acme/main:2026-11-20:${usd(5)}`);
  });

  it("keeps muted kinds quiet, and lets the next one speak", () => {
    const settings = { ...input().settings, hourLimit: usd(1) };
    const idle = { settings, nowMs: fridayMs + 30 * minute };
    assert.equal(nextReminder(input(idle))?.kind, "idle");
    const muted = { ...idle, settings: { ...settings, muted: ["idle"] } };
    assert.equal(nextReminder(input(muted))?.kind, "burn-rate");
  });

  it("is quiet while snoozed, and says it once more after", () => {
    const ledger = new MemoryLedger();
    const shown = new Set<string>();
    const at = (nowMs: number): Reminder | undefined => {
      const due = nextReminder(
        input({ nowMs, snoozedUntilMs: readSnoozes(ledger), wasShown: (key) => shown.has(key) }),
      );
      if (due !== undefined) shown.add(due.key);
      return due;
    };
    const firstMs = fridayMs + 30 * minute;
    assert.equal(at(firstMs)?.kind, "idle");
    assert.equal(at(firstMs + 3 * minute), undefined, "not twice");
    snooze(ledger, "idle", firstMs + 3 * minute);
    assert.equal(at(firstMs + 32 * minute), undefined);
    assert.equal(at(firstMs + 33 * minute)?.kind, "idle");
    assert.equal(at(firstMs + 40 * minute), undefined);
  });

  it("survives a snooze that cannot be read", () => {
    const ledger = new MemoryLedger();
    ledger.remember("reminders:snoozed", "{");
    assert.equal(readSnoozes(ledger).size, 0);
  });

  it("never nags: over any days, each key once, nothing muted or snoozed, and a pause in between", () => {
    const step = fc.record({
      afterMinutes: fc.integer({ min: 0, max: 240 }),
      active: fc.boolean(),
      gpu: fc.boolean(),
      burn: fc.constantFrom(usd(1), usd(50), null),
      snoozes: fc.option(fc.constantFrom(...reminderKinds)),
      night: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.subarray([...reminderKinds]),
        (steps, muted) => {
          const ledger = new MemoryLedger();
          const shown = new Set<string>();
          let nowMs = fridayMs;
          let lastActiveAtMs = nowMs;
          let warmSinceMs: number | null = null;
          let lastShownAtMs: number | null = null;
          const session = sessionSample({
            startedAtMs: fridayMs,
            expiresAtMs: fridayMs + 90 * minute,
          });
          for (const { afterMinutes, active, gpu, burn, snoozes, night } of steps) {
            nowMs += afterMinutes * minute;
            if (active) lastActiveAtMs = nowMs;
            warmSinceMs = gpu ? (warmSinceMs ?? nowMs) : null;
            if (snoozes !== null) snooze(ledger, snoozes, nowMs);
            const snoozedUntilMs = readSnoozes(ledger);
            const due = nextReminder(
              input({
                nowMs,
                lastActiveAtMs,
                session,
                gpuContainers: gpu ? 1 : 0,
                gpuWarmSinceMs: warmSinceMs,
                allBurn: { microUsdPerHour: burn ?? usd(0), isFloor: burn === null, others: [] },
                overnight: () => (night ? { ranMs: 1, cost: knownCost(usd(1)) } : null),
                settings: { ...input().settings, hourLimit: usd(10), muted },
                snoozedUntilMs,
                lastShownAtMs,
                wasShown: (key) => shown.has(key),
              }),
            );
            if (due === undefined) continue;
            assert.ok(!shown.has(due.key));
            assert.ok(!muted.includes(due.kind));
            assert.ok((snoozedUntilMs.get(due.kind) ?? 0) <= nowMs);
            if (due.kind !== "demo-ending" && lastShownAtMs !== null)
              assert.ok(nowMs - lastShownAtMs >= 2 * minute);
            shown.add(due.key);
            lastShownAtMs = nowMs;
          }
        },
      ),
    );
  });
});

describe("claimDelayMs", () => {
  it("lets the window that is looked at come first", () => {
    const focused = claimDelayMs({ focused: true, active: true });
    const active = claimDelayMs({ focused: false, active: true });
    const away = claimDelayMs({ focused: false, active: false });
    assert.ok(focused < active && active < away);
  });
});
