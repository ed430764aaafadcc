import * as z from "zod/mini";
import { Failure } from "../base/failure.ts";
import { t } from "../base/text.ts";
import { checkOwnRates, type OwnRateProblem } from "../cost/rates/ownRateCheck.ts";
import { formatRate } from "../cost/rates/ownRates.ts";

const usdAmount = z.number().check(z.nonnegative({ error: () => t("must be 0 or more") }));
const minutes = z.number().check(z.nonnegative({ error: () => t("must be 0 or more") }));

const deployTarget = z.strictObject({
  file: z.string().check(z.minLength(1, { error: () => t("must name a Python file") })),
  name: z.optional(z.string()),
  environment: z.optional(z.string()),
  healthUrl: z.optional(z.string()),
  warmUpUrl: z.optional(z.string()),
  gpu: z.optional(z.string()),
});

/** A deploy target as the user writes it. */
export type DeployTargetSetting = z.infer<typeof deployTarget>;

/** One end of a workday: minutes after local midnight, and the days (0 = Sunday). */
export interface WorkdayEnd {
  readonly minuteOfDay: number;
  readonly days: readonly number[];
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function dayOf(text: string): number | undefined {
  const day = dayNames.indexOf(text.toLowerCase());
  return day === -1 ? undefined : day;
}

/** Reads "Mon-Fri 18:00", "Mon,Wed 17:30" or "18:00" (every day). null: empty. undefined: not readable. */
export function parseWorkdayEnd(text: string): WorkdayEnd | null | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const match = /^(?:([A-Za-z]{3}(?:[-,][A-Za-z]{3})*)\s+)?([01]?\d|2[0-3]):([0-5]\d)$/.exec(
    trimmed,
  );
  if (match === null) return undefined;
  const minuteOfDay = Number(match[2]) * 60 + Number(match[3]);
  const days = new Set<number>();
  for (const part of (match[1] ?? "Sun-Sat").split(",")) {
    const [from, to = from, ...rest] = part.split("-").map(dayOf);
    if (from === undefined || to === undefined || rest.length > 0) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return { minuteOfDay, days: [...days].toSorted((a, b) => a - b) };
}

const webUrl = z.string().check(
  z.refine((text) => text === "" || isAllowedWebUrl(text), {
    error: () => t("must be an https URL (http only for this machine itself)"),
  }),
);

function isAllowedWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return protocol === "https:" || (protocol === "http:" && loopback);
}

const shape = {
  cliPath: z.string(),
  control: z.enum(["auto", "sdk", "cli"]),
  profile: z.string(),
  environment: z.string(),
  deployTargets: z.array(deployTarget),
  endpointBaseUrl: webUrl,
  endpointUrls: z.record(z.string(), webUrl),
  /** Checked one by one by the endpoint catalogue, which names what is wrong. */
  endpoints: z.array(z.unknown()),
  /** Checked by the mode table (session/mode.ts), which names what is wrong. */
  modes: z.record(z.string(), z.unknown()),
  resultsFolder: z.string().check(z.minLength(1, { error: () => t("must name a folder") })),
  askAboveUsd: usdAmount,
  maxParallelCalls: z
    .int({ error: () => t("must be a whole number") })
    .check(
      z.gte(1, { error: () => t("must be 1 or more") }),
      z.lte(100, { error: () => t("must be 100 or less") }),
    ),
  maxResultGibibytes: z.number().check(z.positive({ error: () => t("must be above 0") })),
  /** Checked one by one (cost/rates/ownRateCheck.ts): a wrong entry is left out, and named. */
  rates: z.pipe(
    z.record(z.string(), z.unknown()),
    z.transform((raw) => checkOwnRates(raw).rates),
  ),
  rateMultipliers: z.strictObject({
    region: z.optional(z.number().check(z.positive({ error: () => t("must be above 0") }))),
    nonPreemptible: z.optional(z.boolean()),
  }),
  budget: z.strictObject({
    weekUsd: z.optional(usdAmount),
    monthUsd: z.optional(usdAmount),
    hourUsd: z.optional(usdAmount),
  }),
  onClose: z.enum(["remind", "stop", "release", "off"]),
  stopAfterMinutes: minutes,
  idleReminderMinutes: minutes,
  workdayEnd: z.string().check(
    z.refine((text) => parseWorkdayEnd(text) !== undefined, {
      error: () => t('must look like "Mon-Fri 18:00", or be empty'),
    }),
  ),
  mutedReminders: z.array(z.string()),
} as const;

