import type { CallRecord } from "../call.ts";
import type { ContainerSpan } from "../span.ts";
import type { LoggedContainer } from "./loggedContainers.ts";

/** Modal's default scaledown window (modal.com/docs/guide/cold-start), where the app's own is not known. */
export const defaultScaledownSeconds = 60;

/** The longest window that Modal takes (modal.com/docs/guide/cold-start: 2 s to 20 min). */
export const longestScaledownSeconds = 1_200;

/** A container, with its GPU where it was seen. */
export type ContainerOfApp = Pick<ContainerSpan, "appId" | "containerId"> &
  Partial<Pick<ContainerSpan, "gpu" | "gpuSource">>;

/** What else is known of when containers of an app begin and end. */
export interface EndKnowledge {
  readonly calls: readonly CallRecord[];
  /** How long a container took to start, as Modal told it, in milliseconds. */
  readonly startupMsOf?: (containerId: string) => number | undefined;
  /** How long containers of an app mostly took to start, as Modal told it of some, in milliseconds. */
  readonly usualStartupMsOf?: (appId: string) => number | undefined;
  /** Instants of complete looks, in order. */
  readonly lookedAtMs?: readonly number[];
  /** Containers that the apps' logs name. */
  readonly logged?: readonly LoggedContainer[];
  /** The scaledown window that a container had at a moment; null where nobody told: then it is Modal's default. */
  readonly scaledownSecondsOf: (container: ContainerOfApp, atMs: number) => number | null;
  /** Whether `min_containers` keeps some of the containers like this one beyond their scaledown window. */
  readonly isKeptWarm?: (container: ContainerOfApp) => boolean;
  /** When the app's containers were ended on purpose: stops as the listing or a receipt tells them, releases, deploys. */
  readonly endedOnPurposeAtMsOf: (appId: string) => readonly number[];
  /** Whether an app's log was read of all of this time: then a call that ended in it is known. */
  readonly isLogRead?: (appId: string, fromMs: number, toMs: number) => boolean;
}
