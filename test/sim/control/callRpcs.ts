import * as z from "zod/mini";
import type { Input } from "../model/entities.ts";
import { newId } from "../model/random.ts";
import type { FunctionCall } from "../workspace.ts";
import type { Message } from "./grpcServer.ts";
import { secondsOf, text, unary, type Context, type UnaryRpc } from "./rpc.ts";
import { RpcError } from "./status.ts";

const DEFAULT_FUNCTION_MS = 2000;
const PICKLE = 1;
const CBOR = 4;
/** `None`, as each format writes it: what a simulated function returns. */
const NONE: Readonly<Record<number, Buffer>> = {
  [PICKLE]: Buffer.from([0x80, 0x04, 0x4e, 0x2e]),
  [CBOR]: Buffer.from([0xf6]),
};
const STATUS = { success: 1, failure: 2, terminated: 3, timeout: 4 } as const;

const item = z.object({
  idx: z.number(),
  input: z.nullish(z.object({ data_format: z.number() })),
});

/** Calls of plain functions: what `modal run` and `Function.remote()` need. */
export const callRpcs: Readonly<Record<string, UnaryRpc>> = {
  FunctionMap: unary(
    z.object({ function_id: text, pipelined_inputs: z.array(item) }),
    (request, context) => {
      const id = newId(context.workspace.cloud.random, "fc");
      const call: FunctionCall = { functionId: request.function_id, inputs: [], settled: [] };
      context.workspace.calls.set(id, call);
      return {
        function_call_id: id,
        function_call_jwt: id,
        max_inputs_outstanding: 1000,
        pipelined_inputs: request.pipelined_inputs.map((one) => put(context, call, one)),
      };
    },
  ),

  FunctionPutInputs: unary(
    z.object({ function_call_id: text, inputs: z.array(item) }),
    (request, context) => {
      const call = callOf(context, request.function_call_id);
      return { inputs: request.inputs.map((one) => put(context, call, one)) };
    },
  ),

  FunctionGetOutputs: unary(
    z.object({ function_call_id: text, timeout: z.number(), last_entry_id: text }),
    async (request, context) => {
      const call = callOf(context, request.function_call_id);
      const seen = Number(request.last_entry_id.split("-")[0]) || 0;
      if (call.settled.length <= seen) await anySettled(call, request.timeout * 1000, context);
      const fresh = call.settled.slice(seen);
      return {
        outputs: fresh.map((input) => outputOf(call, input)),
        last_entry_id: `${call.settled.length}-0`,
        num_unfinished_inputs: call.inputs.length - call.settled.length,
      };
    },
  ),

  FunctionCallCancel: unary(z.object({ function_call_id: text }), (request, context) => {
    for (const { input } of callOf(context, request.function_call_id).inputs)
      context.workspace.cloud.fleet.settle(input, "terminated");
    return {};
  }),
};

function put(context: Context, call: FunctionCall, one: z.output<typeof item>): Message {
  const { cloud, functionMs } = context.workspace;
  const fn = cloud.functions.get(call.functionId);
  if (fn === undefined) throw new RpcError("NOT_FOUND", `Function '${call.functionId}' not found`);
  if (cloud.app(fn.appId).state === "stopped")
    throw new RpcError("FAILED_PRECONDITION", "The app of this function is stopped");
  const input = cloud.fleet.request(fn, functionMs.get(fn.spec.name) ?? DEFAULT_FUNCTION_MS);
  call.inputs.push({ idx: one.idx, format: one.input?.data_format ?? PICKLE, input });
  cloud.whenSettled(input, () => call.settled.push(input));
  return { idx: one.idx, input_id: input.id, input_jwt: input.id };
}

function callOf(context: Context, id: string): FunctionCall {
  const call = context.workspace.calls.get(id);
  if (call === undefined) throw new RpcError("NOT_FOUND", `Function call '${id}' not found`);
  return call;
}

function anySettled(call: FunctionCall, timeoutMs: number, context: Context): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    context.signal.addEventListener("abort", done);
    for (const { input } of call.inputs)
      if (!call.settled.includes(input)) context.workspace.cloud.whenSettled(input, done);
  });
}

function outputOf(call: FunctionCall, input: Input): Message {
  const own = call.inputs.find((one) => one.input === input);
  const state = input.state === "queued" || input.state === "running" ? "failure" : input.state;
  const format = own?.format === CBOR ? CBOR : PICKLE;
  return {
    idx: own?.idx ?? 0,
    input_id: input.id,
    task_id: input.container?.id ?? "",
    data_format: format,
    input_started_at: secondsOf(input.startedAtMs),
    output_created_at: secondsOf(input.finishedAtMs),
    result: {
      status: STATUS[state],
      ...(state === "success" ? { data: NONE[format] } : { exception: `The input was ${state}` }),
    },
  };
}
