import { plural, t } from "../../base/text.ts";
import { askedOf, standInUsdPerHour, type Begin } from "../../cost/learned/billedHour.ts";
import type {
  AppLesson,
  KindLesson,
  LearnedStart,
  Lessons,
  SplitLesson,
} from "../../cost/learned/lessons.ts";
import { escapeMarkdown } from "../shown.ts";

/** What the bill has taught of these apps, as Markdown; empty where it has taught nothing. */
export function lessonLines(lessons: Lessons, appNames: ReadonlySet<string>): readonly string[] {
  const { begin, possible, apps } = lessons;
  if (begin === null) return [];
  const ofTheseApps = apps.filter(({ appName }) => appNames.has(appName));
  return [
    `## ${t("What the bill has taught")}`,
    "",
    beginText(begin, possible),
    "",
    ...ofTheseApps.map((app) => `- ${appText(app)}`),
    ...(ofTheseApps.length === 0 ? [] : [""]),
    t('Undo it with the command "Modal Meter: Forget What the Bill Has Taught".'),
    "",
  ];
}

function beginText(begin: Begin, possible: readonly Begin[]): string {
  const others = possible.filter((one) => one !== begin).map(momentText);
  return others.length === 0
    ? t("Containers cost {0}.", momentText(begin))
    : t(
        "Containers cost {0}; the billed hours do not rule out: {1}.",
        momentText(begin),
        others.join(", "),
      );
}

function momentText(begin: Begin): string {
  switch (begin) {
    case "asked":
      return t("from when they are asked for");
    case "boot":
      return t("from when they begin to load");
    default:
      return t("from when they are ready");
  }
}

/** "flux: calibrated on 34 billed hours: 38 s of boot per start; H100: 22 GiB and 1.4 cores in use". */
function appText(app: AppLesson): string {
  const { appName, hours } = app;
  const facts = lessonFacts(app);
  return `${escapeMarkdown(appName)}: ${plural(hours, { one: "calibrated on {0} billed hour: {1}", other: "calibrated on {0} billed hours: {1}" }, facts.join("; "))}.`;
}

/** What an app's hours have taught, in pieces of a sentence. */
export function lessonFacts({
  oddHours,
  start,
  bootSeconds,
  kinds,
  spread,
}: AppLesson): readonly string[] {
  return [
    ...(start?.from === "before-ready" || bootSeconds === undefined
      ? []
      : [t("{0} s of boot per start", Math.round(bootSeconds).toString())]),
    ...(start === null ? [] : [startText(start)]),
    ...new Set(Array.from(kinds, ([kind, lesson]) => kindText(kind, lesson))),
    ...(oddHours === 0
      ? []
      : [
          plural(oddHours, {
            one: "{0} hour is not explained by it",
            other: "{0} hours are not explained by it",
          }),
        ]),
    t("within {0} %", (spread * 100).toFixed(1)),
  ];
}

function startText({ from, seconds }: LearnedStart): string {
  const whole = Math.round(seconds).toString();
  return from === "before-ready"
    ? t("{0} s of each start are billed", whole)
    : t("the first {0} s of each load are not billed", whole);
}

function kindText(kind: string, { factor, busyUsdPerHour, split }: KindLesson): string {
  if (!askedOf(kind).isPriced)
    return t(
      "a GPU without a known price, at about ${0}/h",
      ((split?.factor.gpu ?? factor) * standInUsdPerHour).toFixed(2),
    );
  if (split !== undefined) return splitText(kind, split);
  if (factor === 1 && busyUsdPerHour === 0) return t("it costs what it asks for");
  const busy =
    busyUsdPerHour === 0
      ? ""
      : ` ${t("and ${0}/h while calls run in it", busyUsdPerHour.toFixed(2))}`;
  const price = t("{0} × the price of what it asks for", factor.toFixed(3));
  return `${gpuPrefix(kind)}${price}${busy}`;
}

/** "H100: 22 GiB and 1.4 cores in use", and what its GPU costs, where that is not the price of it. */
function splitText(kind: string, { factor, cores, gib }: SplitLesson): string {
  const asked = askedOf(kind);
  const isAsked = isNear(cores, asked.cores) && isNear(gib, asked.gib);
  const held = isAsked
    ? t("it costs what it asks for")
    : t("{0} GiB and {1} cores in use", amountText(gib), amountText(cores));
  const gpu = isNear(factor.gpu, 1) ? "" : ` ${t("at {0} × the price", factor.gpu.toFixed(2))}`;
  return `${gpuPrefix(kind)}${held}${gpu}`;
}

function gpuPrefix(kind: string): string {
  const { gpu } = askedOf(kind);
  return gpu === "" ? "" : `${gpu}: `;
}

/** Two significant digits: 0.13, 1.4, 22. */
function amountText(amount: number): string {
  return Number(amount.toPrecision(amount >= 100 ? 3 : 2)).toString();
}

function isNear(value: number, other: number | null): boolean {
  return other !== null && Math.abs(value - other) <= 0.01 * other;
}
