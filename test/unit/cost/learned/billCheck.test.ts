import assert from "node:assert/strict";
import { noParts } from "../../../../src/cost/billed/billedParts.ts";
import type { BilledHour, KindHour } from "../../../../src/cost/learned/billedHour.ts";
import { checkBill, type StartSeen } from "../../../../src/cost/learned/billCheck.ts";

/** So many hours of one app, each with other seconds of waiting and loading, at $3.6/h. */
function hours(
  costOf: (seconds: { wait: number; load: number; run: number }) => number,
): BilledHour[] {
  return Array.from({ length: 12 }, (_, index) => {
    const seconds = { wait: 20 + ((index * 7) % 40), load: 30 + ((index * 11) % 50), run: 600 };
    const { wait, load, run } = seconds;
    return {
      appName: "flux",
      billedUsd: costOf(seconds) / 1000,
      billedParts: null,
      doubtUsd: 0,
      kinds: new Map([
        [
          "L40S",
          {
            wait: { ...noParts, gpu: wait / 1000 },
            load: { ...noParts, gpu: load / 1000 },
            run: { ...noParts, gpu: run / 1000 },
            hours: run / 3600,
            coreHours: 0,
            gibHours: 0,
            busyHours: 0.1,
            startPerSecond: { ...noParts, gpu: 0.001 },
          },
        ],
      ]),
    };
  });
}

const asked = hours(({ wait, load, run }) => wait + load + run);
const loading = hours(({ load, run }) => load + run);
const ready = hours(({ run }) => run);

/** Asked for at 0, ready after a minute, of which it loaded for 40 s. */
function starts(over: Partial<StartSeen> = {}): StartSeen[] {
  const one = { enqueuedMs: 0, startedMs: 60_000, startupMs: 40_000, firstLineMs: null };
  return Array.from({ length: 12 }, () => ({ ...one, ...over }));
}

describe("the check of the meter against the bill", () => {
  it("names the moment from which containers cost where Modal tells all of them", () => {
    assert.deepEqual(checkBill(asked, starts({ firstLineMs: 30_000 })).begin, ["asked"]);
    assert.deepEqual(checkBill(loading, starts()).begin, ["boot"]);
    assert.deepEqual(checkBill(ready, starts({ firstLineMs: 30_000 })).begin, ["ready"]);
  });

  it("takes the start that Modal tells for the boot where containers loaded for longer than since they were asked for", () => {
    const check = checkBill(ready, starts({ startedMs: 5000 }));
    assert.deepEqual([check.toldStart, check.begin], [["boot"], ["boot"]]);
  });

  it("takes it for the end of the load where lines were written before it, or the load before it is billed", () => {
    assert.deepEqual(checkBill(asked, starts({ firstLineMs: 30_000 })).toldStart, ["ready"]);
    assert.deepEqual(checkBill(loading, starts()).toldStart, ["ready"]);
  });

  it("cannot say what the start from Modal is where it alone fits and nothing else speaks of it", () => {
    const { begin, toldStart } = checkBill(ready, starts());
    assert.deepEqual(
      [begin, toldStart],
      [
        ["boot", "ready"],
        ["ready", "boot"],
      ],
    );
  });

  it("does not rule out a boot that nobody reported, nor one that counts from when the container was asked for", () => {
    for (const untold of [{ startupMs: null }, { startupMs: 60_000 }])
      assert.deepEqual(checkBill(asked, starts(untold)).begin, ["boot", "asked"]);
    // The log shows that it loaded, and the bill does not have it.
    const seen = starts({ startupMs: null, firstLineMs: 30_000 });
    assert.deepEqual(checkBill(ready, seen).begin, ["ready"]);
  });

  it("cannot tell when containers were asked for by the CLI, which never says", () => {
    assert.deepEqual(checkBill(loading, starts({ enqueuedMs: null })).begin, ["boot", "asked"]);
  });

  it("names nothing on too few hours or starts, or where nothing explains them", () => {
    const odd = hours(({ run, load }) => (load % 2 === 0 ? run : 2 * run));
    for (const check of [
      checkBill(loading.slice(0, 4), starts()),
      checkBill(loading, starts().slice(0, 2)),
      checkBill(odd, starts()),
      checkBill([], []),
    ])
      assert.deepEqual(check.begin, ["boot", "asked", "ready"]);
  });

  it("tells whether it is billed for more than it asks for", () => {
    assert.deepEqual(checkBill(loading, starts()).price, ["as-asked"]);
    const dearer = hours(({ load, run }) => 1.15 * (load + run));
    assert.deepEqual(checkBill(dearer, starts()).price, ["more"]);
    assert.deepEqual(checkBill(loading.slice(0, 4), starts()).price, ["as-asked", "more"]);
    const cheaper = hours(({ load, run }) => 0.9 * (load + run));
    assert.deepEqual(checkBill(cheaper, starts()).price, ["as-asked", "more"]);
  });

  /** Containers of little that cost $0.009/h more while calls run in them, which is more than they ask for. */
  function busy(usdPerHour: number, over: Partial<KindHour> = {}): BilledHour[] {
    return Array.from({ length: 12 }, (_, index) => {
      const runHours = 0.5 + ((index * 7) % 5) / 10;
      const busyHours = runHours * (((index * 5) % 12) / 12);
      const runUsd = usdPerHour * runHours;
      const none = {
        wait: noParts,
        load: noParts,
        startPerSecond: noParts,
        coreHours: 0,
        gibHours: 0,
      };
      const ran = { run: { ...noParts, cpu: runUsd }, hours: runHours };
      return {
        appName: "web",
        billedUsd: runUsd + 0.009 * busyHours,
        billedParts: null,
        doubtUsd: 0,
        kinds: new Map([["0.125", { ...none, ...ran, busyHours, ...over }]]),
      };
    });
  }

  it("takes what a busy container costs more as a share of what it asks for", () => {
    assert.deepEqual(checkBill(busy(0.0069), starts()).price, ["more"]);
    assert.deepEqual(checkBill(busy(3.6), starts()).price, ["as-asked"]);
    assert.deepEqual(
      checkBill(busy(0.0069, { hours: 0 }), starts()).price,
      ["as-asked", "more"],
      "nobody knows what an hour of it is asked for",
    );
  });
});