const all = z.object(shape);

export type SettingValues = Readonly<z.infer<typeof all>>;
export type SettingName = keyof SettingValues;
/** What is left when the wrong values are taken out. */
type SoundValues = { readonly [Name in SettingName]?: SettingValues[Name] | undefined };

/** The names of all settings, without the "modalMeter." prefix. */
export const settingNames: readonly SettingName[] = Object.keys(shape).filter(isSettingName);

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(shape, name);
}

/** What is wrong with one setting, in words. */
export interface SettingProblem {
  readonly setting: string;
  readonly message: string;
  /** What was probably meant, to be put there with one click. */
  readonly fix?: SettingFix;
}

/** One entry of a table setting in the place of another. */
export interface SettingFix {
  /** "Use $1.95/h". */
  readonly label: string;
  readonly name: SettingName;
  readonly wrongEntry: string;
  readonly entry: string;
  readonly value: unknown;
}

/**
 * All settings, parsed as a whole. A wrong value is never replaced by a default: asking for it
 * throws `Failure("bad-setting")` that names it. What does not depend on it keeps working, so a
 * mistyped endpoint URL can not keep anybody from stopping an app.
 */
export class Settings {
  readonly problems: readonly SettingProblem[];
  readonly #values: SoundValues;

  private constructor(values: SoundValues, problems: readonly SettingProblem[]) {
    this.#values = values;
    this.problems = problems;
  }

  /** Parses raw values by setting name. Never throws. */
  static parse(raw: Readonly<Record<string, unknown>>): Settings {
    const whole = z.safeParse(all, raw);
    const entries = ratesProblems(raw["rates"]);
    if (whole.success) return new Settings(whole.data, entries);
    const problems = new Map<string, SettingProblem>();
    for (const { path, message } of whole.error.issues) {
      const [name, ...inside] = path.map(String);
      if (name === undefined || problems.has(name)) continue;
      problems.set(name, {
        setting: `modalMeter.${name}`,
        message:
          inside.length === 0
            ? t("{0} (it is {1})", message, shown(raw[name]))
            : t('{0} at "{1}" (it is {2})', message, inside.join("."), shown(raw[name])),
      });
    }
    const sound = Object.entries(raw).filter(([name]) => !problems.has(name));
    return new Settings(z.parse(z.partial(all), Object.fromEntries(sound)), [
      ...problems.values(),
      ...entries,
    ]);
  }

  /** The value of one setting. Throws `Failure("bad-setting")` when it is wrong. */
  get<Name extends SettingName>(name: Name): SettingValues[Name] {
    const value: SettingValues[Name] | undefined = this.#values[name];
    if (value !== undefined) return value;
    const problem = this.problems.find(({ setting }) => setting === `modalMeter.${name}`);
    throw new Failure(
      "bad-setting",
      describeProblem(problem ?? { setting: `modalMeter.${name}`, message: t("is missing") }),
    );
  }
}

/** One sentence about a wrong setting. */
function describeProblem(problem: SettingProblem): string {
  return t(
    "The setting {0} is wrong: {1}. Correct it in the settings.",
    problem.setting,
    problem.message,
  );
}

const table = z.record(z.string(), z.unknown());

/** A wrong entry of the user's rates does no harm to the others: each is a problem of its own. */
function ratesProblems(raw: unknown): readonly SettingProblem[] {
  const parsed = z.safeParse(table, raw);
  return parsed.success ? checkOwnRates(parsed.data).problems.map(rateProblem) : [];
}

function rateProblem({ name, message, meant }: OwnRateProblem): SettingProblem {
  const problem = { setting: "modalMeter.rates", message: `"${name}": ${message}` };
  if (meant === null) return problem;
  const label = t("Use {0}", `${formatRate(meant.usdPerHour)}/h`);
  const fix = {
    label,
    name: "rates",
    wrongEntry: name,
    entry: meant.name,
    value: meant.usdPerHour,
  } as const;
  return { ...problem, fix };
}

function shown(raw: unknown): string {
  const text = JSON.stringify(raw) ?? "undefined";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
