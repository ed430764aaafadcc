import * as z from "zod/mini";
import type { Container } from "../model/entities.ts";
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
      tasks: cloud.listContainers(filter).map((container) => ({
        task_id: container.id,
        app_id: container.appId,
        app_description: cloud.app(container.appId).description,
        started_at: secondsOf(container.startedAtMs),
        enqueued_at: secondsOf(container.enqueuedAtMs),
      })),
    };
  }),

  TaskGetInfo: unary(z.object({ task_id: text }), (request, context) => {
    const container = containerOf(context, request.task_id);
    return {
      app_id: container.appId,
      info: {
        id: container.id,
        enqueued_at: secondsOf(container.enqueuedAtMs),
        started_at: secondsOf(container.startedAtMs),
        finished_at: secondsOf(container.finishedAtMs),
        ...(container.gpu === null
          ? {}
          : {
              gpu_type: container.gpu.type,
              gpu_config: { count: container.gpu.count, gpu_type: container.gpu.type },
            }),
        ...(container.state === "ended"
          ? { result: { status: container.endReason === "scaledown" ? SUCCESS : TERMINATED } }
          : {}),
      },
    };
  }),

  ContainerStop: unary(z.object({ task_id: text, graceful: z.boolean() }), (request, context) => {
    const container = containerOf(context, request.task_id);
    context.workspace.cloud.stopContainer(container.id, { graceful: request.graceful });
    return {};
  }),
};

function containerOf(context: Context, id: string): Container {
  const container = context.workspace.cloud.containerInfo(id);
  if (container === null) throw new RpcError("NOT_FOUND", `Container '${id}' not found`);
  return container;
}
