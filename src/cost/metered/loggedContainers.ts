/** When a container's log lines prove that it was up. */
export interface LoggedContainer {
  readonly containerId: string;
  readonly scope: string;
  readonly appId: string;
  readonly appName: string;
  readonly firstLineMs: number;
  readonly lastLineMs: number;
}

/**
 * Which containers an app's log names, and when. After a gap in the looks (the laptop slept), the
 * log of the gap tells of containers that came and went unseen: the SDK then gives their details,
 * and without it they are inferred (cost/inferredSpans.ts).
 */
export class LoggedContainers {
  readonly #app: Pick<LoggedContainer, "scope" | "appId" | "appName">;
  readonly #byId = new Map<string, LoggedContainer>();

  constructor(app: Pick<LoggedContainer, "scope" | "appId" | "appName">) {
    this.#app = app;
  }

  add(piece: { readonly containerId: string | null; readonly atMs: number | null }): void {
    const { containerId, atMs } = piece;
    if (containerId === null || atMs === null) return;
    const earlier = this.#byId.get(containerId);
    this.#byId.set(containerId, {
      ...this.#app,
      containerId,
      firstLineMs: Math.min(earlier?.firstLineMs ?? atMs, atMs),
      lastLineMs: Math.max(earlier?.lastLineMs ?? atMs, atMs),
    });
  }

  list(): readonly LoggedContainer[] {
    return [...this.#byId.values()];
  }
}
