import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { LocalModal } from "../localModal.ts";
import { adminRoutes } from "./adminRoutes.ts";

/** The admin API over HTTP: `GET` reads, `POST` changes, both answer JSON. */
export class AdminServer {
  readonly #server: Server;
  #port = 0;

  constructor(local: LocalModal) {
    this.#server = createServer((request, response) => void serve(local, request, response));
  }

  get base(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => {
        const address = this.#server.address();
        if (address !== null && typeof address !== "string") this.#port = address.port;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function serve(
  local: LocalModal,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  await new Promise((resolve) => request.on("close", resolve).on("end", resolve));
  const answer = (status: number, value: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(
      JSON.stringify(
        value,
        (_, one: unknown) => (typeof one === "bigint" ? one.toString() : one),
        2,
      ),
    );
  };
  try {
    const route = adminRoutes[`${request.method ?? "GET"} ${url.pathname}`];
    if (route === undefined) {
      answer(404, { error: "No such route.", routes: Object.keys(adminRoutes) });
      return;
    }
    const text = Buffer.concat(parts).toString("utf8");
    const body: unknown = text === "" ? {} : JSON.parse(text);
    local.sync();
    const value = await route(local, body, url.searchParams);
    local.sync();
    answer(200, value ?? { ok: true });
  } catch (error) {
    answer(400, { error: error instanceof Error ? error.message : String(error) });
  }
}
