import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { checkOwnRates } from "../../cost/rates/ownRateCheck.ts";
import { parseWorkdayEnd } from "./workdayEnd.ts";

const usdAmount = z.number().check(z.nonnegative({ error: () => t("must be 0 or more") }));
const minutes = z.number().check(z.nonnegative({ error: () => t("must be 0 or more") }));

const deployTarget = z.strictObject({
  file: z.string().check(z.minLength(1, { error: () => t("must name a Python file") })),
  module: z.optional(z.string()),
  variable: z.optional(z.string()),
  workdir: z.optional(z.string()),
  name: z.optional(z.string()),
  environment: z.optional(z.string()),
  healthUrl: z.optional(z.string()),
  warmUpUrl: z.optional(z.string()),
  gpu: z.optional(z.string()),
});

/** A deploy target as the user writes it. */
export type DeployTargetSetting = z.infer<typeof deployTarget>;

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

export const allSettings = z.object(shape);
/** What is left when the wrong values are taken out. */
export const soundSettings = z.partial(allSettings);

export type SettingValues = Readonly<z.infer<typeof allSettings>>;
export type SettingName = keyof SettingValues;
export type SoundValues = { readonly [Name in SettingName]?: SettingValues[Name] | undefined };

/** The names of all settings, without the "modalMeter." prefix. */
export const settingNames: readonly SettingName[] = Object.keys(shape).filter(isSettingName);

/** The setting of this name; undefined: there is none. */
export function settingNamed(name: string): SettingName | undefined {
  return isSettingName(name) ? name : undefined;
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(shape, name);
}
