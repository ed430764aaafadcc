import * as z from "zod/mini";
import type { Environment } from "../workspace.ts";
import {
  environmentOf,
  none,
  secondsOf,
  text,
  timestampOf,
  unary,
  type Context,
  type UnaryRpc,
} from "./rpc.ts";
import { RpcError } from "./status.ts";

/** What the real service names as its image builder; any value will do for the clients. */
export const IMAGE_BUILDER_VERSION = "2025.06";

const CREATE_IF_MISSING = 1;

export const accountRpcs: Readonly<Record<string, UnaryRpc>> = {
  ClientHello: unary(none, () => ({ image_builder_version: IMAGE_BUILDER_VERSION })),

  AuthTokenGet: unary(none, (_, context) => ({ token: unsignedToken(context.tokenId) })),

  TokenInfoGet: unary(none, (_, context) => ({
    token_id: context.tokenId,
    workspace_id: context.workspace.id,
    workspace_name: context.workspace.name,
    user_identity: { user_id: context.workspace.userId, username: context.user },
    created_at: timestampOf(Date.UTC(2025, 0, 1)),
    token_name: "local",
  })),

  WorkspaceNameLookup: unary(none, (_, context) => ({
    workspace_name: context.workspace.name,
    username: context.user,
  })),

  WorkspaceDashboardUrlGet: unary(z.object({ environment_name: text }), (request, context) => ({
    url: `${context.dashboard}/apps/${context.workspace.name}/${environmentOf(context, request.environment_name).name}`,
  })),

  EnvironmentGetOrCreate: unary(
    z.object({ deployment_name: text, object_creation_type: z.number() }),
    (request, context) => {
      const known = context.workspace.environment(request.deployment_name);
      if (known === null && request.object_creation_type !== CREATE_IF_MISSING)
        throw new RpcError("NOT_FOUND", `Environment '${request.deployment_name}' not found`);
      const environment = known ?? context.workspace.addEnvironment(request.deployment_name);
      return {
        environment_id: environment.id,
        metadata: {
          name: environment.name,
          settings: {
            image_builder_version: IMAGE_BUILDER_VERSION,
            webhook_suffix: environment.webSuffix,
          },
        },
      };
    },
  ),

  EnvironmentList: unary(none, (_, context) => ({
    items: [...context.workspace.environments.values()].map((environment, index) => {
      const live = context.workspace.cloud.listContainers({ environment: environment.name });
      return {
        name: environment.name,
        webhook_suffix: environment.webSuffix,
        created_at: secondsOf(environment.createdAtMs),
        default: index === 0,
        environment_id: environment.id,
        current_concurrent_tasks: live.length,
        current_concurrent_gpus: live.reduce((sum, one) => sum + (one.gpu?.count ?? 0), 0),
        ...budgetOf(context, environment),
      };
    }),
  })),

  EnvironmentGetBudget: unary(z.object({ environment_id: text }), (request, context) =>
    budgetOf(context, byId(context, request.environment_id)),
  ),

  EnvironmentSetBudget: unary(
    z.object({
      environment_id: text,
      cycle_budget_dollars: z.optional(z.number()),
      clear_budget: z.boolean(),
    }),
    (request, context) => {
      const environment = byId(context, request.environment_id);
      environment.budgetUsd = request.clear_budget ? null : (request.cycle_budget_dollars ?? null);
      return {};
    },
  ),
};

function byId(context: Context, id: string): Environment {
  const environment = context.workspace.environmentById(id);
  if (environment === null) throw new RpcError("NOT_FOUND", `Environment '${id}' not found`);
  return environment;
}

function budgetOf(context: Context, environment: Environment): Readonly<Record<string, unknown>> {
  return {
    ...(environment.budgetUsd === null ? {} : { cycle_budget_dollars: environment.budgetUsd }),
    effective_cycle_spend_limit: environment.budgetUsd ?? 0,
    current_cycle_usage: context.workspace.usageUsd(environment),
    spend_limit_reached: context.workspace.overBudget(environment),
  };
}

/** A JWT as the JS SDK reads it: it looks at `exp` alone and checks no signature. */
function unsignedToken(tokenId: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: tokenId, exp })}.${part("local")}`;
}
