import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import type { CostByResource } from "../../cost/billed/billedRow.ts";
import { usd } from "../../cost/money.ts";
import type {
  AppDeployment,
  AppInfo,
  AppState,
  BillingRow,
  BillingSummary,
  ContainerDetails,
  ContainerInfo,
  EnvironmentInfo,
  LogChunk,
  WorkspaceRates,
} from "../../session/modalControl.ts";
import { summaryLines } from "../summaryLines.ts";
import { gpuOf, parseAnswer as parse } from "./answer.ts";

// The SDK's own types promise these shapes; the service does not. 0 and "" stand for "not set".
const id = z.string().check(z.minLength(1));
const seconds = z.number().check(z.nonnegative());
const decimal = z.pipe(
  z
    .string()
    .check(z.regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/, { error: () => t("is not a number") })),
  z.transform(Number),
);

/** Seconds since the epoch → whole milliseconds; null for 0, which means "not yet". */
function instantMs(value: number): number | null {
  return value === 0 ? null : Math.round(value * 1000);
}

// modal_proto/api.proto: AppState.
const appStates: ReadonlyMap<number, AppState> = new Map([
  [1, "ephemeral"],
  [2, "detached"],
  [3, "deployed"],
  [4, "stopping"],
  [5, "stopped"],
  [6, "initializing"],
  [7, "disabled"],
  [8, "detached"],
]);

const appList = z.object({
  apps: z.array(
    z.object({
      appId: id,
      description: z.string(),
      name: z.string(),
      state: z.number(),
      createdAt: seconds,
      stoppedAt: seconds,
      nRunningTasks: z.int(),
      // Since 1.6, and not for each app.
      metadata: z.optional(
        z.object({
          lifecycle: z.optional(z.object({ createdBy: z.string(), deployedBy: z.string() })),
        }),
      ),
    }),
  ),
});

export function parseAppList(answer: unknown): readonly AppInfo[] {
  return parse(t("list the apps"), appList, answer).apps.map((app) => ({
    appId: app.appId,
    // As the CLI: the description is the deployment's name, and never empty where the name is not.
    name: app.description === "" ? app.name : app.description,
    state: appStates.get(app.state) ?? "unknown",
    containerCount: app.nRunningTasks,
    createdAtMs: instantMs(app.createdAt),
    stoppedAtMs: instantMs(app.stoppedAt),
    ...authorOf(app.metadata?.lifecycle),
  }));
}

/** The last deployment's author outweighs who created it first. */
function authorOf(
  lifecycle: { readonly createdBy: string; readonly deployedBy: string } | undefined,
): Pick<AppInfo, "by"> {
  const by = lifecycle?.deployedBy === "" ? lifecycle.createdBy : lifecycle?.deployedBy;
  return by === undefined || by === "" ? {} : { by };
}

const taskList = z.object({
  tasks: z.array(
    z.object({
      taskId: id,
      appId: id,
      appDescription: z.string(),
      startedAt: seconds,
      enqueuedAt: seconds,
    }),
  ),
});

export function parseTaskList(answer: unknown): readonly ContainerInfo[] {
  return parse(t("list the containers"), taskList, answer).tasks.map((task) => ({
    containerId: task.taskId,
    appId: task.appId,
    appName: task.appDescription,
    startedAtMs: instantMs(task.startedAt),
    enqueuedAtMs: instantMs(task.enqueuedAt),
  }));
}

const taskInfo = z.object({
  appId: id,
  info: z.object({
    id: z.string(),
    startedAt: seconds,
    finishedAt: seconds,
    enqueuedAt: seconds,
    sandboxId: z.string(),
    gpuType: z.string(),
    gpuConfig: z.optional(z.object({ count: z.int(), gpuType: z.string() })),
  }),
});

export function parseTaskInfo(containerId: string, answer: unknown): ContainerDetails {
  const { appId, info } = parse(t("look up a container's GPU"), taskInfo, answer);
  return {
    containerId,
    appId,
    enqueuedAtMs: instantMs(info.enqueuedAt),
    startedAtMs: instantMs(info.startedAt),
    finishedAtMs: instantMs(info.finishedAt),
    gpu: gpuOf(info.gpuConfig?.gpuType ?? "", info.gpuType, info.gpuConfig?.count ?? 0),
    isSandbox: info.sandboxId !== "",
  };
}

const environmentList = z.object({
  items: z.array(
    z.object({
      name: id,
      webhookSuffix: z.string(),
      default: z.boolean(),
      cycleBudgetDollars: z.optional(z.number()),
      effectiveCycleSpendLimit: z.number(),
      currentCycleUsage: z.number(),
      spendLimitReached: z.boolean(),
      currentConcurrentGpus: z.int(),
      currentConcurrentTasks: z.int(),
    }),
  ),
});

export function parseEnvironmentList(answer: unknown): readonly EnvironmentInfo[] {
  return parse(t("list the environments"), environmentList, answer).items.map((item) => ({
    name: item.name,
    isDefault: item.default,
    budgetMicroUsd: item.cycleBudgetDollars === undefined ? null : usd(item.cycleBudgetDollars),
    usageMicroUsd: usd(item.currentCycleUsage),
    // 0 is none, or not told.
    limitMicroUsd: item.effectiveCycleSpendLimit > 0 ? usd(item.effectiveCycleSpendLimit) : null,
    spendLimitReached: item.spendLimitReached,
    gpusNow: item.currentConcurrentGpus,
    containersNow: item.currentConcurrentTasks,
  }));
}

const tokenInfo = z.object({
  workspaceName: id,
  userIdentity: z.optional(z.object({ username: z.string() })),
  serviceUserIdentity: z.optional(z.object({ serviceUserName: z.string() })),
});

