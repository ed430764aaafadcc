import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";
import { Failure, failureOf } from "../../base/failure.ts";
import { emptyCall, type CallRecord } from "../../cost/call.ts";
import { callEndpoint, resumeCall } from "../../endpoints/call/call.ts";
import type { CallLimits, CallOptions, CallOutcome } from "../../endpoints/callTypes.ts";
import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { shownParameters } from "../../endpoints/call/fileField.ts";
import { functionCallIdOf } from "../../endpoints/call/identity.ts";
import { buildRequest, type BuiltRequest } from "../../endpoints/call/requestBody.ts";
import type { Provenance } from "../../endpoints/result/sidecar.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import { askedIn, sentInput, type Asked } from "./asked.ts";
import { emptyInput, parseCallInput, withFiles, type CallInput } from "./input.ts";
import { callHeldForMs, holdCall, letGoOfCall, takeCall } from "./lease.ts";
import { endpointNamed, endpointsOf, planCall, resultsFolder, type Prepared } from "./plan.ts";
import { CallTicker } from "./progress.ts";
import { keepProvenance } from "./provenance.ts";
import { callLines, failed, failedLines, succeeded } from "./records.ts";
import { CallTurns } from "./turns.ts";
import { showFailure } from "../failures.ts";
import { inNotification } from "../progress.ts";
import type { Services } from "../services.ts";
import { knownTiersText } from "../../cost/knownTiersText.ts";
import { sayWarning } from "../say.ts";
import { runCommand } from "../command.ts";

/** How often it is tried to read which calls were left, where the ledger cannot be read at the start. */
const resumeAgainMs = 10_000;

/** A call that is under way. */
interface Followed {
  readonly prepared: Prepared;
  readonly call: CallRecord;
  readonly asked: Asked;
  /** Has the call's lease. */
  readonly holder: string;
  /** Given back when the call is over. */
  readonly place: Disposable;
  readonly limits: Partial<CallLimits>;
}

/** Calls to endpoints: run, recorded, shown; resumed after a reload or a crash. */
export class Calls implements Disposable {
  readonly #services: Services;
  readonly #store = new DisposableStore();
  readonly #saved = this.#store.add(new Emitter<string>());
  /** Folder for results when no workspace folder is open. */
  readonly #fallbackFolder: string;
  readonly #turns: CallTurns;
  #resumeTimer: Disposable | undefined;

  /** The path of each result of this window, when its provenance lies beside it. */
  readonly onResult = this.#saved.on;

  constructor(services: Services, fallbackFolder: string) {
    this.#services = services;
    this.#fallbackFolder = fallbackFolder;
    this.#turns = this.#store.add(new CallTurns(services));
  }

  /** Sends the calls away that wait for their turn, because the apps behind them are being stopped. */
  dropQueued(): void {
    this.#turns.drop(t("Removed from the queue because the apps were stopped. Nothing was sent."));
  }

