import type { Hardware, PriceLevel } from "./prices.ts";

// What really happened at Modal, known to nobody in the product. All times are milliseconds UTC, by
// Modal's clock.

export interface FunctionOfApp {
  readonly name: string;
  readonly hardware: Hardware;
}

export interface AppOfWorld {
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  readonly startedBy: "me" | "teammate";
  readonly createdMs: number;
  readonly functions: readonly FunctionOfApp[];
  /** Writes a cost line for each call into its log. */
  readonly logsCosts: boolean;
  /** Answers a call with cost headers. */
  readonly sendsHeaders: boolean;
}

export interface ContainerOfWorld {
  readonly id: string;
  readonly appId: string;
  readonly hardware: Hardware;
  readonly enqueuedMs: number;
  /** After the start-up phase; undefined for one that ended before it was ready. */
  readonly readyMs: number | undefined;
  readonly finishedMs: number;
  /** Whether Modal names its GPU when asked for it: an empty answer is "not told". */
  readonly isGpuTold: boolean;
  /** What it used of CPU and memory above its request, in percent of the whole rate. Only the bill tells. */
  readonly usedAbovePercent: number;
}

export interface CallOfWorld {
  readonly appId: string;
  readonly containerId: string;
  readonly by: "me" | "teammate";
  readonly startedMs: number;
  readonly finishedMs: number;
  /** By the function's own clock. */
  readonly executionMs: number;
  /** What its header or line claims, as it is written there. */
  readonly claimedUsd: string;
  /** No hardware costs so much in that time: somebody's mistake. */
  readonly isAbsurd: boolean;
  readonly gpuName: string;
}

/** Apps between two instants that a person calls a session. */
export interface SessionOfWorld {
  readonly id: string;
  readonly appIds: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the bill has beside containers, an hour each: a volume, egress, a notebook. */
export interface StorageOfWorld {
  readonly objectId: string;
  readonly description: string;
  readonly environment: string;
  readonly hourMs: number;
  readonly costUsd: string;
}

export interface Correction {
  readonly appId: string;
  readonly hourMs: number;
  readonly fromMs: number;
  readonly percent: number;
}

export interface BillingRule {
  /** How much of the time between asked for and ready is billed, in percent. Modal does not say. */
  readonly bootPercent: number;
  readonly lagMs: number;
  readonly corrections: readonly Correction[];
  readonly storage: readonly StorageOfWorld[];
}

export interface World {
  readonly seed: number;
  readonly zone: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Ascending; the first one stands since ever. */
  readonly prices: readonly PriceLevel[];
  readonly apps: readonly AppOfWorld[];
  readonly containers: readonly ContainerOfWorld[];
  readonly calls: readonly CallOfWorld[];
  readonly sessions: readonly SessionOfWorld[];
  readonly billing: BillingRule;
}
