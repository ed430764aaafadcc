import * as z from "zod/mini";
import { Failure } from "../../base/failure.ts";
import { issueText } from "../../base/issueText.ts";
import { t } from "../../base/text.ts";
import { checkOwnRates, type OwnRateProblem } from "../../cost/rates/ownRateCheck.ts";
import { formatRate } from "../../cost/rates/ownRates.ts";
import { modesOf, unreadableModes, type ModeTable } from "../mode.ts";
import { settingEffect } from "./effect.ts";
import {
  allSettings,
  settingNamed,
  soundSettings,
  type SettingName,
  type SettingValues,
  type SoundValues,
} from "./shape.ts";

/** What is wrong with one setting, or with one entry of it, in words. */
export interface SettingProblem {
  /** "modalMeter.budget". */
  readonly setting: string;
  /** Key or index of the entry that is wrong; null: all of it. */
  readonly entry: string | null;
  /** After "is wrong: ", without a full stop. */
  readonly message: string;
  /** What is off until it is corrected: a sentence. */
  readonly effect: string;
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
 * All settings, parsed as a whole. A wrong value is never replaced by a default: it is a problem that
 * names the setting, and turns off what needs it. What does not need it keeps working: a mistyped
 * endpoint URL keeps nobody from stopping an app, and one wrong entry of a table none of the others.
 */
export class Settings {
  readonly problems: readonly SettingProblem[];
  readonly modes: ModeTable;
  readonly #values: SoundValues;

  private constructor(values: SoundValues, modes: ModeTable, problems: readonly SettingProblem[]) {
    this.#values = values;
    this.modes = modes;
    this.problems = problems;
  }

  /** Parses raw values by setting name. Never throws. */
  static parse(raw: Readonly<Record<string, unknown>>): Settings {
    const whole = z.safeParse(allSettings, raw);
    const faults = whole.success ? [] : whole.error.issues.flatMap((issue) => faultsIn(issue, raw));
    const values = z.safeParse(soundSettings, withoutFaults(raw, faults));
    const noModes = faults.find(({ name }) => name === "modes")?.text;
    const modes = modesOf(tableIn(raw["modes"]));
    const inForce = noModes === undefined ? modes : unreadableModes(noModes);
    return new Settings(values.success ? values.data : {}, inForce, [
      ...faults.map(({ name, entry, text }) => problemOf(name, entry, text)),
      ...checkOwnRates(tableIn(raw["rates"])).problems.map(rateProblem),
      ...[...modes.wrong].map(([mode, text]) => problemOf("modes", mode, text)),
    ]);
  }

  /** The value of one setting, without the entries of it that are wrong; undefined: all of it is. */
  sound<Name extends SettingName>(name: Name): SettingValues[Name] | undefined {
    return this.#values[name];
  }

  /** The same, for what cannot do without. Throws `Failure("bad-setting")` when all of it is wrong. */
  get<Name extends SettingName>(name: Name): SettingValues[Name] {
    const value: SettingValues[Name] | undefined = this.#values[name];
    if (value === undefined) this.require(name);
    if (value !== undefined) return value;
    throw new Failure("bad-setting", t("The setting {0} is missing.", `modalMeter.${name}`));
  }

  /** Throws `Failure("bad-setting")` when the setting is wrong; with `entry`, when that entry is, or all of it. */
  require(name: SettingName, entry?: string): void {
    const problem = this.problems.find(
      (one) =>
        one.setting === `modalMeter.${name}` &&
        (entry === undefined || one.entry === null || one.entry === entry),
    );
    if (problem !== undefined) throw new Failure("bad-setting", describeProblem(problem));
  }
}

/** One sentence about a wrong setting. */
function describeProblem({
  setting,
  message,
}: Pick<SettingProblem, "setting" | "message">): string {
  return t("The setting {0} is wrong: {1}. Correct it in the settings.", setting, message);
}

interface Fault {
  readonly name: SettingName;
  readonly entry: string | null;
  readonly text: string;
}

/** What an issue of the schema says, entry by entry. */
function faultsIn(
  issue: z.core.$ZodIssue,
  raw: Readonly<Record<string, unknown>>,
): readonly Fault[] {
  const [top, ...inside] = issue.path.map(String);
  const name = settingNamed(top ?? "");
  if (name === undefined) return [];
  const [entry, ...rest] = inside;
  if (entry === undefined && issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ name, entry: key, text: t('"{0}" is not known', key) }));
  const value = inside.reduce<unknown>((from, key) => tableIn(from)[key], raw[name]);
  const where = entry === undefined ? "" : `"${[entry, ...rest].join(".")}" `;
  const text = `${where}${issueText(issue)} (${t("it is {0}", shown(value))})`;
  return [{ name, entry: entry ?? null, text }];
}

function problemOf(name: SettingName, entry: string | null, message: string): SettingProblem {
  return { setting: `modalMeter.${name}`, entry, message, effect: settingEffect(name, entry) };
}

/** The raw values without what is wrong in them: an entry where that is all, else the whole setting. */
function withoutFaults(
  raw: Readonly<Record<string, unknown>>,
  faults: readonly Fault[],
): Readonly<Record<string, unknown>> {
  const byName = Map.groupBy(faults, ({ name }) => name);
  const kept = Object.entries(raw).flatMap(([name, value]): [string, unknown][] => {
    const key = settingNamed(name);
    const wrong = key === undefined ? undefined : byName.get(key);
    if (wrong === undefined) return [[name, value]];
    const entries = new Set(wrong.flatMap(({ entry }) => entry ?? []));
    const isWhole = wrong.some(({ entry }) => entry === null);
    return isWhole ? [] : [[name, withoutEntries(value, entries)]];
  });
  return Object.fromEntries<unknown>(kept);
}

function withoutEntries(value: unknown, entries: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.filter((_entry, at) => !entries.has(String(at)));
  return Object.fromEntries(Object.entries(tableIn(value)).filter(([key]) => !entries.has(key)));
}

const table = z.record(z.string(), z.unknown());

/** A table or a list as a table; anything else is an empty one. */
function tableIn(raw: unknown): Readonly<Record<string, unknown>> {
  const parsed = z.safeParse(table, Array.isArray(raw) ? Object.fromEntries(raw.entries()) : raw);
  return parsed.success ? parsed.data : {};
}

function rateProblem({ name, message, meant }: OwnRateProblem): SettingProblem {
  const problem = problemOf("rates", name, `"${name}": ${message}`);
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

/** The wrong value, without what may be secret in it: a name and password before an "@", and a query. */
function shown(raw: unknown): string {
  const text = (JSON.stringify(raw) ?? "undefined")
    .replaceAll(/[^\s"]*@/g, "…@")
    .replaceAll(/\?[^\s"]+/g, "?…");
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
