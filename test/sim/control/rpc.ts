import * as z from "zod/mini";
import type { App } from "../model/entities.ts";
import type { Environment, Workspace } from "../workspace.ts";
import type { Message } from "./grpcServer.ts";
import { RpcError } from "./status.ts";

/** Who asks, and in which workspace. */
export interface Context {
  readonly workspace: Workspace;
  readonly tokenId: string;
  /** The member of the workspace whose token it is. */
  readonly user: string;
  readonly clientVersion: string;
  /** Where web functions are served: "http://127.0.0.1:1234". */
  readonly webBase: string;
  /** The pages of Modal's dashboard that the CLI prints; never opened by tests. */
  readonly dashboard: string;
  readonly signal: AbortSignal;
  /** Whether this is the third request of that kind within ten seconds of real time. */
  readonly asksTooOften: (kind: string) => boolean;
  readonly noteHeartbeat: (appId: string) => void;
  readonly noteDisconnect: (appId: string, reason: number) => void;
  readonly skipUnchangedDeploys: boolean;
}

export type UnaryRpc = (request: Message, context: Context) => Message | Promise<Message>;
export type StreamRpc = (
  request: Message,
  context: Context,
  send: (message: Message) => void,
) => Promise<void>;

/** An RPC whose request has this shape. `raw` is all of it, for what has to be echoed. */
export function unary<Shape extends z.core.$ZodType>(
  shape: Shape,
  handler: (request: z.output<Shape>, context: Context, raw: Message) => Message | Promise<Message>,
): UnaryRpc {
  return (request, context) => handler(z.parse(shape, request), context, request);
}

export function stream<Shape extends z.core.$ZodType>(
  shape: Shape,
  handler: (
    request: z.output<Shape>,
    context: Context,
    send: (message: Message) => void,
  ) => Promise<void>,
): StreamRpc {
  return (request, context, send) => handler(z.parse(shape, request), context, send);
}

export const text = z.string();
export const none = z.object({});
export const appIdRequest = z.object({ app_id: text });
export const timestamp = z.nullish(z.object({ seconds: z.number(), nanos: z.number() }));

/** protobuf's Timestamp as ms; null when it was left out. */
export function msOf(value: z.output<typeof timestamp>): number | null {
  return value === null || value === undefined ? null : value.seconds * 1000 + value.nanos / 1e6;
}

export function timestampOf(ms: number): Message {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

/** Modal's plain timestamps: seconds, 0 when it has not happened. */
export function secondsOf(ms: number | null): number {
  return ms === null ? 0 : ms / 1000;
}

export function environmentOf(context: Context, name: string): Environment {
  const environment = context.workspace.environment(name);
  if (environment === null)
    throw new RpcError("NOT_FOUND", `Environment '${name}' not found in workspace`);
  return environment;
}

/** The app of that id in this workspace; an app of another one does not exist here. */
export function appOf(context: Context, appId: string): App {
  const app = context.workspace.cloud.apps.get(appId);
  if (app === undefined) throw new RpcError("NOT_FOUND", `App '${appId}' not found`);
  return app;
}
