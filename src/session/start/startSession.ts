import { appWindow, inWindow, type AppForce } from "../appWindow.ts";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { throwIfCancelled } from "../../base/abort.ts";
import { asFailure } from "../concurrent.ts";
import { likelyName, type Deployer, type Deployment, type ServeHandle } from "../deployer.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { LiveApp } from "../liveApp.ts";
import { deployVariables } from "../mode.ts";
import { modalStateOf, type ModalState } from "./modalState.ts";
import type { Probe } from "../probe.ts";
import { readOr } from "../mode/byAutoscaler.ts";
import type { PutParts } from "../mode/putInForce.ts";
import { takeOver } from "./takeOver.ts";
import { scopeKey } from "../scope.ts";
import { windowsToCome } from "../windows/fileWindow.ts";
import { windowNow } from "../windows/windowNow.ts";
import type { SessionApp } from "../session.ts";
import {
  windowToCome,
  type StartOptions,
  type StartOutcome,
  type StartRequest,
  type StartStep,
  type StartTarget,
} from "./start.ts";
import { checkRunning, freshListing, refuseElsewhere } from "./check.ts";
import { findDeployed } from "./find.ts";
import { checkHealth, warmUpAddress, type StartedApp } from "./health.ts";
import { StartedSession } from "./startedSession.ts";
import { undoStart, type UndoResult } from "./undo.ts";
import type { StopParts } from "../stop/stopApps.ts";
import { warmUpEach } from "./warmUpEach.ts";

export interface StartParts extends StopParts {
  readonly control: StopParts["control"] & PutParts["control"];
  readonly deployer: Deployer;
  readonly probe: Probe;
  readonly ledger: StopParts["ledger"] & Pick<Ledger, "openSession" | "remember" | "recall">;
  /** Modes whose apps are production (`confirm`). */
  readonly productionModes: readonly string[];
}

/**
 * Starts a session, step by step: check → deploy → find → health → warm-up. The session is in the
 * ledger before the first step that could cost money, so that a crash can resume it. Never rejects
 * for an expected failure: the outcome says which step failed and what runs on Modal now.
 */
export async function startSession(
  parts: StartParts,
  request: StartRequest,
  options: StartOptions,
): Promise<StartOutcome> {
  if (request.mode.confirm && !(await options.ask.confirmMode(request.mode)))
    return { kind: "declined" };
  return new Start(parts, request).run("check", options);
}

/** One start, and what it knows so far; a retry goes on with the same one. */
class Start {
  readonly #parts: StartParts;
  readonly #request: StartRequest;
  readonly #scope: string;
  readonly #createdIds = new Set<string>();
  readonly #serves: ServeHandle[] = [];
  readonly #started: StartedApp[] = [];
  readonly #notes: string[] = [];
  readonly #session: StartedSession;
  #use: readonly LiveApp[] = [];
  /** The deploy in progress, and whether it may have reached Modal without our knowing. */
  #mayLand = false;
  readonly #warm = new Set<string>();

  constructor(parts: StartParts, request: StartRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#scope = scopeKey(request.scope);
    this.#session = new StartedSession(parts, request);
  }

