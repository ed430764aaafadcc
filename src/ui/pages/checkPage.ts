import { plural, t } from "../../base/text.ts";
import { begins, type Begin } from "../../cost/learned/billedHour.ts";
import {
  leastHours,
  type BillCheck,
  type BilledPrice,
  type ToldStart,
} from "../../cost/learned/billCheck.ts";
import type { AppLesson } from "../../cost/learned/lessons.ts";
import { table } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";
import { lessonFacts } from "./lessonLines.ts";

/** What the check was made with. */
export interface CheckAsked {
  /** "sdk", "cli"; null: nobody looked yet. */
  readonly adapter: string | null;
  readonly days: number;
  /** Whether the apps are called by their names. */
  readonly hasNames: boolean;
}

/** Which Modal the billed hours fit, as Markdown that can be pasted into an issue. */
export function checkPage(check: BillCheck, asked: CheckAsked): readonly string[] {
  const { hours, starts } = check;
  return [
    asked.hasNames
      ? t(
          "Besides the names of your apps, nothing here names you, your workspace or what it costs.",
        )
      : t("Nothing here names you, your workspace, your apps or what they cost."),
    "",
    t(
      "It is made from the bill of the last {0}: {1} of apps that were watched throughout, and {2} of containers, seen through the {3}.",
      plural(asked.days, { one: "{0} day", other: "{0} days" }),
      plural(hours, { one: "{0} billed hour", other: "{0} billed hours" }),
      plural(starts.length, { one: "{0} start", other: "{0} starts" }),
      (asked.adapter ?? "-").toUpperCase(),
    ),
    "",
    ...(check.isEnough
      ? []
      : [
          `**${t("There are not enough billed hours yet that were watched throughout: it takes {0}, and some starts in them.", leastHours)}**`,
          "",
        ]),
    ...table(
      [t("question"), t("what the bill says")],
      [
        [t("From when does a container cost?"), answerText(check.begin, beginText)],
        [
          t("What does the start time that Modal reports for a container mean?"),
          answerText(check.toldStart, startText),
        ],
        [
          t("Is it billed for more than it asks for and, as far as Modal reports, uses?"),
          answerText(check.price, priceText),
        ],
        [t("Is a container's time rounded up to whole seconds?"), t("not looked into")],
        [
          t("Does a container that is stopped cost until its exit handlers are done?"),
          t("not looked into"),
        ],
      ],
    ),
    `## ${t("What it rests on")}`,
    "",
    ...missedLines(check),
    ...toldLines(check),
    ...check.apps.map((app, index) => `- ${appText(app, index, asked.hasNames)}`),
    ...(check.apps.length === 0 ? [] : [""]),
  ];
}

/** One that is left is the answer. */
function answerText<T>(possible: readonly T[], textOf: (one: T) => string): string {
  const [first, ...others] = possible.map(textOf);
  if (first === undefined) return t("cannot tell");
  return others.length === 0
    ? `**${first}**`
    : t("cannot tell between: {0}", [first, ...others].join("; "));
}

function beginText(begin: Begin): string {
  switch (begin) {
    case "asked":
      return t("from when it is asked for");
    case "boot":
      return t("from when it begins to load");
    default:
      return t("from when it is ready");
  }
}

function startText(start: ToldStart): string {
  return start === "ready"
    ? t("the moment at which it is ready")
    : t("the moment at which it begins to load");
}

function priceText(price: BilledPrice): string {
  return price === "as-asked"
    ? t("no")
    : t("yes: for use that Modal does not report, or a region or a disk that is not known here");
}

/** What each told moment leaves unexplained, the least first. */
function missedLines({ missed }: BillCheck): readonly string[] {
  if (missed.size === 0) return [];
  const moments: Readonly<Record<Begin, string>> = {
    asked: t("the moment at which it was asked for"),
    boot: t("the moment at which it began to load, by Modal, its log or its calls"),
    ready: t("the start time that Modal reports"),
  };
  const shareOf = (begin: Begin): number => missed.get(begin) ?? 1;
  return table(
    [t("if a container costs from"), { figures: t("of the bill not explained") }],
    begins
      .toSorted((a, b) => shareOf(a) - shareOf(b))
      .map((begin) => [moments[begin], `${(shareOf(begin) * 100).toFixed(3)} %`]),
  );
}

function toldLines({ starts }: BillCheck): readonly string[] {
  const count = (isOne: (one: (typeof starts)[number]) => boolean): number =>
    starts.filter(isOne).length;
  return [
    t(
      "For {0} of the starts Modal said when they were requested, and for {1} how long they took; {2} wrote log lines before the start time that Modal reports.",
      count(({ enqueuedMs }) => enqueuedMs !== null),
      count(({ startupMs }) => startupMs !== null),
      count(({ startedMs, firstLineMs }) => firstLineMs !== null && firstLineMs < startedMs - 1000),
    ),
    "",
  ];
}

function appText(app: AppLesson, index: number, hasNames: boolean): string {
  const name = hasNames ? escapeMarkdown(app.appName) : t("app {0}", index + 1);
  const hours = plural(app.hours, { one: "{0} billed hour", other: "{0} billed hours" });
  return `${name}, ${hours}: ${lessonFacts(app).join("; ")}.`;
}
