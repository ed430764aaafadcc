import * as z from "zod/mini";
import { summaryLines } from "../summaryLines.ts";
import { t } from "../../base/text.ts";
import { usd } from "../../cost/money.ts";
import { normaliseGpuType } from "../../cost/rates/gpu.ts";
import { regionKind } from "../../cost/terms.ts";
import type {
  AppDeployment,
  AppFunction,
  AppInfo,
  AppState,
  BillingRow,
  BillingSummary,
  ContainerInfo,
  ContainerStats,
  EnvironmentInfo,
  FunctionTerms,
  Identity,
  WorkspaceRates,
} from "../../session/modalControl.ts";
import { metricsOf, type Metric } from "../containerMetrics.ts";
import { badOutput, parseShape as parse } from "./json.ts";

/**
 * "2025-11-21 04:40:00+01:00" → milliseconds. Without an offset it is UTC (billing intervals).
 * NaN when it is no time.
 */
export function parseInstant(text: string): number {
  const iso = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)([+-]\d\d:?\d\d|Z)?)?$/.exec(
    text,
  );
  if (iso === null) return Date.parse(text);
  return Date.parse(`${iso[1] ?? ""}T${iso[2] ?? "00:00:00"}${iso[3] ?? "Z"}`);
}

const instantMs = z.pipe(
  z
    .string()
    .check(
      z.refine((text) => !Number.isNaN(parseInstant(text)), { error: () => t("is not a time") }),
    ),
  z.transform(parseInstant),
);
const decimal = z.pipe(
  z
    .string()
    .check(z.regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/, { error: () => t("is not a number") })),
  z.transform(Number),
);
const count = z.pipe(
  z.string().check(z.regex(/^\d+$/, { error: () => t("is not a count") })),
  z.transform(Number),
);
const appId = z.string().check(z.regex(/^ap-\w+$/, { error: () => t("is not an app id") }));

const apps = z.array(
  z.object({
    app_id: appId,
    description: z.nullable(z.string()),
    state: z.string(),
    tasks: count,
    created_at: z.nullable(instantMs),
    stopped_at: z.nullable(instantMs),
  }),
);

// cli/app.py: APP_STATE_TO_MESSAGE.
const appStates: Readonly<Record<string, AppState>> = {
  deployed: "deployed",
  ephemeral: "ephemeral",
  "ephemeral (detached)": "detached",
  "initializing...": "initializing",
  "stopping...": "stopping",
  stopped: "stopped",
  disabled: "disabled",
};

/** `modal app list --json`. */
export function parseApps(json: unknown): readonly AppInfo[] {
  return parse(t("list the apps"), apps, json).map((app) => ({
    appId: app.app_id,
    name: app.description ?? "",
    state: appStates[app.state] ?? "unknown",
    containerCount: app.tasks,
    createdAtMs: app.created_at,
    stoppedAtMs: app.stopped_at,
  }));
}

const containers = z.array(
  z.object({
    container_id: z
      .string()
      .check(z.regex(/^[\w-]+$/, { error: () => t("is not a container id") })),
    app_id: appId,
    app_name: z.nullable(z.string()),
    start_time: z.union([z.literal("Pending"), instantMs]),
  }),
);

/** `modal container list --json`. The CLI does not tell when a container was enqueued. */
export function parseContainers(json: unknown): readonly ContainerInfo[] {
  return parse(t("list the containers"), containers, json).map((container) => ({
    containerId: container.container_id,
    appId: container.app_id,
    appName: container.app_name ?? "",
    startedAtMs: container.start_time === "Pending" ? null : container.start_time,
    enqueuedAtMs: null,
  }));
}

const summarized = z.record(
  z.string(),
  z.object({
    id: z.string(),
    summary: z.object({
      gpu_config: z.optional(
        z.array(z.object({ gpu_type: z.optional(z.string()), count: z.optional(z.number()) })),
      ),
    }),
  }),
);
const appInfo = z.object({ functions: summarized, servers: z.optional(summarized) });

/** `modal app info --json`: the proto's own fields, those that are empty or zero left out. */
export function parseAppFunctions(json: unknown): readonly AppFunction[] {
  const { functions, servers } = parse(t("read an app's functions"), appInfo, json);
  return Object.entries({ ...functions, ...servers }).map(([name, { id, summary }]) => ({
    functionId: id,
    name,
    gpus: (summary.gpu_config ?? []).flatMap(({ gpu_type: type = "", count: many = 1 }) =>
      type === "" ? [] : [{ type: normaliseGpuType(type), count: many }],
    ),
  }));
}

const amount = z.nullable(z.union([z.number(), z.tuple([z.number(), z.number()])]));
const functionInfo = z.object({
  cpu: amount,
  memory_mib: amount,
  ephemeral_disk_mib: z.nullable(z.number()),
  nonpreemptible: z.boolean(),
  regions: z.nullable(z.array(z.string())),
});

/**
 * `modal function info --json`, `modal server info --json`. null is "none asked for"; of (request,
 * limit) the request counts. For memory with a limit, client 1.6.4 prints the limit alone.
 */
export function parseFunctionInfo(json: unknown): FunctionTerms {
  const info = parse(t("read what a function asks for"), functionInfo, json);
  return {
    cores: requestOf(info.cpu),
    gib: requestOf(info.memory_mib) / 1024,
    diskGib: (info.ephemeral_disk_mib ?? 0) / 1024,
    region: regionKind(info.regions ?? []),
    nonPreemptible: info.nonpreemptible,
  };
}

function requestOf(asked: z.output<typeof amount>): number {
  return (typeof asked === "object" ? asked?.[0] : asked) ?? 0;
}

