import type { ShownCost } from "../../cost/tiers.ts";
import type { Health } from "../watch/health.ts";
import type { MicroUsd } from "../../cost/money.ts";
import type { PriceAge } from "../../cost/rates/priceAge.ts";
import type { LedgerTrouble } from "../ledgerPort.ts";
import type { SandboxSight } from "../sandboxInfo.ts";
import type { AppInfo } from "../modalControl.ts";
import type { Owner } from "../owner.ts";
import type { Scope } from "../scope.ts";
import type { SettingProblem } from "../settings/settings.ts";
import type { RunsElsewhere } from "../runsElsewhere.ts";

/** What is under way on a person's command. */
export type MeterActivity = "none" | "starting" | "stopping" | "releasing";

/** Containers on their way to ready. */
export interface Booting {
  readonly sinceMs: number;
  /** null: a rate is unknown. */
  readonly microUsd: MicroUsd | null;
  /** What they have, "L40S" or "CPU"; null: not known, or several. */
  readonly gpu: string | null;
}

/** What the views say of a sandbox beside what they say of an app. */
export interface ShownSandbox {
  /** The name of the app in which it runs. */
  readonly inApp: string;
  /** When it was made; null: not told. */
  readonly sinceMs: number | null;
  /** When Modal ends it at the latest; null: not told. */
  readonly endsByMs: number | null;
  /** What it asks for; null: not told. */
  readonly cores: number | null;
  readonly gib: number | null;
}

/** One app that runs, as the views show it, or one sandbox. */
export interface RunningApp {
  readonly appId: string;
  readonly name: string;
  readonly state: AppInfo["state"];
  readonly owner: Owner;
  /** Containers that are ready, and that are not yet: they load, which is billed, or wait for a machine. */
  readonly running: number;
  readonly pending: number;
  /** Since when the first of those that are not ready costs, and what they have cost so far; null: none, or not known. */
  readonly booting: Booting | null;
  /** "L40S", "2 × H100", "no GPU", or "GPU unknown". */
  readonly gpu: string;
  /** What its containers cost in one hour; null: a rate is unknown. */
  readonly microUsdPerHour: MicroUsd | null;
  /** Last known end of the idle tail; null: not known. */
  readonly warmUntilMs: number | null;
  /** What is left of the idle tail in money; null: not known. */
  readonly tailMicroUsd: MicroUsd | null;
  /** What the containers that `min_containers` keeps cost in a day; null: a rate is unknown. Absent: none is kept. */
  readonly keptWarmMicroUsdPerDay?: MicroUsd | null;
  /** Absent: it is an app. */
  readonly sandbox?: ShownSandbox;
}

/** The open session, as the views show it. */
export interface SessionState {
  /** The mode that is really in force, and the one that the session was started in. */
  readonly mode: string;
  readonly expiresAtMs: number | null;
  readonly cost: ShownCost;
}

/** Everything that the views show, derived from the ledger and from the poller's health. */
export interface MeterState {
  readonly nowMs: number;
  readonly health: Health;
  /** What is wrong with the ledger; null: nothing. Costs are then as far as it can be read. */
  readonly ledger: LedgerTrouble | null;
  readonly scope: Scope | null;
  readonly activity: MeterActivity;
  /** null: no listing yet. */
  readonly observedAtMs: number | null;
  /** A listing older than this is shown with its age. */
  readonly staleAfterMs: number;
  readonly apps: readonly RunningApp[];
  /** Whether the list of what runs has all sandboxes; absent: no listing yet. */
  readonly sandboxes?: SandboxSight | undefined;
  /** What runs in other environments of the workspace, as far as it is known; absent: it is not. */
  readonly elsewhere?: readonly RunsElsewhere[];
  /** Other environments that nobody has looked at yet. */
  readonly unseenEnvironments?: readonly string[];
  readonly session: SessionState | null;
  /** Cost since local midnight of everything in the scope that is not known to be someone else's. */
  readonly today: ShownCost;
  readonly adapter: "cli" | "sdk" | null;
  /** What is wrong in the settings, and off because of it. */
  readonly settingProblems: readonly SettingProblem[];
  /** Whose prices these costs are at, and of which day; null: not known yet. */
  readonly prices: PriceAge | null;
  /** Modal's clock minus this machine's, in milliseconds; 0: in step, or not known. */
  readonly clockOffsetMs: number;
}

export const noCost: ShownCost = {
  reported: null,
  metered: null,
  billed: null,
  meteredIsFloor: false,
  figure: null,
};

/** The state in which nothing is known but what this process knows by itself. */
export function nothingKnown(
  given: Pick<MeterState, "nowMs" | "health" | "ledger" | "activity" | "settingProblems">,
): MeterState {
  return {
    ...given,
    scope: null,
    observedAtMs: null,
    staleAfterMs: 0,
    apps: [],
    session: null,
    today: noCost,
    adapter: null,
    prices: null,
    clockOffsetMs: 0,
  };
}
