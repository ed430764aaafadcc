import { t } from "../../base/text.ts";
import { notAnswered } from "../commonFailures.ts";
import { defaultEnvironment } from "../defaultEnvironment.ts";
import type { Clock } from "../../base/clock.ts";
import { RenewedTimer } from "../../base/renewedTimer.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type {
  AppDeployment,
  AppFunction,
  AppInfo,
  BillingQuery,
  BillingRow,
  BillingSummary,
  ControlOptions,
  ContainerDetails,
  ContainerStats,
  ContainerStatsQuery,
  ContainerInfo,
  EnvironmentInfo,
  FunctionScaling,
  FunctionTerms,
  Identity,
  ListOptions,
  LogChunk,
  LogQuery,
  ModalControl,
  ScaleSettings,
  ScaleTarget,
  StopAnswer,
  WorkspaceRates,
} from "../../session/modalControl.ts";
import type { SandboxListing, SandboxUse } from "../../session/sandboxInfo.ts";
import { cancelled, isAborted, unlessAborted } from "../../base/abort.ts";
import type { CredentialSource } from "../credentialSource.ts";
import type { SdkLoader } from "./loadSdk.ts";
import type { SdkCall, SdkConnection } from "./entry.ts";
import { sdkFailure } from "./failure.ts";
import {
  parseAppInfo,
  parseCallContainers,
  parseContainerStats,
  parseFunctionTerms,
} from "./functionRows.ts";
import { listSandboxes, parseSandboxUse, stopSandbox } from "./sandboxes.ts";
import { streamLogs } from "./streamLogs.ts";
import { rollover } from "./rollover.ts";
import { parseFunctionScaling, scaleFunction } from "./scaling.ts";
import { readLogPages, type LogPage } from "./logPages.ts";
import {
  parseAppList,
  parseAppState,
  parseBillingRates,
  parseEnvironmentList,
  parseHistory,
  parseLayout,
  parseLogBatches,
  parseReportItem,
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
  /** How long Modal may be silent; default 12 s. */
  readonly silenceMs?: number;
}

const silenceMs = 12_000;

