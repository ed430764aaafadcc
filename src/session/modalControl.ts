import type { CostByResource } from "../cost/billed/billedRow.ts";
import type { Gpu } from "../cost/span.ts";
import type { MicroUsd } from "../cost/money.ts";
import type { InUse, Terms } from "../cost/terms.ts";
import type { SandboxListing, SandboxUse } from "./sandboxInfo.ts";
import type { Scope } from "./scope.ts";

export type AppState =
  | "initializing"
  | "deployed"
  | "ephemeral"
  | "detached"
  | "stopping"
  | "stopped"
  | "disabled"
  | "unknown";

/** One app as Modal lists it. Stopped apps stay in listings for about two hours. */
export interface AppInfo {
  readonly appId: string;
  /** The deployment name for deployed apps; a description, not unique, for ephemeral ones. */
  readonly name: string;
  readonly state: AppState;
  /** Containers (tasks) that Modal counts for the app. */
  readonly containerCount: number;
  readonly createdAtMs: number | null;
  readonly stoppedAtMs: number | null;
  /** Who deployed it last, or created it; absent: the list does not tell (the CLI's never does). */
  readonly by?: string | undefined;
}

/** One live container. `startedAtMs` is null while it is pending. */
export interface ContainerInfo {
  readonly containerId: string;
  readonly appId: string;
  readonly appName: string;
  readonly startedAtMs: number | null;
  readonly enqueuedAtMs: number | null;
}

/**
 * What TaskGetInfo tells. `gpu` null: not told, which is no proof of a container without one (no
 * public client reads the field, and Modal's own mock leaves it empty). Not available through the CLI.
 */
export interface ContainerDetails {
  readonly containerId: string;
  readonly appId: string;
  readonly enqueuedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly gpu: Gpu | null;
  /** It is a sandbox's, and pays as one. */
  readonly isSandbox: boolean;
}

/** One function of an app, as Modal summarizes it. */
export interface AppFunction {
  readonly functionId: string;
  readonly name: string;
  /** In the order in which Modal takes them; empty: none, or not told. */
  readonly gpus: readonly Gpu[];
}

/** What the autoscaler of a function has in force. */
export interface FunctionScaling {
  /** The idle window, in seconds: Modal's own where none is set. */
  readonly scaledownSeconds: number;
  /** What its deploy gave to it, Modal's own included, whatever was put in its place since; null: not told. */
  readonly ownScaledownSeconds: number | null;
  /** Containers that it keeps whatever comes. */
  readonly minContainers: number;
}

/** The function whose autoscaler is meant. Functions are named as deployed ("flux", "Model.*"). */
export interface ScaleTarget {
  readonly appName: string;
  readonly functionName: string;
  /** Saves the question which function has the name. */
  readonly functionId?: string;
}

/** What a function asks for, as Modal tells it. */
export type FunctionTerms = Pick<Terms, "cores" | "gib" | "diskGib" | "region" | "nonPreemptible">;

/** What Modal's stats tell of one container of a function. */
export interface ContainerStats {
  /** How many containers they are of; 0: that container is none of the function's. */
  readonly containers: number;
  /** From the beginning of its boot to ready; null: not told, or not yet. */
  readonly startupMs: number | null;
  /** Cores and GiB in use in the range; null: not told. */
  readonly coresInUse: InUse | null;
  readonly gibInUse: InUse | null;
}

