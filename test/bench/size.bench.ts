import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildMoney } from "../../src/app/money.ts";
import { buildWatching, type Watching } from "../../src/app/watching.ts";
import type { Money } from "../../src/app/money.ts";
import { DisposableStore } from "../../src/base/disposable.ts";
import { usd } from "../../src/cost/money.ts";
import { rateHistory } from "../../src/cost/rates/rates.ts";
import { costPer, costPerApp } from "../../src/cost/spending/report.ts";
import { openLedger, type OpenedLedger } from "../../src/ledger/openLedger.ts";
import { Look } from "../../src/session/watch/look.ts";
import { controlThatOnly } from "../unit/session/controlThatOnly.ts";
import { silentLog } from "../unit/silentLog.ts";
import { VirtualClock } from "../unit/virtualClock.ts";
import { workedMs } from "../awakeMs.ts";
import { median, type Figure } from "./figure.ts";
import {
  callOf,
  fillSizedLedger,
  sizedNowMs,
  sizedScope,
  toldContainers,
  type Size,
} from "./size/sizedLedger.ts";

const size: Size = { apps: 1_000, containers: 3, callsPerDay: 10_000, days: 14 };
const runs = 7;
const dayMs = 86_400_000;
const recentDays = 7;

/**
 * What a window's thread works at a size that hardly anybody has: 1,000 apps with three containers
 * each, 10,000 calls a day, two weeks of it. In milliseconds of the thread's own time, so that a busy
 * machine changes nothing. The peer is the same window with nothing kept: each question is answered
 * from the file anew, as all were before.
 */
export async function bench(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "modal-meter-size-"));
  try {
    const file = join(folder, "filled.db");
    await fillSizedLedger(file, size);
    return await measure(folder, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, file: string): Promise<readonly Figure[]> {
  const path = join(folder, "ledger.db");
  copyFileSync(file, path);
  const window = await SizedWindow.open(path);
  const other = await openLedger(path);
  const before = async (work: (fresh: SizedWindow) => void): Promise<number> => {
    const fresh = await SizedWindow.open(path);
    const ms = workOf(() => work(fresh));
    fresh.dispose();
    return ms;
  };
  const states = { nothing: [], beat: [], call: [], look: [], peer: [] } as Timed<
    "nothing" | "beat" | "call" | "look" | "peer"
  >;
  const pages = { again: [], call: [], peer: [] } as Timed<"again" | "call" | "peer">;
  const looks: number[] = [];
  window.state();
  window.page();
  for (let run = 0; run < runs; run += 1) {
    states.nothing.push(workOf(() => window.state()));
    const beat = { windowId: "other", pid: 1, openedAtMs: 1, beatAtMs: run, closedAtMs: null };
    other.ledger.beatWindow(beat);
    states.beat.push(workOf(() => window.state()));
    other.ledger.upsertCall(callOf(size, 0, size.callsPerDay + run, sizedNowMs - 10_000));
    states.call.push(workOf(() => window.state()));
    pages.call.push(workOf(() => window.page()));
    pages.again.push(workOf(() => window.page()));
    looks.push(await window.look());
    states.look.push(workOf(() => window.state()));
    states.peer.push(await before((fresh) => fresh.state()));
  }
  pages.peer.push(await before((fresh) => fresh.page()));
  window.dispose();
  other.ledger.dispose();
  const state = (what: string, ours: readonly number[]): Figure =>
    figure(`state at size, ${what}`, ours, states.peer, "at most 16 ms");
  return [
    state("nothing written", states.nothing),
    state("after a heartbeat", states.beat),
    state("after a call", states.call),
    state("after a look", states.look),
    figure("spending page at size, again", pages.again, pages.peer, "at most 150 ms"),
    figure("spending page at size, after a call", pages.call, pages.peer, "at most 150 ms"),
    figure("look at size", looks, states.peer, "at most 50 ms"),
  ];
}

type Timed<Name extends string> = Record<Name, number[]>;

function figure(
  name: string,
  ours: readonly number[],
  peer: readonly number[],
  goal: string,
): Figure {
  const [our, theirs] = [median(ours), median(peer)];
  return { name, ours: our, peer: theirs, ratio: theirs / our, unit: "ms CPU", goal, runs };
}

function workOf(work: () => void): number {
  const fromMs = workedMs();
  work();
  return workedMs() - fromMs;
}

/** What a window has to answer its views from. */
class SizedWindow {
  readonly #store = new DisposableStore();
  readonly #ledger: OpenedLedger["ledger"];
  readonly #clock = new VirtualClock(sizedNowMs);
  readonly #watching: Watching;
  readonly #money: Money;
  readonly #look: Look;

  private constructor(ledger: OpenedLedger["ledger"]) {
    this.#ledger = this.#store.add(ledger);
    const window = {
      ledger,
      clock: this.#clock,
      log: silentLog,
      windowId: "window",
      pid: process.pid,
      timeZone: "UTC",
    };
    const rates = rateHistory([]);
    this.#watching = buildWatching(this.#store, {
      ...window,
      random: () => 0.5,
      control: () => Promise.resolve(sizedControl),
      project: {
        currentFolder: () => "/project",
        factsInFile: () => undefined,
        gpuSetting: () => undefined,
      },
      rates: () => rates,
      settingProblems: () => [],
    });
    this.#money = buildMoney(this.#store, {
      ...window,
      ...this.#watching,
      mutesLimits: () => false,
      budgets: () => [{ unit: "month", limit: usd(1_000_000) }],
      onExceeded: () => undefined,
      onBill: () => undefined,
      onPrices: () => undefined,
      onBillDenied: () => undefined,
    });
    this.#look = new Look({ ledger, clock: this.#clock, appHint: this.#watching.appHint });
  }

  static async open(path: string): Promise<SizedWindow> {
    const { ledger } = await openLedger(path);
    const window = new SizedWindow(ledger);
    await window.#watching.connection.open();
    return window;
  }

  state(): void {
    const { apps, today } = this.#watching.meter.state();
    if (apps.length !== size.apps || today.metered === null)
      throw new Error(`${apps.length} apps.`);
  }

  /** What the page of spending reads (src/ui/commands/spending.ts). */
  page(): void {
    const { spending, budgets } = this.#money;
    const [shownMs, toMs] = [sizedNowMs - size.days * dayMs, sizedNowMs];
    const days = spending.days("acme", shownMs);
    const fromMs = days.at(-recentDays)?.day.fromMs ?? shownMs;
    const reading = this.#watching.meter.costsSince(sizedScope, days[0]?.day.fromMs ?? fromMs);
    const question = { ...reading, fromMs, toMs };
    budgets.standings("acme");
    spending.parts("acme", shownMs, recentDays);
    this.#ledger.summary({ scope: sizedScope, fromMs, toMs, timeZone: "UTC" });
    const apps = costPerApp(question);
    for (const by of ["endpoint", "model", "user"] as const) costPer(by, question);
    if (days.length !== size.days + 1 || apps.length !== size.apps)
      throw new Error("The page is not whole.");
  }

  /** Its work but for the record, which is the writing thread's. */
  async look(): Promise<number> {
    await this.#clock.advance(1_000);
    const fromMs = workedMs();
    await this.#look.take({ control: sizedControl, scopeKey: sizedScope });
    return workedMs() - fromMs;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

const sizedControl = controlThatOnly({
  whoami: () =>
    Promise.resolve({ scope: { workspace: "acme", environment: "main" }, username: "you" }),
  ...toldContainers(size),
});
