import assert from "node:assert/strict";
import * as fc from "fast-check";
import { hourMs } from "../../../../src/cost/billed/billedRow.ts";
import { usd } from "../../../../src/cost/money.ts";
import { priceSpans } from "../../../../src/cost/metered/pricedSpan.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import {
  awayLines,
  awayRange,
  awayReport,
  type AwayInput,
} from "../../../../src/session/remind/awayReport.ts";
import type { Listing, WindowRecord } from "../../../../src/session/ledgerPort.ts";
import { overnightOf } from "../../../../src/session/remind/overnight.ts";
import { unseenHours } from "../../../../src/session/meter/unseenBill.ts";
import type { StopReceipt } from "../../../../src/session/receipt.ts";
import { call } from "../../cost/arbitraries.ts";
import { plainTerms } from "../../cost/plainTerms.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { PortModal } from "../portModal.ts";
import { receiptSample, stoppedAll } from "../receiptSample.ts";
import { sampleRow } from "../../cost/billed/sampleRow.ts";

const minute = 60_000;
const fromMs = Date.UTC(2026, 10, 20, 18);
const toMs = fromMs + 3 * hourMs;

function span(some: Partial<ContainerSpan> = {}): ContainerSpan {
  return {
    containerId: "ta-1",
    scope: "acme/main",
    appId: "ap-1",
    appName: "flux",
    gpu: { type: "L40S", count: 1 },
    gpuSource: "container",
    gpuKnownAtMs: fromMs,
    cpuCores: 0,
    memoryGib: 0,
    enqueuedAtMs: some.startedAtMs ?? fromMs - hourMs,
    startedAtMs: fromMs - hourMs,
    firstSeenAtMs: fromMs - hourMs,
    lastSeenAtMs: toMs,
    finishedAtMs: fromMs + hourMs,
    firstAbsentAtMs: null,
    absentBeforeMs: null,
    terms: plainTerms,
    ...some,
  };
}

function receipt(some: Partial<StopReceipt>): StopReceipt {
  const stopped = stoppedAll({ appId: "ap-1", name: "flux" });
  return receiptSample({ atMs: fromMs + hourMs, by: "guardian", ...stopped, ...some });
}

const rates = rateHistory([]);

function listing(some: Partial<Listing["apps"][number]> = {}): Listing {
  const modal = new PortModal(new VirtualClock(toMs));
  const { apps, ...rest } = modal.listing();
  const app = {
    appId: "ap-1",
    name: "flux",
    state: "stopped",
    containerCount: 0,
    createdAtMs: fromMs - hourMs,
    stoppedAtMs: null,
  } as const;
  return { ...rest, apps: [...apps, { ...app, ...some }] };
}

function input(
  some: Partial<Omit<AwayInput, "priced">> & { readonly spans?: readonly ContainerSpan[] } = {},
): AwayInput {
  const { spans, ...question } = {
    scope: "acme/main",
    fromMs,
    toMs,
    nowMs: toMs,
    offsetMs: 0,
    spans: [span()],
    calls: [],
    billed: [],
    receipts: [receipt({})],
    listing: listing(),
    unknownTimes: [],
    elsewhere: [],
    ...some,
  };
  const { billed, nowMs } = question;
  const priced = priceSpans(spans, rates, nowMs);
  return { unseen: unseenHours({ priced, billed }, { fromMs, toMs }), ...question, priced };
}

