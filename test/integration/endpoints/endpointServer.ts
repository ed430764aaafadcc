import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSocketServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../../src/base/log.ts";
import type { CallOptions, CallProgress, CallRequest } from "../../../src/endpoints/callTypes.ts";
import { VirtualClock } from "../../unit/virtualClock.ts";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A real server on the loopback interface that remembers what reached it. */
export class EndpointServer {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
    });
  }

  /** Answers with HTTP. */
  static async http(
    answer: (request: SeenRequest, response: ServerResponse) => void,
  ): Promise<EndpointServer> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const seen = {
          method: request.method ?? "",
          url: request.url ?? "",
          headers: request.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        };
        own.requests.push(seen);
        answer(seen, response);
      });
    });
    const own = new EndpointServer(server);
    await own.#listen();
    return own;
  }

  /** Answers with raw bytes as soon as anything arrives, then closes if told so. */
  static async raw(bytes: Buffer | string, close: boolean): Promise<EndpointServer> {
    const server = createSocketServer((socket) => {
      socket.once("data", () => {
        own.requests.push({ method: "", url: "", headers: {}, body: "" });
        if (close) socket.end(bytes);
        else socket.write(bytes);
      });
    });
    const own = new EndpointServer(server);
    await own.#listen();
    return own;
  }

  get origin(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("Not listening.");
    return `http://127.0.0.1:${address.port}`;
  }

  /** The same server under another name: another origin, on the port that alone may be redirected to. */
  get otherOrigin(): string {
    return this.origin.replace("127.0.0.1", "localhost");
  }

  count(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }
}

/** What one test of calls needs, and how to put it away. */
export class CallBench {
  readonly clock = new VirtualClock(Date.UTC(2026, 10, 21, 12));
  readonly folder = mkdtempSync(join(tmpdir(), "modal-meter-test-"));
  readonly logged: string[] = [];
  readonly handovers: string[] = [];
  readonly progress: CallProgress[] = [];
  readonly servers: EndpointServer[] = [];

  async serve(
    answer: (request: SeenRequest, response: ServerResponse) => void,
  ): Promise<EndpointServer> {
    return this.#keep(await EndpointServer.http(answer));
  }

  async serveRaw(bytes: Buffer | string, close = true): Promise<EndpointServer> {
    return this.#keep(await EndpointServer.raw(bytes, close));
  }

  request(url: string, more: Partial<CallRequest> = {}): CallRequest {
    return {
      callId: "call-1",
      endpoint: "flux",
      expects: "image",
      folder: this.folder,
      spareFolder: join(this.folder, "spare"),
      prompt: "A fox in the snow",
      method: "POST",
      url: new URL(url),
      body: { prompt: "A fox in the snow" },
      ...more,
    };
  }

  options(more: Partial<CallOptions> = {}): CallOptions {
    const write = (message: string): void => void this.logged.push(message);
    const log: Log = { debug: write, info: write, warn: write, error: write };
    return {
      clock: this.clock,
      log,
      onHandover: (url) => this.handovers.push(url),
      onProgress: (progress) => this.progress.push(progress),
      ...more,
    };
  }

  /** How often the call said that it will try again. */
  get retries(): number {
    return this.progress.filter(({ phase }) => phase === "retrying").length;
  }

  files(): readonly string[] {
    return readdirSync(this.folder).toSorted();
  }

  /** Lets real sockets work, without virtual time passing, until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + 30_000;
    while (!condition()) {
      if (performance.now() > giveUpAt)
        throw new Error(`Never came true: ${String(condition)}\n${this.logged.join("\n")}`);
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
    }
  }

  dispose(): void {
    for (const server of this.servers) server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #keep(server: EndpointServer): EndpointServer {
    this.servers.push(server);
    return server;
  }
}

export const png = Buffer.concat([
  Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
  Buffer.alloc(5000, 7),
  Buffer.from("IEND\xaeB`\x82", "latin1"),
]);
