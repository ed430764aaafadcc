import * as z from "zod/mini";
import type { App, Fn } from "../model/entities.ts";
import { autoscalerOf, handleOf, regionsOf, settingsOf, settingsShape } from "./functionMessage.ts";
import type { Message } from "./grpcServer.ts";
import { appOf, environmentOf, text, unary, type Context, type UnaryRpc } from "./rpc.ts";
import { RpcError } from "./status.ts";

export const functionRpcs: Readonly<Record<string, UnaryRpc>> = {
  FunctionGet: unary(
    z.object({ app_name: text, object_tag: text, environment_name: text }),
    (request, context) => {
      const app = deployedApp(context, request.app_name, request.environment_name);
      const fn = [...app.functions.values()].find((one) => one.spec.name === request.object_tag);
      if (fn === undefined)
        throw new RpcError(
          "NOT_FOUND",
          `Function '${request.object_tag}' not found in App '${request.app_name}'`,
        );
      return {
        function_id: fn.id,
        handle_metadata: handleOf(context.webBase, app, fn.id, fn.spec),
        function: functionData(fn),
      };
    },
  ),

  FunctionGetById: unary(z.object({ function_id: text }), (request, context) => {
    const fn = functionOf(context, request.function_id);
    const app = appOf(context, fn.appId);
    return {
      function: functionData(fn),
      handle_metadata: handleOf(context.webBase, app, fn.id, fn.spec),
    };
  }),

  ClassGet: unary(
    z.object({ app_name: text, object_tag: text, environment_name: text }),
    (request, context) => {
      const app = deployedApp(context, request.app_name, request.environment_name);
      const id = app.classIds.get(request.object_tag);
      if (id === undefined)
        throw new RpcError(
          "NOT_FOUND",
          `Cls '${request.object_tag}' not found in App '${request.app_name}'`,
        );
      return { class_id: id, handle_metadata: {} };
    },
  ),

  FunctionUpdateSchedulingParams: unary(
    z.object({ function_id: text, warm_pool_size_override: z.number(), settings: settingsShape }),
    (request, context) => {
      const fn = functionOf(context, request.function_id);
      const { settings } = request;
      const min = settings?.min_containers;
      const max = settings?.max_containers;
      const buffer = settings?.buffer_containers;
      const idle = settings?.scaledown_window;
      const change = {
        ...(isGiven(min) ? { minContainers: min } : {}),
        ...(isGiven(max) ? { maxContainers: max } : {}),
        ...(isGiven(buffer) ? { bufferContainers: buffer } : {}),
        ...(isGiven(idle) ? { scaledownMs: idle * 1000 } : {}),
      };
      context.workspace.cloud.scale(fn.id, change, context.user);
      return { current_settings: settingsOf(fn) };
    },
  ),

  FunctionGetSchedulingParams: unary(z.object({ function_id: text }), (request, context) => ({
    autoscaler_configuration: autoscalerOf(
      context.workspace,
      functionOf(context, request.function_id),
    ),
  })),

  FunctionGetCurrentStats: unary(z.object({ function_id: text }), (request, context) => {
    const fn = functionOf(context, request.function_id);
    const running = [...fn.live].reduce((sum, one) => sum + one.inputs.size, 0);
    return {
      backlog: fn.queue.length,
      num_total_tasks: fn.live.size,
      num_running_inputs: running,
      input_headroom: Math.max(0, fn.live.size * fn.spec.concurrentInputs - running),
    };
  }),

  ObjectSuggest: unary(z.object({}), () => ({})),
};

function isGiven(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}

export function functionOf(context: Context, id: string): Fn {
  const fn = context.workspace.cloud.functions.get(id);
  if (fn === undefined) throw new RpcError("NOT_FOUND", `Function '${id}' not found`);
  appOf(context, fn.appId);
  return fn;
}

function functionData(fn: Fn): Message {
  const { spec } = fn;
  return {
    function_name: spec.name,
    function_type: 2,
    is_class: spec.name.endsWith(".*"),
    timeout_secs: Math.round(spec.timeoutMs / 1000),
    autoscaler_settings: settingsOf(fn),
    ranked_functions: [
      {
        rank: 0,
        function: {
          function_name: spec.name,
          timeout_secs: Math.round(spec.timeoutMs / 1000),
          resources: {
            memory_mb: spec.memoryMib,
            milli_cpu: spec.milliCpu,
            ephemeral_disk_mb: spec.ephemeralDiskMib,
            ...(spec.gpu === null
              ? {}
              : { gpu_config: { count: spec.gpu.count, gpu_type: spec.gpu.type } }),
          },
          scheduler_placement: {
            regions: regionsOf(spec.region),
            nonpreemptible: spec.nonpreemptible,
          },
        },
      },
    ],
  };
}

function deployedApp(context: Context, name: string, environmentName: string): App {
  const environment = environmentOf(context, environmentName).name;
  const app = context.workspace.cloud.deployedApp(name, environment);
  if (app === null)
    throw new RpcError("NOT_FOUND", `App '${name}' not found in environment '${environment}'`);
  return app;
}
