import * as z from "zod/mini";
import type { Container } from "../model/entities.ts";
import { toldTaskInfo, toldTasks, type ToldTaskInfo } from "../told/containers.ts";
import type { Message } from "./grpcServer.ts";
import { environmentOf, secondsOf, text, unary, type Context, type UnaryRpc } from "./rpc.ts";
import { RpcError } from "./status.ts";

const SUCCESS = 1;
const TERMINATED = 3;

export const containerRpcs: Readonly<Record<string, UnaryRpc>> = {
  TaskList: unary(z.object({ environment_name: text, app_id: text }), (request, context) => {
    const { cloud } = context.workspace;
    const environment = environmentOf(context, request.environment_name).name;
    const filter = request.app_id === "" ? { environment } : { appId: request.app_id };
    return {
      tasks: toldTasks(cloud, filter).map((task) => ({
        task_id: task.containerId,
        app_id: task.appId,
        app_description: cloud.app(task.appId).description,
        started_at: secondsOf(task.startedAtMs),
        enqueued_at: secondsOf(task.enqueuedAtMs),
      })),
    };
  }),

  TaskGetInfo: unary(z.object({ task_id: text }), (request, context) => {
    const told = toldTaskInfo(context.workspace.cloud, request.task_id);
    if (told === null) throw new RpcError("NOT_FOUND", `Container '${request.task_id}' not found`);
    return { app_id: told.appId, info: taskInfoMessage(context, told) };
  }),

  ContainerStop: unary(z.object({ task_id: text, graceful: z.boolean() }), (request, context) => {
    const container = containerOf(context, request.task_id);
    context.workspace.cloud.stopContainer(container.id, { graceful: request.graceful });
    return {};
  }),
};

/** TaskInfo, as `TaskGetInfo` and `SandboxList` tell it. */
export function taskInfoMessage(context: Context, told: ToldTaskInfo): Message {
  const { endReason } = containerOf(context, told.containerId);
  return {
    id: told.containerId,
    enqueued_at: secondsOf(told.enqueuedAtMs),
    started_at: secondsOf(told.startedAtMs),
    finished_at: secondsOf(told.finishedAtMs),
    sandbox_id: told.sandboxId ?? "",
    ...(told.gpu === null
      ? {}
      : {
          gpu_type: told.gpu.type,
          gpu_config: { count: told.gpu.count, gpu_type: told.gpu.type },
        }),
    ...(told.finishedAtMs === null
      ? {}
      : { result: { status: endReason === "scaledown" ? SUCCESS : TERMINATED } }),
  };
}

function containerOf(context: Context, id: string): Container {
  const container = context.workspace.cloud.containerInfo(id);
  if (container === null) throw new RpcError("NOT_FOUND", `Container '${id}' not found`);
  return container;
}
