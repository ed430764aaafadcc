import { plural, t } from "../../base/text.ts";
import { formatMetered } from "../../cost/format.ts";
import type { MicroUsd } from "../../cost/money.ts";
import type { AppCost } from "../../cost/spending/report.ts";
import type { SessionEnd, SessionRecord } from "../../session/session.ts";
import { escapeMarkdown } from "../shown.ts";

export interface Deployed {
  readonly appName: string;
  readonly atMs: number;
  readonly by: string | null;
}

/** An app whose file keeps containers warm with `min_containers`. */
export interface KeptWarm {
  readonly appName: string;
  readonly containers: number;
  /** What they cost in `monthDays`, without a single request; null: a rate is unknown. */
  readonly month: MicroUsd | null;
}

/** A month of comparisons. */
export const monthDays = 30;

/** What is looked at when it is too much. */
export interface AuditFacts {
  readonly apps: readonly AppCost[];
  readonly sessions: readonly Pick<SessionRecord, "end">[];
  /** Newest first. */
  readonly deployed: readonly Deployed[];
  readonly keptWarm: readonly KeptWarm[];
}

/** The questions to ask when it is too much, with their answers. */
export function auditLines(facts: AuditFacts): readonly string[] {
  const { sessions, deployed, keptWarm, apps } = facts;
  const endings = [...Map.groupBy(sessions, ({ end }) => end ?? "open")].map(([end, list]) =>
    endingText(end, list.length),
  );
  const idlest = apps
    .flatMap(({ appName, metered }) =>
      metered === null ? [] : [{ appName, idle: metered.byActivity.idle.microUsd }],
    )
    .toSorted((a, b) => b.idle - a.idle)[0];
  const last = deployed.slice(0, 5).map(({ appName, atMs, by }) => {
    const [app, at] = [escapeMarkdown(appName), new Date(atMs).toISOString()];
    const when = at.slice(0, 16).replace("T", " ");
    return by === null
      ? t("{0} on {1} UTC", app, when)
      : t("{0} on {1} UTC by {2}", app, when, escapeMarkdown(by));
  });
  return [
    question(
      t("Are you stopping apps when you are done?"),
      endings.length === 0
        ? t("There was no session in these days.")
        : t("Sessions of these days: {0}.", endings.join(", ")),
    ),
    question(
      t("Which apps ran, and for how long?"),
      t("See the table above, most expensive first."),
    ),
    question(
      t("What was deployed, when and by whom?"),
      last.length === 0 ? t("Modal lists no deployment.") : `${last.join("; ")}.`,
    ),
    question(
      t("How much of it was idle time?"),
      idlest === undefined || idlest.idle === 0
        ? t("None was seen.")
        : t(
            "{0} idled most, for {1}: a shorter scaledown window, or Release GPUs, saves that.",
            escapeMarkdown(idlest.appName),
            formatMetered(idlest.idle),
          ),
    ),
    question(
      t("Does an app keep containers warm (min_containers)?"),
      keptWarm.length === 0
        ? t("No app file in the open folders says so.")
        : `${keptWarm.map(keptWarmText).join("; ")}.`,
    ),
  ];
}

function endingText(end: SessionEnd | "open", sessions: number): string {
  switch (end) {
    case "stopped":
      return t("{0} stopped by you", sessions);
    case "partly-stopped":
      return t("{0} stopped in part", sessions);
    case "expired":
      return t("{0} ended by the time box", sessions);
    case "guardian":
      return t("{0} stopped by the guardian", sessions);
    case "replaced":
      return t("{0} replaced by the next", sessions);
    case "gone":
      return t("{0} gone when Modal Meter looked", sessions);
    default:
      return t("{0} still open", sessions);
  }
}

function keptWarmText({ appName, containers, month }: KeptWarm): string {
  const cost =
    month === null
      ? t("the rate is not known")
      : t("{0} in {1} days", formatMetered(month), monthDays);
  return plural(
    containers,
    {
      one: "{1} keeps {0} container, day and night: {2}",
      other: "{1} keeps {0} containers, day and night: {2}",
    },
    escapeMarkdown(appName),
    cost,
  );
}

function question(asked: string, answer: string): string {
  return `- **${asked}** ${answer}`;
}
