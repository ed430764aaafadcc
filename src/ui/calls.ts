import { basename, isAbsolute, join } from "node:path";
import { execa } from "execa";
import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "../base/disposable.ts";
import { Failure, failureOf } from "../base/failure.ts";
import type { CallRecord } from "../cost/call.ts";
import { formatDuration } from "../cost/format.ts";
import { callEndpoint, resumeCall } from "../endpoints/call.ts";
import type { CallLimits, CallOptions, CallOutcome, CallProgress } from "../endpoints/callTypes.ts";
import { CallQueue } from "../endpoints/callQueue.ts";
import { catalogue } from "../endpoints/catalogue.ts";
import { promptField, type Endpoint, type JsonObject } from "../endpoints/endpoint.ts";
import { parseEndpointSettings } from "../endpoints/endpointSetting.ts";
import { resolveUrl } from "../endpoints/endpointUrl.ts";
import { shownParameters } from "../endpoints/fileField.ts";
import { buildRequest, type BuiltRequest, type FieldValues } from "../endpoints/requestBody.ts";
import { writeSidecar, type Provenance } from "../endpoints/sidecar.ts";
import { sizeText } from "../endpoints/sizeText.ts";
import type { SessionRecord } from "../session/session.ts";
import { emptyInput, parseCallInput, withFiles, type CallInput } from "./callInput.ts";
import { callLines, failed, failedLines, succeeded } from "./callRecords.ts";
import { showFailure } from "./failures.ts";
import type { Services } from "./services.ts";
import { allTiers } from "./statusView.ts";

/** A window that runs a call says so in the ledger, so that no other one resumes it. */
const leaseMs = 20_000;
const renewMs = 5_000;
const tickMs = 1_000;

/** Where a call goes, and what it belongs to. */
export interface Prepared {
  readonly endpoint: Endpoint;
  readonly url: URL;
  readonly session: SessionRecord | undefined;
  readonly app: { readonly appId: string; readonly appName: string } | null;
  readonly folder: string | null;
}

/** A call that is under way. */
interface Followed {
  readonly prepared: Prepared;
  readonly call: CallRecord;
  readonly asked: Asked;
  /** Has the call's lease. */
  readonly holder: string;
  /** Given back when the call is over. */
  readonly place: Disposable;
}

/** What was asked, for the file's name and its provenance. */
interface Asked {
  readonly prompt: string | null;
  readonly seed: number | null;
  readonly parameters: JsonObject;
}

/** Calls to endpoints: run, recorded, shown; resumed after a reload or a crash. */
export class Calls implements Disposable {
  readonly #services: Services;
  readonly #store = new DisposableStore();
  /** Folder for results when no workspace folder is open. */
  readonly #fallbackFolder: string;
  readonly #queue: CallQueue;
  /** The last sound value: a setting that is being mistyped does not change what waits already. */
  #mostAtOnce = 1;

  constructor(services: Services, fallbackFolder: string) {
    this.#services = services;
    this.#fallbackFolder = fallbackFolder;
    this.#queue = new CallQueue(() => this.#mostAtOnce);
    this.#store.add(services.settings.onChange(() => this.#readLimit()));
  }

