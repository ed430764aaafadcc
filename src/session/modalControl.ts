import type { Gpu } from "../cost/span.ts";
import type { MicroUsd } from "../cost/money.ts";
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
}

/** One live container. `startedAtMs` is null while it is pending. */
export interface ContainerInfo {
  readonly containerId: string;
  readonly appId: string;
  readonly appName: string;
  readonly startedAtMs: number | null;
  readonly enqueuedAtMs: number | null;
}

/** What TaskGetInfo tells. `gpu` null: the container has no GPU. Not available through the CLI. */
export interface ContainerDetails {
  readonly containerId: string;
  readonly appId: string;
  readonly enqueuedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly gpu: Gpu | null;
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
  readonly spendLimitReached: boolean | null;
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
}

/** A row as the ledger keeps it. */
export interface SavedBillingRow extends BillingRow {
  /** When the report that has it was fetched. */
  readonly fetchedAtMs: number;
}

export interface BillingQuery {
  /** Start inclusive, end exclusive, whole intervals (UTC). */
  readonly startMs: number;
  readonly endMs: number;
  readonly resolution: "hour" | "day";
}

export interface BillingSummary {
  readonly meteredCost: MicroUsd;
  readonly billedCost: MicroUsd;
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

export interface ControlOptions {
  readonly signal?: AbortSignal;
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
  listApps(options?: ControlOptions): Promise<readonly AppInfo[]>;
  listContainers(options?: ControlOptions): Promise<readonly ContainerInfo[]>;
  containerDetails(containerId: string, options?: ControlOptions): Promise<ContainerDetails>;
  /** Stops by app id. Resolves "already-stopped" when it was. Success is Modal's word, not proof: verify by a fresh listing. */
  stopApp(appId: string, options?: ControlOptions): Promise<"stopped" | "already-stopped">;
  stopContainer(
    containerId: string,
    options?: ControlOptions & { readonly graceful?: boolean },
  ): Promise<"stopped" | "already-stopped">;
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
  /** `updateAutoscaler` on one function of a deployed app. Functions are named as deployed ("flux", "Model.*"). */
  scale(
    target: { readonly appName: string; readonly functionName: string },
    settings: ScaleSettings,
    options?: ControlOptions,
  ): Promise<void>;
  /** Function names of a deployed app, for `scale`. */
  listFunctions(appId: string, options?: ControlOptions): Promise<readonly string[]>;
}