describe("awayReport", () => {
  it("says how long, what it cost, and what stopped it", () => {
    const report = awayReport(input());
    assert.deepEqual(
      report?.apps.map(({ name, seen, basis }) => ({ name, seen, basis })),
      [{ name: "flux", seen: { ranMs: hourMs, gpu: "L40S" }, basis: "metered" }],
    );
    assert.equal(report?.stillRunning, false);
    const lines = report === null ? [] : awayLines(report ?? assert.fail(), "UTC");
    assert.match(lines[0] ?? "", /18:00 to 21:00, 3 h\), 1 app ran in acme\/main: ≈ \$1\.9\d/);
    assert.match(
      lines[1] ?? "",
      /^flux ran for 1 h \(L40S\): ≈ \$1\.9\d; stopped by the guardian at 19:00\.$/,
    );
  });

  it("tells what runs elsewhere now, and is made for it alone where some of it is mine", () => {
    const theirs = { mine: false, others: ["theo"], unknown: false };
    const dev = { environment: "dev", gpus: 2, containers: 2, seenAtMs: toMs, whose: theirs };
    const mine = { ...dev, environment: "labs", whose: { ...theirs, mine: true } };
    const nothing = { spans: [], receipts: [] };
    assert.equal(awayReport(input({ ...nothing, elsewhere: [dev] })), null);
    const [first, second] = awayLines(
      awayReport(input({ elsewhere: [dev] })) ?? assert.fail(),
      "UTC",
    );
    assert.match(first ?? "", /1 app ran in acme\/main/);
    assert.equal(second, "Elsewhere, now: 2 GPUs in dev (theo's).");
    const alone = awayReport(input({ ...nothing, elsewhere: [mine, dev] })) ?? assert.fail();
    assert.deepEqual(awayLines(alone, "UTC"), [
      "While no window was open (18:00 to 21:00, 3 h), nothing ran in acme/main.",
      "Elsewhere, now: 2 GPUs in labs (yours, theo's), 2 GPUs in dev (theo's).",
    ]);
  });

  it("measures the absence by Modal's clock, and tells it by this machine's", () => {
    const offsetMs = 10 * minute;
    const nowMs = toMs + offsetMs;
    const byModal = (some: Partial<ContainerSpan>) =>
      span({ firstSeenAtMs: fromMs, lastSeenAtMs: nowMs, ...some });
    const endedBefore = byModal({ finishedAtMs: fromMs + 5 * minute });
    assert.equal(awayReport(input({ offsetMs, nowMs, spans: [endedBefore] })), null);

    const scaledDown = byModal({ finishedAtMs: fromMs + hourMs + offsetMs });
    const report = awayReport(
      input({
        offsetMs,
        nowMs,
        spans: [scaledDown],
        receipts: [],
        listing: listing({ state: "deployed" }),
      }),
    );
    assert.equal(report?.apps[0]?.seen?.ranMs, hourMs);
    const lines = awayLines(report ?? assert.fail(), "UTC");
    assert.match(lines[0] ?? "", /18:00 to 21:00, 3 h\)/);
    assert.match(lines[1] ?? "", /ran for 1 h .*scaled down by itself at 19:00/);
  });

  it("names the time in which what ran is unknown, and says at least", () => {
    const gap = { fromMs, toMs: fromMs + 2 * hourMs, apps: ["flux", "wan2"] };
    const nothing = awayReport(input({ spans: [], unknownTimes: [gap] })) ?? assert.fail();
    const lines = awayLines(nothing, "UTC");
    assert.match(lines[0] ?? "", /it is not known what ran in acme\/main\.$/);
    assert.match(
      lines[1] ?? "",
      /^Not known: Fri 20 Nov 18:00 to Fri 20 Nov 20:00 \(not read: the logs of flux, wan2\)\./,
    );
    const some = awayReport(input({ unknownTimes: [gap] })) ?? assert.fail();
    assert.match(awayLines(some, "UTC")[0] ?? "", /1 app ran in acme\/main: at least \$1\.9\d\.$/);
  });

  it("is silent when nothing ran", () => {
    assert.equal(awayReport(input({ spans: [] })), null);
    const before = span({ finishedAtMs: fromMs - minute });
    assert.equal(awayReport(input({ spans: [before] })), null);
  });

  it("tells of a container that loaded and was never ready", () => {
    const hung = span({ startedAtMs: null, finishedAtMs: fromMs + 15 * minute });
    const [app] = awayReport(input({ spans: [hung] }))?.apps ?? [];
    assert.equal(app?.seen?.ranMs, 15 * minute);
    assert.equal(app?.basis, "estimated", "it may have waited for a machine all the time");
  });

  it("counts only the time away, and time that containers share once", () => {
    const twin = span({ containerId: "ta-2", startedAtMs: fromMs + 30 * minute });
    const report = awayReport(input({ spans: [span(), twin] }));
    assert.equal(report?.apps[0]?.seen?.ranMs, hourMs);
  });

  it("says what still runs, whatever a receipt claimed", () => {
    const running = listing({ state: "deployed", containerCount: 1 });
    const open = span({ finishedAtMs: null });
    const report = awayReport(input({ spans: [open], listing: running }));
    assert.deepEqual(report?.apps[0]?.ending, { kind: "still-running", containerCount: 1 });
    assert.equal(report?.stillRunning, true);
  });

  it("distinguishes a scale-down from a stop, and a stop by others from one of ours", () => {
    const deployed = listing({ state: "deployed" });
    const down = awayReport(input({ listing: deployed, receipts: [] }));
    assert.deepEqual(down?.apps[0]?.ending, { kind: "scaled-down", atMs: fromMs + hourMs });
    const other = awayReport(input({ receipts: [] }));
    assert.deepEqual(other?.apps[0]?.ending, { kind: "stopped-elsewhere" });
    const early = awayReport(input({ receipts: [receipt({ atMs: fromMs - 1 })] }));
    assert.deepEqual(early?.apps[0]?.ending, { kind: "stopped-elsewhere" });
  });

  it("claims nothing about the present without a listing", () => {
    const report = awayReport(input({ listing: null }));
    assert.deepEqual(report?.apps[0]?.ending, { kind: "not-checked" });
    assert.match(awayLines(report ?? assert.fail(), "UTC").join(), /could not be checked/);
  });

  it("says when a stop was confirmed only now", () => {
    const late = receipt({
      stopped: [],
      left: [{ appId: "ap-1", name: "flux", reason: "not verified" }],
      verified: "unverified",
    });
    const report = awayReport(input({ receipts: [late] }));
    assert.match(awayLines(report ?? assert.fail(), "UTC").join(), /19:00 \(confirmed only now\)/);
  });

  it("shows the bill where there is one", () => {
    const billed = [0, 1, 2].map((hour) =>
      sampleRow({
        objectId: "ap-1",
        description: "flux",
        intervalStartMs: fromMs + hour * hourMs,
        cost: usd(hour === 0 ? 2.03 : 0),
        fetchedAtMs: fromMs + (hour + 24) * hourMs,
      }),
    );
    const report = awayReport(input({ billed }));
    assert.deepEqual(
      [report?.basis, report?.cost],
      ["billed", { microUsd: 2030000, isFloor: false, whys: [] }],
    );
    assert.match(awayLines(report ?? assert.fail(), "UTC").join(), /\$2\.03 billed/);
  });

  it("has what Modal billed and nobody saw, whole, beside what was seen", () => {
    const billed = [-1, 0, 1, 2, 3].map((hour) =>
      sampleRow({
        objectId: "ap-9",
        description: "training",
        intervalStartMs: fromMs + hour * hourMs,
        cost: usd(1.5),
        fetchedAtMs: fromMs + (hour + 24) * hourMs,
      }),
    );
    const [, , middle] = billed;
    assert.ok(middle !== undefined);
    const volume = { ...middle, objectId: "vo-1", description: "weights", cost: usd(7) };
    const report = awayReport(
      input({
        billed: [...billed, volume],
        nowMs: toMs + 2 * hourMs,
      }),
    );
    assert.deepEqual(
      report?.apps.map(({ name, seen, basis, cost }) => [
        name,
        seen === null,
        basis,
        name === "flux" || cost,
      ]),
      [
        ["training", true, "billed", { microUsd: usd(4.5), isFloor: false, whys: [] }],
        ["flux", false, "metered", true],
      ],
      "three hours of the absence, not those before and after, and no volume",
    );
    assert.equal(report?.basis, "metered", "a sum is known no better than its weakest part");
    const lines = awayLines(report ?? assert.fail(), "UTC");
    assert.match(
      lines.join("\n"),
      /training was never seen running, but it is on the bill: \$4\.50 billed; stopped, but not from this editor\./,
    );
    const alone = awayReport(input({ spans: [], billed, nowMs: toMs + 2 * hourMs }));
    assert.deepEqual([alone?.apps.length, alone?.basis], [1, "billed"]);
  });

  it("calls it an estimate when nobody looked for long", () => {
    const unseen = span({
      finishedAtMs: null,
      lastSeenAtMs: fromMs,
      firstAbsentAtMs: toMs,
    });
    const report = awayReport(input({ spans: [unseen] }));
    assert.equal(report?.basis, "estimated");
    assert.match(
      awayLines(report ?? assert.fail(), "UTC")[0] ?? "",
      /estimated: it may be well off/,
    );
  });

  it("says unknown where the rate is unknown, and never $0", () => {
    const odd = span({ gpu: { type: "Z9000", count: 1 } });
    const report = awayReport(input({ spans: [odd] }));
    assert.equal(report?.cost.isFloor, true);
    const text = awayLines(report ?? assert.fail(), "UTC").join();
    assert.match(text, /at least \$0\.\d+ \(.*Z9000/);
  });

  it("says at least what its calls reported, where less was seen of its containers", () => {
    const dear = call({
      startedAtMs: fromMs + 10 * minute,
      endedAtMs: fromMs + 11 * minute,
      reportedMicroUsd: usd(4),
    });
    const report = awayReport(input({ calls: [dear] })) ?? assert.fail();
    assert.deepEqual([report.cost.microUsd, report.cost.isFloor], [usd(4), true]);
    const [first, second] = awayLines(report, "UTC");
    assert.match(first ?? "", /1 app ran in acme\/main: at least \$4\.00 \(Calls reported more/);
    assert.match(
      second ?? "",
      /^flux ran for 1 h \(L40S\): at least \$4\.00 \(Calls reported more.*\);/,
    );
  });

  it("adds up: the whole is the sum of its apps, and never longer than the absence", () => {
    const at = fc.integer({ min: -120, max: 240 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), at, at), { minLength: 1, maxLength: 10 }),
        (runs) => {
          const spans = runs.map(([app, a, b], index) =>
            span({
              containerId: `ta-${index}`,
              appId: `ap-${app}`,
              startedAtMs: fromMs + Math.min(a, b) * minute,
              finishedAtMs: fromMs + Math.max(a, b) * minute,
            }),
          );
          const report = awayReport(input({ spans }));
          if (report === null) return;
          const sum = report.apps.reduce((total, { cost }) => total + cost.microUsd, 0);
          assert.deepEqual([report.cost.microUsd, report.cost.isFloor], [sum, false]);
          for (const { seen } of report.apps)
            assert.ok(seen !== null && seen.ranMs > 0 && seen.ranMs <= toMs - fromMs);
        },
      ),
    );
  });
});

