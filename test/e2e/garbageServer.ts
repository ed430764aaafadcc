import { createServer, type Server } from "node:net";
import * as z from "zod/mini";

const address = z.object({ port: z.number() });

/** Answers whatever it is sent with the same bytes. */
export class GarbageServer implements AsyncDisposable {
  readonly #server: Server;
  #connections = 0;

  private constructor(answer: string) {
    this.#server = createServer((socket) => {
      this.#connections += 1;
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(answer, "latin1"));
    });
  }

  static async listen(answer: string): Promise<GarbageServer> {
    const garbage = new GarbageServer(answer);
    await new Promise<void>((resolve) => {
      garbage.#server.listen(0, "127.0.0.1", resolve);
    });
    return garbage;
  }

  get origin(): string {
    return `http://127.0.0.1:${z.parse(address, this.#server.address()).port}`;
  }

  get connections(): number {
    return this.#connections;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