export interface ContainerStatsQuery {
  readonly functionId: string;
  readonly containerId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Identity {
  readonly scope: Scope;
  readonly username: string | null;
}

export interface EnvironmentInfo {
  readonly name: string;
  readonly isDefault: boolean;
  /** Budget fields: null where the adapter or the plan does not tell. */
  readonly budgetMicroUsd: MicroUsd | null;
  readonly usageMicroUsd: MicroUsd | null;
  /** What Modal lets it spend in a cycle, by its budget or the workspace's. */
  readonly limitMicroUsd: MicroUsd | null;
  readonly spendLimitReached: boolean | null;
  /** GPUs and containers that Modal counts there now; 0 may mean that it does not tell. null: the adapter does not. */
  readonly gpusNow: number | null;
  readonly containersNow: number | null;
}

/** Rates as Modal tells them, USD per hour, under Modal's own keys ("gpu_hour_cost_l40s"). Parsed by cost/rates.ts. */
export interface WorkspaceRates {
  readonly usdPerHourByKey: ReadonlyMap<string, number>;
}

export interface BillingRow {
  readonly objectId: string;
  readonly description: string;
  readonly environment: string;
  readonly intervalStartMs: number;
  readonly cost: MicroUsd;
  /** The cost by what it was paid for; absent: the report did not tell. */
  readonly costByResource?: CostByResource | undefined;
}

/** A row as the ledger keeps it. */
export interface SavedBillingRow extends BillingRow {
  /** When the report that has it was fetched, on this machine's clock. */
  readonly fetchedAtMs: number;
  /** Which report of the workspace that was: what is newest is decided by it, not by a clock. */
  readonly report: number;
  /** Since which report it says this, of those that come after all usual delays; null: none of them. */
  readonly sameSinceMs: number | null;
  /** What it said when it was final before; null: Modal has not changed a final row. */
  readonly wasMicroUsd: MicroUsd | null;
}

/** When a report was fetched, and which of the workspace's it is. */
export interface Fetched {
  readonly atMs: number;
  /** Grows with each report; 0 where nobody counts. */
  readonly report: number;
}

export interface BillingQuery {
  /** Start inclusive, end exclusive, whole intervals (UTC). */
  readonly startMs: number;
  readonly endMs: number;
  readonly resolution: "hour" | "day";
  /** Also the costs by resource, for which the CLI has to ask a second time. */
  readonly byResource?: boolean;
}

/** A line of the summary, under Modal's own name ("GPU", "cpu", "Credits Applied"). */
export interface SummaryLine {
  readonly name: string;
  /** What is taken off (credits) is below 0. */
  readonly cost: MicroUsd;
}

/** What the billing cycle has cost the workspace so far. */
export interface BillingSummary {
  readonly meteredCost: MicroUsd;
  readonly billedCost: MicroUsd;
  /** What the metered cost is made of; empty: not told. */
  readonly metered: readonly SummaryLine[];
  /** Credits, the plan, and what else stands between metered and billed; empty: not told. */
  readonly adjustments: readonly SummaryLine[];
}

/** A piece of an app's log, as it arrives: not necessarily whole lines. */
export interface LogChunk {
  readonly text: string;
  readonly containerId: string | null;
  readonly atMs: number | null;
  /** The call ("fc-…") that wrote it; null where Modal does not tell. */
  readonly functionCallId: string | null;
  /** Cursor to resume after this chunk, where the adapter has one. */
  readonly entryId: string | null;
}

export interface LogQuery {
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly tail?: number;
}

/** What an autoscaler change asks for. Omitted fields stay as they are. Reset by the next deploy. */
export interface ScaleSettings {
  readonly minContainers?: number;
  readonly scaledownWindowSeconds?: number;
}

export interface AppDeployment {
  readonly version: number;
  readonly deployedAtMs: number | null;
  readonly deployedBy: string | null;
  readonly tag: string | null;
}

/** What Modal says to a stop. Its word, not proof. */
export type StopAnswer = "stopped" | "already-stopped";

export interface ControlOptions {
  readonly signal?: AbortSignal;
}

/** For lists: of another environment of the workspace than the one that the control plane is bound to. */
export interface ListOptions extends ControlOptions {
  readonly environment?: string;
}

/**
 * Modal's control plane, bound to one scope (profile and environment). Two adapters: the CLI and
 * the SDK. Every method rejects with a `Failure`; an operation that the adapter cannot do at all
 * rejects with reason "unsupported".
 */
export interface ModalControl {
  /** "cli", "sdk" or "auto": for the log and the tooltip. */
  readonly adapter: "cli" | "sdk" | "auto";
  /** Which adapter answers an operation at present, where that can change ("auto"). */
  answeredBy?(operation: "listContainers"): "cli" | "sdk";
  whoami(options?: ControlOptions): Promise<Identity>;
  listEnvironments(options?: ControlOptions): Promise<readonly EnvironmentInfo[]>;
  listApps(options?: ListOptions): Promise<readonly AppInfo[]>;
  listContainers(options?: ListOptions): Promise<readonly ContainerInfo[]>;
  containerDetails(containerId: string, options?: ControlOptions): Promise<ContainerDetails>;
  /** The functions of an app and their GPUs. With the CLI since 1.6.0. */
  appFunctions(appId: string, options?: ControlOptions): Promise<readonly AppFunction[]>;
  /** What a function asks for: CPU, memory, disk, region. With the CLI since 1.6.0. */
  functionTerms(functionId: string, options?: ControlOptions): Promise<FunctionTerms>;
  /** Ids of the containers that ran the latest calls of a function. With the CLI since 1.6. */
  functionContainers(functionId: string, options?: ControlOptions): Promise<readonly string[]>;
  /** What Modal's stats tell of a container. With the CLI since 1.6. They may be late. */
  containerStats(query: ContainerStatsQuery, options?: ControlOptions): Promise<ContainerStats>;
  /** The sandboxes that run in the environment. Not available through the CLI, which has no such command. */
  listSandboxes(options?: ListOptions): Promise<SandboxListing>;
  /** What a sandbox has used since it was made; null: not told. Not available through the CLI. */
  sandboxUse(sandboxId: string, options?: ControlOptions): Promise<SandboxUse | null>;
  /** Ends one sandbox. Not available through the CLI. Success is Modal's word, not proof. */
  stopSandbox(sandboxId: string, options?: ControlOptions): Promise<StopAnswer>;
  /** Stops by app id. Resolves "already-stopped" when it was. Success is Modal's word, not proof: verify by a fresh listing. */
  stopApp(appId: string, options?: ControlOptions): Promise<StopAnswer>;
  stopContainer(
    containerId: string,
    options?: ControlOptions & { readonly graceful?: boolean },
  ): Promise<StopAnswer>;
  /** Ends all containers of a deployed app and keeps the deployment (`modal app rollover --strategy recreate`). */
  rollover(appId: string, options?: ControlOptions): Promise<void>;
  deployments(appId: string, options?: ControlOptions): Promise<readonly AppDeployment[]>;
  fetchLogs(appId: string, query: LogQuery, options?: ControlOptions): Promise<readonly LogChunk[]>;
  /** Follows until the app is done or the signal aborts; `afterEntryId` resumes where the adapter can. */
  followLogs(
    appId: string,
    options?: ControlOptions & { readonly afterEntryId?: string },
  ): AsyncIterable<LogChunk>;
  rates(options?: ControlOptions): Promise<WorkspaceRates>;
  billingReport(query: BillingQuery, options?: ControlOptions): Promise<readonly BillingRow[]>;
  billingSummary(options?: ControlOptions): Promise<BillingSummary>;
  /** What the autoscaler of a function has in force now. With the CLI since 1.6.2. */
  functionScaling(functionId: string, options?: ControlOptions): Promise<FunctionScaling>;
  /** `updateAutoscaler` on one function of a deployed app. With the CLI since 1.6.2. */
  scale(target: ScaleTarget, settings: ScaleSettings, options?: ControlOptions): Promise<void>;
  /** Function names of a deployed app, for `scale`. With the CLI since 1.6.0. */
  listFunctions(appId: string, options?: ControlOptions): Promise<readonly string[]>;
}
