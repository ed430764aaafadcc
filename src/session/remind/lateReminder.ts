import { plural, t } from "../../base/text.ts";
import { formatClock } from "../../cost/format.ts";
import type { LiveApp } from "../liveApp.ts";

/** A reminder that nobody could see when it was due. */
export interface LateReminder {
  /** "workspace/environment". */
  readonly scope: string;
  readonly dueAtMs: number;
  /** "2 Modal apps still run". */
  readonly title: string;
}

/**
 * What it comes to at the next start. `now`: the apps that it would speak of by a fresh look; null:
 * it is about another workspace, of which nothing is known now. undefined: there is nothing to say.
 */
export function lateReminder(
  { scope, dueAtMs, title }: LateReminder,
  now: readonly Pick<LiveApp, "name" | "containerCount">[] | null,
  timeZone?: string,
): string | undefined {
  if (now === null)
    return t(
      "At {0}, in {1}: {2}. What runs there now was not looked at.",
      formatClock(dueAtMs, timeZone),
      scope,
      title,
    );
  if (now.length === 0) return undefined;
  const names = now
    .map(({ name, containerCount }) =>
      containerCount === 0
        ? name
        : plural(
            containerCount,
            { one: "{1} ({0} container)", other: "{1} ({0} containers)" },
            name,
          ),
    )
    .join(", ");
  return plural(
    now.length,
    {
      one: "{1} still runs in {2}. It ran on while no window was open.",
      other: "{1} still run in {2}. They ran on while no window was open.",
    },
    names,
    scope,
  );
}