  /** Sends the calls away that wait for their turn, because the apps behind them are being stopped. */
  dropQueued(): number {
    return this.#queue.drop(
      vscode.l10n.t("It waited for its turn when the apps were stopped. Nothing was sent."),
    );
  }

  /** Built-in endpoints and the user's own. Throws `Failure("bad-setting")`. */
  endpoints(): readonly Endpoint[] {
    return catalogue(parseEndpointSettings(this.#services.settings.current.get("endpoints")));
  }

  endpoint(name: string): Endpoint {
    const found = this.endpoints().find((endpoint) => endpoint.name === name);
    if (found !== undefined) return found;
    throw new Failure("not-found", `There is no endpoint "${name}".`);
  }

  /** Where a call would go and what it belongs to. Throws a `Failure` when no address is known. */
  prepare(endpoint: Endpoint): Prepared {
    const { settings, project, connection, ledger } = this.#services;
    const folder = project.currentFolder();
    const scopeKey = connection.last?.scopeKey;
    const session =
      folder === null || scopeKey === undefined ? undefined : ledger.openSession(scopeKey, folder);
    const apps = session?.apps ?? [];
    const { url } = resolveUrl(endpoint, {
      perEndpoint: settings.current.get("endpointUrls"),
      base: settings.current.get("endpointBaseUrl"),
      deployed: apps.flatMap(({ urls }) =>
        urls.map((url) => ({ ...url, requiresProxyAuth: false })),
      ),
    });
    const app = apps.find(({ urls }) => urls.some((own) => url.href.startsWith(own.url)));
    return {
      endpoint,
      url,
      session,
      app: app === undefined ? null : { appId: app.appId, appName: app.appName },
      folder,
    };
  }

  /**
   * Runs one call to its end and shows it; waits for its turn before that. An expected failure of
   * the call is shown; rejects with a `Failure` when it can not be sent at all.
   */
  async run(planned: Prepared, input: CallInput): Promise<void> {
    const { settings } = this.#services;
    const { endpoint } = planned;
    const { values, shownFiles } = await withFiles(endpoint, input);
    // Says what is wrong with the input and the settings before anything waits.
    buildRequest(endpoint, planned.url, values, Math.random);
    this.#mostAtOnce = settings.current.get("maxParallelCalls");
    this.#limits();
    const hadToWait = this.#queue.isFull;
    const place = await this.#turn(endpoint);
    if (place === undefined) return;
    try {
      // The session may have changed while it waited, and the address with it.
      const prepared = hadToWait ? this.prepare(endpoint) : planned;
      await this.#send(prepared, input, values, shownFiles, place);
    } finally {
      place.dispose();
    }
  }

  async #send(
    prepared: Prepared,
    input: CallInput,
    values: FieldValues,
    shownFiles: Readonly<Record<string, string>>,
    place: Disposable,
  ): Promise<void> {
    const { endpoint, url, session, app } = prepared;
    const { ledger, clock, connection } = this.#services;
    const request = buildRequest(endpoint, url, values, Math.random);
    const asked: Asked = {
      prompt: request.prompt,
      seed: request.seed,
      parameters: shownParameters(endpoint, request.sent, shownFiles),
    };
    const call: CallRecord = {
      callId: this.#services.newId(),
      scope: connection.last?.scopeKey ?? "unknown/unknown",
      source: "editor",
      sessionId: session?.sessionId ?? null,
      appId: app?.appId ?? null,
      appName: app?.appName ?? null,
      endpoint: endpoint.name,
      mode: session?.mode ?? null,
      startedAtMs: clock.nowMs(),
      endedAtMs: null,
      status: "running",
      reportedMicroUsd: null,
      executionSeconds: null,
      gpuType: null,
      audit: [],
      handoverUrl: null,
      resultPath: null,
      inputJson: JSON.stringify(sentInput(input, request)),
      failure: null,
    };
    ledger.remember(lastOriginKey, JSON.stringify(url.origin));
    ledger.upsertCall(call);
    const folder = this.#resultsFolder(prepared.folder);
    await this.#follow(
      { prepared, call, asked, holder: this.#services.newId(), place },
      (options) =>
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

  /** Waits for a free place, in view; undefined when it was given up, which is told in the costs. */
  async #turn(endpoint: Endpoint): Promise<Disposable | undefined> {
    const { log, costs } = this.#services;
    if (!this.#queue.isFull) return this.#queue.enterNow();
    try {
      return await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: endpoint.title,
          cancellable: true,
        },
        (progress, token) => {
          const abort = new AbortController();
          token.onCancellationRequested(() => abort.abort());
          return this.#queue.enter(abort.signal, (ahead) =>
            progress.report({ message: queuedText(ahead) }),
          );
        },
      );
    } catch (error) {
      const failure = failureOf(error);
      if (failure?.reason !== "cancelled") throw error;
      log.info(`A call of ${endpoint.name} left the queue unsent.`);
      costs.line(`⏹️ Not sent: ${endpoint.name}. ${failure.message}`);
      return undefined;
    }
  }

  /** A wrong value changes nothing for the calls that wait: the next call names it. */
  #readLimit(): void {
    const { current } = this.#services.settings;
    if (current.problems.some(({ setting }) => setting === "modalMeter.maxParallelCalls")) return;
    this.#mostAtOnce = current.get("maxParallelCalls");
    this.#queue.admit();
  }

  /** Throws `Failure("bad-setting")`. */
  #limits(): Partial<CallLimits> {
    const gibibytes = this.#services.settings.current.get("maxResultGibibytes");
    return { maxResultBytes: Math.round(gibibytes * 1024 ** 3) };
  }

  /** Calls once more what made a result: from the ledger, else from what its sidecar tells. */
  async repeat(name: string, inputJson: string | null, provenance: Provenance): Promise<void> {
    const input = parseCallInput(inputJson) ?? { values: provenance.parameters, files: {} };
    await this.run(this.prepare(this.endpoint(name)), input);
  }

  /** Follows the hand-over of a call that ended without a result. */
  async followAgain(call: CallRecord): Promise<void> {
    const again: CallRecord = { ...call, status: "running", endedAtMs: null, failure: null };
    await this.#pickUp(again, this.#services.newId());
  }

  /** Picks up the calls of a window that was reloaded, closed or killed. Never pays twice. */
  resumeLeftCalls(): void {
    const running = this.#services.ledger.calls({ status: "running" });
    for (const { callId, source } of running) if (source === "editor") this.#resumeWhenFree(callId);
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** Looks again for as long as another window runs the call: that one may end at any time. */
  #resumeWhenFree(callId: string): void {
    const { ledger, clock, newId } = this.#services;
    const call = ledger.calls({ status: "running" }).find((one) => one.callId === callId);
    if (call === undefined) return;
    const holder = newId();
    if (ledger.acquireLease(leaseName(call), holder, process.pid, clock.nowMs(), leaseMs)) {
      void this.#resume(call, holder);
      return;
    }
    const until = ledger.leaseHolder(leaseName(call), clock.nowMs())?.expiresAtMs ?? clock.nowMs();
    const waitMs = until - clock.nowMs() + 1000;
    this.#store.add(clock.after(waitMs, () => this.#resumeWhenFree(callId)));
  }

  /** @param holder has the call's lease. */
  async #resume(call: CallRecord, holder: string): Promise<void> {
    const { ledger, clock, log, costs } = this.#services;
    if (call.handoverUrl === null) {
      const failure =
        "The window closed while the call ran, before Modal gave an address to pick it up.";
      ledger.upsertCall({ ...call, status: "abandoned", endedAtMs: clock.nowMs(), failure });
      ledger.releaseLease(leaseName(call), holder);
      costs.lines([
        `⏹️ Lost: ${call.endpoint ?? "call"}. ${failure}`,
        "   Cost: unknown; the container may have gone on with it, and is billed",
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
    const folder = this.#resultsFolder(prepared.folder);
    const asked = askedIn(endpoint, parseCallInput(call.inputJson) ?? emptyInput);
    const place = this.#queue.enterNow();
    await this.#follow({ prepared, call, asked, holder, place }, (options) =>
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
    { prepared, call, asked, holder, place }: Followed,
    send: (options: CallOptions) => Promise<CallOutcome>,
  ): Promise<void> {
    const { ledger, clock, log, costs, tokens, meter } = this.#services;
    const { endpoint } = prepared;
    const limits = this.#limits();
    const lease = this.#holdLease(call, holder);
    const kept: { call: CallRecord } = { call };
    try {
      const outcome = await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: endpoint.title,
          cancellable: true,
        },
        (progress, token) => {
          const abort = new AbortController();
          token.onCancellationRequested(() => abort.abort());
          const told = this.#tellElapsed((message) => progress.report({ message }));
          return send({
            clock,
            log,
            signal: abort.signal,
            onProgress: told.show,
            onHandover: (handoverUrl) => {
              kept.call = { ...kept.call, handoverUrl };
              ledger.upsertCall(kept.call);
            },
            proxyToken: (origin) => tokens.get(origin),
            limits,
          }).finally(() => {
            told.dispose();
            // The next one begins now, however long this one's result or message is looked at.
            place.dispose();
          });
        },
      );
      const containerGpu = this.#containerGpu(call);
      const ended = succeeded(kept.call, outcome, containerGpu, meter.rates());
      ledger.upsertCall(ended.call);
      await this.#keepProvenance(prepared, ended.call, outcome, asked);
      const session = meter.state().session;
      costs.lines(
        callLines(
          ended.call,
          ended.findings,
          session === null ? undefined : allTiers(session.cost),
        ),
      );
      for (const remark of outcome.remarks) costs.line(`   ${remark}`);
      await openResult(outcome);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) {
        ledger.upsertCall(
          failed(kept.call, new Failure("endpoint-failed", "an unexpected error"), clock.nowMs()),
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

  /** A silent call shows how long it has been going on, second by second. */
  #tellElapsed(report: (message: string) => void): Disposable & {
    readonly show: (progress: CallProgress) => void;
  } {
    const { clock } = this.#services;
    const held: { timer: Disposable | undefined } = { timer: undefined };
    const show = (progress: CallProgress): void => {
      held.timer?.dispose();
      report(progressText(progress));
      const shownAtMs = clock.nowMs();
      held.timer = clock.after(tickMs, () => {
        const elapsedMs = progress.elapsedMs + clock.nowMs() - shownAtMs;
        show({ ...progress, elapsedMs });
      });
    };
    return this.#store.add({ show, dispose: () => held.timer?.dispose() });
  }

  #holdLease(call: CallRecord, holder: string): Disposable {
    const { ledger, clock } = this.#services;
    const held: { timer: Disposable | undefined } = { timer: undefined };
    const renew = (): void => {
      ledger.acquireLease(leaseName(call), holder, process.pid, clock.nowMs(), leaseMs);
      held.timer = clock.after(renewMs, renew);
    };
    renew();
    return this.#store.add({
      dispose: () => {
        if (held.timer === undefined) return;
        held.timer.dispose();
        held.timer = undefined;
        ledger.releaseLease(leaseName(call), holder);
      },
    });
  }

  /** The GPU of the container that most likely answered: the app's own, where Modal told it. */
  #containerGpu(call: CallRecord): string | null {
    if (call.appId === null) return null;
    const app = this.#services.meter.state().apps.find(({ appId }) => appId === call.appId);
    return app === undefined || app.gpu === "" || app.gpu === "unknown" ? null : app.gpu;
  }

  #resultsFolder(folder: string | null): string {
    const setting = this.#services.settings.current.get("resultsFolder");
    if (isAbsolute(setting)) return setting;
    return join(folder ?? this.#fallbackFolder, setting);
  }

  async #keepProvenance(
    { endpoint, url, app, folder }: Prepared,
    call: CallRecord,
    outcome: CallOutcome,
    asked: Asked,
  ): Promise<void> {
    if (outcome.resultPath === null) return;
    const endedAtMs = call.endedAtMs ?? outcome.endedAtMs;
    await writeSidecar(outcome.resultPath, {
      callId: call.callId,
      endpoint: endpoint.name,
      url: `${url.origin}${url.pathname}`,
      ...asked,
      mode: call.mode,
      app: app === null ? null : { id: app.appId, name: app.appName },
      gpu: call.gpuType,
      startedAt: new Date(call.startedAtMs).toISOString(),
      endedAt: new Date(endedAtMs).toISOString(),
      executionSeconds: call.executionSeconds,
      wallSeconds: (endedAtMs - call.startedAtMs) / 1000,
      cost: {
        reportedMicroUsd: call.reportedMicroUsd,
        meteredMicroUsd: null,
        billedMicroUsd: null,
      },
      commit: folder === null ? null : await commitOf(folder),
      mediaType: outcome.mediaType,
      bytes: outcome.bytes,
      extracted: [...outcome.extractedPaths],
    });
  }
}

