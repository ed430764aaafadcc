import type { CallRecord } from "../call.ts";
import type { LoggedContainer } from "./loggedContainers.ts";

/** What else is known of when containers of an app end. */
export interface EndKnowledge {
  readonly calls: readonly CallRecord[];
  /** Containers that the apps' logs name. */
  readonly logged?: readonly LoggedContainer[];
  /** The scaledown window of an app; null where nobody told. */
  readonly scaledownSecondsOf: (appId: string) => number | null;
  /** Whether `min_containers` keeps some of the app's containers beyond their scaledown window. */
  readonly isKeptWarm?: (appId: string) => boolean;
  /** When the app's containers were ended on purpose: stops as the listing or a receipt tells them, releases, deploys. */
  readonly endedOnPurposeAtMsOf: (appId: string) => readonly number[];
}