/** One question. What answers piece by piece calls `heard` at each: what is limited is the silence. */
type Operation<T> = (sdk: SdkConnection, call: SdkCall, heard: () => void) => Promise<T>;

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

  async listApps(options: ListOptions = {}): Promise<readonly AppInfo[]> {
    const environment = await this.#environmentOf(options);
    return this.#ask(t("list the apps"), options, async (sdk, call) =>
      parseAppList(await sdk.appList(environment, call)),
    );
  }

  async listContainers(options: ListOptions = {}): Promise<readonly ContainerInfo[]> {
    const environmentName = await this.#environmentOf(options);
    return this.#ask(t("list the containers"), options, async (sdk, call) =>
      parseTaskList(await sdk.taskList({ environmentName }, call)),
    );
  }

  containerDetails(containerId: string, options: ControlOptions = {}): Promise<ContainerDetails> {
    return this.#ask(t("look up a container's GPU"), options, async (sdk, call) =>
      parseTaskInfo(containerId, await sdk.taskGetInfo(containerId, call)),
    );
  }

  appFunctions(appId: string, options: ControlOptions = {}): Promise<readonly AppFunction[]> {
    return this.#ask(t("read an app's functions"), options, async (sdk, call) =>
      parseAppInfo(await sdk.appGetInfo(appId, call)),
    );
  }

  functionTerms(functionId: string, options: ControlOptions = {}): Promise<FunctionTerms> {
    return this.#ask(t("read what a function asks for"), options, async (sdk, call) =>
      parseFunctionTerms(await sdk.functionGetById(functionId, call)),
    );
  }
  functionContainers(functionId: string, options: ControlOptions = {}): Promise<readonly string[]> {
    return this.#ask(t("look up a function's containers"), options, async (sdk, call) =>
      parseCallContainers(await sdk.functionCalls(functionId, call)),
    );
  }

  containerStats(
    { functionId, containerId, fromMs, toMs }: ContainerStatsQuery,
    options: ControlOptions = {},
  ): Promise<ContainerStats> {
    const range = { functionId, containerId, since: new Date(fromMs), until: new Date(toMs) };
    return this.#ask(t("read a container's stats"), options, async (sdk, call) =>
      parseContainerStats(await sdk.functionGetTimeRangeStats(range, call)),
    );
  }

  async listSandboxes(options: ListOptions = {}): Promise<SandboxListing> {
    const environment = await this.#environmentOf(options);
    return listSandboxes(environment, (operation) =>
      this.#ask(t("list the sandboxes"), options, operation),
    );
  }
  sandboxUse(sandboxId: string, options: ControlOptions = {}): Promise<SandboxUse | null> {
    return this.#ask(t("read what a sandbox has used"), options, async (sdk, call) =>
      parseSandboxUse(await sdk.sandboxGetResourceUsage(sandboxId, call)),
    );
  }
  stopSandbox(sandboxId: string, options: ControlOptions = {}): Promise<StopAnswer> {
    return this.#ask(t("stop the sandbox {0}", sandboxId), options, (sdk, call) =>
      stopSandbox(sdk, sandboxId, call),
    );
  }
  stopApp(appId: string, options: ControlOptions = {}): Promise<StopAnswer> {
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
  ): Promise<StopAnswer> {
    return this.#ask(t("stop the container {0}", containerId), options, async (sdk, call) => {
      const { finishedAtMs } = parseTaskInfo(containerId, await sdk.taskGetInfo(containerId, call));
      if (finishedAtMs !== null) return "already-stopped";
      await sdk.containerStop(containerId, options.graceful ?? false, call);
      return "stopped";
    });
  }

  /** As `modal app rollover --strategy recreate`: a new deployment, then the end of the containers from before it. */
  async rollover(appId: string, options: ControlOptions = {}): Promise<void> {
    const { environment } = (await this.whoami(options)).scope;
    const what = t("replace the containers");
    await rollover({ appId, environment }, this.#parts.clock, options, (operation) =>
      this.#ask(what, options, operation),
    );
  }

  deployments(appId: string, options: ControlOptions = {}): Promise<readonly AppDeployment[]> {
    return this.#ask(t("read the deployment history"), options, async (sdk, call) =>
      parseHistory(await sdk.appDeploymentHistory(appId, call)),
    );
  }

  fetchLogs(
    appId: string,
    query: LogQuery,
    options: ControlOptions = {},
  ): Promise<readonly LogChunk[]> {
    const page: LogPage = (sinceMs, untilMs, limit) =>
      this.#ask(t("read the logs"), options, async (sdk, call) => {
        const range = { since: new Date(sinceMs), until: new Date(untilMs), limit };
        return parseLogBatches(await sdk.appFetchLogs(appId, range, call));
      });
    return readLogPages(page, query, this.#parts.clock.nowMs());
  }

  followLogs(
    appId: string,
    options: ControlOptions & { readonly afterEntryId?: string } = {},
  ): AsyncGenerator<LogChunk> {
    const { clock, log } = this.#parts;
    return streamLogs({ clock, log, connect: () => this.#connect() }, appId, options);
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
    return this.#ask(t("read the billing report"), options, async (sdk, call, heard) => {
      const rows: BillingRow[] = [];
      for await (const item of sdk.billingReport(range, call)) {
        heard();
        rows.push(parseReportItem(item));
      }
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

  functionScaling(functionId: string, options: ControlOptions = {}): Promise<FunctionScaling> {
    return this.#ask(t("read an autoscaler"), options, async (sdk, call) =>
      parseFunctionScaling(await sdk.functionGetSchedulingParams(functionId, call)),
    );
  }

  async scale(
    target: ScaleTarget,
    settings: ScaleSettings,
    options: ControlOptions = {},
  ): Promise<void> {
    const { environment } = (await this.whoami(options)).scope;
    await this.#ask(t("change the autoscaler"), options, (sdk, call) =>
      scaleFunction(sdk, target, settings, { environment, call }),
    );
  }

  listFunctions(appId: string, options: ControlOptions = {}): Promise<readonly string[]> {
    return this.#ask(t("list an app's functions"), options, async (sdk, call) =>
      parseLayout(await sdk.appGetLayout(appId, call)),
    );
  }
  async #environmentOf(options: ListOptions): Promise<string> {
    return options.environment ?? (await this.whoami(options)).scope.environment;
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

  /** Named in every question from then on: a changed default cannot move them. */
  async #defaultEnvironment(): Promise<string> {
    return defaultEnvironment(await this.listEnvironments());
  }

  /**
   * Asks once, at each server in turn while none can be reached. The answer is dropped when the
   * credentials changed in the meantime.
   */
  async #ask<T>(what: string, options: ControlOptions, operation: Operation<T>): Promise<T> {
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

  async #askOnce<T>(what: string, options: ControlOptions, operation: Operation<T>): Promise<T> {
    if (isAborted(options.signal)) throw cancelled(what);
    const { clock, silenceMs: limitMs = silenceMs } = this.#parts;
    const ends = new AbortController();
    let timedOut = false;
    const silence = new RenewedTimer(clock, limitMs, () => {
      timedOut = true;
      ends.abort();
    });
    const onAbort = (): void => ends.abort();
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const sdk = await this.#connect();
      // The SDK's own fetch of a session token knows no signal: hence the race as well.
      const asked = operation(sdk, { signal: ends.signal, retries: 1 }, () => silence.renew());
      return await unlessAborted(asked, what, ends.signal);
    } catch (error) {
      if (timedOut) throw notAnswered(what, limitMs);
      throw sdkFailure(what, error, isAborted(options.signal));
    } finally {
      silence.dispose();
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
