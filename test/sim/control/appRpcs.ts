import * as z from "zod/mini";
import { functionIds, toldApps, toldLifecycle, type ToldLifecycle } from "../told/apps.ts";
import { toldFunctions } from "../told/functions.ts";
import { appStates, isDeployed, type App, type WebSpec } from "../model/entities.ts";
import {
  appIdRequest,
  appOf,
  environmentOf,
  secondsOf,
  text,
  unary,
  type Context,
  type UnaryRpc,
} from "./rpc.ts";
import { RpcError } from "./status.ts";

export const appRpcs: Readonly<Record<string, UnaryRpc>> = {
  AppList: unary(z.object({ environment_name: text }), (request, context) => {
    const { cloud } = context.workspace;
    const environment = environmentOf(context, request.environment_name).name;
    return {
      apps: toldApps(cloud, environment).map((app) => ({
        app_id: app.appId,
        description: app.description,
        state: appStates[app.state],
        created_at: secondsOf(app.createdAtMs),
        stopped_at: secondsOf(app.stoppedAtMs),
        n_running_tasks: app.runningTasks,
        name: app.name,
        ...(app.metadata === null
          ? {}
          : {
              metadata: {
                description: app.description,
                app_id: app.appId,
                environment_name: app.environment,
                lifecycle: lifecycleMessage(app.metadata.lifecycle),
                functions: app.metadata.functions,
              },
            }),
      })),
    };
  }),

  AppGetByDeploymentName: unary(
    z.object({ name: text, environment_name: text }),
    (request, context) => {
      const environment = environmentOf(context, request.environment_name).name;
      const { cloud } = context.workspace;
      const live = cloud.deployedApp(request.name, environment);
      if (live !== null)
        return {
          app_id: live.id,
          environment_name: environment,
          lifecycle: lifecycleOf(context, live),
        };
      const earlier = [...cloud.apps.values()]
        .filter((app) => app.name === request.name && app.environment === environment)
        .at(-1);
      if (earlier === undefined) return { environment_name: environment };
      return {
        previous_app_id: earlier.id,
        environment_name: environment,
        lifecycle: lifecycleOf(context, earlier),
      };
    },
  ),

  AppGetLifecycle: unary(appIdRequest, (request, context) => ({
    lifecycle: lifecycleOf(context, appOf(context, request.app_id)),
  })),

  AppGetInfo: unary(appIdRequest, (request, context) => {
    const app = appOf(context, request.app_id);
    return {
      info: {
        description: app.description,
        app_id: app.id,
        environment_name: app.environment,
        lifecycle: lifecycleOf(context, app),
        functions: functionIds(app),
      },
      function_info_summaries: Object.fromEntries(
        toldFunctions(context.workspace.cloud, app).map(({ functionId, gpu }) => [
          functionId,
          {
            gpu_config: gpu === null ? [] : [{ count: gpu.count, gpu_type: gpu.type }],
            ...webSummary(app.functions.get(functionId)?.spec.web ?? []),
          },
        ]),
      ),
    };
  }),

  AppStop: unary(appIdRequest, (request, context) => {
    appOf(context, request.app_id);
    context.workspace.cloud.stopApp(request.app_id, context.user);
    return {};
  }),

  AppHeartbeat: unary(appIdRequest, (request, context) => {
    appOf(context, request.app_id);
    context.noteHeartbeat(request.app_id);
    return {};
  }),

  AppClientDisconnect: unary(z.object({ app_id: text, reason: z.number() }), (request, context) => {
    appOf(context, request.app_id);
    context.noteDisconnect(request.app_id, request.reason);
    return {};
  }),

  AppDeploymentHistory: unary(appIdRequest, (request, context) => {
    const app = appOf(context, request.app_id);
    const last = app.deployments.at(-1)?.version ?? 0;
    const isAuthorTold = context.workspace.cloud.world.authorTold !== "nowhere";
    return {
      app_deployment_histories: app.deployments.toReversed().map((one) => ({
        app_id: app.id,
        version: one.version,
        client_version: one.clientVersion,
        deployed_at: secondsOf(one.deployedAtMs),
        deployed_by: isAuthorTold ? one.deployedBy : "",
        tag: one.tag,
        rollback_version: one.rollbackVersion,
        rollback_allowed: one.version !== last,
        ...(one.commit === null
          ? {}
          : {
              commit_info: {
                vcs: "git",
                branch: one.commit.branch,
                commit_hash: one.commit.hash,
                dirty: one.commit.dirty,
              },
            }),
      })),
      production_app_version: last,
    };
  }),

  AppRollover: unary(appIdRequest, (request, context) => {
    const app = deployed(context, request.app_id);
    context.workspace.cloud.rollover(app, context.user);
    return republished(context, app);
  }),

  AppRollback: unary(z.object({ app_id: text, version: z.number() }), (request, context) => {
    const app = deployed(context, request.app_id);
    if (!context.workspace.cloud.rollback(app, request.version, context.user))
      throw new RpcError("INVALID_ARGUMENT", "There is no earlier version to roll back to.");
    return republished(context, app);
  }),
};

export function appUrl(context: Context, app: App): string {
  const { workspace, dashboard } = context;
  const place = `${dashboard}/apps/${workspace.name}/${app.environment}`;
  return app.name === "" ? `${place}/${app.id}` : `${place}/deployed/${app.name}`;
}

function republished(context: Context, app: App): Readonly<Record<string, unknown>> {
  return {
    url: appUrl(context, app),
    deployed_at: secondsOf(app.deployments.at(-1)?.deployedAtMs ?? null),
  };
}

function deployed(context: Context, appId: string): App {
  const app = appOf(context, appId);
  if (!isDeployed(app)) throw new RpcError("FAILED_PRECONDITION", `App '${appId}' is not deployed`);
  return app;
}

function webSummary(web: readonly WebSpec[]): Readonly<Record<string, unknown>> {
  if (web.length === 0) return { web_function: false };
  return { web_function: true, requires_proxy_auth: web.every((one) => one.requiresProxyAuth) };
}

function lifecycleOf(context: Context, app: App): Readonly<Record<string, unknown>> {
  return lifecycleMessage(toldLifecycle(context.workspace.cloud, app));
}

function lifecycleMessage(told: ToldLifecycle): Readonly<Record<string, unknown>> {
  return {
    app_state: appStates[told.state],
    created_at: secondsOf(told.createdAtMs),
    created_by: told.createdBy,
    deployed_at: secondsOf(told.deployedAtMs),
    deployed_by: told.deployedBy,
    version: told.version,
    stopped_at: secondsOf(told.stoppedAtMs),
    stopped_by: told.stoppedBy,
  };
}
