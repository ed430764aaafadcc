import * as z from "zod/mini";
import { toldSandboxes, toldSandboxUse, type ToldSandbox } from "../told/sandboxes.ts";
import { taskInfoMessage } from "./containerRpcs.ts";
import { regionsOf } from "./functionMessage.ts";
import type { Message } from "./grpcServer.ts";
import { environmentOf, secondsOf, text, unary, type Context, type UnaryRpc } from "./rpc.ts";
import { RpcError } from "./status.ts";

const TERMINATED = 3;
const PAGE = 100;

const listRequest = z.object({
  app_id: text,
  before_timestamp: z.number(),
  environment_name: text,
  include_finished: z.boolean(),
});
const sandboxRequest = z.object({ sandbox_id: text });

/** v1 sandboxes, and under the names with "V2" those of both versions. */
export const sandboxRpcs: Readonly<Record<string, UnaryRpc>> = {
  SandboxList: list(false),
  SandboxListV2: list(true),
  SandboxTerminate: terminate(),
  SandboxTerminateV2: terminate(),
  SandboxWait: wait(),
  SandboxWaitV2: wait(),

  SandboxGetResourceUsage: unary(sandboxRequest, (request, context) => {
    const { container } = sandboxOf(context, request.sandbox_id);
    const use = toldSandboxUse(context.workspace.cloud, request.sandbox_id);
    if (use === null) return {};
    return {
      cpu_core_nanosecs: Math.round(use.coreSeconds * 1e9),
      mem_gib_nanosecs: Math.round(use.gibSeconds * 1e9),
      gpu_nanosecs: Math.round(use.gpuSeconds * 1e9),
      ...(container.gpu === null ? {} : { gpu_type: container.gpu.type }),
    };
  }),
};

function list(bothKinds: boolean): UnaryRpc {
  return unary(listRequest, (request, context) => {
    const filter =
      request.app_id === ""
        ? { environment: environmentOf(context, request.environment_name).name }
        : { appId: request.app_id };
    const listed = toldSandboxes(context.workspace.cloud, {
      ...filter,
      bothKinds,
      includeFinished: request.include_finished,
      ...(request.before_timestamp > 0 ? { beforeMs: request.before_timestamp * 1000 } : {}),
    });
    return { sandboxes: listed.slice(0, PAGE).map((told) => sandboxMessage(context, told)) };
  });
}

function terminate(): UnaryRpc {
  return unary(sandboxRequest, (request, context) => {
    sandboxOf(context, request.sandbox_id);
    const isEnded = !context.workspace.cloud.sandboxes.terminate(request.sandbox_id);
    return isEnded ? { existing_result: { status: TERMINATED } } : {};
  });
}

function wait(): UnaryRpc {
  return unary(sandboxRequest, (request, context) => {
    const { container, appId } = sandboxOf(context, request.sandbox_id);
    return {
      metadata: { app_id: appId },
      ...(container.finishedAtMs === null ? {} : { result: { status: TERMINATED } }),
    };
  });
}

function sandboxOf(context: Context, id: string) {
  const sandbox = context.workspace.cloud.sandboxes.get(id);
  if (sandbox === undefined) throw new RpcError("NOT_FOUND", `Sandbox '${id}' not found`);
  return sandbox;
}

function sandboxMessage(context: Context, told: ToldSandbox): Message {
  return {
    id: told.sandboxId,
    created_at: secondsOf(told.createdAtMs),
    app_id: told.appId,
    name: told.name,
    timeout_secs: Math.round(told.timeoutMs / 1000),
    resource_info: {
      memory_mb: { value: told.memoryMib },
      milli_cpu: { value: told.milliCpu },
      gpu_type: gpuText(told.gpu),
      ephemeral_disk_mb: told.ephemeralDiskMib,
    },
    regions: [...regionsOf(told.region)],
    metadata: { app_id: told.appId },
    ...(told.readyAtMs === null ? {} : { ready_at: secondsOf(told.readyAtMs) }),
    ...taskInfoOf(context, told),
  };
}

/** How an app asks for it: "H100", "H100:2". */
function gpuText(gpu: ToldSandbox["gpu"]): string {
  if (gpu === null) return "";
  return gpu.count === 1 ? gpu.type : `${gpu.type}:${gpu.count}`;
}

/** A v2 sandbox is not a task; the clients read its result there all the same (modal/sandbox/_sandbox.py). */
function taskInfoOf(context: Context, told: ToldSandbox): Message {
  if (told.task !== null) return { task_info: taskInfoMessage(context, told.task) };
  return told.isFinished ? { task_info: { result: { status: TERMINATED } } } : {};
}
