import { t } from "../../base/text.ts";
import { lookTimeNow } from "../../session/lookOrder.ts";
import { noteDate } from "../../session/watch/modalTime.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";
import { Failure, failureOf } from "../../base/failure.ts";
import { emptyCall, type CallRecord } from "../../cost/call.ts";
import { callEndpoint, resumeCall } from "../../endpoints/call/call.ts";
import type { CallOptions, CallOutcome } from "../../endpoints/callTypes.ts";
import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { shownParameters } from "../../endpoints/call/fileField.ts";
import { functionCallIdOf } from "../../endpoints/call/identity.ts";
import { buildRequest, type BuiltRequest } from "../../endpoints/call/requestBody.ts";
import type { ResultEntry } from "../../endpoints/result/gallery.ts";
import { askedIn, sentInput, type Asked } from "./asked.ts";
import { emptyInput, parseCallInput, type CallInput } from "./callInput.ts";
import { withFiles } from "./input.ts";
import { holdCall } from "./lease.ts";
import { endpointNamed, planCall, type Prepared } from "./plan.ts";
import { LeftCalls } from "./leftCalls.ts";
import { CallTicker } from "./progress.ts";
import { keepProvenance } from "./provenance.ts";
import { callLines, failed, failedLines, succeeded, type AuditBasis } from "./records.ts";
import {
  paidResultTerms,
  resultTerms,
  whileHeld,
  type ResultTerms,
  type ResultTermsParts,
} from "./resultTerms.ts";
import { CallTurns } from "./turns.ts";
import { showFailure } from "../failures.ts";
import { inNotification } from "../progress.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import { orEndedByStop } from "./endedByStop.ts";
import { ResultShow } from "./showResult.ts";
import { noteAnswer } from "./token.ts";
import type { Services } from "../services.ts";
import { sayWarning } from "../say.ts";
import { runCommand } from "../command.ts";
import { requireTrust } from "../trust.ts";
import { askRepeat } from "./askRepeat.ts";
import { secretsOf } from "./secrets.ts";
import { repeatOf } from "./repeat.ts";

/** A call that is under way. */
interface Followed {
  readonly prepared: Prepared;
  readonly call: CallRecord;
  readonly asked: Asked;
  /** Has the call's lease. */
  readonly holder: string;
  /** Given back when the call is over. */
  readonly place: Disposable;
  readonly terms: ResultTerms;
}

/** Calls to endpoints: run, recorded, shown; resumed after a reload or a crash. */
export class Calls implements Disposable {
  readonly #services: Services;
  readonly #store = new DisposableStore();
  readonly #saved = this.#store.add(new Emitter<string>());
  /** The extension's own folder: for results when no workspace folder is open, or when that cannot be written. */
  readonly #fallbackFolder: string;
  readonly #turns: CallTurns;
  readonly #shower: ResultShow;
  readonly #left: LeftCalls;

  /** The path of each result of this window, when its provenance lies beside it. */
  readonly onResult = this.#saved.on;

  constructor(services: Services, fallbackFolder: string) {
    this.#services = services;
    this.#fallbackFolder = fallbackFolder;
    this.#turns = this.#store.add(new CallTurns(services));
    this.#shower = this.#store.add(new ResultShow(services.clock));
    this.#left = this.#store.add(
      new LeftCalls(services, (call, holder) => this.#pickUp(call, holder)),
    );
  }

