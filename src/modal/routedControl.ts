import { t } from "../base/text.ts";
import type { Clock } from "../base/clock.ts";
import { Failure, failureOf, type FailureReason } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
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
  StopAnswer,
  ScaleSettings,
  ScaleTarget,
  WorkspaceRates,
} from "../session/modalControl.ts";
import type { SandboxListing, SandboxUse } from "../session/sandboxInfo.ts";
import { scopeKey } from "../session/scope.ts";

export interface RoutedControlParts {
  /** The SDK first, then the CLI; or one of them alone. */
  readonly adapters: { readonly sdk: ModalControl | null; readonly cli: ModalControl | null };
  readonly clock: Clock;
  readonly log: Log;
}

type Operation = Exclude<keyof ModalControl, "adapter" | "answeredBy">;

/** How long an operation that the SDK cannot answer goes to the CLI without asking the SDK again. */
const rememberMs = 15 * 60_000;

/** The SDK cannot answer, and the CLI may. Everything else is Modal's own answer, and final. */
const asksOther: ReadonlySet<FailureReason> = new Set(["unsupported", "bad-output"]);
/** The CLI could not be asked at all: then the SDK's own failure says more. */
const noAnswer: ReadonlySet<FailureReason> = new Set(["unsupported", "cli-missing", "cli-too-old"]);

/**
 * The way to Modal that the rest of the product holds. With both adapters ("auto"), the SDK comes
 * first, because it answers in milliseconds and knows each container's GPU; the CLI is asked for each
 * operation that the SDK cannot answer. A refusal by Modal, or a network that is down, is an answer.
 *
 * It also keeps stops inside its own workspace and environment: Modal stops whatever id it is given,
 * so an id that was never listed here is looked up first, and refused when it is not there.
 */
export class RoutedControl implements ModalControl {
  readonly adapter: ModalControl["adapter"];
  readonly #parts: RoutedControlParts;
  readonly #first: ModalControl;
  readonly #apps = new Set<string>();
  readonly #containers = new Set<string>();
  readonly #sandboxes = new Set<string>();
  readonly #toCliUntilMs = new Map<Operation, number>();
  readonly #named = new Set<Operation>();

  constructor(parts: RoutedControlParts) {
    const { sdk, cli } = parts.adapters;
    const first = sdk ?? cli;
    if (first === null) throw new TypeError("A control plane needs an adapter.");
    this.#parts = parts;
    this.#first = first;
    this.adapter = sdk !== null && cli !== null ? "auto" : first.adapter;
  }

  /** Which adapter answers this operation at present. */
  answeredBy(operation: Operation): "sdk" | "cli" {
    const { sdk, cli } = this.#parts.adapters;
    if (sdk === null) return "cli";
    if (cli === null) return "sdk";
    const untilMs = this.#toCliUntilMs.get(operation);
    return untilMs !== undefined && this.#parts.clock.nowMs() < untilMs ? "cli" : "sdk";
  }

