import { t } from "../../base/text.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import { CallQueue } from "../../endpoints/call/queue.ts";
import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { inNotification } from "../progress.ts";
import { queuedText } from "./progress.ts";
import type { Services } from "../services.ts";

/** A call may begin now. */
export interface Turn {
  /** To be disposed when the call is over. */
  readonly place: Disposable;
  readonly hadToWait: boolean;
}

/** The queue of this window's calls, in view: so many run at once as the setting says. */
export class CallTurns implements Disposable {
  readonly #services: Pick<Services, "settings" | "log" | "costs">;
  readonly #store = new DisposableStore();
  readonly #queue: CallQueue;
  /** The last sound value: a setting that is being mistyped does not change what waits already. */
  #mostAtOnce = 1;

  constructor(services: Pick<Services, "settings" | "log" | "costs">) {
    this.#services = services;
    this.#queue = new CallQueue(() => this.#mostAtOnce);
    this.#store.add(services.settings.onChange(() => this.#look()));
  }

  /**
   * Waits for a free place; undefined when it was given up, which is told in the costs. Rejects
   * with `Failure("bad-setting")` before it waits.
   */
  async next(endpoint: Endpoint): Promise<Turn | undefined> {
    const { settings, log, costs } = this.#services;
    this.#mostAtOnce = settings.current.get("maxParallelCalls");
    if (!this.#queue.isFull) return { place: this.#queue.enterNow(), hadToWait: false };
    try {
      const place = await inNotification(endpoint.title, (report, signal) =>
        this.#queue.enter(signal, (ahead) => report(queuedText(ahead))),
      );
      return { place, hadToWait: true };
    } catch (error) {
      const failure = failureOf(error);
      if (failure?.reason !== "cancelled") throw error;
      log.info(`A call of ${endpoint.name} left the queue unsent.`);
      costs.line(t("⏹️ Not sent: {0}. {1}", endpoint.name, failure.message));
      return undefined;
    }
  }

  /** A place at once: for a call that Modal already works on. */
  now(): Disposable {
    return this.#queue.enterNow();
  }

  /** Sends away all that wait; `why` is told in the costs. */
  drop(why: string): void {
    this.#queue.drop(why);
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** A wrong value changes nothing for the calls that wait: the next call names it. */
  #look(): void {
    const { current } = this.#services.settings;
    if (current.problems.some(({ setting }) => setting === "modalMeter.maxParallelCalls")) return;
    this.#mostAtOnce = current.get("maxParallelCalls");
    this.#queue.admit();
  }
}
