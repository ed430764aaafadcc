import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyCall, type CallRecord } from "../../../src/cost/call.ts";
import { unknownTerms } from "../../../src/cost/terms.ts";
import type { RateHistory } from "../../../src/cost/rates/rates.ts";
import { recordedRates } from "../../../src/session/meter/recordedRates.ts";
import { LogLineAssembler } from "../../../src/cost/reported/logLineAssembler.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import type { SqliteLedger } from "../../../src/ledger/sqliteLedger.ts";
import type { Listing } from "../../../src/session/ledgerPort.ts";
import { noteTerms } from "../../../src/session/notedTerms.ts";
import { LoggedCalls } from "../../../src/session/logs/loggedCalls.ts";
import { CostReader, type CostReading } from "../../../src/session/meter/costReader.ts";
import { readingKeys } from "../../../src/session/meter/readingKey.ts";
import { Spending, type DaySpent } from "../../../src/session/meter/spending.ts";
import { appHints, type AppHint, type FileResources } from "../../../src/session/watch/appHints.ts";
import { Bookkeeper } from "../../../src/session/watch/bookkeeper.ts";
import { Look } from "../../../src/session/watch/look.ts";
import { ModalConnection } from "../../../src/session/watch/modalConnection.ts";
import { succeeded } from "../../../src/ui/calls/records.ts";
import { callsLogged, headersOf, linesOf } from "../../oracle/calls.ts";
import type { Instants, Watching } from "../../oracle/observed.ts";
import type { AppOfWorld, CallOfWorld, World } from "../../oracle/world.ts";
import { silentLog } from "../../unit/silentLog.ts";
import { modalOffsetMs, noteDate } from "../../../src/session/watch/modalTime.ts";
import { VirtualClock } from "../../unit/virtualClock.ts";
import { OracleModal, scopeOf, workspace } from "./modal.ts";
import { onTheWayMs, type Plan, type Step } from "./plan.ts";

/** One editor window: what it holds in memory is lost when it is closed. */
interface Window {
  readonly id: string;
  readonly ledger: SqliteLedger;
  readonly look: Look;
  readonly reader: CostReader;
  readonly spending: Spending;
  readonly logs: Map<string, LogReader>;
}

interface LogReader {
  readonly lines: LogLineAssembler;
  readonly calls: LoggedCalls;
  read: number;
}

function isAppKnown(app: AppOfWorld, call: CallOfWorld): boolean {
  return !app.logsCosts || !app.sendsHeaders || call.isAbsurd || call.startedMs % 5 !== 0;
}

/** Thousands of ledgers are opened: where the system has a folder in memory, they do not wait for a disk. */
const fastFolder = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** A machine with two windows on one ledger file, that lives through a plan. */
export class Machine implements Disposable {
  readonly #folder = mkdtempSync(join(fastFolder, "modal-meter-oracle-"));
  readonly #world: World;
  readonly #plan: Plan;
  readonly #clock: VirtualClock;
  readonly #windows: Window[] = [];
  readonly modal: OracleModal;
  /** What the windows have written down of each look, in order. */
  readonly listings: Listing[] = [];
  readonly answers: CallOfWorld[] = [];
  #opened = 0;

  private constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
    this.#clock = new VirtualClock(0);
    this.modal = new OracleModal(world, this.#clock, plan.clockOffsetMs);
  }

  static async started(world: World, plan: Plan): Promise<Machine> {
    const machine = new Machine(world, plan);
    machine.#windows.push(await machine.#open(), await machine.#open());
    return machine;
  }

