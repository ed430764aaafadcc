import type { PlannedApp } from "../../session/stop/stopPlan.ts";
import type { GuardTarget } from "../guardTarget.ts";
import type { NextAct } from "./act.ts";
import type { IncidentRecord } from "./record.ts";
import { appsLeftRunning, appsOfSecondStage } from "./sight.ts";
import type { Sight } from "./sight.ts";

/** What follows after the last window of a scope is gone. */
export interface Decision {
  /** Apps to remind of; empty: there is no reminder. */
  readonly remind: readonly PlannedApp[];
  readonly act: NextAct | undefined;
  /** When the apps that the reminder names are stopped without an answer; null: never. */
  readonly secondStageAtMs: number | null;
}

/** What was asked for so long ago is asked again, before it is done. */
const answerHoldsMs = 600_000;

/** The first guardian's decision, by the settings and what it saw. */
export function firstDecision(sight: Sight, target: GuardTarget, nowMs: number): Decision {
  const { onClose } = target;
  const remind = appsLeftRunning(sight, target);
  // What could not be seen may run: the act looks again.
  const mayRun = sight.unchecked !== null || sight.view?.plan.planned.length !== 0;
  return {
    remind,
    act:
      mayRun && (onClose === "stop" || onClose === "release")
        ? { what: onClose, by: "guardian", begunAtMs: nowMs }
        : undefined,
    secondStageAtMs:
      appsOfSecondStage(remind, target).length > 0
        ? nowMs + target.stopAfterMinutes * 60_000
        : null,
  };
}

/**
 * What a successor does with what a guardian that is gone has left: an act that was begun and not done
 * is done, a reminder that was on the screen is shown again, with its time from now, because nobody
 * could answer meanwhile. What was done, answered or dismissed is not done again.
 */
export function takenOver(
  left: IncidentRecord,
  sight: Sight,
  target: GuardTarget,
  nowMs: number,
): Decision {
  const { act, reminder, secondStageAtMs } = left;
  const isBegun = act?.state === "begun";
  const isStale = isBegun && act.by === "reminder" && nowMs - act.begunAtMs > answerHoldsMs;
  const goOn = isBegun && !isStale ? act : undefined;
  const again = { ...firstDecision(sight, target, nowMs), act: goOn };
  if (isStale || reminder.state === "showing") return again;
  return { remind: [], act: goOn, secondStageAtMs };
}