  async run(from: StartStep, options: StartOptions): Promise<StartOutcome> {
    const reached: { step: StartStep } = { step: from };
    const step = async (name: StartStep, work: () => Promise<void>): Promise<void> => {
      throwIfCancelled(options.signal);
      reached.step = name;
      options.onEvent({ kind: "step", step: name, state: "begun" });
      await work();
      throwIfCancelled(options.signal);
      options.onEvent({ kind: "step", step: name, state: "done" });
    };
    const note = (text: string): void => {
      this.#notes.push(text);
      options.onEvent({ kind: "note", text });
    };
    try {
      if (from === "check") {
        const found: { declined: boolean } = { declined: false };
        await step("check", async () => {
          found.declined = !(await this.#check(options));
        });
        if (found.declined) return { kind: "declined" };
      }
      for (const wanted of this.#request.targets.slice(this.#started.length)) {
        const used = this.#use.find(({ name }) => name === likelyName(wanted.target));
        // What goes wrong there is asked again: another choice may do.
        if (used !== undefined) reached.step = "check";
        if (used !== undefined) await this.#takeOver(wanted, used, options, note);
        else await this.#launch(wanted, options, { step, note, reached });
      }
      await step("health", () => checkHealth(this.#parts, this.#started, options, note));
      if (this.#request.mode.warmUp) await step("warm-up", () => this.#warmUp(options, note));
      else options.onEvent({ kind: "skipped", step: "warm-up", why: t("not part of this mode") });
      return this.#ready();
    } catch (error) {
      if (options.signal?.aborted === true) return this.#cancelled(reached.step);
      if (!(error instanceof Failure))
        this.#parts.log.error(`The start failed unexpectedly at "${reached.step}".`, error);
      return this.#failed(reached.step, asFailure(error));
    }
  }

  async #check(options: StartOptions): Promise<boolean> {
    const { clock, productionModes } = this.#parts;
    const { targets } = this.#request;
    refuseElsewhere(this.#request);
    const result = await checkRunning(this.#parts, this.#request, productionModes, options);
    if (result.kind === "declined") return false;
    this.#use = result.use;
    this.#session.inForce = this.#request.mode;
    this.#session.record = {
      beforeIds: result.before.map(({ appId }) => appId),
      targets: targets.flatMap(({ target }) => {
        const name = likelyName(target);
        return name === null ? [] : [{ name, file: target.file }];
      }),
      unnamed: targets.some(({ target }) => likelyName(target) === null),
      startedAtMs: clock.nowMs(),
    };
    return true;
  }

  /** Deploys (or serves) one target and finds its app. */
  async #launch(
    wanted: StartTarget,
    options: StartOptions,
    { step, note, reached }: StartSteps,
  ): Promise<void> {
    const launched: { deployment: Deployment | undefined } = { deployment: undefined };
    await step("deploy", async () => {
      this.#session.open();
      const { mode, how } = this.#request;
      const deployOptions = {
        variables: deployVariables(mode),
        onLine: (text: string): void => options.onEvent({ kind: "line", text }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      };
      this.#mayLand = true;
      if (how === "serve") {
        const serve = await this.#parts.deployer.serve(wanted.target, deployOptions);
        this.#serves.push(serve);
        this.#createdIds.add(serve.appId);
        this.#addApp(
          wanted,
          serve.appId,
          likelyName(wanted.target) ?? wanted.target.file,
          serve.urls,
          { windowSeconds: windowToCome(wanted, this.#request.mode) },
        );
      } else {
        launched.deployment = await this.#parts.deployer.deploy(wanted.target, deployOptions);
      }
    });
    const { deployment } = launched;
    if (deployment !== undefined)
      await step("find", () => this.#find(wanted, deployment, options, note));
    this.#mayLand = false;
    reached.step = "health";
  }

  async #find(
    wanted: StartTarget,
    deployment: Deployment,
    options: StartOptions,
    note: (text: string) => void,
  ): Promise<void> {
    const { signal } = options;
    const [{ mode }, { target }] = [this.#request, wanted];
    const before = new Set(this.#session.record?.beforeIds);
    const { appId, name } = await findDeployed(this.#parts, target, deployment, before, signal);
    if (!before.has(appId)) this.#createdIds.add(appId);
    // Before it is asked what is in force: from now on it is known what was started.
    const windowSeconds = windowToCome(wanted, mode);
    this.#addApp(wanted, appId, name, deployment.urls, { windowSeconds });
    const { file } = target;
    const app = { scope: this.#scope, appId, name, file, deployed: windowsToCome(wanted) };
    const parts = { ...this.#parts, askWindow: options.ask.fixedWindow };
    const { force, notes } = await readOr(parts, app, mode, { windowSeconds, signal });
    this.#note(appId, force);
    for (const text of notes) note(text);
  }

  /** Makes a running deployment this session's, in this session's mode, without a deploy. */
  async #takeOver(
    wanted: StartTarget,
    app: LiveApp,
    options: StartOptions,
    note: (text: string) => void,
  ): Promise<void> {
    throwIfCancelled(options.signal);
    options.onEvent({ kind: "skipped", step: "deploy", why: t("{0} already runs", app.name) });
    const parts = { ...this.#parts, askWindow: options.ask.fixedWindow };
    const place = { scope: this.#scope, file: wanted.target.file };
    const taken = await takeOver(parts, { ...place, ...app }, this.#request.mode, options.signal);
    if (taken.staysIn !== null) this.#session.stayIn(taken.staysIn);
    // Only a deploy tells addresses, so those of its last one here are kept.
    const earlier = this.#parts.ledger
      .sessions({ scope: this.#scope })
      .flatMap(({ apps }) => apps)
      .find(({ appId, urls }) => appId === app.appId && urls.length > 0);
    this.#session.open();
    this.#addApp(wanted, app.appId, app.name, earlier?.urls ?? [], taken.force);
    for (const text of taken.notes) note(text);
    note(t("{0} keeps the code and the variables of its last deploy.", app.name));
  }

  #warmUp(options: StartOptions, note: (text: string) => void): Promise<void> {
    return warmUpEach(this.#parts, this.#started, options, {
      scope: this.#scope,
      warm: this.#warm,
      windowInForce: (appId) => this.#windowInForce(appId),
      note,
    });
  }

  #ready(): StartOutcome {
    const session = this.#session.begin();
    const cold = this.#request.mode.warmUp
      ? this.#started.filter(({ app }) => !this.#warm.has(app.appId))
      : [];
    const canWarmUp = cold.some(({ wanted, app }) => warmUpAddress(wanted, app) !== null);
    return {
      kind: "ready",
      session,
      notes: this.#notes,
      serves: this.#serves,
      cold: cold.map(({ app }) => app.appName),
      warmUp: canWarmUp ? (options) => this.run("warm-up", options) : null,
    };
  }

  async #failed(step: StartStep, failure: Failure): Promise<StartOutcome> {
    const from = step === "find" ? "deploy" : step;
    const state = await this.#state();
    this.#session.closeEmpty(state);
    return {
      kind: "failed",
      step,
      failure,
      state,
      notes: this.#notes,
      canUndo: this.#session.current !== null,
      retry: (options) => this.run(from, options),
      undo: () => this.#undo(),
    };
  }

  async #cancelled(step: StartStep): Promise<StartOutcome> {
    const undone = await this.#undo();
    return { kind: "cancelled", step, undone, state: await this.#state() };
  }

  async #undo(): Promise<UndoResult> {
    const { current, record } = this.#session;
    // Before the session is open nothing has been started.
    if (current === null || record === undefined) return { receipts: [], left: [], verified: true };
    return undoStart(this.#parts, {
      session: current,
      scope: this.#scope,
      username: this.#request.username,
      record,
      createdIds: this.#createdIds,
      serves: this.#serves,
      mayLand: this.#mayLand,
    });
  }

  async #state(): Promise<ModalState> {
    const names = new Set(this.#session.record?.targets.map(({ name }) => name));
    const ids = new Set(this.#started.map(({ app }) => app.appId));
    const isOfStart = ({ appId, name }: LiveApp): boolean => ids.has(appId) || names.has(name);
    try {
      const listing = await freshListing(this.#parts, undefined);
      return modalStateOf(listing, isOfStart, (app) => this.#scaledownOf(app));
    } catch (error) {
      this.#parts.log.warn(`No look at what runs: ${asFailure(error).message}`);
      return modalStateOf(undefined, isOfStart, () => null);
    }
  }

  /** What this start has put into force, else what an earlier one has: a failed deploy changes nothing. */
  #scaledownOf({ appId }: LiveApp): number | null {
    if (this.#started.some(({ app }) => app.appId === appId)) return this.#windowInForce(appId);
    return windowNow(this.#parts.ledger, { scope: this.#scope, appId });
  }

  #windowInForce(appId: string): number | null {
    return this.#session.current === null ? null : appWindow(this.#session.current, appId);
  }

  #addApp(
    wanted: StartTarget,
    appId: string,
    appName: string,
    urls: SessionApp["urls"],
    force: AppForce,
  ): void {
    const { file } = wanted.target;
    const { scaledownSeconds } = this.#session.inForce;
    const app = inWindow({ appId, appName, file, urls }, force, scaledownSeconds);
    this.#started.push({ wanted, app });
    this.#session.add(app);
  }

  /** What an app that was added was found to have in force. */
  #note(appId: string, force: AppForce): void {
    const { scaledownSeconds } = this.#session.inForce;
    for (const [at, { wanted, app }] of this.#started.entries()) {
      if (app.appId !== appId) continue;
      const noted = inWindow(app, force, scaledownSeconds);
      this.#started[at] = { wanted, app: noted };
      this.#session.replace(noted);
    }
  }
}

/** What the steps of a start go through. */
interface StartSteps {
  readonly step: (name: StartStep, work: () => Promise<void>) => Promise<void>;
  readonly note: (text: string) => void;
  readonly reached: { step: StartStep };
}
