import { signsOfLife, type SignsOfLife } from "./coldStart.ts";
import { crashedBefore } from "./crashes.ts";
import type { EndKnowledge } from "./endKnowledge.ts";

/** The same, with what follows from it for starts, ends and unseen containers alike: worked out once. */
export interface SignedKnowledge extends EndKnowledge {
  readonly signs: ReadonlyMap<string, SignsOfLife>;
  /** Containers that came to nothing, by when the next of their app was first heard of. */
  readonly crashed: ReadonlyMap<string, number>;
}

export function withSigns(knowledge: EndKnowledge): SignedKnowledge {
  const signs = signsOfLife(knowledge.calls, knowledge.logged);
  return { ...knowledge, signs, crashed: crashedBefore(signs, knowledge) };
}
