import { t } from "../../base/text.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import type { CallRecord } from "../../cost/call.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import { showFailure } from "../failures.ts";
import type { Services } from "../services.ts";
import { callHeldForMs, letGoOfCall, takeCall } from "./lease.ts";

/** How often it is tried to read which calls were left, where the ledger cannot be read at the start. */
const resumeAgainMs = 10_000;

/** Calls that a reload, a crash or another window left: taken up by whichever window comes first. */
export class LeftCalls implements Disposable {
  readonly #services: Services;
  readonly #pickUp: (call: CallRecord, holder: string) => Promise<void>;
  readonly #store = new DisposableStore();
  #resumeTimer: Disposable | undefined;

  /** @param pickUp follows a call to its end at its hand-over address; `holder` has its lease. */
  constructor(services: Services, pickUp: (call: CallRecord, holder: string) => Promise<void>) {
    this.#services = services;
    this.#pickUp = pickUp;
  }

  resume(): void {
    const { ledger, clock } = this.#services;
    const running = ifReadable(() => ledger.calls({ status: "running" }));
    if (running === undefined) {
      this.#resumeTimer = clock.after(resumeAgainMs, () => this.resume());
      return;
    }
    for (const { callId, source } of running) if (source === "editor") this.#resumeWhenFree(callId);
  }

  dispose(): void {
    this.#resumeTimer?.dispose();
    this.#store.dispose();
  }

  /** Looks again for as long as another window runs the call: that one may end at any time. */
  #resumeWhenFree(callId: string): void {
    const { ledger, clock, newId } = this.#services;
    const running = ifReadable(() => ledger.calls({ status: "running" }));
    const call = running?.find((one) => one.callId === callId);
    if (call === undefined) return;
    const holder = newId();
    if (takeCall(this.#services, call, holder)) {
      void this.#takeUp(call, holder);
      return;
    }
    const waitMs = callHeldForMs(this.#services, call) + 1000;
    this.#store.add(clock.after(waitMs, () => this.#resumeWhenFree(callId)));
  }

  /** @param holder has the call's lease. */
  async #takeUp(call: CallRecord, holder: string): Promise<void> {
    const { ledger, clock, log, costs } = this.#services;
    if (call.handoverUrl === null) {
      const failure = t(
        "The window closed while the call ran, before Modal gave an address to pick it up.",
      );
      ledger.upsertCall({ ...call, status: "abandoned", endedAtMs: clock.nowMs(), failure });
      letGoOfCall(this.#services, call, holder);
      costs.line(
        t("⏹️ Lost: {0}. {1}", call.endpoint ?? t("call"), failure),
        `   ${t("Cost: unknown; the container may have continued the work, which is billed")}`,
      );
      log.info(`Call ${call.callId} was left without a hand-over address.`);
      return;
    }
    try {
      await this.#pickUp(call, holder);
    } catch (error) {
      await showFailure(log, "resume", error);
    }
  }
}
