import { t } from "../../base/text.ts";
import { noDefaultEnvironment, notAnswered } from "../commonFailures.ts";
import type { Clock } from "../../base/clock.ts";
import { delay } from "../../base/clock.ts";
import { Failure, failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type {
  AppDeployment,
  AppInfo,
  BillingQuery,
  BillingRow,
  BillingSummary,
  ControlOptions,
  ContainerDetails,
  ContainerInfo,
  EnvironmentInfo,
  Identity,
  LogChunk,
  LogQuery,
  ModalControl,
  ScaleSettings,
  WorkspaceRates,
} from "../../session/modalControl.ts";
import { cancelled, isAborted, unlessAborted } from "../../base/abort.ts";
import type { CredentialSource } from "../credentialSource.ts";
import type { SdkLoader } from "./loadSdk.ts";
import type { SdkCall, SdkConnection } from "./entry.ts";
import { sdkFailure } from "./failure.ts";
import {
  parseAppList,
  parseAppState,
  parseBillingRates,
  parseEnvironmentList,
  parseFunctionId,
  parseHistory,
  parseLayout,
  parseLogBatch,
  parseLogBatches,
  parseReportItem,
  parseRolloverAt,
  parseSummary,
  parseTaskInfo,
  parseTaskList,
  parseTokenInfoGet,
} from "./rows.ts";

export interface SdkControlParts {
  readonly credentials: CredentialSource;
  readonly load: SdkLoader;
  readonly clock: Clock;
  readonly log: Log;
}

const answerMs = 12_000;
const rolloverMs = 40_000;
/** A stream that breaks this often in a row, without a single line between, is given up. */
const streamAttempts = 5;
/** What the service gives at most in one answer (modal/_logs.py: _FETCH_LIMIT). */
const fetchLimit = 20_000;
const hourMs = 3_600_000;
/** How far back "the last lines" are looked for, in widening steps (modal/_logs.py). */
const lookbacksMs = [hourMs, 24 * hourMs, 7 * 24 * hourMs, 30 * 24 * hourMs] as const;

/** Modal's control plane in this process, through the official JavaScript SDK's connection. */
export class SdkControl implements ModalControl {
  readonly adapter = "sdk";
  readonly #parts: SdkControlParts;
  readonly #connections = new Map<string, Promise<SdkConnection>>();
  /** Which of the server URLs answered last. */
  #server = 0;
  #identity: Promise<Identity> | undefined;

  constructor(parts: SdkControlParts) {
    this.#parts = parts;
  }

  whoami(options: ControlOptions = {}): Promise<Identity> {
    // Shared by all who ask: one caller's cancel must not fail the others.
    this.#identity ??= this.#askIdentity().catch((error: unknown) => {
      this.#identity = undefined;
      throw error;
    });
    return unlessAborted(this.#identity, t("identify the workspace"), options.signal);
  }

  async listEnvironments(options: ControlOptions = {}): Promise<readonly EnvironmentInfo[]> {
    return this.#ask(t("list the environments"), options, async (sdk, call) =>
      parseEnvironmentList(await sdk.environmentList(call)),
    );
  }

  async listApps(options: ControlOptions = {}): Promise<readonly AppInfo[]> {
    const { scope } = await this.whoami(options);
    return this.#ask(t("list the apps"), options, async (sdk, call) =>
      parseAppList(await sdk.appList(scope.environment, call)),
    );
  }

  async listContainers(options: ControlOptions = {}): Promise<readonly ContainerInfo[]> {
    const { scope } = await this.whoami(options);
    return this.#ask(t("list the containers"), options, async (sdk, call) =>
      parseTaskList(await sdk.taskList({ environmentName: scope.environment }, call)),
    );
  }

  containerDetails(containerId: string, options: ControlOptions = {}): Promise<ContainerDetails> {
    return this.#ask(t("look up a container's GPU"), options, async (sdk, call) =>
      parseTaskInfo(containerId, await sdk.taskGetInfo(containerId, call)),
    );
  }

  stopApp(appId: string, options: ControlOptions = {}): Promise<"stopped" | "already-stopped"> {
    return this.#ask(t("stop the app {0}", appId), options, async (sdk, call) => {
      const state = parseAppState(await sdk.appGetLifecycle(appId, call));
      if (state === "stopped") return "already-stopped";
      await sdk.appStop(appId, call);
      return "stopped";
    });
  }

  stopContainer(
    containerId: string,
    options: ControlOptions & { readonly graceful?: boolean } = {},
  ): Promise<"stopped" | "already-stopped"> {
    return this.#ask(t("stop the container {0}", containerId), options, async (sdk, call) => {
      const { finishedAtMs } = parseTaskInfo(containerId, await sdk.taskGetInfo(containerId, call));
      if (finishedAtMs !== null) return "already-stopped";
      await sdk.containerStop(containerId, options.graceful ?? false, call);
      return "stopped";
    });
  }

  /** As `modal app rollover --strategy recreate`: a new deployment, then the end of the containers from before it. */
  async rollover(appId: string, options: ControlOptions = {}): Promise<void> {
    const { clock } = this.#parts;
    const what = t("replace the containers");
    const { scope } = await this.whoami(options);
    const deployedAtMs = await this.#ask(what, options, async (sdk, call) =>
      parseRolloverAt(await sdk.appRollover(appId, call)),
    );
    const deadlineMs = clock.nowMs() + rolloverMs;
    const told = new Set<string>();
    for (;;) {
      const old = await this.#ask(what, options, async (sdk, call) => {
        const request = { environmentName: scope.environment, appId };
        const tasks = parseTaskList(await sdk.taskList(request, call));
        const before = tasks.filter((task) => (task.enqueuedAtMs ?? Infinity) < deployedAtMs);
        const fresh = before.filter((task) => !told.has(task.containerId));
        await Promise.all(fresh.map((task) => sdk.containerStop(task.containerId, false, call)));
        for (const task of fresh) told.add(task.containerId);
        return before;
      });
      if (old.length === 0) return;
      if (clock.nowMs() >= deadlineMs) {
        const names = old.map((task) => task.containerId).join(", ");
        throw new Failure("timed-out", t("These containers did not end within 40 s: {0}.", names));
      }
      await delay(clock, 1000, options.signal);
    }
  }

  deployments(appId: string, options: ControlOptions = {}): Promise<readonly AppDeployment[]> {
    return this.#ask(t("read the deployment history"), options, async (sdk, call) =>
      parseHistory(await sdk.appDeploymentHistory(appId, call)),
    );
  }

  async fetchLogs(
    appId: string,
    query: LogQuery,
    options: ControlOptions = {},
  ): Promise<readonly LogChunk[]> {
    const untilMs = query.untilMs ?? this.#parts.clock.nowMs();
    const page = (sinceMs: number, endMs: number, limit: number): Promise<readonly LogChunk[]> =>
      this.#ask(t("read the logs"), options, async (sdk, call) => {
        const range = { since: new Date(sinceMs), until: new Date(endMs), limit };
        return parseLogBatches(await sdk.appFetchLogs(appId, range, call));
      });
    const { sinceMs } = query;
    if (sinceMs === undefined) {
      const tail = query.tail ?? 100;
      let chunks: readonly LogChunk[] = [];
      for (const lookbackMs of lookbacksMs) {
        chunks = await page(untilMs - lookbackMs, untilMs, tail);
        if (chunks.length >= tail) break;
      }
      return chunks;
    }
    if (query.tail !== undefined) return page(sinceMs, untilMs, query.tail);
    // The newest come first when there are too many: go on with what is older than the first one.
    let chunks = await page(sinceMs, untilMs, fetchLimit);
    for (let newest = chunks; newest.length >= fetchLimit;) {
      const firstMs = newest[0]?.atMs ?? sinceMs;
      if (firstMs <= sinceMs) break;
      newest = await page(sinceMs, firstMs, fetchLimit);
      chunks = [...newest, ...chunks];
    }
    return chunks;
  }

  async *followLogs(
    appId: string,
    options: ControlOptions & { readonly afterEntryId?: string } = {},
  ): AsyncGenerator<LogChunk> {
    const what = t("follow the logs");
    let entryId = options.afterEntryId ?? "";
    for (let failures = 0; !isAborted(options.signal);) {
      try {
        const sdk = await this.#connect();
        const call = options.signal === undefined ? {} : { signal: options.signal };
        for await (const answer of sdk.appGetLogs(appId, entryId, call)) {
          const batch = parseLogBatch(answer);
          if (batch.entryId !== "") entryId = batch.entryId;
          yield* batch.chunks;
          failures = 0;
          if (batch.appDone) return;
        }
      } catch (error) {
        if (isAborted(options.signal)) return;
        const failure = sdkFailure(what, error, false);
        failures += 1;
        const passing = ["offline", "service-error", "timed-out"].includes(failure.reason);
        if (!passing || failures >= streamAttempts) throw failure;
        this.#parts.log.debug(`The logs of ${appId} broke off: ${failure.message}`);
        await delay(this.#parts.clock, 500 * 2 ** failures, options.signal).catch(() => {});
      }
    }
  }

  rates(options: ControlOptions = {}): Promise<WorkspaceRates> {
    return this.#ask(t("read the rates"), options, async (sdk, call) =>
      parseBillingRates(await sdk.billingRates(call)),
    );
  }

  billingReport(query: BillingQuery, options: ControlOptions = {}): Promise<readonly BillingRow[]> {
    const range = {
      startTimestamp: new Date(query.startMs),
      endTimestamp: new Date(query.endMs),
      resolution: query.resolution === "hour" ? ("h" as const) : ("d" as const),
    };
    return this.#ask(t("read the billing report"), options, async (sdk, call) => {
      const rows: BillingRow[] = [];
      for await (const item of sdk.billingReport(range, call)) rows.push(parseReportItem(item));
      return rows;
    });
  }

  billingSummary(options: ControlOptions = {}): Promise<BillingSummary> {
    const now = new Date(this.#parts.clock.nowMs());
    const monthStart = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
    return this.#ask(t("read the billing summary"), options, async (sdk, call) =>
      parseSummary(await sdk.billingSummary(monthStart, call)),
    );
  }

  async scale(
    target: { readonly appName: string; readonly functionName: string },
    settings: ScaleSettings,
    options: ControlOptions = {},
  ): Promise<void> {
    const { scope } = await this.whoami(options);
    const { scaledownWindowSeconds, ...sizes } = settings;
    const window =
      scaledownWindowSeconds === undefined ? {} : { scaledownWindow: scaledownWindowSeconds };
    await this.#ask(t("change the autoscaler"), options, async (sdk, call) => {
      const found = await sdk.functionGet(
        {
          appName: target.appName,
          objectTag: target.functionName,
          environmentName: scope.environment,
        },
        call,
      );
      await sdk.scale(parseFunctionId(found), { ...sizes, ...window }, call);
    });
  }

  listFunctions(appId: string, options: ControlOptions = {}): Promise<readonly string[]> {
    return this.#ask(t("list an app's functions"), options, async (sdk, call) =>
      parseLayout(await sdk.appGetLayout(appId, call)),
    );
  }

  async #askIdentity(): Promise<Identity> {
    const { environment } = this.#parts.credentials.current();
    const [token, name] = await Promise.all([
      this.#ask(t("identify the workspace"), {}, async (sdk, call) =>
        parseTokenInfoGet(await sdk.tokenInfoGet(call)),
      ),
      environment ?? this.#defaultEnvironment(),
    ]);
    return { scope: { workspace: token.workspace, environment: name }, username: token.username };
  }

  /** Named in every question from then on, so that a changed default cannot move them. */
  async #defaultEnvironment(): Promise<string> {
    const environments = await this.listEnvironments();
    const only = environments.length === 1 ? environments[0] : undefined;
    const standard = environments.find(({ isDefault }) => isDefault) ?? only;
    if (standard !== undefined) return standard.name;
    throw noDefaultEnvironment();
  }

  /**
   * Asks once, at each server in turn while none can be reached. The answer is dropped when the
   * credentials changed in the meantime.
   */
  async #ask<T>(
    what: string,
    options: ControlOptions,
    operation: (sdk: SdkConnection, call: SdkCall) => Promise<T>,
  ): Promise<T> {
    const { credentials } = this.#parts;
    const servers = credentials.current().serverUrls.length;
    for (let attempt = 1; ; attempt += 1) {
      const server = this.#server;
      try {
        const answer = await this.#askOnce(what, options, operation);
        credentials.assertUnchanged();
        return answer;
      } catch (error) {
        if (failureOf(error)?.reason !== "offline" || attempt >= servers) throw error;
        // Of several questions that fail together, one turns to the next server for all.
        if (this.#server === server) this.#server = (server + 1) % servers;
      }
    }
  }

  async #askOnce<T>(
    what: string,
    options: ControlOptions,
    operation: (sdk: SdkConnection, call: SdkCall) => Promise<T>,
  ): Promise<T> {
    if (isAborted(options.signal)) throw cancelled(what);
    const ends = new AbortController();
    let timedOut = false;
    const timer = this.#parts.clock.after(answerMs, () => {
      timedOut = true;
      ends.abort();
    });
    const onAbort = (): void => ends.abort();
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const sdk = await this.#connect();
      // The SDK's own fetch of a session token knows no signal: hence the race as well.
      const asked = operation(sdk, { signal: ends.signal, retries: 1 });
      return await unlessAborted(asked, what, ends.signal);
    } catch (error) {
      if (timedOut) {
        throw notAnswered(what, answerMs);
      }
      throw sdkFailure(what, error, isAborted(options.signal));
    } finally {
      timer.dispose();
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  #connect(): Promise<SdkConnection> {
    const { credentials, load, log } = this.#parts;
    const { serverUrls, tokenId, tokenSecret } = credentials.current();
    const serverUrl = serverUrls[this.#server] ?? "";
    let connection = this.#connections.get(serverUrl);
    if (connection === undefined) {
      connection = load().then((sdk) =>
        sdk.connectSdk({ tokenId, tokenSecret, serverUrl }, (text) => log.warn(`Modal: ${text}`)),
      );
      // A failed load is not remembered: the next question tries again.
      connection.catch(() => this.#connections.delete(serverUrl));
      this.#connections.set(serverUrl, connection);
    }
    return connection;
  }
}
