import assert from "node:assert/strict";
import { addedParts } from "../../../../src/cost/billed/billedParts.ts";
import type { BilledRow } from "../../../../src/cost/billed/billedRow.ts";
import { billedHours, kindOf, type Begin } from "../../../../src/cost/learned/billedHour.ts";
import { learn, nothingLearned, type Lessons } from "../../../../src/cost/learned/lessons.ts";
import { lessonFacts } from "../../../../src/ui/pages/lessonLines.ts";
import { taughtSpans } from "../../../../src/cost/learned/taught.ts";
import {
  boundsWithin,
  metricsWithin,
  priceSpans,
} from "../../../../src/cost/metered/pricedSpan.ts";
import { microUsd } from "../../../../src/cost/money.ts";
import { addMetrics } from "../../../../src/cost/rates/costMetrics.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import type { CallRecord } from "../../../../src/cost/call.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import { unknownTerms, type Terms } from "../../../../src/cost/terms.ts";
import { call, hour, span, t0 } from "../arbitraries.ts";
import { sampleRow } from "../billed/sampleRow.ts";

const second = 1000;
/** $3.6/h: $0.001 per second and container. */
const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });
const usdPerSecond = 0.001;
const nowMs = t0 + 100 * hour;
const waitSeconds = 20;
const loadSeconds = 60;

/** How this Modal bills a container that ran for so long, and was busy for so long of it. */
type Bill = (runSeconds: number, busySeconds: number) => number;

interface Hour {
  readonly container: ContainerSpan;
  readonly work: CallRecord;
  readonly billedUsd: number;
}

/** One container in each hour: asked for, loaded, ran and worked for times of its own. */
function hoursBilled(count: number, bill: Bill): readonly Hour[] {
  return Array.from({ length: count }, (_, index) => {
    const runSeconds = 300 + ((index * 7919) % 1500);
    const busySeconds = 20 + ((index * 104_729) % 250);
    const readyMs = t0 + index * hour + 600 * second;
    const endMs = readyMs + runSeconds * second;
    const container = span({
      containerId: `ta-${index}`,
      enqueuedAtMs: readyMs - (waitSeconds + loadSeconds) * second,
      startedAtMs: readyMs,
      firstSeenAtMs: readyMs,
      lastSeenAtMs: endMs,
      finishedAtMs: endMs,
    });
    const work = call({
      callId: `call-${index}`,
      startedAtMs: readyMs,
      endedAtMs: readyMs + busySeconds * second,
      executionSeconds: busySeconds,
    });
    return { container, work, billedUsd: bill(runSeconds, busySeconds) };
  });
}

const pricedOf = (list: readonly Hour[]) =>
  priceSpans(
    list.map(({ container }) => container),
    rates,
    nowMs,
    () => ({ startupMs: loadSeconds * second }),
  );

function learnedFrom(
  list: readonly Hour[],
  lookedAtMs = Array.from({ length: 20 * 12 }, (_, index) => t0 + index * 300 * second),
  rowOf: (row: BilledRow) => BilledRow = (row) => row,
): Lessons {
  const billed = list.map(({ container, billedUsd }) =>
    rowOf(
      sampleRow({
        objectId: container.appId,
        description: "",
        intervalStartMs: Math.floor((container.startedAtMs ?? 0) / hour) * hour,
        cost: microUsd(billedUsd * 1e6),
        fetchedAtMs: nowMs,
      }),
    ),
  );
  const calls = list.map(({ work }) => work);
  return learn(billedHours({ priced: pricedOf(list), calls, billed, lookedAtMs, nowMs }));
}

/** What is metered of other hours of the same Modal, as a share of what they cost; and their bounds. */
function meteredBy(lessons: Lessons, bill: Bill, seenAs = (one: Hour): Hour => one) {
  const others = hoursBilled(40, bill).slice(30).map(seenAs);
  const exact = others.reduce((sum, { billedUsd }) => sum + billedUsd, 0) * 1e6;
  const calls = others.map(({ work }) => work);
  const seen = { calls, nowMs, isStartupKnown: () => true };
  let [metered, low, high] = [0, 0, 0];
  for (const one of taughtSpans(pricedOf(others), lessons, seen)) {
    const { total } = metricsWithin(one, 0, nowMs);
    const bounds = boundsWithin(one, 0, nowMs);
    metered += total.known ? total.microUsd : Number.NaN;
    low += bounds.low;
    high += bounds.high ?? Number.NaN;
  }
  return { metered: metered / exact, low: low / exact, high: high / exact };
}

