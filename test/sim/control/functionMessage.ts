import { createHash } from "node:crypto";
import * as z from "zod/mini";
import type { App, Fn, FunctionSpec, WebSpec } from "../model/entities.ts";
import { isKnownGpu, type Region } from "../model/rates.ts";
import { scheduling } from "../model/fleet.ts";
import type { Workspace } from "../workspace.ts";
import type { Message } from "./grpcServer.ts";
import { secondsOf } from "./rpc.ts";
import { RpcError } from "./status.ts";

const text = z.string();
const number = z.number();

export const webhookShape = z.nullish(
  z.object({
    type: number,
    method: text,
    requested_suffix: text,
    requires_proxy_auth: z.boolean(),
    ephemeral_suffix: text,
  }),
);
export const methodsShape = z.record(text, z.object({ webhook_config: webhookShape }));
export const settingsShape = z.nullish(
  z.object({
    min_containers: z.nullish(number),
    max_containers: z.nullish(number),
    buffer_containers: z.nullish(number),
    scaledown_window: z.nullish(number),
  }),
);
export const functionShape = z.object({
  function_name: text,
  function_type: number,
  image_id: text,
  secret_ids: z.array(text),
  resources: z.nullish(
    z.object({
      memory_mb: number,
      milli_cpu: number,
      ephemeral_disk_mb: number,
      gpu_config: z.nullish(z.object({ count: number, gpu_type: text })),
    }),
  ),
  scheduler_placement: z.nullish(z.object({ regions: z.array(text), nonpreemptible: z.boolean() })),
  webhook_config: webhookShape,
  concurrency_limit: number,
  timeout_secs: number,
  task_idle_timeout_secs: number,
  warm_pool_size: number,
  max_concurrent_inputs: number,
  is_class: z.boolean(),
  method_definitions: methodsShape,
  autoscaler_settings: settingsShape,
});
export type FunctionMessage = z.output<typeof functionShape>;
type Webhook = z.output<typeof webhookShape>;

/** A label longer than a host name allows is cut and given a hash. */
const LONGEST_LABEL = 63;

/** Where a web function is served, and whether its name had to be cut. */
export interface WebPlace {
  readonly label: string;
  readonly url: string;
  readonly truncated: boolean;
  readonly stolen: boolean;
}

/** The place of one web function: Modal's host name becomes the first path segment. */
export function webPlace(
  workspace: Workspace,
  webBase: string,
  app: App,
  target: { readonly functionName: string; readonly method: string; readonly webhook: Webhook },
): WebPlace | null {
  const { webhook } = target;
  if (webhook === null || webhook === undefined || webhook.type === 0) return null;
  const suffix = workspace.environment(app.environment)?.webSuffix ?? "";
  const account = suffix === "" ? workspace.name : `${workspace.name}-${suffix}`;
  const own = target.functionName.replace(/\.\*$/, "");
  const name =
    webhook.requested_suffix === ""
      ? [app.description, own, target.method].filter((part) => part !== "").join("-")
      : webhook.requested_suffix;
  const isDev = app.state === "ephemeral" || app.state === "detached";
  const dev = isDev ? `-${webhook.ephemeral_suffix === "" ? "dev" : webhook.ephemeral_suffix}` : "";
  const whole = `${account}--${slug(name)}${dev}`;
  const truncated = whole.length > LONGEST_LABEL;
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, 6);
  const label = truncated ? `${whole.slice(0, 56)}-${hash}` : whole;
  const holder = workspace.labels.get(label);
  const stolen =
    holder !== undefined &&
    holder.appId !== app.id &&
    workspace.cloud.apps.get(holder.appId)?.state !== "stopped";
  return { label, url: `${webBase}/${label}`, truncated, stolen };
}