describe("awayRange", () => {
  const own = { windowId: "own", openedAtMs: toMs };
  const window = (windowId: string, closedAtMs: number | null, beatAtMs = 0): WindowRecord => ({
    windowId,
    pid: 1,
    openedAtMs: 0,
    beatAtMs,
    closedAtMs,
  });
  const isGone = ({ closedAtMs, beatAtMs }: WindowRecord): boolean =>
    closedAtMs !== null || beatAtMs < toMs - minute;

  it("begins when the last other window ended, closed or killed", () => {
    const closed = [window("a", fromMs), window("b", null, fromMs - minute), window("own", null)];
    assert.deepEqual(awayRange(closed, own, isGone), { fromMs, toMs });
    const killed = [window("a", fromMs - minute), window("b", null, fromMs)];
    assert.deepEqual(awayRange(killed, own, isGone), { fromMs, toMs });
  });

  it("is none while another window lives, at the first start, and after a reload", () => {
    assert.equal(awayRange([window("a", null, toMs)], own, isGone), null);
    assert.equal(awayRange([window("own", null, toMs)], own, isGone), null);
    assert.equal(awayRange([window("a", toMs - 5000)], own, isGone), null);
  });
});

describe("overnightOf", () => {
  const nowMs = Date.UTC(2026, 10, 21, 8);
  const ask = (spans: readonly ContainerSpan[], apps: Listing, offsetMs = 0) => {
    const priced = priceSpans(spans, rates, nowMs + offsetMs);
    return overnightOf(apps, new Set(["ap-1"]), { priced, offsetMs }, nowMs, "UTC");
  };

  it("counts the night from 20:00 to 06:00 and prices it", () => {
    const all = span({ finishedAtMs: null, lastSeenAtMs: nowMs });
    const overnight = ask([all], listing({ state: "deployed", containerCount: 1 }));
    assert.equal(overnight?.ranMs, 10 * hourMs);
    assert.ok(overnight?.cost.known);
    const { microUsd } = overnight.cost;
    assert.ok(microUsd > usd(19) && microUsd < usd(20));
  });

  it("is the night of this machine when its clock is not Modal's", () => {
    const offsetMs = -30 * minute;
    const finishedAtMs = Date.UTC(2026, 10, 20, 19, 45);
    const seen = { startedAtMs: fromMs, firstSeenAtMs: fromMs, lastSeenAtMs: finishedAtMs };
    const evening = span({ ...seen, enqueuedAtMs: fromMs, finishedAtMs });
    const gone = listing({ state: "deployed" });
    assert.equal(ask([evening], gone)?.ranMs, 0);
    assert.equal(ask([evening], gone, offsetMs)?.ranMs, 15 * minute);
    const deployed = listing({ state: "deployed", createdAtMs: Date.UTC(2026, 10, 20, 23, 45) });
    assert.equal(ask([], deployed)?.ranMs, 0);
    assert.equal(ask([], deployed, offsetMs), null);
  });

  it("is nothing that somebody has just started before six", () => {
    const earlyMs = Date.UTC(2026, 10, 21, 4, 30);
    const ask = (beganMs: number): number | undefined => {
      const seen = { startedAtMs: beganMs, firstSeenAtMs: beganMs, lastSeenAtMs: earlyMs };
      const one = span({ ...seen, enqueuedAtMs: beganMs, finishedAtMs: null });
      const reading = { priced: priceSpans([one], rates, earlyMs), offsetMs: 0 };
      const live = listing({ state: "deployed", containerCount: 1 });
      return overnightOf(live, new Set(["ap-1"]), reading, earlyMs, "UTC")?.ranMs;
    };
    assert.equal(ask(earlyMs - 5000), undefined);
    assert.equal(ask(earlyMs - 59 * minute), undefined);
    assert.equal(ask(earlyMs - 2 * hourMs), 2 * hourMs);
  });

  it("knows an app that was only left deployed, and one that is new", () => {
    assert.equal(ask([], listing({ state: "deployed" }))?.ranMs, 0);
    assert.equal(ask([], listing({ state: "deployed", createdAtMs: nowMs - minute })), null);
    assert.equal(ask([], listing({ state: "stopped" })), null);
  });
});