function assertRight(bill: Bill, lessons = learnedFrom(hoursBilled(12, bill))): void {
  const { metered, low, high } = meteredBy(lessons, bill);
  assert.ok(Math.abs(metered - 1) < 0.002, `metered ${metered} of the bill`);
  assert.ok(low <= 1 && high >= 1 && high - low < 0.05, `between ${low} and ${high}`);
}

const secondsBefore: Readonly<Record<Begin, number>> = {
  ready: 0,
  boot: loadSeconds,
  asked: loadSeconds + waitSeconds,
};

describe("what the bill teaches", () => {
  for (const begin of ["asked", "boot", "ready"] as const)
    it(`is that containers are billed from ${begin} on`, () => {
      const bill: Bill = (run) => (run + secondsBefore[begin]) * usdPerSecond;
      const lessons = learnedFrom(hoursBilled(12, bill));
      assert.deepEqual([lessons.begin, lessons.possible], [begin, [begin]]);
      assertRight(bill, lessons);
    });

  it("is a price that is higher all the time, as a region's is", () => {
    const bill: Bill = (run) => (run + loadSeconds) * usdPerSecond * 1.75;
    const lessons = learnedFrom(hoursBilled(12, bill));
    const factors = [...(lessons.apps[0]?.kinds.values() ?? [])].map(({ factor }) => factor);
    assert.deepEqual(
      factors.map((factor) => factor.toFixed(3)),
      ["1.750"],
    );
    assertRight(bill, lessons);
  });

  it("is nothing of a GPU that the bill has not seen in the app", () => {
    const lessons = learnedFrom(hoursBilled(12, (run) => run * usdPerSecond * 1.75));
    const gpu = { type: "H100", count: 1 };
    const { metered } = meteredBy(
      lessons,
      (run) => (run * 3.95) / 3600,
      (one) => ({ ...one, container: { ...one.container, gpu } }),
    );
    assert.ok(Math.abs(metered - 1) < 0.002, `metered ${metered} of the bill`);
  });

  it("leaves open what it left open of such a GPU", () => {
    const lessons = learnedFrom(hoursBilled(12, (run) => run * usdPerSecond * 1.75));
    const gpu = { type: "H100", count: 1 };
    const [other] = hoursBilled(1, (run) => run * usdPerSecond);
    assert.ok(other !== undefined);
    const priced = pricedOf([{ ...other, container: { ...other.container, gpu } }]);
    const seen = { calls: [], nowMs, isStartupKnown: () => true };
    assert.deepEqual(
      taughtSpans(priced, lessons, seen).map(({ prices, slack }) => [prices, slack]),
      priced.map(({ prices }) => [prices, 0]),
    );
  });

  it("bounds the begin by the first line of a load where loads are billed, and by ready where they may not be", () => {
    const endMs = t0 + hour;
    const loads = [
      span({ enqueuedAtMs: t0, startedAtMs: t0 + 300 * second, finishedAtMs: endMs }),
      span({ enqueuedAtMs: t0, startedAtMs: null, finishedAtMs: endMs }),
    ];
    const hintsOf = () => ({ firstSignMs: t0 + loadSeconds * second });
    const priced = priceSpans(loads, rates, nowMs, hintsOf);
    const seen = { calls: [], nowMs, isStartupKnown: () => false };
    const latestBy = (possible: readonly Begin[]) =>
      taughtSpans(priced, { begin: "boot", possible, apps: [] }, seen).map(
        ({ interval }) => (interval.latestStartMs - t0) / second,
      );
    assert.deepEqual(latestBy(["boot"]), [60, 60]);
    assert.deepEqual(latestBy(["boot", "asked"]), [60, 60]);
    assert.deepEqual(latestBy(["boot", "ready"]), [300, 3600]);
  });

  it("is nothing of what Modal has said of the price since then: it would count twice", () => {
    const onTerms = (terms: Terms) => (one: Hour) => {
      const gpu = { type: "H100", count: 1 };
      return { ...one, container: { ...one.container, gpu, terms } };
    };
    // Of the region nobody knew: the bill has taught its factor, and then Modal told it.
    const narrow: Bill = (run) => ((run + loadSeconds) * 3.95 * 1.75) / 3600;
    const lessons = learnedFrom(hoursBilled(12, narrow).map(onTerms(unknownTerms)));
    for (const terms of [unknownTerms, { ...unknownTerms, region: "narrow" as const }]) {
      const { metered } = meteredBy(lessons, narrow, onTerms(terms));
      assert.ok(Math.abs(metered - 1) < 0.002, `metered ${metered} of the bill`);
    }
    const kinds = [
      {},
      { cores: 2 },
      { gib: 16 },
      { diskGib: 512 },
      { region: "any" },
      { nonPreemptible: true },
      { isSandbox: true },
      { coresInUse: [1, 2, 3] },
      { gibInUse: [1, 2, 3] },
    ] as const;
    const names = kinds.map((terms) => {
      const [one] = priceSpans([span({ terms: { ...unknownTerms, ...terms } })], rates, nowMs);
      return one === undefined ? undefined : kindOf(one);
    });
    assert.equal(new Set(names).size, kinds.length);
  });

  it("is what others of its kind use, of a container of which nobody says what it uses", () => {
    const gpu = { type: "H100", count: 1 };
    const hourly = (cores: number, gib: number): number => 3.95 + cores * 0.0473 + gib * 0.008;
    const asked = { ...unknownTerms, cores: 2, gib: 8, diskGib: 0, region: "any" as const };
    const terms = { ...asked, nonPreemptible: false, isSandbox: false };
    const inUse = { coresInUse: [1, 1, 1], gibInUse: [30, 30, 30] } as const;
    const listed = rateHistory([]);
    const bill: Bill = (run) => ((run + loadSeconds) * hourly(2, 30)) / 3600;
    const price = (hours: readonly Hour[], more: Partial<Terms>) =>
      priceSpans(
        hours.map(({ container }) => ({ ...container, gpu, terms: { ...terms, ...more } })),
        listed,
        nowMs,
        () => ({ startupMs: loadSeconds * second }),
      );
    const list = hoursBilled(12, bill);
    const billed = list.map(({ container, billedUsd }) =>
      sampleRow({
        objectId: container.appId,
        description: "",
        intervalStartMs: Math.floor((container.startedAtMs ?? 0) / hour) * hour,
        cost: microUsd(billedUsd * 1e6),
        fetchedAtMs: nowMs,
      }),
    );
    const lookedAtMs = Array.from({ length: 20 * 12 }, (_, index) => t0 + index * 300 * second);
    const priced = price(list, inUse);
    const lessons = learn(billedHours({ priced, calls: [], billed, lookedAtMs, nowMs }));
    const seen = { calls: [], nowMs, isStartupKnown: () => true };
    const [first] = list;
    for (const one of taughtSpans(price(list.slice(0, 1), {}), lessons, seen)) {
      const { total } = metricsWithin(one, 0, nowMs);
      const { low, high } = boundsWithin(one, 0, nowMs);
      const exact = (first?.billedUsd ?? 0) * 1e6;
      const share = (total.known ? total.microUsd : Number.NaN) / exact;
      assert.ok(Math.abs(share - 1) < 0.002, `${share} of the bill`);
      assert.ok(low <= exact && (high ?? 0) >= exact && (high ?? 0) - low < 0.1 * exact);
    }
  });

  const toUnpriced = (one: Hour): Hour => ({
    ...one,
    container: {
      ...one.container,
      containerId: `${one.container.containerId}-other`,
      appId: "ap-2",
      appName: "other",
      gpu: null,
      gpuSource: "unknown",
    },
  });

  it("is the price of a GPU of which nobody says what it is, and nothing of that for the others", () => {
    // $9 an hour.
    const bill: Bill = (run) => (run + loadSeconds) * 0.0025;
    const plain: Bill = (run) => (run + loadSeconds) * usdPerSecond;
    const unpriced = hoursBilled(12, bill).map(toUnpriced);
    const lessons = learnedFrom([...hoursBilled(12, plain), ...unpriced]);
    assertRight(plain, lessons);
    const { metered, low, high } = meteredBy(lessons, bill, toUnpriced);
    assert.ok(Math.abs(metered - 1) < 0.002, `metered ${metered} of the bill`);
    assert.ok(low <= 1 && high >= 1 && high - low < 0.05, `between ${low} and ${high}`);
    const other = lessons.apps.find(({ appName }) => appName === "other") ?? assert.fail();
    assert.match(lessonFacts(other).join("; "), /at about \$9\.00\/h/);
  });

  it("is nothing of containers that hardly ran beside others: what is left over would be theirs", () => {
    const bill: Bill = (run) => (run + loadSeconds) * usdPerSecond * 1.2;
    const list = hoursBilled(12, bill).map((one, index) => ({
      ...one,
      billedUsd: one.billedUsd * (index % 2 === 0 ? 1.02 : 0.98),
    }));
    // A second of another one, in each third of the hours.
    const brief = list.flatMap((one, index) => {
      const { container } = one;
      const startedAtMs = container.startedAtMs ?? 0;
      const ended = {
        enqueuedAtMs: startedAtMs - 1,
        lastSeenAtMs: startedAtMs + second,
        finishedAtMs: startedAtMs + second,
      };
      const other = { ...toUnpriced(one).container, ...ended, appId: "ap-1", appName: "flux-api" };
      return index % 3 === 0 ? [{ ...one, container: other, billedUsd: 0 }] : [];
    });
    const lessons = learnedFrom([...list, ...brief]);
    const kinds = lessons.apps.flatMap((app) => [...app.kinds.keys()]);
    assert.deepEqual(
      kinds.map((kind) => kind.split(" ")[0]),
      ["L40S"],
    );
  });

  it("is what a container uses above its request while it works, and while it is idle", () => {
    assertRight((run, busy) => (run + loadSeconds) * usdPerSecond * 1.1 + busy * 0.0004);
  });

  it("is the same of an hour however many hours of a busy container's calls were read", () => {
    const bill: Bill = (run, busy) => (run + loadSeconds) * usdPerSecond * 1.1 + busy * 0.0004;
    const lessons = learnedFrom(hoursBilled(12, bill));
    // Always busy, for two days: a call every ten minutes, one after the other.
    const endMs = t0 + 60 * hour;
    const busyHours = 48;
    const fromMs = endMs - busyHours * hour;
    const priced = pricedOf([
      {
        container: span({ startedAtMs: fromMs, firstSeenAtMs: fromMs, finishedAtMs: endMs }),
        work: call(),
        billedUsd: 0,
      },
    ]);
    const calls = Array.from({ length: busyHours * 6 }, (_, index) => {
      const startedAtMs = fromMs + index * 600 * second;
      const endedAtMs = startedAtMs + 600 * second;
      return call({ callId: `busy-${index}`, startedAtMs, endedAtMs, executionSeconds: 600 });
    });
    for (const knownHours of [2, 13, busyHours]) {
      const known = calls.filter(({ startedAtMs }) => startedAtMs >= endMs - knownHours * hour);
      const seen = { calls: known, nowMs: endMs, isStartupKnown: () => true };
      const [taught] = taughtSpans(priced, lessons, seen);
      assert.ok(taught !== undefined);
      const { total } = metricsWithin(taught, endMs - hour, endMs);
      const share = (total.known ? total.microUsd : Number.NaN) / (3600 * 0.0015 * 1e6);
      assert.ok(Math.abs(share - 1) < 0.002, `${share} of the bill, of ${knownHours} h`);
      const { gpu, cpu, memory } = taught.prices.at(-1)?.rate ?? assert.fail();
      const burn = (gpu.known ? gpu.usdPerHour : Number.NaN) + cpu + memory;
      assert.ok(Math.abs(burn / 5.4 - 1) < 0.002, `$${burn}/h, of ${knownHours} h`);
    }
  });

  it("is dearer in the time in which calls ran, and nowhere else", () => {
    const bill: Bill = (run, busy) => (run + loadSeconds) * usdPerSecond * 1.1 + busy * 0.0004;
    const lessons = learnedFrom(hoursBilled(12, bill));
    const container = span({ startedAtMs: t0, firstSeenAtMs: t0, finishedAtMs: t0 + 3 * hour });
    const priced = pricedOf([{ container, work: call(), billedUsd: 0 }]);
    // Half an hour in the second hour, in two pieces that overlap.
    const calls = [0, 600].map((from) =>
      call({
        callId: `call-${from}`,
        startedAtMs: t0 + hour + from * second,
        endedAtMs: t0 + hour + (from + 1200) * second,
        executionSeconds: 1200,
      }),
    );
    const [taught] = taughtSpans(priced, lessons, { calls, nowMs, isStartupKnown: () => true });
    assert.ok(taught !== undefined);
    const usdIn = (fromHour: number, toHour: number): number => {
      const { total } = metricsWithin(taught, t0 + fromHour * hour, t0 + toHour * hour);
      return (total.known ? total.microUsd : Number.NaN) / 1e6;
    };
    const idle = 3.96;
    for (const [from, to, exact] of [
      [0, 1, idle],
      [1, 2, idle + 1800 * 0.0004],
      [2, 3, idle],
      [0, 3, 3 * idle + 1800 * 0.0004],
    ] as const)
      assert.ok(Math.abs(usdIn(from, to) / exact - 1) < 0.002, `${usdIn(from, to)}, not ${exact}`);
    // Pieces add up to the whole.
    assert.ok(Math.abs(usdIn(0, 1.3) + usdIn(1.3, 3) - usdIn(0, 3)) < 1e-5);
  });

  it("is how long each start is billed, where that is neither what Modal says nor nothing", () => {
    const bill: Bill = (run) => (run + 35) * usdPerSecond;
    const lessons = learnedFrom(hoursBilled(12, bill));
    const { from, seconds = 0 } = lessons.apps[0]?.start ?? {};
    assert.deepEqual([from, Math.round(seconds)], ["after-boot", loadSeconds - 35]);
    const { metered } = meteredBy(lessons, bill);
    assert.ok(Math.abs(metered - 1) < 0.002, `metered ${metered} of the bill`);
  });

  it("is the cores and the GiB in use, and a GPU's own price, where the bill is split", () => {
    const listed = rateHistory([]);
    const gpu = { type: "H100", count: 1 };
    const terms = { ...unknownTerms, isSandbox: false };
    /** A narrow region of which nobody told; 22 GiB always, and 1.2 cores, or 13.2 while it works. */
    const costs = (run: number, busy: number) => {
      const hours = (run + loadSeconds) / 3600;
      return {
        gpu: hours * 3.95 * 1.75,
        cpu: (hours * 1.2 + (busy / 3600) * 12) * listed.now.cpu.usdPerHour * 1.75,
        memory: hours * 22 * listed.now.memory.usdPerHour * 1.75,
      };
    };
    const total: Bill = (run, busy) => {
      const { gpu: gpuUsd, cpu, memory } = costs(run, busy);
      return gpuUsd + cpu + memory;
    };
    const list = hoursBilled(12, total).map((one) => {
      const container = { ...one.container, gpu, terms };
      return { ...one, container };
    });
    const price = (hours: readonly Hour[]) =>
      priceSpans(
        hours.map(({ container }) => container),
        listed,
        nowMs,
        () => ({ startupMs: loadSeconds * second }),
      );
    const secondsOf = ({ container, work }: Hour): readonly [number, number] => [
      ((container.finishedAtMs ?? 0) - (container.startedAtMs ?? 0)) / second,
      work.executionSeconds ?? 0,
    ];
    const billed = list.map((one) => {
      const { gpu: gpuUsd, cpu, memory } = costs(...secondsOf(one));
      return sampleRow({
        objectId: one.container.appId,
        description: "",
        intervalStartMs: Math.floor((one.container.startedAtMs ?? 0) / hour) * hour,
        cost: microUsd((gpuUsd + cpu + memory) * 1e6),
        fetchedAtMs: nowMs,
        costByResource: {
          gpu_h100: microUsd(gpuUsd * 1e6),
          cpu: microUsd(cpu * 1e6),
          memory: microUsd(memory * 1e6),
        },
      });
    });
    const calls = list.map(({ work }) => work);
    const lookedAtMs = Array.from({ length: 20 * 12 }, (_, index) => t0 + index * 300 * second);
    const priced = price(list);
    const lessons = learn(billedHours({ priced, calls, billed, lookedAtMs, nowMs }));
    const [lesson] = lessons.apps;
    const [kind] = lesson?.kinds.values() ?? [];
    assert.equal(kind?.split?.factor.gpu.toFixed(3), "1.750");
    assert.equal(kind.split.gib.toFixed(1), "22.0");
    assert.ok(kind.split.cores > 1.2 && kind.split.cores < 13.2, `${kind.split.cores} cores`);
    assert.equal(Math.round(lesson?.bootSeconds ?? 0), loadSeconds);
    // The part of each resource is right, not only their sum.
    const seen = { calls, nowMs, isStartupKnown: () => true };
    let paid = { gpu: 0, cpu: 0, memory: 0 };
    for (const one of list) paid = addedParts(paid, costs(...secondsOf(one)));
    const metered = addMetrics(
      taughtSpans(price(list), lessons, seen).map((one) => metricsWithin(one, 0, nowMs)),
    );
    for (const resource of ["gpu", "cpu", "memory"] as const) {
      const cost = metered[resource];
      const share = (cost.known ? cost.microUsd : Number.NaN) / (paid[resource] * 1e6);
      assert.ok(Math.abs(share - 1) < 0.005, `${resource}: ${share} of the bill`);
    }
  });

  it("is not moved by one odd hour, which is counted", () => {
    const bill: Bill = (run) => run * usdPerSecond * 1.2;
    const [first, ...others] = hoursBilled(12, bill);
    assert.ok(first);
    const lessons = learnedFrom([{ ...first, billedUsd: first.billedUsd * 5 }, ...others]);
    assert.equal(lessons.apps[0]?.oddHours, 1);
    assertRight(bill, lessons);
  });

  it("is how near ends between two looks are to where they are taken to be", () => {
    const bill: Bill = (run) => (run + loadSeconds) * usdPerSecond;
    const betweenLooks = (one: Hour): Hour => {
      const endMs = one.container.finishedAtMs ?? 0;
      const [lastSeenAtMs, firstAbsentAtMs] = [endMs - 60 * second, endMs + 62 * second];
      return {
        ...one,
        container: { ...one.container, finishedAtMs: null, lastSeenAtMs, firstAbsentAtMs },
      };
    };
    const before = meteredBy(nothingLearned, bill, betweenLooks);
    assert.ok(before.high - before.low > 0.1, `${before.high - before.low}`);
    const lessons = learnedFrom(hoursBilled(12, bill).map(betweenLooks));
    const { low, high } = meteredBy(lessons, bill, betweenLooks);
    assert.ok(low <= 1 && high >= 1 && high - low < 0.05, `between ${low} and ${high}`);
  });

  it("is nothing where the hours contradict one another", () => {
    let hours = 0;
    const lessons = learnedFrom(
      hoursBilled(12, (run) => {
        hours += 1;
        return run * usdPerSecond * (hours % 2 === 0 ? 0.6 : 2.5);
      }),
    );
    assert.deepEqual([lessons.begin, lessons.apps], [null, []]);
  });

  it("is nothing after fewer than three hours", () => {
    const lessons = learnedFrom(hoursBilled(2, (run) => run * usdPerSecond));
    assert.deepEqual([lessons.begin, lessons.apps], [null, []]);
  });

  it("is nothing from rows that may still grow", () => {
    const growing = (row: BilledRow) => ({ ...row, sameSinceMs: null });
    const lessons = learnedFrom(
      hoursBilled(12, (run) => run * usdPerSecond),
      undefined,
      growing,
    );
    assert.deepEqual(lessons.apps, []);
  });

  it("is nothing from hours that were watched in parts only", () => {
    const everyHalfHour = Array.from({ length: 40 }, (_, index) => t0 + index * 1800 * second);
    const lessons = learnedFrom(
      hoursBilled(12, (run) => run * usdPerSecond),
      everyHalfHour,
    );
    assert.deepEqual(lessons.apps, []);
  });

  it("is nothing from hours whose ends nobody saw", () => {
    const hours = hoursBilled(12, (run) => run * usdPerSecond);
    const unseen = hours.map((one) => {
      const { container } = one;
      const firstAbsentAtMs = container.lastSeenAtMs + 900 * second;
      return { ...one, container: { ...container, finishedAtMs: null, firstAbsentAtMs } };
    });
    assert.deepEqual(learnedFrom(unseen).apps, []);
  });
});