/** What the deploy asks for, in the model's words. */
export function specOf(
  workspace: Workspace,
  webBase: string,
  app: App,
  message: FunctionMessage,
): FunctionSpec {
  const gpu = message.resources?.gpu_config;
  const gpuType = gpu?.gpu_type ?? "";
  const gpuCount = gpu?.count ?? 0;
  const hasGpu = gpuType !== "" && gpuCount > 0;
  if (hasGpu && !isKnownGpu(gpuType))
    throw new RpcError("INVALID_ARGUMENT", `Unknown GPU type '${gpuType}'.`);
  const settings = message.autoscaler_settings;
  const idle = settings?.scaledown_window ?? message.task_idle_timeout_secs;
  // The bounds that a public repository quotes from the service; Modal's guide names 2 s to 20 min.
  if (idle !== 0 && (idle < 2 || idle > 3600))
    throw new RpcError("INVALID_ARGUMENT", "scaledown_window must be between 2 and 3600 seconds.");
  const web: WebSpec[] = [];
  const add = (method: string, webhook: Webhook): void => {
    const target = { functionName: message.function_name, method, webhook };
    const place = webPlace(workspace, webBase, app, target);
    if (place === null || webhook === null || webhook === undefined) return;
    web.push({
      method,
      kind: webhook.type,
      httpMethod: webhook.method === "" ? "GET" : webhook.method,
      label: place.label,
      requiresProxyAuth: webhook.requires_proxy_auth,
    });
  };
  add("", message.webhook_config);
  for (const [method, definition] of Object.entries(message.method_definitions))
    add(method, definition.webhook_config);
  return {
    name: message.function_name,
    gpu: hasGpu ? { type: gpuType.toUpperCase(), count: gpuCount } : null,
    milliCpu: message.resources?.milli_cpu || 125,
    memoryMib: message.resources?.memory_mb || 128,
    usedMilliCpu: 0,
    usedMemoryMib: 0,
    idleUsedMilliCpu: 0,
    idleUsedMemoryMib: 0,
    region: regionOf(message.scheduler_placement?.regions ?? []),
    ephemeralDiskMib: message.resources?.ephemeral_disk_mb ?? 0,
    nonpreemptible: message.scheduler_placement?.nonpreemptible ?? false,
    scaledownMs: (idle === 0 ? 60 : idle) * 1000,
    minContainers: settings?.min_containers ?? message.warm_pool_size,
    maxContainers: settings?.max_containers || message.concurrency_limit || 100,
    bufferContainers: settings?.buffer_containers ?? 0,
    concurrentInputs: Math.max(1, message.max_concurrent_inputs),
    timeoutMs: (message.timeout_secs || 300) * 1000,
    queueMs: workspace.timing.queueMs,
    coldStartMs: hasGpu ? workspace.timing.gpuColdStartMs : workspace.timing.cpuColdStartMs,
    slowestColdStartMs: 0,
    crashAfterMs: null,
    prints: false,
    web,
    env: { ...imageEnv(workspace, message.image_id), ...secretEnv(workspace, message.secret_ids) },
  };
}

/** FunctionHandleMetadata of a function in the model. */
export function handleOf(webBase: string, app: App, id: string, spec: FunctionSpec): Message {
  const own = spec.web.find((web) => web.method === "");
  const methods = spec.web.filter((web) => web.method !== "");
  return {
    function_name: spec.name,
    function_type: 2,
    web_url: own === undefined ? "" : `${webBase}/${own.label}`,
    definition_id: `de-${id.slice(3)}`,
    app_id: app.id,
    method_handle_metadata: Object.fromEntries(
      methods.map((web) => [
        web.method,
        {
          function_name: `${spec.name.replace(/\.\*$/, "")}.${web.method}`,
          function_type: 2,
          is_method: true,
          web_url: `${webBase}/${web.label}`,
          app_id: app.id,
        },
      ]),
    ),
  };
}

/** The broad regions of Modal's guide; any other name is a narrow one. */
const BROAD_REGIONS = new Set(["us", "eu", "ap", "uk", "ca", "me", "sa", "af", "mx"]);

function regionOf(regions: readonly string[]): Region {
  if (regions.length === 0) return "any";
  return regions.some((one) => BROAD_REGIONS.has(one.toLowerCase())) ? "broad" : "narrow";
}

/** A region of that kind, for what is told of a function. */
export function regionsOf(region: Region): readonly string[] {
  if (region === "any") return [];
  return region === "broad" ? ["us"] : ["us-east-1"];
}

const SETTING_NAMES = {
  minContainers: "min_containers",
  maxContainers: "max_containers",
  bufferContainers: "buffer_containers",
  scaledownMs: "scaledown_window",
} as const;

/** The settings in force, those of the deploy, and those that were changed since. */
export function autoscalerOf({ userId }: Workspace, fn: Fn): Message {
  return {
    settings: settingsOf(fn),
    static_settings: settingsMessage(fn.spec),
    override_settings: settingsMessage(fn.override),
    override_events: Object.fromEntries(
      [...fn.overriddenBy].map(([key, { by, atMs }]) => [
        SETTING_NAMES[key],
        { user_id: userId, requested_by: by, timestamp: secondsOf(atMs) },
      ]),
    ),
    default_settings: settingsMessage({
      minContainers: 0,
      bufferContainers: 0,
      scaledownMs: 60_000,
    }),
  };
}

export function settingsOf(fn: Fn): Message {
  return settingsMessage(scheduling(fn));
}

function settingsMessage(spec: Partial<Fn["override"]>): Message {
  const { minContainers, maxContainers, bufferContainers, scaledownMs } = spec;
  return {
    ...(minContainers === undefined ? {} : { min_containers: minContainers }),
    ...(maxContainers === undefined ? {} : { max_containers: maxContainers }),
    ...(bufferContainers === undefined ? {} : { buffer_containers: bufferContainers }),
    ...(scaledownMs === undefined ? {} : { scaledown_window: Math.round(scaledownMs / 1000) }),
  };
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
}

function imageEnv(workspace: Workspace, imageId: string): Record<string, string> {
  const image = workspace.images.get(imageId);
  if (image === undefined) return {};
  const out: Record<string, string> = {};
  for (const base of image.bases) Object.assign(out, imageEnv(workspace, base));
  return Object.assign(out, image.env);
}

function secretEnv(workspace: Workspace, ids: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const id of ids) Object.assign(out, workspace.secrets.get(id));
  return out;
}
