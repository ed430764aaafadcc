import type { Disposable } from "../../base/disposable.ts";
import type { Log } from "../../base/log.ts";
import type { ServeHandle } from "../../session/deployer.ts";

/**
 * The `modal serve` processes of this window. They end with it: each is told as Ctrl-C would tell
 * it, and what does not hear is stopped by its app id, by the stop command or by the guardian.
 */
export class Serves implements Disposable {
  readonly #log: Log;
  readonly #running = new Set<ServeHandle>();

  constructor(log: Log) {
    this.#log = log;
  }

  keep(handles: readonly ServeHandle[]): void {
    for (const handle of handles) {
      this.#running.add(handle);
      void handle.ended.finally(() => this.#running.delete(handle));
    }
  }

  /** Ends all of them; resolves when their processes are gone. Never rejects. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#running].map((handle) => this.#end(handle)));
  }

  dispose(): void {
    void this.endAll();
  }

  async #end(handle: ServeHandle): Promise<void> {
    try {
      await handle.end();
    } catch (error) {
      this.#log.error(`modal serve of ${handle.appId} did not end.`, error);
    }
  }
}
