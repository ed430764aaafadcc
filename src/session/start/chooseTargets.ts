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
  /** `files`: what was started here before, and is not there any more. */
  | { readonly kind: "ask"; readonly why: "gone"; readonly files: readonly string[] }
  | { readonly kind: "ask"; readonly why: "incomplete" };

/**
 * What a start in a folder deploys without a question: what was chosen there before, or the only app
 * there is when nothing else ever was. A start costs money, so whatever is doubtful is asked.
 * @param remembered absolute paths of the files that were started in this folder before.
 */
export function chooseTargets(
  { targets, isComplete }: FoundTargets,
  remembered: readonly string[],
): TargetChoice {
  if (!isComplete) return { kind: "ask", why: "incomplete" };
  const files = new Set(targets.map(({ target }) => target.file));
  const gone = remembered.filter((file) => !files.has(file));
  if (gone.length > 0) return { kind: "ask", why: "gone", files: gone };
  const known = targets.filter(({ target }) => remembered.includes(target.file));
  if (known.length > 0) return { kind: "start", targets: known };
  return targets.length === 1 ? { kind: "start", targets } : { kind: "ask", why: "several" };
}