/** Where the address of the last call is remembered: the one that a proxy token is most likely for. */
export const lastOriginKey = "lastOrigin";

/** Where the last input of an endpoint is remembered in the ledger. */
export function inputKey(endpoint: string): string {
  return `input:${endpoint}`;
}

function leaseName(call: CallRecord): string {
  return `call:${call.callId}`;
}

/** What was asked, from the ledger's row of a call. */
function askedIn(endpoint: Endpoint, { values, files }: CallInput): Asked {
  const field = promptField(endpoint);
  const prompt = field === undefined ? undefined : values[field.name];
  const { seed } = values;
  return {
    prompt: typeof prompt === "string" ? prompt : null,
    seed: typeof seed === "number" ? seed : null,
    parameters: {
      ...values,
      ...Object.fromEntries(Object.entries(files).map(([name, path]) => [name, basename(path)])),
    },
  };
}

/** All that was sent, with the drawn seed and every default: "Repeat" makes the same result again. Files stay paths. */
function sentInput({ files }: CallInput, { sent }: BuiltRequest): CallInput {
  const values = Object.entries(sent).filter(([name]) => files[name] === undefined);
  return { values: Object.fromEntries(values), files };
}

function progressText({ phase, elapsedMs, receivedBytes, totalBytes, hops }: CallProgress): string {
  const elapsed = formatDuration(elapsedMs);
  switch (phase) {
    case "receiving": {
      const of = totalBytes === null ? "" : ` of ${sizeText(totalBytes)}`;
      return `receiving ${sizeText(receivedBytes)}${of}…`;
    }
    case "handed-over":
      return `Modal works on it: ${elapsed}, hand-over ${hops}. A reload does not lose it.`;
    case "retrying":
      return `trying again: ${elapsed}`;
    default:
      return `${phase}… ${elapsed}`;
  }
}

function queuedText(ahead: number): string {
  if (ahead === 0) return vscode.l10n.t("queued: next in line. Nothing is sent yet.");
  const calls = ahead === 1 ? vscode.l10n.t("1 call") : vscode.l10n.t("{0} calls", ahead);
  return vscode.l10n.t("queued: {0} ahead. Nothing is sent yet.", calls);
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
  const release = vscode.l10n.t("Release GPUs");
  const pressed = await vscode.window.showWarningMessage(failure.message, release);
  if (pressed === release) await vscode.commands.executeCommand("modalMeter.releaseGpus");
}

/** The commit of the folder, with "*" when it is dirty; null where git does not tell. */
async function commitOf(folder: string): Promise<string | null> {
  if (!vscode.workspace.isTrusted) return null;
  const result = await execa("git", ["rev-parse", "HEAD"], {
    cwd: folder,
    timeout: 2000,
    reject: false,
    stdin: "ignore",
  });
  const commit = result.stdout?.trim() ?? "";
  return /^[0-9a-f]{40,64}$/.test(commit) ? commit : null;
}
