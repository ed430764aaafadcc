import * as z from "zod/mini";
import { isDeployed, type App, type AppStateName, type FunctionSpec } from "../model/entities.ts";
import { newId } from "../model/random.ts";
import { appUrl } from "./appRpcs.ts";
import { IMAGE_BUILDER_VERSION } from "./accountRpcs.ts";
import {
  functionShape,
  handleOf,
  methodsShape,
  specOf,
  webhookShape,
  webPlace,
  type WebPlace,
} from "./functionMessage.ts";
import type { Message } from "./grpcServer.ts";
import {
  appIdRequest,
  appOf,
  environmentOf,
  secondsOf,
  text,
  timestampOf,
  unary,
  type UnaryRpc,
} from "./rpc.ts";
import { RpcError } from "./status.ts";

const STATES: Readonly<Record<number, AppStateName>> = {
  1: "ephemeral",
  2: "detached",
  3: "deployed",
  6: "initializing",
};
const SUCCESS = 1;

export const deployRpcs: Readonly<Record<string, UnaryRpc>> = {
  AppCreate: unary(
    z.object({ description: text, environment_name: text, app_state: z.number() }),
    (request, context) => {
      const environment = environmentOf(context, request.environment_name);
      if (context.workspace.disabled || context.workspace.overBudget(environment))
        throw new RpcError(
          "RESOURCE_EXHAUSTED",
          "App creation failed: workspace billing cycle spend limit reached",
        );
      const app = context.workspace.cloud.createApp({
        description: request.description,
        environment: environment.name,
        state: STATES[request.app_state] ?? "initializing",
        by: context.user,
      });
      if (app.state !== "initializing") context.noteHeartbeat(app.id);
      const page = appUrl(context, app);
      return { app_id: app.id, app_page_url: page, app_logs_url: `${page}/logs` };
    },
  ),

  AppGetLayout: unary(appIdRequest, (request, context) => {
    const app = appOf(context, request.app_id);
    return {
      app_layout: {
        function_ids: Object.fromEntries(
          [...app.functions.values()].map((fn) => [fn.spec.name, fn.id]),
        ),
        class_ids: Object.fromEntries(app.classIds),
        objects: [...app.functions.values()].map((fn) => ({
          object_id: fn.id,
          function_handle_metadata: handleOf(context.webBase, app, fn.id, fn.spec),
        })),
      },
    };
  }),

  FunctionPrecreate: unary(
    z.object({
      app_id: text,
      function_name: text,
      existing_function_id: text,
      webhook_config: webhookShape,
      method_definitions: methodsShape,
    }),
    (request, context) => {
      const app = appOf(context, request.app_id);
      const id = request.existing_function_id || newId(context.workspace.cloud.random, "fu");
      const target = {
        functionName: request.function_name,
        method: "",
        webhook: request.webhook_config,
      };
      const place = webPlace(context.workspace, context.webBase, app, target);
      const methods = Object.entries(request.method_definitions).map(([method, definition]) => {
        const own = {
          functionName: request.function_name,
          method,
          webhook: definition.webhook_config,
        };
        const url = webPlace(context.workspace, context.webBase, app, own)?.url ?? "";
        return [
          method,
          { function_name: method, is_method: true, web_url: url, function_type: 2 },
        ] as const;
      });
      return {
        function_id: id,
        handle_metadata: {
          function_name: request.function_name,
          function_type: 2,
          web_url: place?.url ?? "",
          definition_id: `de-${id.slice(3)}`,
          app_id: app.id,
          method_handle_metadata: Object.fromEntries(methods),
        },
      };
    },
  ),

  FunctionCreate: unary(
    z.object({
      app_id: text,
      existing_function_id: text,
      function: z.nullish(functionShape),
      function_data: z.nullish(
        z.object({ ranked_functions: z.array(z.object({ function: functionShape })) }),
      ),
    }),
    (request, context, raw) => {
      const app = appOf(context, request.app_id);
      // A list of GPUs arrives as ranked functions; the first choice is always to be had here.
      const message = request.function ?? request.function_data?.ranked_functions[0]?.function;
      if (message === undefined) throw new RpcError("INVALID_ARGUMENT", "No function given.");
      const id = request.existing_function_id || newId(context.workspace.cloud.random, "fu");
      const spec = specOf(context.workspace, context.webBase, app, message);
      context.workspace.drafts.set(id, { appId: app.id, spec });
      const place = (method: string): WebPlace | null =>
        webPlace(context.workspace, context.webBase, app, {
          functionName: message.function_name,
          method,
          webhook:
            method === ""
              ? message.webhook_config
              : message.method_definitions[method]?.webhook_config,
        });
      const echo = echoOf(request.function ? raw["function"] : raw["function_data"], place);
      return {
        function_id: id,
        handle_metadata: handleOf(context.webBase, app, id, spec),
        ...(request.function ? { function: echo } : {}),
        function_data: {
          ...dataOf(echo),
          // Newer clients read the resources from the ranked functions alone.
          ...(request.function ? { ranked_functions: [{ rank: 0, function: echo }] } : {}),
        },
      };
    },
  ),

  ClassCreate: unary(
    z.object({ app_id: text, existing_class_id: text, methods: z.array(z.unknown()) }),
    (request, context, raw) => {
      appOf(context, request.app_id);
      const id = request.existing_class_id || newId(context.workspace.cloud.random, "cs");
      return { class_id: id, handle_metadata: { methods: raw["methods"] } };
    },
  ),

  AppPublish: unary(
    z.object({
      app_id: text,
      name: text,
      deployment_tag: text,
      app_state: z.number(),
      function_ids: z.record(text, text),
      class_ids: z.record(text, text),
      client_version: text,
      commit_info: z.nullish(z.object({ branch: text, commit_hash: text, dirty: z.boolean() })),
    }),
    (request, context) => {
      const app = appOf(context, request.app_id);
      const { cloud } = context.workspace;
      const functions = new Map<string, FunctionSpec>();
      for (const id of Object.values(request.function_ids)) {
        const draft = context.workspace.drafts.get(id);
        const spec = draft?.appId === app.id ? draft.spec : cloud.functions.get(id)?.spec;
        if (spec === undefined) throw new RpcError("NOT_FOUND", `Function '${id}' not found`);
        functions.set(id, spec);
      }
      const state = STATES[request.app_state] ?? app.state;
      const url = (): string => appUrl(context, app);
      if (context.skipUnchangedDeploys && state === "deployed" && isSame(app, functions))
        return { url: url(), deployed_at: 0 };
      const commit = request.commit_info;
      cloud.publish(app, {
        state,
        functions,
        by: context.user,
        classIds: new Map(Object.entries(request.class_ids)),
        clientVersion: request.client_version || context.clientVersion,
        tag: request.deployment_tag,
        commit:
          commit === null || commit === undefined
            ? null
            : { hash: commit.commit_hash, branch: commit.branch, dirty: commit.dirty },
        ...(request.name === "" ? {} : { name: request.name }),
      });
      for (const id of functions.keys()) context.workspace.drafts.delete(id);
      context.workspace.label(app);
      return { url: url(), deployed_at: secondsOf(cloud.nowMs) };
    },
  ),

  ImageGetOrCreate: unary(
    z.object({
      existing_image_id: text,
      image: z.nullish(
        z.object({
          base_images: z.array(z.object({ image_id: text })),
          dockerfile_commands: z.array(text),
        }),
      ),
    }),
    (request, context) => {
      const id = request.existing_image_id || newId(context.workspace.cloud.random, "im");
      context.workspace.images.set(id, {
        bases: (request.image?.base_images ?? []).map((base) => base.image_id),
        env: envLines(request.image?.dockerfile_commands ?? []),
      });
      return {
        image_id: id,
        // Built already: the client then asks for no build log.
        result: { status: SUCCESS },
        metadata: {
          image_builder_version: IMAGE_BUILDER_VERSION,
          python_version_info: "Python 3.11.7",
        },
      };
    },
  ),

  MountGetOrCreate: unary(z.object({}), (_, context) => ({
    mount_id: newId(context.workspace.cloud.random, "mo"),
    handle_metadata: { content_checksum_sha256_hex: "0".repeat(64) },
  })),

  MountBatchedCheckExistence: unary(z.object({}), () => ({
    missing_sha256_hex_hashes: [],
    checked_at: timestampOf(Date.now()),
  })),

  MountPutFile: unary(z.object({}), () => ({ exists: true, checked_at: timestampOf(Date.now()) })),

  SecretGetOrCreate: unary(
    z.object({ deployment_name: text, env_dict: z.record(text, text) }),
    (request, context) => {
      const id = newId(context.workspace.cloud.random, "st");
      context.workspace.secrets.set(id, request.env_dict);
      return { secret_id: id };
    },
  ),

  VolumeGetOrCreate: unary(z.object({ version: z.number() }), (request, context) => ({
    volume_id: newId(context.workspace.cloud.random, "vo"),
    version: request.version || 1,
  })),
};

