import { isAborted } from "../../base/abort.ts";
import { failureOf, type FailureReason } from "../../base/failure.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import type { ControlOptions, ModalControl } from "../modalControl.ts";

/** Between a container and an answer about its function that is so soon after it, no deploy is looked for. */
const soonMs = 60_000;
/** A deploy asks for containers of its own while it is made. */
const togetherMs = 2_000;

/** When Modal was asked of an app's functions. */
interface AnswerTime {
  /** By this machine's clock. */
  readonly askedAtMs: number;
  /** Modal's clock minus this machine's. */
  readonly offsetMs: number;
}

interface Asked {
  readonly forMs: number;
  /** By Modal's clock; null: Modal could not be asked. */
  readonly deploysMs: Promise<readonly number[] | null>;
}

/** The next answer may be another one. All else is for good: Modal, the plan or the adapter does not tell of deploys. */
const passing: readonly FailureReason[] = ["offline", "timed-out", "rate-limited", "service-error"];

/**
 * Whether what Modal says of an app's functions holds for a container that was there before: a deploy in
 * between may have given another GPU, and other resources, to the function of the same name.
 */
export class LastDeploys {
  readonly #asked = new Map<string, Asked>();

  /**
   * Where Modal tells of no deploys the answer stands; "unknown": it could not be asked now, and is asked
   * again the next time. Rejects only when cancelled.
   */
  async cameBetween(
    control: Pick<ModalControl, "deployments">,
    app: { readonly scope: string; readonly appId: string },
    { enqueuedAtMs, startedAtMs }: Pick<ContainerObservation, "enqueuedAtMs" | "startedAtMs">,
    { askedAtMs, offsetMs }: AnswerTime,
    options: ControlOptions,
  ): Promise<boolean | "unknown"> {
    const sinceMs = enqueuedAtMs ?? startedAtMs;
    const answeredMs = askedAtMs + offsetMs;
    if (sinceMs === null || answeredMs - sinceMs < soonMs) return false;
    const deploysMs = await this.#deploys(control, app, askedAtMs, options);
    if (deploysMs === null) return "unknown";
    return deploysMs.some((atMs) => atMs > sinceMs + togetherMs && atMs <= answeredMs);
  }

  #deploys(
    control: Pick<ModalControl, "deployments">,
    { scope, appId }: { readonly scope: string; readonly appId: string },
    forMs: number,
    options: ControlOptions,
  ): Promise<readonly number[] | null> {
    const key = `${scope} ${appId}`;
    const before = this.#asked.get(key);
    if (before !== undefined && before.forMs >= forMs) return before.deploysMs;
    const deploysMs = ask(control, appId, options);
    const asked = { forMs, deploysMs };
    this.#asked.set(key, asked);
    const forget = (): void => {
      if (this.#asked.get(key) === asked) this.#asked.delete(key);
    };
    deploysMs.then((answer) => {
      if (answer === null) forget();
    }, forget);
    return deploysMs;
  }
}

async function ask(
  control: Pick<ModalControl, "deployments">,
  appId: string,
  options: ControlOptions,
): Promise<readonly number[] | null> {
  try {
    const all = await control.deployments(appId, options);
    return all.flatMap(({ deployedAtMs }) => deployedAtMs ?? []);
  } catch (error) {
    const failure = failureOf(error);
    // Also because the profile changed in the middle: an answer of another workspace would be mixed in.
    if (failure === undefined || failure.reason === "cancelled" || isAborted(options.signal))
      throw error;
    return passing.includes(failure.reason) ? null : [];
  }
}
