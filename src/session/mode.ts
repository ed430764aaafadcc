import * as z from "zod/mini";
import { Failure } from "../base/failure.ts";
import { t } from "../base/text.ts";

/** How a session is run: how long a container stays warm, and what the app file is told at deploy. */
export interface ModeDefinition {
  readonly name: string;
  /** Modal's `scaledown_window`: seconds that an idle container stays, billed in full. */
  readonly scaledownSeconds: number;
  /** Whether a start sends a warm-up request, so that the first real call is fast. */
  readonly warmUp: boolean;
  /** Whether a start asks once more, and stops leave its apps alone unless they are named. */
  readonly confirm: boolean;
  /** Time box after which the session returns to dev by itself; null: none. */
  readonly expiresAfterMinutes: number | null;
  /** More variables for the app file, besides MODAL_MODE and SCALEDOWN_WINDOW. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The mode that an expired session returns to. It always exists. */
export const restingMode = "dev";

const builtInResting: ModeDefinition = {
  name: restingMode,
  scaledownSeconds: 120,
  warmUp: false,
  confirm: false,
  expiresAfterMinutes: null,
  variables: {},
};

/** The modes without any setting, in the order in which they are offered. */
const defaultModes: readonly ModeDefinition[] = [
  builtInResting,
  {
    name: "demo",
    scaledownSeconds: 600,
    warmUp: true,
    confirm: false,
    expiresAfterMinutes: 90,
    variables: {},
  },
  {
    name: "prod",
    scaledownSeconds: 300,
    warmUp: false,
    confirm: true,
    expiresAfterMinutes: null,
    variables: {},
  },
];

/**
 * Variables that decide whose workspace a deploy reaches, or that the mode sets itself. A settings
 * file of a cloned project must not be able to send a deploy elsewhere.
 */
const reservedVariable =
  /^(SCALEDOWN_WINDOW|MODAL_(TOKEN_ID|TOKEN_SECRET|PROFILE|ENVIRONMENT|SERVER_URL|CONFIG_PATH)|PATH|PYTHONPATH|PYTHONHOME|PYTHONSTARTUP|LD_PRELOAD|LD_LIBRARY_PATH|DYLD_INSERT_LIBRARIES|(HTTPS?|ALL)_PROXY)$/i;

const modeName = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

const modeSetting = z.strictObject(
  {
    // Bounds as the server tells them ("must be between 2 and 3600").
    scaledownSeconds: z.optional(
      z
        .int({ error: () => t("must be a whole number of seconds") })
        .check(
          z.gte(2, { error: () => t("must be from 2 to 3600") }),
          z.lte(3600, { error: () => t("must be from 2 to 3600") }),
        ),
    ),
    warmUp: z.optional(z.boolean({ error: () => t("must be true or false") })),
    confirm: z.optional(z.boolean({ error: () => t("must be true or false") })),
    expiresAfterMinutes: z.optional(
      z.nullable(
        z
          .number({ error: () => t("must be a number of minutes, or null") })
          .check(
            z.gte(1, { error: () => t("must be from 1 to 1440") }),
            z.lte(1440, { error: () => t("must be from 1 to 1440") }),
          ),
      ),
    ),
    variables: z.optional(
      z.record(
        z.string().check(
          z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
            error: () => t("must be the name of a variable"),
          }),
        ),
        z.string({ error: () => t("must be text") }),
      ),
    ),
  },
  {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? t("does not know {0}", issue.keys.map((key) => `"${key}"`).join(", "))
        : t("must be an object"),
  },
);

/** The modes in force, and those that the settings have and nobody can read. */
export class ModeTable {
  /** In the order in which they are offered. */
  readonly modes: readonly ModeDefinition[];
  /** What is wrong with a mode, by its name: `"dev.warmUp" must be true or false`. */
  readonly wrong: ReadonlyMap<string, string>;

  constructor(modes: readonly ModeDefinition[], wrong: ReadonlyMap<string, string>) {
    this.modes = modes;
    this.wrong = wrong;
  }

