import * as z from "zod/mini";
import { t } from "../base/text.ts";
import { Failure } from "../base/failure.ts";

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

/** The modes without any setting, in the order in which they are offered. */
export const defaultModes: readonly ModeDefinition[] = [
  {
    name: "dev",
    scaledownSeconds: 120,
    warmUp: false,
    confirm: false,
    expiresAfterMinutes: null,
    variables: {},
  },
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

/**
 * The modes in force: the defaults, changed and extended by the table in the setting `modes`. A mode
 * of the user's own starts from dev's values. Throws `Failure("bad-setting")` that names the setting.
 */
export function modesOf(table: Readonly<Record<string, unknown>>): readonly ModeDefinition[] {
  const modes = new Map(defaultModes.map((mode) => [mode.name, mode]));
  const [dev] = defaultModes;
  for (const [name, raw] of Object.entries(table)) {
    if (!modeName.test(name))
      throw wrong(name, t("must start with a letter, then letters, digits, - or _, 32 at most"));
    const parsed = z.safeParse(modeSetting, raw);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const path = [name, ...(issue?.path ?? [])].map(String).join(".");
      throw wrong(path, issue?.message ?? t("cannot be read"));
    }
    const { scaledownSeconds, warmUp, confirm, expiresAfterMinutes, variables } = parsed.data;
    for (const variable of Object.keys(variables ?? {}))
      if (reservedVariable.test(variable))
        throw wrong(
          `${name}.variables.${variable}`,
          variable.toUpperCase() === "SCALEDOWN_WINDOW"
            ? t("is set by scaledownSeconds: change that instead")
            : t("must not be set by a mode"),
        );
    const base = modes.get(name) ?? dev;
    if (base === undefined) continue;
    modes.set(name, {
      name,
      scaledownSeconds: scaledownSeconds ?? base.scaledownSeconds,
      warmUp: warmUp ?? base.warmUp,
      confirm: confirm ?? base.confirm,
      expiresAfterMinutes:
        expiresAfterMinutes === undefined ? base.expiresAfterMinutes : expiresAfterMinutes,
      variables: { ...base.variables, ...variables },
    });
  }
  return [...modes.values()];
}

/** The mode with this name. Throws `Failure("invalid-argument")` that names the modes there are. */
export function modeNamed(modes: readonly ModeDefinition[], name: string): ModeDefinition {
  const mode = modes.find((candidate) => candidate.name === name);
  if (mode !== undefined) return mode;
  const names = modes.map((candidate) => candidate.name).join(", ");
  throw new Failure(
    "invalid-argument",
    t('There is no mode "{0}". The modes are: {1}.', name, names),
  );
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

function wrong(path: string, message: string): Failure {
  return new Failure(
    "bad-setting",
    t(
      'The setting modalMeter.modes is wrong: "{0}" {1}. Correct it in the settings.',
      path,
      message,
    ),
  );
}
