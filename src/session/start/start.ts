import type { Failure } from "../../base/failure.ts";
import type { DeployTarget, ServeHandle } from "../deployer.ts";
import type { LiveApp } from "../liveApp.ts";
import type { DeployedWindows } from "../windows/fileWindow.ts";
import type { AskWindow } from "../mode/fixedWindow.ts";
import type { ModeDefinition } from "../mode.ts";
import type { ModalState } from "./modalState.ts";
import type { Scope } from "../scope.ts";
import type { SessionRecord } from "../session.ts";
import type { UndoResult } from "./undo.ts";
import type { Owner } from "../owner.ts";
import type { TypicalTime } from "./warmUp.ts";

/** The steps of a start, in order. */
export type StartStep = "check" | "deploy" | "find" | "health" | "warm-up";

/** One app file to start, and where to ask whether it is well. null: no such URL is set. */
export interface StartTarget extends DeployedWindows {
  readonly target: DeployTarget;
  readonly healthUrl: string | null;
  readonly warmUpUrl: string | null;
}

export interface StartRequest {
  /** Made by the caller, unique. A retry uses it again. */
  readonly sessionId: string;
  readonly scope: Scope;
  /** Workspace folder that starts it. */
  readonly folder: string;
  readonly username: string | null;
  readonly mode: ModeDefinition;
  /** "serve": ephemeral apps that live as long as the returned handles. */
  readonly how: "deploy" | "serve";
  readonly targets: readonly StartTarget[];
}

/** An app that runs already, before anything was started. */
export interface AlreadyRunning extends LiveApp {
  /** It has the name of a target: a deploy would replace what it runs now. */
  readonly sameName: boolean;
  readonly owner: Owner;
  readonly deployedBy: string | null;
}

export type RunningChoice =
  /** Keep the deployment, put it into the mode, and make it this session's. Offered for `sameName` only. */
  | { readonly kind: "use" }
  /** Stop first. `named`: ids of other people's or production apps that the person typed. */
  | { readonly kind: "stop-first"; readonly named?: readonly string[] }
  | { readonly kind: "start-anyway" }
  | { readonly kind: "cancel" };

/** The questions that a start may have to ask. */
export interface StartAsk {
  alreadyRunning(
    apps: readonly AlreadyRunning[],
    offered: readonly RunningChoice["kind"][],
  ): Promise<RunningChoice>;
  /** Asked for a mode with `confirm`. */
  confirmMode(mode: ModeDefinition): Promise<boolean>;
  /** Asked once for each app whose file fixes an idle window; absent: nobody is there. */
  fixedWindow?: AskWindow;
}

export type StartEvent =
  | { readonly kind: "step"; readonly step: StartStep; readonly state: "begun" | "done" }
  | { readonly kind: "skipped"; readonly step: StartStep; readonly why: string }
  /** An output line of the deploy. */
  | { readonly kind: "line"; readonly text: string }
  | {
      readonly kind: "warming";
      readonly elapsedMs: number;
      readonly typical: TypicalTime;
      /** The idle window in force in the app; null: it is not known. */
      readonly windowSeconds: number | null;
    }
  /** Something worth telling that is no failure. */
  | { readonly kind: "note"; readonly text: string };

export interface StartOptions {
  readonly ask: StartAsk;
  readonly onEvent: (event: StartEvent) => void;
  /** Cancels the start: whatever it started is stopped again, and that is verified. */
  readonly signal?: AbortSignal;
  /** Skips the rest of the warm-up only; the session is then ready, and its container keeps running. */
  readonly skipWarmUp?: AbortSignal;
  /** Longest wait for a warm-up. Default 15 min. */
  readonly warmUpLimitMs?: number;
}

export type StartOutcome =
  | {
      readonly kind: "ready";
      readonly session: SessionRecord;
      readonly notes: readonly string[];
      /** To be ended before their apps are stopped. Empty for deployed apps. */
      readonly serves: readonly ServeHandle[];
      /** Apps that the mode wants warm, and that are not: their first request is a cold start. */
      readonly cold: readonly string[];
      /** Sends the warm-up of those that have an address for it; null: none has. */
      readonly warmUp: ((options: StartOptions) => Promise<StartOutcome>) | null;
    }
  | {
      readonly kind: "failed";
      readonly step: StartStep;
      readonly failure: Failure;
      /** What runs on Modal now. */
      readonly state: ModalState;
      readonly notes: readonly string[];
      /** Goes on from the failed step. */
      retry(options: StartOptions): Promise<StartOutcome>;
      /** Stops what this start created, and nothing else. */
      undo(): Promise<UndoResult>;
      /** Whether there is something to undo. */
      readonly canUndo: boolean;
    }
  | {
      readonly kind: "cancelled";
      readonly step: StartStep;
      readonly undone: UndoResult;
      readonly state: ModalState;
    }
  /** The person turned away before anything was started. */
  | { readonly kind: "declined" };

/** The idle window that a deploy puts into force: the file's, else the mode's; null: it is not known. */
export function windowToCome(
  { windowInFile }: StartTarget,
  { scaledownSeconds }: ModeDefinition,
): number | null {
  return windowInFile === undefined ? scaledownSeconds : windowInFile;
}