  /** Sends the calls away that wait for their turn, because the apps behind them are being stopped. */
  dropQueued(): void {
    this.#turns.drop(t("Removed from the queue because the apps were stopped. Nothing was sent."));
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
    requireTrust();
    const { endpoint } = planned;
    const { values, shownFiles } = await withFiles(endpoint, input);
    // Says what is wrong with the input and the settings before anything waits.
    buildRequest(endpoint, planned.url, values, Math.random);
    resultTerms(this.#resultsOf(planned.folder));
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
    // Before anything is written down: a setting may have gone bad while the call waited.
    const terms = resultTerms(this.#resultsOf(prepared.folder));
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
    await this.#follow({ prepared, call, asked, holder: newId(), place, terms }, (options) =>
      callEndpoint(
        {
          callId: call.callId,
          endpoint: endpoint.name,
          expects: endpoint.expects,
          ...terms.place,
          prompt: request.prompt,
          secrets: secretsOf(endpoint, request.sent),
          method: request.method,
          url: request.url,
          body: request.body,
        },
        options,
      ),
    );
  }

  #resultsOf(folder: string | null): ResultTermsParts {
    const { settings, project } = this.#services;
    return { settings, folder, open: project.folders(), fallbackFolder: this.#fallbackFolder };
  }

  /** Calls once more what made a result. What only a file of the folder says is shown in full, and asked for. */
  async repeat(row: ResultEntry): Promise<void> {
    const { callId, endpoint: name } = row.provenance;
    const call = this.#services.ledger
      .calls({ endpoint: name })
      .find((one) => one.callId === callId);
    const prepared = await this.plan(this.endpoint(name));
    const { input, isAsRecorded } = repeatOf(row, prepared.endpoint, call);
    if (isAsRecorded || (await askRepeat(prepared, input))) await this.run(prepared, input);
  }

  /** Follows the hand-over of a call that ended without a result. */
  async followAgain(call: CallRecord): Promise<void> {
    const again: CallRecord = { ...call, status: "running", endedAtMs: null, failure: null };
    await this.#pickUp(again, this.#services.newId());
  }

  /** Picks up the calls of a window that was reloaded, closed or killed. Never pays twice. */
  resumeLeftCalls(): void {
    this.#left.resume();
  }

  dispose(): void {
    this.#store.dispose();
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
    const asked = askedIn(endpoint, parseCallInput(call.inputJson) ?? emptyInput);
    const terms = paidResultTerms(this.#resultsOf(prepared.folder));
    for (const remark of terms.remarks) this.#services.costs.line(`   ${remark}`);
    const place = this.#turns.now();
    const followed = { prepared, call, asked, holder, place, terms };
    await whileHeld([place], () =>
      this.#follow(followed, (options) =>
        resumeCall(
          {
            callId: call.callId,
            endpoint: endpoint.name,
            expects: endpoint.expects,
            ...terms.place,
            prompt: asked.prompt,
            secrets: secretsOf(endpoint, asked.parameters),
            handoverUrl,
          },
          options,
        ),
      ),
    );
  }

  /** Runs a call to its end: the ledger's row, the channel's lines, the result's metadata, the result in an editor. */
  async #follow(
    { prepared, call, asked, holder, place, terms }: Followed,
    send: (options: CallOptions) => Promise<CallOutcome>,
  ): Promise<void> {
    const { ledger, clock, log, costs, tokens, meter } = this.#services;
    const lease = this.#store.add(holdCall(this.#services, call, holder));
    let latest = call;
    // A container boots now, and burns before the next look that would be due.
    meter.expectChange();
    try {
      let outcome: CallOutcome;
      try {
        outcome = await inNotification(prepared.endpoint.title, (report, signal) => {
          const ticker = this.#store.add(new CallTicker(clock, report));
          // The next one begins when it is over, however long this one's result or message is looked at.
          return whileHeld([ticker, place], () =>
            send({
              clock,
              log,
              signal,
              onProgress: (progress) => ticker.show(progress),
              onHandover: (handoverUrl) => {
                const functionCallId = functionCallIdOf(handoverUrl) ?? latest.functionCallId;
                latest = { ...latest, handoverUrl, functionCallId };
                ledger.upsertCall(latest);
              },
              proxyToken: (origin) => tokens.get(origin),
              limits: terms.limits,
            }),
          );
        });
      } catch (error) {
        // The call is over now, however long its message stays on the screen.
        lease.dispose();
        await this.#fail(error, latest, prepared);
        return;
      }
      const ended = succeeded(latest, outcome, this.#auditBasis(call));
      // First: what it cost does not depend on whether its result can be kept and opened.
      ledger.upsertCall(ended.call);
      await noteAnswer(this.#services, prepared.url, "success");
      this.#noteDate(ended.call);
      costs.line(...callLines(ended, outcome.remarks, meter.state().session?.cost));
      const remark = await keepProvenance(prepared, ended.call, outcome, asked);
      if (remark !== null) costs.line(`   ${remark}`);
      if (outcome.resultPath !== null) this.#saved.emit(outcome.resultPath);
      await this.#shower.show(prepared.endpoint.title, ended.call, outcome);
    } finally {
      lease.dispose();
      meter.expectChange();
    }
  }

  /** Writes down and shows why a call brought no result; throws what was not expected. */
  async #fail(error: unknown, call: CallRecord, { endpoint, url }: Prepared): Promise<void> {
    const { ledger, clock, log, costs, meter } = this.#services;
    const expected = failureOf(error);
    const { scope, startedAtMs: fromMs } = call;
    const receipts =
      ifReadable(() => ledger.receipts({ scope, fromMs, toMs: clock.nowMs() })) ?? [];
    const failure =
      expected === undefined
        ? new Failure("endpoint-failed", t("an unexpected error"))
        : orEndedByStop(expected, { ...call, endpoint: endpoint.title }, receipts);
    const ended = failed(call, failure, clock.nowMs(), this.#auditBasis(call));
    ledger.upsertCall(ended);
    if (expected === undefined) throw error;
    await noteAnswer(this.#services, url, expected.reason);
    costs.line(...failedLines(ended, failure));
    meter.expectChange();
    if (failure.reason === "cancelled") await tellCancelled(failure);
    else await showFailure(log, endpoint.title, failure);
  }

  /** An answer tells how far this machine's clock is from Modal's. */
  #noteDate({ scope, clockOffsetMs }: CallRecord): void {
    const { ledger, clock } = this.#services;
    if (clockOffsetMs === null) return;
    noteDate(ledger, scope, clockOffsetMs, lookTimeNow(clock.nowMs(), ledger.latestListing(scope)));
  }

  /** With the GPU of the container that most likely answered: the app's own, where Modal told it. */
  #auditBasis({ appId }: CallRecord): AuditBasis {
    const { meter } = this.#services;
    const app = appId === null ? undefined : meter.state().apps.find((one) => one.appId === appId);
    const isKnown = app !== undefined && app.gpu !== "" && app.gpu !== "unknown";
    return { containerGpu: isKnown ? app.gpu : null, rates: meter.rates() };
  }
}

/** Where the address of the last call is remembered: the one that a proxy token is most likely for. */
export const lastOriginKey = "lastOrigin";

/** Where the last input of an endpoint is remembered in the ledger. */
export function inputKey(endpoint: string): string {
  return `input:${endpoint}`;
}

async function tellCancelled(failure: Failure): Promise<void> {
  const release = t("Release GPUs");
  const pressed = await sayWarning(failure.message, release);
  if (pressed === release) await runCommand("releaseGpus");
}
