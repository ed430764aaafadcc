import { drawBetween } from "./draw.ts";
import type { App, Container, Input, LogEntry } from "./entities.ts";
import type { Timeline } from "./timeline.ts";

export interface LogRequest {
  readonly text: string;
  readonly source?: 1 | 2 | 3;
  readonly input?: Input;
  readonly container?: Container;
}

/** Writes the logs of all apps, and tells those who wait for lines. */
export class LogBook {
  readonly #timeline: Timeline;
  readonly #waiters = new Set<(appId: string) => void>();
  #sequence = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  write(app: App, request: LogRequest): LogEntry {
    const { nowMs } = this.#timeline;
    this.#sequence += 1;
    const container = request.container ?? request.input?.container ?? null;
    const entry: LogEntry = {
      sequence: this.#sequence,
      entryId: `${nowMs}-${this.#sequence}`,
      atMs: nowMs,
      source: request.source ?? 1,
      text: request.text,
      functionId: request.input?.fn.id ?? container?.fn.id ?? "",
      containerId: container?.id ?? "",
      callId: request.input?.callId ?? "",
      inputId: request.input?.id ?? "",
    };
    app.logs.push(entry);
    this.tell(app.id);
    return entry;
  }

  /** What an app says by itself: that it loads, a while after its boot began, and that it is ready. */
  writeOfItself(app: App, container: Container): void {
    const { nowMs } = this.#timeline;
    if (!container.spec.prints) return;
    if (container.state === "starting") {
      this.#timeline.schedule(nowMs + drawBetween(container.id, "first line", 500, 4000), () => {
        if (container.state !== "starting") return;
        this.write(app, { container, text: "Loading the model\n" });
      });
    } else if (container.state === "idle" && container.readyAtMs === nowMs)
      this.write(app, { container, text: "Ready\n" });
  }

  /** Calls back whenever an app's log or its being done changes. Returns how to end it. */
  listen(listener: (appId: string) => void): () => void {
    this.#waiters.add(listener);
    return () => this.#waiters.delete(listener);
  }

  tell(appId: string): void {
    for (const listener of this.#waiters) listener(appId);
  }
}
