import type { Cloud } from "../model/cloud.ts";

const ENTRYPOINT_COMPLETED = 3;

/**
 * Apps of `modal serve` and `modal run` live as long as their client does: it beats every 15 s of
 * real time, so this watch is in real time whatever the speed of the virtual clock.
 */
export class EphemeralApps {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  timeoutMs: number;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  heartbeat(cloud: Cloud, appId: string): void {
    this.#forget(appId);
    const app = cloud.apps.get(appId);
    if (app === undefined || app.state !== "ephemeral") return;
    const timer = setTimeout(() => {
      this.#timers.delete(appId);
      if (app.state === "ephemeral") cloud.stopApp(appId, "");
    }, this.timeoutMs);
    timer.unref();
    this.#timers.set(appId, timer);
  }

  /** A client says goodbye. Detached apps go on, unless their work is done. */
  disconnect(cloud: Cloud, appId: string, reason: number): void {
    this.#forget(appId);
    const app = cloud.apps.get(appId);
    if (app === undefined) return;
    if (app.state === "ephemeral" || app.state === "initializing") cloud.stopApp(appId, "");
    else if (app.state === "detached" && reason === ENTRYPOINT_COMPLETED) cloud.stopApp(appId, "");
  }

  stop(): void {
    for (const appId of this.#timers.keys()) this.#forget(appId);
  }

  #forget(appId: string): void {
    clearTimeout(this.#timers.get(appId));
    this.#timers.delete(appId);
  }
}