const callRows = z.array(z.object({ container_id: z.optional(z.nullable(z.string())) }));

/** `modal function calls --json`: the containers that ran the calls; null: a call that waits for one. */
export function parseCallRows(json: unknown): readonly string[] {
  const rows = parse(t("look up a function's containers"), callRows, json);
  return [...new Set(rows.flatMap(({ container_id: id }) => id ?? []))];
}

const containerStats = z.object({
  container_total_count: z.number(),
  container_percentile_stats: z.record(
    z.string(),
    z.object({ percentiles: z.record(z.string(), z.number()) }),
  ),
});

/** `modal function stats --container --json`. */
export function parseContainerStatsJson(json: unknown): ContainerStats {
  const stats = parse(t("read a container's stats"), containerStats, json);
  const metrics = Object.entries(stats.container_percentile_stats).map(
    ([name, { percentiles }]): Metric => ({
      name,
      values: new Map(
        Object.entries(percentiles).map(([key, value]) => [Number(key.replace(/^p/, "")), value]),
      ),
    }),
  );
  return { containers: stats.container_total_count, ...metricsOf(metrics) };
}

const environments = z.array(
  z.object({
    name: z.string().check(z.minLength(1)),
    web_suffix: z.nullable(z.string()),
    active: z.union([z.literal("True"), z.literal("False")]),
  }),
);

/** `modal environment list --json`, run with no environment chosen, so that "active" is the default. */
export function parseEnvironments(json: unknown): readonly EnvironmentInfo[] {
  return parse(t("list the environments"), environments, json).map((environment) => ({
    name: environment.name,
    isDefault: environment.active === "True",
    budgetMicroUsd: null,
    usageMicroUsd: null,
    limitMicroUsd: null,
    spendLimitReached: null,
    gpusNow: null,
    containersNow: null,
  }));
}

const deployments = z.array(
  z.object({
    version: z.string().check(z.regex(/^v\d+$/, { error: () => t("is not a version") })),
    time_deployed: z.nullable(instantMs),
    deployed_by: z.nullable(z.string()),
    tag: z.optional(z.nullable(z.string())),
  }),
);

/** `modal app history ID --json`. */
export function parseDeployments(json: unknown): readonly AppDeployment[] {
  return parse(t("read the deployment history"), deployments, json).map((deployment) => ({
    version: Number(deployment.version.slice(1)),
    deployedAtMs: deployment.time_deployed,
    deployedBy: deployment.deployed_by === "" ? null : deployment.deployed_by,
    tag: deployment.tag ?? null,
  }));
}

const rates = z.record(z.string(), z.union([decimal, z.number()]));

/** `modal billing rates --json`: USD per hour under Modal's own keys. */
export function parseRates(json: unknown): WorkspaceRates {
  return { usdPerHourByKey: new Map(Object.entries(parse(t("read the rates"), rates, json))) };
}

const billingRow = z.object({
  object_id: z.string(),
  description: z.nullable(z.string()),
  environment: z.nullable(z.string()),
  interval_start: instantMs,
  cost: decimal,
});
const billing = z.array(billingRow);
const billingByResource = z.array(z.extend(billingRow, { resource: z.string() }));

/** `modal billing report --json`. */
export function parseBilling(json: unknown): readonly BillingRow[] {
  return parse(t("read the billing report"), billing, json).map((item) => ({
    objectId: item.object_id,
    description: item.description ?? "",
    environment: item.environment ?? "",
    intervalStartMs: item.interval_start,
    cost: usd(item.cost),
  }));
}

/**
 * The same rows with the costs of `modal billing report --show-resources --json`, which has a row for
 * each resource, and none of what Modal does not split.
 */
export function withResources(rows: readonly BillingRow[], json: unknown): readonly BillingRow[] {
  const parts = parse(t("read the billing report"), billingByResource, json);
  const keyOf = (id: string, environment: string, startMs: number): string =>
    JSON.stringify([id, environment, startMs]);
  const byRow = Map.groupBy(parts, (part) =>
    keyOf(part.object_id, part.environment ?? "", part.interval_start),
  );
  return rows.map((row) => {
    const partsOfRow = byRow.get(keyOf(row.objectId, row.environment, row.intervalStartMs));
    if (partsOfRow === undefined) return row;
    const costs = partsOfRow.map(({ resource, cost }) => [resource, usd(cost)] as const);
    return { ...row, costByResource: Object.fromEntries(costs) };
  });
}

const linesOfSummary = z.optional(z.record(z.string(), decimal));
const summary = z.object({
  metered_cost: decimal,
  billed_cost: decimal,
  metered_cost_breakdown: linesOfSummary,
  adjustments: linesOfSummary,
});

/** `modal billing summary --json`. */
export function parseBillingSummary(json: unknown): BillingSummary {
  const parsed = parse(t("read the billing summary"), summary, json);
  return {
    meteredCost: usd(parsed.metered_cost),
    billedCost: usd(parsed.billed_cost),
    metered: summaryLines(parsed.metered_cost_breakdown),
    adjustments: summaryLines(parsed.adjustments),
  };
}

/** `modal token info`, which is text: "Workspace: acme (ac-1)", "User: me (us-1)". */
export function parseTokenInfo(text: string): {
  readonly workspace: string;
  readonly username: Identity["username"];
} {
  const workspace = /^Workspace:\s+(\S+)/m.exec(text)?.[1];
  if (workspace === undefined)
    throw badOutput(t("identify the workspace"), t("names no workspace"), text);
  return { workspace, username: /^(?:User|Service User):\s+(\S+)/m.exec(text)?.[1] ?? null };
}
