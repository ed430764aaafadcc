import type { ContainerObservation } from "../../cost/span.ts";
import type { ControlOptions, ModalControl } from "../modalControl.ts";
import { orNone } from "./orNone.ts";

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
  /** By Modal's clock. */
  readonly deploysMs: Promise<readonly number[]>;
}

/**
 * Whether what Modal says of an app's functions holds for a container that was there before: a deploy in
 * between may have given another GPU, and other resources, to the function of the same name.
 */
export class LastDeploys {
  readonly #asked = new Map<string, Asked>();

  /** Where Modal tells of no deploys the answer stands. Rejects only when cancelled. */
  async cameBetween(
    control: Pick<ModalControl, "deployments">,
    app: { readonly scope: string; readonly appId: string },
    { enqueuedAtMs, startedAtMs }: Pick<ContainerObservation, "enqueuedAtMs" | "startedAtMs">,
    { askedAtMs, offsetMs }: AnswerTime,
    options: ControlOptions,
  ): Promise<boolean> {
    const sinceMs = enqueuedAtMs ?? startedAtMs;
    const answeredMs = askedAtMs + offsetMs;
    if (sinceMs === null || answeredMs - sinceMs < soonMs) return false;
    const deploysMs = await this.#deploys(control, app, askedAtMs, options);
    return deploysMs.some((atMs) => atMs > sinceMs + togetherMs && atMs <= answeredMs);
  }

  #deploys(
    control: Pick<ModalControl, "deployments">,
    { scope, appId }: { readonly scope: string; readonly appId: string },
    forMs: number,
    options: ControlOptions,
  ): Promise<readonly number[]> {
    const key = `${scope} ${appId}`;
    const before = this.#asked.get(key);
    if (before !== undefined && before.forMs >= forMs) return before.deploysMs;
    const answer = orNone(() => control.deployments(appId, options), options.signal);
    const deploysMs = answer.then((all) => all.flatMap(({ deployedAtMs }) => deployedAtMs ?? []));
    this.#asked.set(key, { forMs, deploysMs });
    deploysMs.catch(() => this.#asked.delete(key));
    return deploysMs;
  }
}
