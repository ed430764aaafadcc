import { refOf } from "../deployer.ts";
import type { StartTarget } from "./start.ts";

/** The app files of a folder, found by reading them. */
export interface FoundTargets {
  readonly targets: readonly StartTarget[];
  /** False: the search ended at its limit, so the app that is meant may not be among them. */
  readonly isComplete: boolean;
}

/** What to start, or why a person has to say it. */
export type TargetChoice =
  | { readonly kind: "start"; readonly targets: readonly StartTarget[] }
  | { readonly kind: "ask"; readonly why: "several" }
  /** `refs`: what was started here before, and is not there any more. */
  | { readonly kind: "ask"; readonly why: "gone"; readonly refs: readonly string[] }
  | { readonly kind: "ask"; readonly why: "incomplete" };

/**
 * What a start in a folder deploys without a question: what was chosen there before, or the only app
 * there is when nothing else ever was. A start costs money, so whatever is doubtful is asked.
 * @param remembered what was started in this folder before, as `refOf` names it.
 */
export function chooseTargets(
  { targets, isComplete }: FoundTargets,
  remembered: readonly string[],
): TargetChoice {
  if (!isComplete) return { kind: "ask", why: "incomplete" };
  const found = new Set(targets.map(({ target }) => refOf(target)));
  const gone = remembered.filter((ref) => !found.has(ref));
  if (gone.length > 0) return { kind: "ask", why: "gone", refs: gone };
  const chosenBefore = targets.filter(({ target }) => remembered.includes(refOf(target)));
  if (chosenBefore.length > 0) return { kind: "start", targets: chosenBefore };
  return targets.length === 1 ? { kind: "start", targets } : { kind: "ask", why: "several" };
}