export function parseTokenInfoGet(answer: unknown): {
  readonly workspace: string;
  readonly username: string | null;
} {
  const info = parse(t("identify the workspace"), tokenInfo, answer);
  const username = info.userIdentity?.username ?? info.serviceUserIdentity?.serviceUserName ?? "";
  return { workspace: info.workspaceName, username: username === "" ? null : username };
}

const history = z.object({
  appDeploymentHistories: z.array(
    z.object({
      version: z.int(),
      deployedAt: seconds,
      deployedBy: z.string(),
      tag: z.string(),
    }),
  ),
});

/** Newest first, as the CLI prints them. */
export function parseHistory(answer: unknown): readonly AppDeployment[] {
  const rows = parse(t("read the deployment history"), history, answer).appDeploymentHistories;
  return rows
    .toSorted((a, b) => b.version - a.version)
    .map((row) => ({
      version: row.version,
      deployedAtMs: instantMs(row.deployedAt),
      deployedBy: row.deployedBy === "" ? null : row.deployedBy,
      tag: row.tag === "" ? null : row.tag,
    }));
}

const lifecycle = z.object({ lifecycle: z.object({ appState: z.number() }) });

export function parseAppState(answer: unknown): AppState {
  const { appState } = parse(t("look up an app's state"), lifecycle, answer).lifecycle;
  return appStates.get(appState) ?? "unknown";
}

export function parseRolloverAt(answer: unknown): number {
  const shape = z.object({ deployedAt: seconds });
  return parse(t("replace the containers"), shape, answer).deployedAt * 1000;
}

const rates = z.object({ rates: z.record(z.string(), decimal) });

export function parseBillingRates(answer: unknown): WorkspaceRates {
  return {
    usdPerHourByKey: new Map(Object.entries(parse(t("read the rates"), rates, answer).rates)),
  };
}

const unread = z.pipe(
  z.unknown(),
  z.transform(() => undefined),
);
const reportItem = z.object({
  objectId: z.string(),
  description: z.string(),
  environmentName: z.string(),
  interval: z.date(),
  cost: decimal,
  // No row is lost for a part of it that cannot be read.
  costByResource: z.optional(z.union([z.record(z.string(), decimal), unread])),
});

export function parseReportItem(answer: unknown): BillingRow {
  const item = parse(t("read the billing report"), reportItem, answer);
  return {
    objectId: item.objectId,
    description: item.description,
    environment: item.environmentName,
    intervalStartMs: item.interval.getTime(),
    cost: usd(item.cost),
    costByResource: costsOf(item.costByResource ?? {}),
  };
}

/** `cost_by_resource` (field 8 of the item). Without an entry it is not told: what costs something is paid for something. */
function costsOf(usdByResource: Readonly<Record<string, number>>): CostByResource | undefined {
  const costs = Object.entries(usdByResource).map(([key, cost]) => [key, usd(cost)] as const);
  return costs.length === 0 ? undefined : Object.fromEntries(costs);
}

const linesOfSummary = z.optional(z.record(z.string(), decimal));
const summary = z.object({
  meteredCost: decimal,
  billedCost: decimal,
  meteredCostBreakdown: linesOfSummary,
  adjustments: linesOfSummary,
});

export function parseSummary(answer: unknown): BillingSummary {
  const parsed = parse(t("read the billing summary"), summary, answer);
  return {
    meteredCost: usd(parsed.meteredCost),
    billedCost: usd(parsed.billedCost),
    metered: summaryLines(parsed.meteredCostBreakdown),
    adjustments: summaryLines(parsed.adjustments),
  };
}

const layout = z.object({
  appLayout: z.object({ functionIds: z.record(z.string(), z.string()) }),
});

/** Function names as deployed ("flux", "Model.*"). */
export function parseLayout(answer: unknown): readonly string[] {
  const { functionIds } = parse(t("list an app's functions"), layout, answer).appLayout;
  return Object.keys(functionIds).toSorted();
}

export function parseFunctionId(answer: unknown): string {
  return parse(t("find a function"), z.object({ functionId: id }), answer).functionId;
}

const logBatch = z.object({
  taskId: z.string(),
  entryId: z.string(),
  appDone: z.boolean(),
  items: z.array(
    z.object({
      data: z.string(),
      timestamp: z.number(),
      timestampNs: z.string(),
      functionCallId: z.optional(z.string()),
    }),
  ),
});

export interface SdkLogBatch {
  readonly chunks: readonly LogChunk[];
  /** "" for the server's own messages, which are no place to resume from. */
  readonly entryId: string;
  readonly appDone: boolean;
}

export function parseLogBatch(answer: unknown): SdkLogBatch {
  const batch = parse(t("read the logs"), logBatch, answer);
  const chunks = batch.items
    .filter((item) => item.data !== "")
    .map((item) => ({
      text: item.data,
      containerId: batch.taskId === "" ? null : batch.taskId,
      functionCallId: item.functionCallId || null,
      atMs: logInstantMs(item.timestampNs, item.timestamp),
      entryId: batch.entryId === "" ? null : batch.entryId,
    }));
  return { chunks, entryId: batch.entryId, appDone: batch.appDone };
}

export function parseLogBatches(answer: unknown): readonly LogChunk[] {
  const { batches } = parse(
    t("read the logs"),
    z.object({ batches: z.array(z.unknown()) }),
    answer,
  );
  return batches.flatMap((batch) => parseLogBatch(batch).chunks);
}

function logInstantMs(nanoseconds: string, secondsSinceEpoch: number): number | null {
  if (/^[1-9]\d*$/.test(nanoseconds)) return Number(BigInt(nanoseconds) / 1_000_000n);
  return instantMs(secondsSinceEpoch);
}