  whoami(options?: ControlOptions): Promise<Identity> {
    return this.#ask("whoami", (control) => control.whoami(options));
  }
  listEnvironments(options?: ControlOptions): Promise<readonly EnvironmentInfo[]> {
    return this.#ask("listEnvironments", (control) => control.listEnvironments(options));
  }
  async listApps(options?: ListOptions): Promise<readonly AppInfo[]> {
    const apps = await this.#ask("listApps", (control) => control.listApps(options));
    // What runs in another environment may be seen from here, and not stopped.
    if (options?.environment === undefined) for (const { appId } of apps) this.#apps.add(appId);
    return apps;
  }
  async listContainers(options?: ListOptions): Promise<readonly ContainerInfo[]> {
    const listed = await this.#ask("listContainers", (c) => c.listContainers(options));
    if (options?.environment === undefined)
      for (const { containerId } of listed) this.#containers.add(containerId);
    return listed;
  }
  containerDetails(containerId: string, options?: ControlOptions): Promise<ContainerDetails> {
    return this.#ask("containerDetails", (c) => c.containerDetails(containerId, options));
  }
  appFunctions(appId: string, options?: ControlOptions): Promise<readonly AppFunction[]> {
    return this.#ask("appFunctions", (control) => control.appFunctions(appId, options));
  }
  functionContainers(functionId: string, options?: ControlOptions): Promise<readonly string[]> {
    return this.#ask("functionContainers", (c) => c.functionContainers(functionId, options));
  }
  functionTerms(functionId: string, options?: ControlOptions): Promise<FunctionTerms> {
    return this.#ask("functionTerms", (control) => control.functionTerms(functionId, options));
  }
  containerStats(query: ContainerStatsQuery, options?: ControlOptions): Promise<ContainerStats> {
    return this.#ask("containerStats", (control) => control.containerStats(query, options));
  }
  async listSandboxes(options?: ListOptions): Promise<SandboxListing> {
    const listing = await this.#ask("listSandboxes", (control) => control.listSandboxes(options));
    if (options?.environment === undefined)
      for (const { sandboxId } of listing.sandboxes) this.#sandboxes.add(sandboxId);
    return listing;
  }
  sandboxUse(sandboxId: string, options?: ControlOptions): Promise<SandboxUse | null> {
    return this.#ask("sandboxUse", (control) => control.sandboxUse(sandboxId, options));
  }
  async stopSandbox(sandboxId: string, options?: ControlOptions): Promise<StopAnswer> {
    await this.#requireOurs(this.#sandboxes, sandboxId, () => this.listSandboxes(options));
    return this.#ask("stopSandbox", (control) => control.stopSandbox(sandboxId, options));
  }
  async stopApp(appId: string, options?: ControlOptions): Promise<StopAnswer> {
    await this.#requireOurs(this.#apps, appId, () => this.listApps(options));
    return this.#ask("stopApp", (control) => control.stopApp(appId, options));
  }
  async stopContainer(
    containerId: string,
    options?: ControlOptions & { readonly graceful?: boolean },
  ): Promise<StopAnswer> {
    await this.#requireOurs(this.#containers, containerId, () => this.listContainers(options));
    return this.#ask("stopContainer", (c) => c.stopContainer(containerId, options));
  }
  async rollover(appId: string, options?: ControlOptions): Promise<void> {
    await this.#requireOurs(this.#apps, appId, () => this.listApps(options));
    return this.#ask("rollover", (control) => control.rollover(appId, options));
  }
  deployments(appId: string, options?: ControlOptions): Promise<readonly AppDeployment[]> {
    return this.#ask("deployments", (control) => control.deployments(appId, options));
  }
  fetchLogs(
    appId: string,
    query: LogQuery,
    options?: ControlOptions,
  ): Promise<readonly LogChunk[]> {
    return this.#ask("fetchLogs", (control) => control.fetchLogs(appId, query, options));
  }
  rates(options?: ControlOptions): Promise<WorkspaceRates> {
    return this.#ask("rates", (control) => control.rates(options));
  }
  billingReport(query: BillingQuery, options?: ControlOptions): Promise<readonly BillingRow[]> {
    return this.#ask("billingReport", (control) => control.billingReport(query, options));
  }
  billingSummary(options?: ControlOptions): Promise<BillingSummary> {
    return this.#ask("billingSummary", (control) => control.billingSummary(options));
  }
  functionScaling(functionId: string, options?: ControlOptions): Promise<FunctionScaling> {
    return this.#ask("functionScaling", (control) => control.functionScaling(functionId, options));
  }
  scale(target: ScaleTarget, settings: ScaleSettings, options?: ControlOptions): Promise<void> {
    return this.#ask("scale", (control) => control.scale(target, settings, options));
  }
  listFunctions(appId: string, options?: ControlOptions): Promise<readonly string[]> {
    return this.#ask("listFunctions", (control) => control.listFunctions(appId, options));
  }

  async *followLogs(
    appId: string,
    options: ControlOptions & { readonly afterEntryId?: string } = {},
  ): AsyncGenerator<LogChunk> {
    const { sdk, cli } = this.#parts.adapters;
    if (sdk !== null && this.answeredBy("followLogs") === "sdk") {
      let begun = false;
      try {
        for await (const chunk of sdk.followLogs(appId, options)) {
          begun = true;
          yield chunk;
        }
        return;
      } catch (error) {
        const failure = failureOf(error);
        // After its first line, a second reader would tell the same lines again.
        const final = begun || cli === null || failure === undefined;
        if (final || !asksOther.has(failure.reason)) throw error;
        this.#remember("followLogs", failure);
      }
    }
    yield* (cli ?? this.#first).followLogs(appId, options);
  }

  async #ask<T>(operation: Operation, ask: (control: ModalControl) => Promise<T>): Promise<T> {
    const { cli } = this.#parts.adapters;
    if (cli !== null && this.answeredBy(operation) === "cli") return ask(cli);
    try {
      return await ask(this.#first);
    } catch (error) {
      const failure = failureOf(error);
      if (cli === null || failure === undefined || !asksOther.has(failure.reason)) throw error;
      return await this.#askCli(operation, () => ask(cli), failure);
    }
  }

  async #askCli<T>(operation: Operation, ask: () => Promise<T>, sdkFailure: Failure): Promise<T> {
    try {
      const answer = await ask();
      this.#remember(operation, sdkFailure);
      return answer;
    } catch (error) {
      const failure = failureOf(error);
      if (failure !== undefined && noAnswer.has(failure.reason)) throw sdkFailure;
      this.#remember(operation, sdkFailure);
      throw error;
    }
  }

  /** Only what this environment lists is acted on. */
  async #requireOurs(
    ids: ReadonlySet<string>,
    id: string,
    list: () => Promise<unknown>,
  ): Promise<void> {
    if (!ids.has(id)) await list();
    if (ids.has(id)) return;
    const { scope } = await this.whoami();
    throw new Failure(
      "invalid-argument",
      t("{0} is not in {1}. Nothing was done.", id, scopeKey(scope)),
    );
  }

  #remember(operation: Operation, failure: Failure): void {
    this.#toCliUntilMs.set(operation, this.#parts.clock.nowMs() + rememberMs);
    if (this.#named.has(operation)) return;
    this.#named.add(operation);
    const evidence = failure.evidence === undefined ? "" : ` (${failure.evidence})`;
    this.#parts.log.warn(
      `The SDK cannot answer "${operation}"; the modal command is asked instead. ${failure.message}${evidence}`,
    );
  }
}
