import {
  createServer,
  type Http2Server,
  type Http2Session,
  type ServerHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { frame, loadMethods, loadRetryEncoder, unframe, type Method } from "./wire.ts";
import { grpcCodes, RpcError } from "./status.ts";
import type { RpcFault } from "../admin/faults.ts";

export type Message = Readonly<Record<string, unknown>>;

/** One RPC that is being answered. */
export interface Call {
  readonly rpc: string;
  readonly request: Message;
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

export interface Service {
  /** The service's own clock, which dates its answers. */
  nowMs(): number;
  /** Called as the RPC arrives; returns the faults that hit it and how to note its end. */
  arrived(call: Call): { readonly faults: readonly RpcFault[]; ended(outcome: string): void };
  answer(call: Call): Promise<Message>;
  stream(call: Call, send: (message: Message) => void): Promise<void>;
}

const encodeRetry = loadRetryEncoder();
const PREFIX = "/modal.client.ModalClient/";

/**
 * Modal's control plane speaks gRPC over plaintext HTTP/2. It is spoken here by hand, because the
 * faults that matter (a dropped connection, a proxy's page, bytes that do not parse) happen below
 * what a gRPC library lets a server do.
 */
export class GrpcServer {
  readonly #server: Http2Server;
  readonly #sessions = new Set<Http2Session>();
  readonly #methods: ReadonlyMap<string, Method> = loadMethods();
  readonly #service: Service;

  constructor(service: Service) {
    this.#service = service;
    this.#server = createServer();
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("error", () => undefined);
      session.on("close", () => this.#sessions.delete(session));
    });
    this.#server.on("stream", (stream, headers) => {
      stream.on("error", () => undefined);
      void this.#serve(stream, headers);
    });
  }

  /** Listens on loopback; resolves with the port. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => resolve(portOf(this.#server.address())));
    });
  }

  /** Drops every connection, as a network that goes away. New ones are accepted. */
  dropConnections(): void {
    for (const session of this.#sessions) session.destroy();
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(stream: ServerHttp2Stream, raw: IncomingHttpHeaders): Promise<void> {
    const headers = plainHeaders(raw);
    const path = headers[":path"] ?? "";
    const rpc = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : "";
    const method = this.#methods.get(rpc);
    const abort = new AbortController();
    stream.on("close", () => abort.abort());
    const body = await collect(stream);
    if (method === undefined) {
      const ended = this.#service.arrived({ rpc, request: {}, headers, signal: abort.signal });
      ended.ended("UNIMPLEMENTED");
      this.#endWith(stream, "UNIMPLEMENTED", `Unknown RPC ${rpc}`);
      return;
    }
    let ended: (outcome: string) => void = () => undefined;
    try {
      const call: Call = {
        rpc,
        request: method.decodeRequest(unframe(body)),
        headers,
        signal: abort.signal,
      };
      const arrived = this.#service.arrived(call);
      ended = (outcome) => arrived.ended(outcome);
      await this.#respond(stream, method, call, arrived.faults);
      ended(stream.destroyed && stream.rstCode !== 0 ? "aborted" : "OK");
    } catch (error) {
      const known = error instanceof RpcError;
      if (!known) console.error(`Local Modal: ${rpc} failed:`, error);
      const text = error instanceof Error ? error.message : String(error);
      ended(known ? error.code : "INTERNAL");
      const retryAfter = known ? error.retryAfterSeconds : null;
      this.#endWith(stream, known ? error.code : "INTERNAL", text, retryAfter);
    }
  }

  #head(): OutgoingHttpHeaders {
    return {
      ":status": 200,
      "content-type": "application/grpc",
      date: new Date(this.#service.nowMs()).toUTCString(),
    };
  }

  #start(stream: ServerHttp2Stream): void {
    stream.respond(this.#head(), { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  }

  /** Ends an RPC with an error; a stream that has begun gets it in its trailers. */
  #endWith(
    stream: ServerHttp2Stream,
    code: keyof typeof grpcCodes,
    message: string,
    retryAfterSeconds: number | null = null,
  ): void {
    if (stream.destroyed) return;
    const status = {
      "grpc-status": String(grpcCodes[code]),
      "grpc-message": percentEncoded(message),
      ...(retryAfterSeconds === null
        ? {}
        : { "grpc-status-details-bin": encodeRetry(grpcCodes[code], message, retryAfterSeconds) }),
    };
    if (stream.headersSent) {
      stream.removeAllListeners("wantTrailers");
      stream.on("wantTrailers", () => stream.sendTrailers(status));
      stream.end();
      return;
    }
    stream.respond({ ...this.#head(), ...status }, { endStream: true });
  }

  async #respond(
    stream: ServerHttp2Stream,
    method: Method,
    call: Call,
    faults: readonly RpcFault[],
  ): Promise<void> {
    let closeAfter = false;
    let dripMs: number | null = null;
    const after = faults.filter((fault) => fault.kind === "run" && fault.when === "after");
    for (const fault of faults) {
      switch (fault.kind) {
        case "delay":
          await sleep(fault.ms, call.signal);
          break;
        case "drip":
          dripMs = fault.ms;
          break;
        case "status":
          throw new RpcError(fault.code, fault.message);
        case "hang":
          await aborted(call.signal);
          return;
        case "close":
          stream.session?.destroy();
          return;
        case "run":
          if (fault.when === "before") fault.run();
          break;
        case "close-after":
          closeAfter = true;
          break;
        case "ignore":
          this.#start(stream);
          stream.end(frame(method.encodeResponse({})));
          return;
        case "garbage":
          this.#start(stream);
          stream.end(frame(Buffer.from("\u000f\u00ff not a message \u0000\u0007", "latin1")));
          return;
        case "html":
          stream.respond({ ":status": fault.status, "content-type": "text/html" });
          stream.end("<!doctype html><title>Bad Gateway</title><h1>Bad Gateway</h1>");
          return;
      }
    }
    if (method.streams) {
      this.#start(stream);
      const send = (message: Message): void => {
        if (!stream.destroyed && !stream.writableEnded)
          stream.write(frame(method.encodeResponse(message)));
      };
      if (dripMs === null) await this.#service.stream(call, send);
      else {
        const messages: Message[] = [];
        await this.#service.stream(call, (message) => void messages.push(message));
        for (const message of messages) {
          await sleep(dripMs, call.signal);
          send(message);
        }
      }
      stream.end();
      return;
    }
    const answer = await this.#service.answer(call);
    for (const fault of after) if (fault.kind === "run") fault.run();
    if (closeAfter) {
      stream.session?.destroy();
      return;
    }
    if (stream.destroyed) return;
    this.#start(stream);
    stream.end(frame(method.encodeResponse(answer)));
  }
}

/** gRPC's own rule: printable ASCII but "%" stays as it is; clients decode no more than that. */
function percentEncoded(message: string): string {
  let out = "";
  for (const byte of Buffer.from(message)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    out += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return out;
}

function collect(stream: ServerHttp2Stream): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => resolve(Buffer.concat(parts)));
    stream.on("close", () => resolve(Buffer.concat(parts)));
  });
}

function plainHeaders(raw: IncomingHttpHeaders): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw))
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join(", ") : value;
  return out;
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === "string") throw new TypeError("No port.");
  return address.port;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });
}
