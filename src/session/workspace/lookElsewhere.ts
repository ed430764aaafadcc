import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { t } from "../../base/text.ts";
import { inParallel, pause } from "../concurrent.ts";
import type { EnvironmentInfo, ListOptions, ModalControl } from "../modalControl.ts";
import {
  countedText,
  type ElsewhereProof,
  type RunsElsewhere,
  type Whose,
} from "../runsElsewhere.ts";
import type { Scope } from "../scope.ts";
import { whoseRuns, type Lists, type Viewer } from "./whose.ts";

export interface ElsewhereLook extends Viewer {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

type Control = Pick<
  ModalControl,
  "listEnvironments" | "listApps" | "listContainers" | "listSandboxes"
>;

/** Modal's counts may show so long what has ended. */
const countsLagMs = 4_000;

/**
 * Lists every other environment of the workspace once, and holds Modal's counts of all environments
 * against the lists: notebooks and endpoints are in no list, and show up in the counts only. What is
 * counted and in no list is looked at once more, since the counts may lag behind. Never rejects: what
 * could not be listed is named.
 */
export async function lookElsewhere(
  control: Control,
  scope: Scope,
  parts: ElsewhereLook,
): Promise<ElsewhereProof> {
  const first = await look(control, scope, parts);
  if (first.counted.length === 0) return proofOf(first);
  await pause(parts.clock, countsLagMs, parts.signal);
  const again = await look(control, scope, parts);
  return proofOf(again.hasCounts ? again : first);
}

interface Seen {
  readonly running: RunsElsewhere[];
  readonly notListed: string[];
  /** What Modal counts in an environment whose lists show nothing. */
  readonly counted: RunsElsewhere[];
  /** Whether Modal could be asked for its counts. */
  readonly hasCounts: boolean;
}

function proofOf({ running, notListed, counted }: Seen): ElsewhereProof {
  return { running, notListed: [...notListed, ...counted.map(countedText)].toSorted() };
}

async function look(control: Control, scope: Scope, parts: ElsewhereLook): Promise<Seen> {
  const { clock, log, signal } = parts;
  const options = signal === undefined ? {} : { signal };
  const seen: Seen = { running: [], notListed: [], counted: [], hasCounts: true };
  const missed = (what: string, error: unknown): void => {
    log.warn(`Not listed for the proof of a stop: ${what}: ${whyText(error)}`);
    seen.notListed.push(what);
  };
  let all: readonly EnvironmentInfo[];
  try {
    all = await control.listEnvironments(options);
  } catch (error) {
    missed(t("other environments"), error);
    return { ...seen, hasCounts: false };
  }
  const isHere = ({ name }: EnvironmentInfo): boolean => name === scope.environment;
  // This environment's lists were had by the stop: they matter again where something is counted.
  const asked = all.filter((one) => !isHere(one) || isCounted(one));
  await inParallel(asked, 4, async (one) => {
    const environment = one.name;
    const gpus = one.gpusNow ?? 0;
    try {
      const lists = await listsIn(control, { ...options, environment }, missed);
      const listed = lists.count;
      const seenAtMs = clock.nowMs();
      if (listed === 0 && isCounted(one))
        seen.counted.push({ environment, gpus, containers: one.containersNow ?? 0, seenAtMs });
      else if (listed > 0 && !isHere(one))
        seen.running.push({
          environment,
          gpus,
          containers: listed,
          seenAtMs,
          whose: whoseThere(parts, { ...scope, environment }, lists),
        });
    } catch (error) {
      missed(environment, error);
    }
  });
  return seen;
}

/** An error, or what the list says of itself. */
function whyText(why: unknown): string {
  return why instanceof Error ? String(why) : JSON.stringify(why);
}

/** Modal counts something there. */
function isCounted({ gpusNow, containersNow }: EnvironmentInfo): boolean {
  return (gpusNow ?? 0) + (containersNow ?? 0) > 0;
}

/** A sandbox without an app's container is nobody's, as far as its list tells. */
function whoseThere(viewer: Viewer, there: Scope, lists: Listed): Whose {
  const whose = whoseRuns(viewer, there, lists);
  return { ...whose, unknown: whose.unknown || lists.alone > 0 };
}

interface Listed extends Lists {
  /** Containers and sandboxes. */
  readonly count: number;
  /** Sandboxes of which no container is listed. */
  readonly alone: number;
}

/** What an environment's own lists show. Rejects where it cannot be listed. */
async function listsIn(
  control: Control,
  there: ListOptions & { readonly environment: string },
  missed: (what: string, error: unknown) => void,
): Promise<Listed> {
  const [apps, containers] = await Promise.all([
    control.listApps(there),
    control.listContainers(there),
  ]);
  const counted = apps.reduce((sum, { containerCount }) => sum + containerCount, 0);
  const ids = new Set(containers.map(({ containerId }) => containerId));
  const alone = await control.listSandboxes(there).then(
    ({ kinds, isCut, sandboxes }) => {
      if (isCut === true) missed(t("some sandboxes in {0}", there.environment), { isCut });
      if (kinds !== "both") missed(t("v2 sandboxes in {0}", there.environment), { kinds });
      return sandboxes.filter((one) => !ids.has(one.containerId ?? one.sandboxId));
    },
    (error: unknown) => {
      missed(t("sandboxes in {0}", there.environment), error);
      return [];
    },
  );
  const count = Math.max(counted, containers.length) + alone.length;
  return { apps, containers, count, alone: alone.length };
}