  [Symbol.dispose](): void {
    for (const { ledger } of this.#windows) ledger.dispose();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  ledger(window: 0 | 1): SqliteLedger {
    return this.#window(window).ledger;
  }

  async live(): Promise<void> {
    for (const session of this.#world.sessions) this.#recordSession(session);
    for (const step of this.#plan.steps) await this.#take(step);
    for (const window of this.#windows)
      for (const { calls } of window.logs.values()) calls.settle();
    this.#clock.jump(this.#plan.askedMs - this.#clock.nowMs());
  }

  /** Writes looks that another machine took, in the given order, a window's turn each, opened anew in between. */
  async replay(
    listings: readonly Listing[],
    isRestarted: (index: number) => boolean,
  ): Promise<void> {
    for (const [index, listing] of listings.entries()) {
      const window = index % 2 === 0 ? 0 : 1;
      if (isRestarted(index)) await this.#restart(window);
      this.ledger(window).recordListing(listing);
    }
    const rest = this.#plan.steps.filter((step) => step.do !== "look");
    for (const session of this.#world.sessions) this.#recordSession(session);
    for (const step of rest) await this.#take(step);
    for (const window of this.#windows)
      for (const { calls } of window.logs.values()) calls.settle();
    this.#clock.jump(this.#plan.askedMs - this.#clock.nowMs());
  }

  /** Takes over what the other machine's looks have shown of Modal's clock: listings alone do not tell when they were answered. */
  learnClock(from: Machine): void {
    for (const scope of new Set(from.listings.map((listing) => listing.scope))) {
      const offsetMs = modalOffsetMs(from.ledger(0), scope, this.#plan.askedMs);
      noteDate(this.ledger(0), scope, offsetMs, { era: 0, observedAtMs: this.#plan.askedMs });
    }
  }

  /** What the product answers from, in one of the windows. */
  reading(window: 0 | 1, environment: string, { from, to }: Instants): CostReading {
    const { reader, ledger } = this.#window(window);
    const scope = scopeOf(environment);
    return reader.read({ scope, fromMs: from, nowMs: to, rates: this.#rates(ledger, scope) });
  }

  /** What the workspace has spent per day, as the window has kept it. */
  days(window: 0 | 1, fromMs: number): readonly DaySpent[] {
    return this.#window(window).spending.days(workspace, fromMs);
  }

  #rates(ledger: SqliteLedger, scope: string): RateHistory {
    return recordedRates(ledger, scope, {}, this.#clock.nowMs());
  }

  watching(): Watching {
    const { looks, infos } = this.modal;
    const logged = this.#plan.steps.flatMap((step) =>
      step.do === "readLog" ? [this.#written(step)] : [],
    );
    const lines = [...new Set(logged.flat())];
    const { filesOf, askedMs } = this.#plan;
    return { looks, infos, lines, answers: this.answers, filesOf, nowMs: askedMs };
  }

  async #open(): Promise<Window> {
    const { ledger } = await openLedger(join(this.#folder, "ledger.db"), { log: silentLog });
    const recording = {
      latestListing: (scope: string) => ledger.latestListing(scope),
      remember: ledger.remember.bind(ledger),
      recall: ledger.recall.bind(ledger),
      recordListing: (listing: Listing) => {
        this.listings.push(listing);
        ledger.recordListing(listing);
      },
    };
    this.#noteTerms(ledger);
    const look = new Look({
      ledger: recording,
      clock: this.#clock,
      appHint: this.#hint(),
    });
    const known = { appHint: this.#hint() };
    const reader = new CostReader(ledger, known);
    const rates = (scope: string): RateHistory => this.#rates(ledger, scope);
    const spending = new Spending({
      ledger,
      clock: this.#clock,
      timeZone: this.#world.zone,
      read: (scope, fromMs, nowMs) => reader.read({ scope, fromMs, nowMs, rates: rates(scope) }),
      keys: (scope) =>
        readingKeys({
          ledger,
          appKnowledge: known,
          ratesKey: rates(scope).key,
          scope,
          nowMs: this.#clock.nowMs(),
        }),
      unknownTimes: () => [],
      mine: () =>
        new Set(this.#world.apps.flatMap(({ id, startedBy }) => (startedBy === "me" ? [id] : []))),
    });
    const id = `window-${(this.#opened += 1)}`;
    return { id, ledger, look, reader, spending, logs: new Map() };
  }

  /** As Modal tells them of each function; nothing uses more than it asks for. */
  #noteTerms(ledger: SqliteLedger): void {
    for (const { id: appId, environment, functions } of this.#world.apps) {
      const told = functions.map(({ name, hardware: { regionPercent } }) => ({
        functionId: `fu-${name}`,
        terms: {
          ...unknownTerms,
          diskGib: 0,
          region: regionPercent === 100 ? "any" : regionPercent === 115 ? "broad" : "narrow",
          nonPreemptible: false,
          isSandbox: false,
        } as const,
      }));
      noteTerms(ledger, { scope: scopeOf(environment), appId }, { functions: told });
    }
  }

  #hint(): AppHint {
    return appHints({ inFile: (appName) => this.#inFile(appName), inSettings: () => undefined });
  }

  #window(index: 0 | 1): Window {
    const window = this.#windows[index];
    if (window === undefined) throw new Error("the machine has not started");
    return window;
  }

  async #restart(index: 0 | 1): Promise<void> {
    this.ledger(index).dispose();
    this.#windows[index] = await this.#open();
  }

  async #take(step: Step): Promise<void> {
    const atMs = step.atMs + this.#plan.clockOffsetMs;
    this.#clock.jump(Math.max(0, atMs - this.#clock.nowMs()));
    const window = this.#window(step.window);
    switch (step.do) {
      case "look": {
        const { environment, fails } = step;
        const control = this.modal.control(environment, this.#plan.adapters[step.window], fails);
        const look = window.look.take({ control, scopeKey: scopeOf(environment) });
        if (fails === "apps" || fails === "containers") await assert.rejects(look);
        else await look;
        return;
      }
      case "ask":
        this.days(step.window, this.#world.fromMs - 86_400_000);
        return;
      case "restart":
        return this.#restart(step.window);
      case "keepBooks":
        for (const environment of this.environments()) await this.#keepBooks(window, environment);
        return;
      case "beginCall":
        window.ledger.upsertCall(this.#running(step.call));
        return;
      case "endCall":
        this.answers.push(step.call);
        window.ledger.upsertCall(this.#ended(step.call, step.window));
        return;
      default:
        this.#readLog(window, step);
    }
  }

  environments(): readonly string[] {
    const { apps, billing } = this.#world;
    return [...new Set([...apps, ...billing.storage].map(({ environment }) => environment))];
  }

  /** Asks for prices and the bill, if it is this window's turn. */
  async #keepBooks({ id, ledger }: Window, environment: string): Promise<void> {
    const control = this.modal.control(environment, "sdk");
    const keeper = new Bookkeeper({
      connection: new ModalConnection(() => Promise.resolve(control), silentLog),
      ledger,
      clock: this.#clock,
      log: silentLog,
      holder: id,
      pid: 1,
      onBill: () => undefined,
      onPrices: () => undefined,
      onBillDenied: () => undefined,
    });
    const round = { isOver: false };
    const over = keeper.round().finally(() => {
      round.isOver = true;
    });
    // It waits between the pages of a long bill.
    while (!round.isOver) await this.#clock.advance(1000);
    await over;
    keeper.dispose();
  }

  #recordSession(session: World["sessions"][number]): void {
    const [app] = this.#world.apps.filter(({ id }) => session.appIds.includes(id));
    this.ledger(0).upsertSession({
      sessionId: session.id,
      scope: scopeOf(app?.environment ?? ""),
      folder: "/project",
      username: "me",
      mode: "dev",
      scaledownSeconds: 120,
      startedAtMs: session.fromMs,
      endedAtMs: session.toMs,
      end: "stopped",
      expiresAtMs: null,
      apps: app === undefined ? [] : [{ appId: app.id, appName: app.name, file: "", urls: [] }],
    });
  }

  #app(appId: string): AppOfWorld {
    const app = this.#world.apps.find(({ id }) => id === appId);
    if (app === undefined) throw new Error(`no app ${appId}`);
    return app;
  }

  #running(call: CallOfWorld): CallRecord {
    const app = this.#app(call.appId);
    return {
      ...emptyCall({
        callId: `call-${this.#world.calls.indexOf(call)}`,
        scope: scopeOf(app.environment),
        source: "editor",
        startedAtMs: call.startedMs - onTheWayMs + this.#plan.clockOffsetMs,
        status: "running",
      }),
      // Of an address in the settings nobody knows the app; its log line tells.
      ...(isAppKnown(app, call) ? { appId: app.id, appName: app.name } : {}),
      endpoint: "flux",
    };
  }

  #ended(call: CallOfWorld, window: 0 | 1): CallRecord {
    const app = this.#app(call.appId);
    const running = this.#running(call);
    const answeredMs = call.finishedMs + onTheWayMs;
    const endedAtMs = answeredMs + this.#plan.clockOffsetMs;
    const date = new Date(answeredMs).toUTCString();
    const outcome = {
      callId: running.callId,
      status: 200,
      headers: { ...headersOf(app, call), ...(this.#plan.isOffsetTold ? { date } : {}) },
      resultPath: null,
      extractedPaths: [],
      bytes: 0,
      mediaType: "image/png",
      remarks: [],
      startedAtMs: running.startedAtMs,
      answeredAtMs: endedAtMs,
      endedAtMs,
    };
    const { now } = this.#rates(this.ledger(window), running.scope);
    return succeeded(running, outcome, { containerGpu: null, rates: now }).call;
  }

  /** What has been written into the app's log since this window last read it, cut wherever it is. */
  #readLog(window: Window, { appId, atMs }: Extract<Step, { do: "readLog" }>): void {
    const app = this.#app(appId);
    const scope = scopeOf(app.environment);
    const known = window.logs.get(appId) ?? {
      lines: new LogLineAssembler(appId),
      calls: new LoggedCalls(
        { scope, appId, appName: app.name },
        {
          ledger: window.ledger,
          clock: this.#clock,
          log: silentLog,
          rates: () => this.#rates(window.ledger, scope).now,
          onCall: () => undefined,
        },
      ),
      read: 0,
    };
    window.logs.set(appId, known);
    const written = this.#written({ appId, atMs });
    for (const call of written.slice(known.read)) {
      const text = linesOf(call);
      const cut = call.startedMs % text.length;
      const piece = {
        containerId: call.containerId,
        functionCallId: null,
        atMs: call.finishedMs,
        entryId: null,
      };
      for (const part of [text.slice(0, cut), text.slice(cut)])
        known.calls.add(known.lines.add({ ...piece, text: part }));
    }
    known.read = written.length;
    known.calls.settle();
  }

  #written({ appId, atMs }: { readonly appId: string; readonly atMs: number }): CallOfWorld[] {
    return callsLogged(this.#world, this.#app(appId)).filter((call) => call.finishedMs <= atMs);
  }

  #inFile(appName: string): FileResources | undefined {
    const app = this.#world.apps.find(({ name }) => name === appName);
    if (app === undefined || !this.#plan.filesOf.has(app.id)) return undefined;
    const all = app.functions.map(({ hardware }) => hardware);
    const same = <T>(of: (hardware: (typeof all)[number]) => T): T | undefined => {
      const values = new Set(all.map(of));
      return values.size === 1 ? [...values][0] : undefined;
    };
    return {
      gpu: same(({ gpu }) => (gpu === undefined ? null : `${gpu.name}:${gpu.count}`)),
      cpuCores: same(({ milliCpu }) => milliCpu / 1000),
      memoryGib: same(({ memoryMib }) => memoryMib / 1024),
    };
  }
}
