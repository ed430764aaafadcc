import type { Clock } from "../../base/clock.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import type { ContainerObservation, Gpu } from "../../cost/span.ts";
import type { AppFunction, ControlOptions, ModalControl } from "../modalControl.ts";
import { LastDeploys } from "./lastDeploys.ts";
import { orNone } from "./orNone.ts";

/** A container that is newer than this answer may be of a new deployment; of several that start at once, one asks. */
const answerForMs = 60_000;
/** What Modal could not tell is asked for again after this. */
const againAfterMs = 10 * 60_000;

/** What Modal said of an app's functions, and when it was asked, by this machine's clock. */
interface FunctionsAnswer {
  readonly functions: readonly AppFunction[];
  readonly askedAtMs: number;
}

interface FunctionsQuestion {
  readonly scope: string;
  /** The app has a container that the look before did not show. */
  readonly isNew: boolean;
  /** Modal's clock minus this machine's. */
  readonly offsetMs: number;
}

interface Asked {
  readonly answer: Promise<FunctionsAnswer>;
  /** A container that came later is asked for anew. */
  readonly newUntilMs: number;
  /** When to ask again in any case. */
  untilMs: number;
}

/**
 * Modal's summary of an app's functions and their GPUs: the word for containers of which nothing else
 * tells it. Asked for at the first sight of a container, never per look.
 */
export class AppFunctions {
  readonly #clock: Clock;
  readonly #asked = new Map<string, Asked>();
  readonly #deploys = new LastDeploys();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * What holds for the container. None: not known. Rejects only when cancelled.
   */
  async functionsOf(
    control: Pick<ModalControl, "appFunctions" | "deployments">,
    container: Pick<ContainerObservation, "appId" | "enqueuedAtMs" | "startedAtMs">,
    { scope, isNew, offsetMs }: FunctionsQuestion,
    options: ControlOptions,
  ): Promise<readonly AppFunction[]> {
    const app = { scope, appId: container.appId };
    const { functions, askedAtMs } = await this.#answer(control, app, isNew, options);
    if (!functions.some(({ gpus }) => gpus.length > 0)) return functions;
    const time = { askedAtMs, offsetMs };
    const isOfAnother = await this.#deploys.cameBetween(control, app, container, time, options);
    return isOfAnother === false ? functions : [];
  }

  #answer(
    control: Pick<ModalControl, "appFunctions">,
    app: { readonly scope: string; readonly appId: string },
    isNew: boolean,
    options: ControlOptions,
  ): Promise<FunctionsAnswer> {
    const key = `${app.scope} ${app.appId}`;
    const nowMs = this.#clock.nowMs();
    const before = this.#asked.get(key);
    const isKnown =
      before !== undefined && nowMs < before.untilMs && (!isNew || nowMs < before.newUntilMs);
    if (isKnown) return before.answer;
    const ask = orNone(() => control.appFunctions(app.appId, options), options.signal);
    const answer = ask.then((functions) => ({ functions, askedAtMs: nowMs }));
    const asked: Asked = {
      answer,
      newUntilMs: nowMs + answerForMs,
      untilMs: nowMs + againAfterMs,
    };
    this.#asked.set(key, asked);
    answer.then(
      ({ functions }) => {
        // An answer stands until a newer container comes, none only for a while.
        if (functions.some(({ gpus }) => gpus.length > 0)) asked.untilMs = Number.POSITIVE_INFINITY;
      },
      () => {
        asked.untilMs = 0;
      },
    );
    return answer;
  }
}

/**
 * The one GPU of all functions; undefined where they differ, where one may get any of several, or
 * where none names one: an empty list is "none" or "not told", and nobody says which.
 */
export function commonGpu(functions: readonly AppFunction[]): Gpu | undefined {
  const [first] = functions;
  const gpu = first?.gpus[0];
  if (gpu === undefined) return undefined;
  const label = gpuLabel(gpu);
  const isCommon = functions.every(
    ({ gpus: [first, ...others] }) =>
      first !== undefined && others.length === 0 && gpuLabel(first) === label,
  );
  return isCommon ? gpu : undefined;
}