/** The request's own function with the web URLs filled in, which is what the client prints. */
function echoOf(raw: unknown, place: (method: string) => WebPlace | null): Message {
  const message: Record<string, unknown> = isRecord(raw) ? { ...raw } : {};
  Object.assign(message, urlOf(place("")));
  const methods = isRecord(message["method_definitions"]) ? message["method_definitions"] : {};
  message["method_definitions"] = Object.fromEntries(
    Object.entries(methods).map(([method, definition]) => [
      method,
      { ...(isRecord(definition) ? definition : {}), ...urlOf(place(method)) },
    ]),
  );
  return message;
}

function urlOf(place: WebPlace | null): Message {
  if (place === null) return {};
  return {
    web_url: place.url,
    web_url_info: { truncated: place.truncated, label_stolen: place.stolen },
  };
}

/** FunctionData carries a part of Function under the same names. */
function dataOf(echo: Message): Message {
  const names = [
    "module_name",
    "function_name",
    "function_type",
    "warm_pool_size",
    "concurrency_limit",
    "task_idle_timeout_secs",
    "timeout_secs",
    "web_url",
    "web_url_info",
    "webhook_config",
    "is_class",
    "is_method",
    "ranked_functions",
    "method_definitions",
    "method_definitions_set",
    "autoscaler_settings",
    "startup_timeout_secs",
    "implementation_name",
  ];
  return Object.fromEntries(names.flatMap((name) => (name in echo ? [[name, echo[name]]] : [])));
}

function isSame(app: App, functions: ReadonlyMap<string, FunctionSpec>): boolean {
  const last = app.deployments.at(-1);
  if (last === undefined || !isDeployed(app)) return false;
  return JSON.stringify([...last.functions]) === JSON.stringify([...functions]);
}

function envLines(commands: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const command of commands) {
    const [, name, value] = /^ENV\s+([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(command) ?? [];
    if (name !== undefined && value !== undefined) out[name] = value.replaceAll(/^['"]|['"]$/g, "");
  }
  return out;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
