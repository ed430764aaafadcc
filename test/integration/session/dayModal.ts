import type { Clock } from "../../../src/base/clock.ts";
import { microUsd } from "../../../src/cost/money.ts";
import type { ContainerDetails, ModalControl } from "../../../src/session/modalControl.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const appId = `ap-${"1".padStart(22, "0")}`;
/** Every so often a container starts in working hours, and lives for so long. */
const startsEveryMs = 20 * minuteMs;
const livesMs = 12 * minuteMs;
const coldStartMs = 30_000;

/** A Modal in memory whose containers come and go from 8 to 16 o'clock (UTC), day by day. */
export class DayModal {
  /** In place of every answer; undefined: all is well. */
  trouble: ((signal: AbortSignal | undefined) => Promise<never>) | undefined;
  readonly #clock: Clock;
  readonly #openedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#openedAtMs = clock.nowMs();
  }

  readonly control: Partial<ModalControl> = {
    whoami: (options) =>
      this.#answer(options, () => ({
        scope: { workspace: "acme", environment: "main" },
        username: "you",
      })),
    listApps: (options) =>
      this.#answer(options, () => [
        {
          appId,
          name: "flux-api",
          state: "deployed",
          containerCount: this.#living().length,
          createdAtMs: this.#openedAtMs - hourMs,
          stoppedAtMs: null,
        },
      ]),
    listContainers: (options) =>
      this.#answer(options, () =>
        this.#living().map(({ containerId, enqueuedAtMs, startedAtMs }) => ({
          containerId,
          appId,
          appName: "flux-api",
          enqueuedAtMs,
          startedAtMs,
        })),
      ),
    containerDetails: (containerId, options) =>
      this.#answer(options, () => this.#life(Number(containerId.slice("ta-".length)))),
    appFunctions: (_appId, options) =>
      this.#answer(options, () => [
        { functionId: "fu-1", name: "web", gpus: [{ type: "L40S", count: 1 }] },
      ]),
    functionContainers: (_functionId, options) =>
      this.#answer(options, () => this.#living().map(({ containerId }) => containerId)),
    deployments: (_appId, options) =>
      this.#answer(options, () => [
        { version: 1, deployedAtMs: this.#openedAtMs - hourMs, deployedBy: "you", tag: null },
      ]),
    fetchLogs: (_appId, _query, options) => this.#answer(options, () => []),
    rates: (options) => this.#answer(options, () => ({ usdPerHourByKey: new Map() })),
    billingReport: ({ startMs, endMs }, options) =>
      this.#answer(options, () => {
        const firstMs = Math.max(startMs, this.#openedAtMs - (this.#openedAtMs % hourMs));
        const hours = Math.max(0, Math.floor((endMs - firstMs) / hourMs));
        return Array.from({ length: hours }, (_, hour) => firstMs + hour * hourMs)
          .filter(isWorkingHour)
          .map((intervalStartMs) => ({
            objectId: appId,
            description: "flux-api",
            environment: "main",
            intervalStartMs,
            cost: microUsd(2_160_000),
          }));
      }),
  };

  async #answer<T>(
    options: { readonly signal?: AbortSignal } | undefined,
    answer: () => T,
  ): Promise<T> {
    if (this.trouble !== undefined) return this.trouble(options?.signal);
    return Promise.resolve(answer());
  }

  #living(): readonly ContainerDetails[] {
    const nowMs = this.#clock.nowMs();
    const life = this.#life(Math.floor(nowMs / startsEveryMs));
    const lives = isWorkingHour(nowMs) && life.finishedAtMs === null;
    return lives ? [life] : [];
  }

  #life(number: number): ContainerDetails {
    const enqueuedAtMs = number * startsEveryMs;
    const endMs = enqueuedAtMs + livesMs;
    return {
      containerId: `ta-${number}`,
      appId,
      enqueuedAtMs,
      startedAtMs: enqueuedAtMs + coldStartMs,
      finishedAtMs: this.#clock.nowMs() >= endMs ? endMs : null,
      isSandbox: false,
      gpu: { type: "L40S", count: 1 },
    };
  }
}

export function isWorkingHour(atMs: number): boolean {
  const hour = Math.floor((atMs % dayMs) / hourMs);
  return hour >= 8 && hour < 16;
}