  /** Built-in endpoints and the user's own. Throws `Failure("bad-setting")`. */
  endpoints(): readonly Endpoint[] {
    return endpointsOf(this.#services);
  }

  /** Throws `Failure("not-found")` or `Failure("bad-setting")`. */
  endpoint(name: string): Endpoint {
    return endpointNamed(this.#services, name);
  }

  /** Where a call would go now and what it belongs to. Rejects with a `Failure` when no address is known. */
  async plan(endpoint: Endpoint): Promise<Prepared> {
    const { connection, log } = this.#services;
    // Whose session it is must be known before the call, so that its cost is not lost.
    await connection.open().catch((error: unknown) => {
      log.warn(`The call goes on without a session: ${String(error)}`);
    });
    return planCall(this.#services, endpoint);
  }

  /**
   * Runs one call to its end and shows it; waits for its turn before that. An expected failure of
   * the call is shown; rejects with a `Failure` when it cannot be sent at all.
   */
  async run(planned: Prepared, input: CallInput): Promise<void> {
    const { endpoint } = planned;
    const { values, shownFiles } = await withFiles(endpoint, input);
    // Says what is wrong with the input and the settings before anything waits.
    buildRequest(endpoint, planned.url, values, Math.random);
    this.#limits();
    const turn = await this.#turns.next(endpoint);
    if (turn === undefined) return;
    try {
      // The session may have changed while it waited, and the address with it.
      const prepared = turn.hadToWait ? await this.plan(endpoint) : planned;
      const request = buildRequest(endpoint, prepared.url, values, Math.random);
      const parameters = shownParameters(endpoint, request.sent, shownFiles);
      await this.#send(prepared, sentInput(input, request), request, parameters, turn.place);
    } finally {
      turn.place.dispose();
    }
  }

  async #send(
    prepared: Prepared,
    sent: CallInput,
    request: BuiltRequest,
    parameters: Asked["parameters"],
    place: Disposable,
  ): Promise<void> {
    const { endpoint, url, session, app } = prepared;
    const { ledger, clock, connection, newId } = this.#services;
    const limits = this.#limits();
    const folder = resultsFolder(this.#services, prepared.folder, this.#fallbackFolder);
    const asked: Asked = { prompt: request.prompt, seed: request.seed, parameters };
    const call: CallRecord = {
      ...emptyCall({
        callId: newId(),
        scope: connection.last?.scopeKey ?? "unknown/unknown",
        source: "editor",
        startedAtMs: clock.nowMs(),
        status: "running",
      }),
      sessionId: session?.sessionId ?? null,
      appId: app?.appId ?? null,
      appName: app?.appName ?? null,
      endpoint: endpoint.name,
      mode: session?.mode ?? null,
      inputJson: JSON.stringify(sent),
    };
    ledger.remember(lastOriginKey, JSON.stringify(url.origin));
    ledger.upsertCall(call);
    await this.#follow({ prepared, call, asked, holder: newId(), place, limits }, (options) =>
      callEndpoint(
        {
          callId: call.callId,
          endpoint: endpoint.name,
          expects: endpoint.expects,
          folder,
          prompt: request.prompt,
          method: request.method,
          url: request.url,
          body: request.body,
        },
        options,
      ),
    );
  }

  /** Throws `Failure("bad-setting")`. */
  #limits(): Partial<CallLimits> {
    const gibibytes = this.#services.settings.current.get("maxResultGibibytes");
    return { maxResultBytes: Math.round(gibibytes * 1024 ** 3) };
  }

  /** Calls once more what made a result: from the ledger, else from what its sidecar tells. */
  async repeat(name: string, inputJson: string | null, provenance: Provenance): Promise<void> {
    const input = parseCallInput(inputJson) ?? { values: provenance.parameters, files: {} };
    await this.run(await this.plan(this.endpoint(name)), input);
  }

  /** Follows the hand-over of a call that ended without a result. */
  async followAgain(call: CallRecord): Promise<void> {
    const again: CallRecord = { ...call, status: "running", endedAtMs: null, failure: null };
    await this.#pickUp(again, this.#services.newId());
  }

  /** Picks up the calls of a window that was reloaded, closed or killed. Never pays twice. */
  resumeLeftCalls(): void {
    const { ledger, clock } = this.#services;
    const running = ifReadable(() => ledger.calls({ status: "running" }));
    if (running === undefined) {
      this.#resumeTimer = clock.after(resumeAgainMs, () => this.resumeLeftCalls());
      return;
    }
    for (const { callId, source } of running) if (source === "editor") this.#resumeWhenFree(callId);
  }

  dispose(): void {
    this.#resumeTimer?.dispose();
    this.#store.dispose();
  }

  /** Looks again for as long as another window runs the call: that one may end at any time. */
  #resumeWhenFree(callId: string): void {
    const { ledger, clock, newId } = this.#services;
    const running = ifReadable(() => ledger.calls({ status: "running" }));
    const call = running?.find((one) => one.callId === callId);
    if (call === undefined) return;
    const holder = newId();
    if (takeCall(this.#services, call, holder)) {
      void this.#resume(call, holder);
      return;
    }
    const waitMs = callHeldForMs(this.#services, call) + 1000;
    this.#store.add(clock.after(waitMs, () => this.#resumeWhenFree(callId)));
  }

  /** @param holder has the call's lease. */
  async #resume(call: CallRecord, holder: string): Promise<void> {
    const { ledger, clock, log, costs } = this.#services;
    if (call.handoverUrl === null) {
      const failure = t(
        "The window closed while the call ran, before Modal gave an address to pick it up.",
      );
      ledger.upsertCall({ ...call, status: "abandoned", endedAtMs: clock.nowMs(), failure });
      letGoOfCall(this.#services, call, holder);
      costs.lines([
        t("⏹️ Lost: {0}. {1}", call.endpoint ?? t("call"), failure),
        `   ${t("Cost: unknown; the container may have continued the work, which is billed")}`,
      ]);
      log.info(`Call ${call.callId} was left without a hand-over address.`);
      return;
    }
    try {
      await this.#pickUp(call, holder);
    } catch (error) {
      await showFailure(log, "resume", error);
    }
  }

  async #pickUp(call: CallRecord, holder: string): Promise<void> {
    const { handoverUrl } = call;
    if (handoverUrl === null) return;
    const endpoint = this.endpoint(call.endpoint ?? "");
    const { appId, appName } = call;
    const prepared: Prepared = {
      endpoint,
      url: new URL(handoverUrl),
      session: undefined,
      app: appId === null || appName === null ? null : { appId, appName },
      folder: this.#services.project.currentFolder(),
    };
    const folder = resultsFolder(this.#services, prepared.folder, this.#fallbackFolder);
    const asked = askedIn(endpoint, parseCallInput(call.inputJson) ?? emptyInput);
    const limits = this.#limits();
    const place = this.#turns.now();
    await this.#follow({ prepared, call, asked, holder, place, limits }, (options) =>
      resumeCall(
        {
          callId: call.callId,
          endpoint: endpoint.name,
          expects: endpoint.expects,
          folder,
          prompt: asked.prompt,
          handoverUrl,
        },
        options,
      ),
    );
  }

  async #follow(
    { prepared, call, asked, holder, place, limits }: Followed,
    send: (options: CallOptions) => Promise<CallOutcome>,
  ): Promise<void> {
    const { ledger, clock, log, costs, tokens, meter } = this.#services;
    const { endpoint } = prepared;
    const lease = this.#store.add(holdCall(this.#services, call, holder));
    const kept: { call: CallRecord } = { call };
    try {
      const outcome = await inNotification(endpoint.title, (report, signal) => {
        const ticker = this.#store.add(new CallTicker(clock, report));
        return send({
          clock,
          log,
          signal,
          onProgress: (progress) => ticker.show(progress),
          onHandover: (handoverUrl) => {
            const functionCallId = functionCallIdOf(handoverUrl) ?? kept.call.functionCallId;
            kept.call = { ...kept.call, handoverUrl, functionCallId };
            ledger.upsertCall(kept.call);
          },
          proxyToken: (origin) => tokens.get(origin),
          limits,
        }).finally(() => {
          ticker.dispose();
          // The next one begins now, however long this one's result or message is looked at.
          place.dispose();
        });
      });
      await this.#keep(prepared, kept.call, outcome, asked);
      await openResult(outcome);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) {
        ledger.upsertCall(
          failed(
            kept.call,
            new Failure("endpoint-failed", t("an unexpected error")),
            clock.nowMs(),
          ),
        );
        throw error;
      }
      const ended = failed(kept.call, failure, clock.nowMs());
      ledger.upsertCall(ended);
      costs.lines(failedLines(ended, failure));
      // The call is over now, however long its message stays on the screen.
      lease.dispose();
      meter.expectChange();
      if (failure.reason === "cancelled") await tellCancelled(failure);
      else await showFailure(log, endpoint.title, failure);
    } finally {
      lease.dispose();
      meter.expectChange();
    }
  }

  /** Writes down what came back: the ledger's row, the result's metadata, the channel's lines. */
  async #keep(
    prepared: Prepared,
    call: CallRecord,
    outcome: CallOutcome,
    asked: Asked,
  ): Promise<void> {
    const { ledger, costs, meter } = this.#services;
    const ended = succeeded(call, outcome, this.#containerGpu(call), meter.rates());
    ledger.upsertCall(ended.call);
    await keepProvenance(prepared, ended.call, outcome, asked);
    if (outcome.resultPath !== null) this.#saved.emit(outcome.resultPath);
    const session = meter.state().session;
    const cost = session === null ? undefined : knownTiersText(session.cost);
    costs.lines(callLines(ended.call, ended.findings, cost));
    for (const remark of outcome.remarks) costs.line(`   ${remark}`);
  }

  /** The GPU of the container that most likely answered: the app's own, where Modal told it. */
  #containerGpu(call: CallRecord): string | null {
    if (call.appId === null) return null;
    const app = this.#services.meter.state().apps.find(({ appId }) => appId === call.appId);
    return app === undefined || app.gpu === "" || app.gpu === "unknown" ? null : app.gpu;
  }
}

/** Where the address of the last call is remembered: the one that a proxy token is most likely for. */
export const lastOriginKey = "lastOrigin";

/** Where the last input of an endpoint is remembered in the ledger. */
export function inputKey(endpoint: string): string {
  return `input:${endpoint}`;
}

async function openResult(outcome: CallOutcome): Promise<void> {
  const path = outcome.extractedPaths[0] ?? outcome.resultPath;
  if (path === null) return;
  await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(path), {
    preview: false,
    preserveFocus: true,
  });
}

async function tellCancelled(failure: Failure): Promise<void> {
  const release = t("Release GPUs");
  const pressed = await sayWarning(failure.message, release);
  if (pressed === release) await runCommand("releaseGpus");
}
