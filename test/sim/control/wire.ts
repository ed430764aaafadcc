import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

/** The encoding of one RPC: bytes to plain objects with the proto's own snake_case names, and back. */
export interface Method {
  readonly name: string;
  readonly streams: boolean;
  decodeRequest(bytes: Uint8Array): Record<string, unknown>;
  /** Throws when the object does not fit the message: an answer that Modal could not give. */
  encodeResponse(message: Readonly<Record<string, unknown>>): Uint8Array;
}

const SOURCE = new URL("modal.proto", import.meta.url);

/** What the trailer "grpc-status-details-bin" carries: when the client may try again. */
export type EncodeRetry = (code: number, message: string, retryAfterSeconds: number) => string;

/** The encoder of that trailer. */
export function loadRetryEncoder(): EncodeRetry {
  const root = loadRoot();
  const status = root.lookupType("modal.client.RPCStatus");
  const policy = root.lookupType("modal.client.RPCRetryPolicy");
  return (code, message, retryAfterSeconds) => {
    const value = policy.encode({ retry_after_secs: retryAfterSeconds }).finish();
    const detail = { type_url: "type.googleapis.com/modal.client.RPCRetryPolicy", value };
    const bytes = status.encode(status.fromObject({ code, message, details: [detail] })).finish();
    return Buffer.from(bytes).toString("base64");
  };
}

/** All RPCs of `modal.proto`, by name. */
export function loadMethods(): ReadonlyMap<string, Method> {
  const service = loadRoot().lookupService("modal.client.ModalClient");
  service.resolveAll();
  return new Map(service.methodsArray.map((method) => [method.name, methodOf(method)]));
}

function loadRoot(): protobuf.Root {
  // keepCase: without it snake_case fields vanish without a word.
  return protobuf.parse(readFileSync(SOURCE, "utf8"), { keepCase: true }).root;
}

function methodOf(method: protobuf.Method): Method {
  const { resolvedRequestType, resolvedResponseType } = method;
  if (resolvedRequestType === null || resolvedResponseType === null)
    throw new TypeError(`${method.name} has no types.`);
  return {
    name: method.name,
    streams: method.responseStream === true,
    decodeRequest: (bytes) =>
      resolvedRequestType.toObject(resolvedRequestType.decode(bytes), {
        defaults: true,
        longs: Number,
      }),
    encodeResponse: (message) => {
      const wrong = resolvedResponseType.verify({ ...message });
      if (wrong !== null) throw new TypeError(`${method.name} answers badly: ${wrong}`);
      return resolvedResponseType.encode(resolvedResponseType.fromObject({ ...message })).finish();
    },
  };
}

/** gRPC's frame: not compressed, four bytes of length, the message. */
export function frame(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** The first message in what a client sent; empty when it sent none. */
export function unframe(body: Buffer): Buffer {
  if (body.length < 5) return Buffer.alloc(0);
  return body.subarray(5, 5 + body.readUInt32BE(1));
}
