import * as z from "zod/mini";
import type { App, LogEntry } from "../model/entities.ts";
import {
  appOf,
  msOf,
  secondsOf,
  stream,
  text,
  timestamp,
  timestampOf,
  unary,
  type Context,
  type StreamRpc,
  type UnaryRpc,
} from "./rpc.ts";
import type { Message } from "./grpcServer.ts";
import { RpcError } from "./status.ts";

interface Filter {
  readonly source: number;
  readonly functionId: string;
  readonly callId: string;
  readonly containerId: string;
  readonly search: string;
}

/** A request's "until" this close to the client's own now means "until now", whatever the virtual time. */
const NOW_SLACK_MS = 10_000;

export const logRpcs: Readonly<Record<string, UnaryRpc>> = {
  AppFetchLogs: unary(
    z.object({
      app_id: text,
      since: timestamp,
      until: timestamp,
      limit: z.number(),
      source: z.number(),
      function_id: text,
      function_call_id: text,
      task_id: text,
      search_text: text,
    }),
    (request, context) => {
      const app = appOf(context, request.app_id);
      const entries = between(app, request, context, {
        source: request.source,
        functionId: request.function_id,
        callId: request.function_call_id,
        containerId: request.task_id,
        search: request.search_text,
      });
      const kept = request.limit > 0 ? entries.slice(-request.limit) : entries;
      return { batches: kept.map((entry) => batchOf(entry)) };
    },
  ),

  AppCountLogs: unary(
    z.object({
      app_id: text,
      since: timestamp,
      until: timestamp,
      bucket_secs: z.number(),
      source: z.number(),
      task_id: text,
      function_id: text,
      function_call_id: text,
      search_text: text,
    }),
    (request, context) => {
      const app = appOf(context, request.app_id);
      const size = Math.max(1, request.bucket_secs) * 1000;
      const buckets = new Map<number, [number, number, number]>();
      const entries = between(app, request, context, {
        source: request.source,
        functionId: request.function_id,
        callId: request.function_call_id,
        containerId: request.task_id,
        search: request.search_text,
      });
      for (const entry of entries) {
        const start = Math.floor(entry.atMs / size) * size;
        const counts = buckets.get(start) ?? [0, 0, 0];
        counts[entry.source - 1] = (counts[entry.source - 1] ?? 0) + 1;
        buckets.set(start, counts);
      }
      return {
        app_id: app.id,
        buckets: [...buckets].map(([start, [out, error, system]]) => ({
          bucket_start_at: timestampOf(start),
          stdout_logs: out,
          stderr_logs: error,
          system_logs: system,
        })),
      };
    },
  ),
};

export const logStreams: Readonly<Record<string, StreamRpc>> = {
  AppGetLogs: stream(
    z.object({
      app_id: text,
      timeout: z.number(),
      last_entry_id: text,
      function_id: text,
      task_id: text,
      file_descriptor: z.number(),
      function_call_id: text,
    }),
    async (request, context, send) => {
      const { cloud } = context.workspace;
      const appId =
        request.app_id === "" ? appOfContainer(context, request.task_id) : request.app_id;
      const app = appOf(context, appId);
      const filter: Filter = {
        source: request.file_descriptor,
        functionId: request.function_id,
        callId: request.function_call_id,
        containerId: request.task_id,
        search: "",
      };
      let after = sequenceOf(request.last_entry_id);
      let next = app.logs.findIndex((entry) => entry.sequence > after);
      if (next < 0) next = app.logs.length;
      const flush = (): boolean => {
        for (; next < app.logs.length; next += 1) {
          const entry = app.logs[next];
          if (entry === undefined) break;
          after = entry.sequence;
          if (matches(entry, filter)) send(batchOf(entry));
        }
        if (app.state !== "stopped") return false;
        send({ app_done: true });
        return true;
      };
      if (flush() || request.timeout <= 0) return;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          forget();
          resolve();
        };
        const timer = setTimeout(end, request.timeout * 1000);
        const forget = cloud.onLog((changed) => {
          if (changed === app.id && flush()) end();
        });
        context.signal.addEventListener("abort", end);
      });
    },
  ),
};

function appOfContainer(context: Context, containerId: string): string {
  const container = context.workspace.cloud.containerInfo(containerId);
  if (container === null) throw new RpcError("NOT_FOUND", `Container '${containerId}' not found`);
  return container.appId;
}

function between(
  app: App,
  range: {
    readonly since?: z.output<typeof timestamp>;
    readonly until?: z.output<typeof timestamp>;
  },
  context: Context,
  filter: Filter,
): LogEntry[] {
  const since = msOf(range.since) ?? 0;
  let until = msOf(range.until) ?? Number.POSITIVE_INFINITY;
  if (until > Date.now() - NOW_SLACK_MS) until = Math.max(until, context.workspace.cloud.nowMs + 1);
  return app.logs.filter(
    (entry) => entry.atMs >= since && entry.atMs < until && matches(entry, filter),
  );
}

function matches(entry: LogEntry, filter: Filter): boolean {
  return (
    (filter.source === 0 || entry.source === filter.source) &&
    (filter.functionId === "" || entry.functionId === filter.functionId) &&
    (filter.callId === "" || entry.callId === filter.callId) &&
    (filter.containerId === "" || entry.containerId === filter.containerId) &&
    entry.text.includes(filter.search)
  );
}

/** Entry ids are "<ms>-<sequence>"; anything else resumes from the start. */
function sequenceOf(entryId: string): number {
  const sequence = Number(entryId.split("-")[1]);
  return Number.isSafeInteger(sequence) ? sequence : 0;
}

function batchOf(entry: LogEntry): Message {
  return {
    task_id: entry.containerId,
    entry_id: entry.entryId,
    function_id: entry.functionId,
    root_function_id: entry.functionId,
    input_id: entry.inputId,
    items: [
      {
        data: entry.text,
        timestamp: secondsOf(entry.atMs),
        timestamp_ns: entry.atMs * 1_000_000,
        file_descriptor: entry.source,
        function_call_id: entry.callId,
        input_id: entry.inputId,
        container_id: entry.containerId,
      },
    ],
  };
}