  /** The mode with this name. Throws `Failure("bad-setting")`, or `Failure("invalid-argument")` that names the modes there are. */
  named(name: string): ModeDefinition {
    const mode = this.modes.find((candidate) => candidate.name === name);
    if (mode !== undefined) return mode;
    const why = this.wrong.get(name);
    if (why !== undefined)
      throw new Failure(
        "bad-setting",
        t("The setting {0} is wrong: {1}. Correct it in the settings.", "modalMeter.modes", why),
      );
    const names = this.modes.map((candidate) => candidate.name).join(", ");
    throw new Failure(
      "invalid-argument",
      t('There is no mode "{0}". The modes are: {1}.', name, names),
    );
  }

  /** The mode that an expired session returns to: as it is built in, where the settings cannot be read. */
  get resting(): ModeDefinition {
    return this.modes.find(({ name }) => name === restingMode) ?? builtInResting;
  }

  /** Modes whose apps a stop leaves alone until they are named. */
  get productionNames(): readonly string[] {
    const confirmed = this.modes.filter(({ confirm }) => confirm).map(({ name }) => name);
    return [...confirmed, ...[...this.wrong.keys()].filter(mayBeProduction)];
  }
}

/** Whether apps of a mode that cannot be read are left alone by a stop: all but those of dev and demo. */
export function mayBeProduction(name: string): boolean {
  return !defaultModes.some((mode) => mode.name === name && !mode.confirm);
}

/** What the settings have in place of a table of modes is none: no mode can be read. */
export function unreadableModes(why: string): ModeTable {
  return new ModeTable([], new Map(defaultModes.map(({ name }) => [name, why])));
}

/**
 * The modes in force: the defaults, changed and extended by the table in the setting `modes`. A mode
 * of the user's own starts from dev's values. What is wrong with one does no harm to the others.
 */
export function modesOf(table: Readonly<Record<string, unknown>>): ModeTable {
  const modes = new Map(defaultModes.map((mode) => [mode.name, mode]));
  const wrong = new Map<string, string>();
  for (const [name, raw] of Object.entries(table)) {
    const base = defaultModes.find((mode) => mode.name === name) ?? builtInResting;
    const mode = modeIn(name, raw, base);
    if (typeof mode === "string") {
      wrong.set(name, mode);
      modes.delete(name);
    } else modes.set(name, mode);
  }
  return new ModeTable([...modes.values()], wrong);
}

/** One entry of the table; a text says what is wrong with it. */
function modeIn(name: string, raw: unknown, base: ModeDefinition): ModeDefinition | string {
  if (!modeName.test(name))
    return t('"{0}" must start with a letter, then letters, digits, - or _, 32 at most', name);
  const parsed = z.safeParse(modeSetting, raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = [name, ...(issue?.path ?? [])].map(String).join(".");
    return `"${path}" ${issue?.message ?? t("cannot be read")}`;
  }
  const { scaledownSeconds, warmUp, confirm, expiresAfterMinutes, variables } = parsed.data;
  const reserved = Object.keys(variables ?? {}).find((variable) => reservedVariable.test(variable));
  if (reserved !== undefined) {
    const path = `${name}.variables.${reserved}`;
    return reserved.toUpperCase() === "SCALEDOWN_WINDOW"
      ? t('"{0}" is set by scaledownSeconds: change that instead', path)
      : t('"{0}" must not be set by a mode', path);
  }
  return {
    name,
    scaledownSeconds: scaledownSeconds ?? base.scaledownSeconds,
    warmUp: warmUp ?? base.warmUp,
    confirm: confirm ?? base.confirm,
    expiresAfterMinutes:
      expiresAfterMinutes === undefined ? base.expiresAfterMinutes : expiresAfterMinutes,
    variables: { ...base.variables, ...variables },
  };
}

/**
 * What a deploy tells the app file. Both names are this extension's contract with the file, not
 * settings of Modal's; MODAL_MODE may be overridden, for a file that knows fewer modes.
 */
export function deployVariables(mode: ModeDefinition): Readonly<Record<string, string>> {
  return {
    MODAL_MODE: mode.name,
    ...mode.variables,
    SCALEDOWN_WINDOW: String(mode.scaledownSeconds),
  };
}
