import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { Failure } from "../base/failure.ts";
import { t } from "../base/text.ts";

const ms = z.number();

const config = z.object({
  ledgerFile: z.string(),
  /** Folder of the targets (guardTarget.ts). */
  targetsFolder: z.string(),
  /** Folder of the windows' signs (signedWindows.ts). */
  windowsFolder: z.string(),
  logFile: z.string(),
  /** The editor's own URI scheme ("vscode", "vscode-insiders"); null: unknown. */
  uriScheme: z.nullable(z.string()),
  /** The editor's language and the file of its texts; null: English. */
  texts: z.nullable(z.object({ language: z.string(), file: z.string() })),
  timings: z.object({
    tickMs: ms,
    aloneTickMs: ms,
    beatMs: ms,
    silentMs: ms,
    graceMs: ms,
    lookMs: ms,
    meterMs: ms,
    confirmMs: ms,
    leaseMs: ms,
    lifetimeMs: ms,
  }),
});

/** What the guardian's process is started with, as a file of this user's alone. No secrets. */
export type GuardianConfig = Readonly<z.infer<typeof config>>;

/** Reads the file that `startGuardian` wrote. Throws `Failure("bad-setting")`. */
export function readGuardianConfig(file: string): GuardianConfig {
  const raw: unknown = JSON.parse(readFileSync(file, "utf8"));
  const parsed = z.safeParse(config, raw);
  if (!parsed.success)
    throw new Failure("bad-setting", t("The guardian's start file is not readable."), {
      cause: parsed.error,
    });
  return parsed.data;
}
