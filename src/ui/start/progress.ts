import { sentences, t } from "../../base/text.ts";
import { formatCountdown } from "../../cost/format.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import type {
  StartEvent,
  StartStep,
  StartOptions,
  StartOutcome,
} from "../../session/start/start.ts";
import { inNotification } from "../progress.ts";
import type { Services } from "../services.ts";
import { askWarmUp, startAsk } from "./ask.ts";

/** What the functions here work with. */
type ProgressServices = Pick<Services, "clock" | "log" | "meter" | "starts">;

/** Shows one run of a start as a progress that can be cancelled, until it is over. */
export async function showStart(
  services: ProgressServices,
  mode: ModeDefinition,
  warmUpCost: string | undefined,
  run: (options: StartOptions) => Promise<StartOutcome>,
): Promise<StartOutcome> {
  const progress = new StartProgress(services, mode, warmUpCost);
  try {
    return await services.starts.track(progress.abort, () =>
      services.meter.during("starting", () => run(progress.begin())),
    );
  } finally {
    progress.end();
  }
}

/** The notification of a start. The editor takes it away once Cancel is pressed, so it may need several. */
class StartProgress {
  /** Cancels the start. */
  readonly abort = new AbortController();
  readonly #skip = new AbortController();
  readonly #over = new AbortController();
  readonly #services: ProgressServices;
  readonly #mode: ModeDefinition;
  readonly #warmUpCost: string | undefined;
  #isWarmingUp = false;
  /** In force in the app that is being warmed up; null: it is not known. */
  #windowSeconds: number | null = null;
  #message: string | undefined;
  #report: (message: string) => void = () => undefined;
  #hide: () => void = () => undefined;

  constructor(services: ProgressServices, mode: ModeDefinition, warmUpCost: string | undefined) {
    this.#services = services;
    this.#mode = mode;
    this.#warmUpCost = warmUpCost;
  }

  begin(): StartOptions {
    const { signal } = this.abort;
    signal.addEventListener("abort", () => this.#showCancelling(), { once: true });
    this.#showSteps();
    return {
      ask: startAsk(this.#mode, signal),
      signal,
      skipWarmUp: this.#skip.signal,
      onEvent: (event) => this.#tell(event),
    };
  }

  end(): void {
    this.#over.abort();
    this.#hide();
  }

  #tell(event: StartEvent): void {
    if (event.kind === "step") {
      this.#isWarmingUp = event.step === "warm-up" && event.state === "begun";
    }
    if (event.kind === "warming") this.#windowSeconds = event.windowSeconds;
    const message = eventText(this.#services, event);
    if (message === undefined || this.abort.signal.aborted) return;
    this.#message = message;
    this.#report(message);
  }

  #showSteps(): void {
    this.#show(t("Starting {0} session", this.#mode.name), this.#message, () => {
      this.#hide();
      void this.#cancelled();
    });
  }

  #showCancelling(): void {
    this.#show(t("Cancelling the start"), t("stopping what was started, and verifying it…"));
  }

  async #cancelled(): Promise<void> {
    // Only then is there something to wait for that a person may do without.
    if (!this.#isWarmingUp) {
      this.abort.abort();
      return;
    }
    const moot = AbortSignal.any([this.abort.signal, this.#over.signal]);
    const choice = await askWarmUp(this.#mode, this.#warmUpCost, this.#windowSeconds, moot);
    if (moot.aborted) return;
    if (choice === "stop") {
      this.abort.abort();
      return;
    }
    if (choice === "skip") this.#skip.abort();
    this.#showSteps();
  }

  #show(title: string, message: string | undefined, onCancel?: () => void): void {
    this.#hide();
    void inNotification(
      title,
      (report, signal) => {
        if (onCancel !== undefined) signal.addEventListener("abort", onCancel, { once: true });
        this.#report = report;
        if (message !== undefined) report(message);
        return new Promise<void>((resolve) => {
          this.#hide = () => {
            this.#report = () => undefined;
            resolve();
          };
        });
      },
      { cancellable: onCancel !== undefined },
    );
  }
}

function stepText(step: StartStep): string {
  switch (step) {
    case "check":
      return t("checking what already runs…");
    case "deploy":
      return t("deploying…");
    case "find":
      return t("looking for the app…");
    case "health":
      return t("checking health…");
    default:
      return t("warming up…");
  }
}

function eventText({ log }: Pick<Services, "log">, event: StartEvent): string | undefined {
  switch (event.kind) {
    case "step":
      log.info(`Start: ${event.step} ${event.state}`);
      return event.state === "begun" ? stepText(event.step) : undefined;
    case "skipped":
      log.info(`Start: ${event.step} skipped, ${event.why}`);
      return undefined;
    case "line":
      log.info(`deploy | ${event.text}`);
      return undefined;
    case "warming": {
      const { fromMs, toMs, source } = event.typical;
      const [from, to] = [formatCountdown(fromMs), formatCountdown(toMs)];
      const range = from === to ? from : t("{0} to {1}", from, to);
      const elapsed = formatCountdown(event.elapsedMs);
      return sentences(
        source === "history"
          ? t("warming up: {0} (usually {1}).", elapsed, range)
          : t("warming up: {0} (typically {1}).", elapsed, range),
        t("Cancel to skip it, or to stop what was started."),
      );
    }
    case "note":
      log.info(`Start: ${event.text}`);
      return event.text;
    default:
      return undefined;
  }
}
