import { failureOf } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import type { Ledger } from "../../session/ledgerPort.ts";
import type { SettingFix } from "../../session/settings/settings.ts";
import type { SettingsSource } from "./source.ts";
import { sayWarning } from "../say.ts";

export interface SettingFixParts {
  readonly settings: Pick<SettingsSource, "current" | "replaceEntry" | "show">;
  readonly ledger: Pick<Ledger, "claimOnce">;
  readonly clock: Pick<Clock, "nowMs">;
}

/**
 * Offers what was probably meant by a wrong value, once per value, in one window. What nobody knows
 * better stays with the status bar and the diagnosis.
 */
export async function offerSettingFixes(parts: SettingFixParts): Promise<void> {
  const { settings, ledger, clock } = parts;
  for (const { setting, message, fix } of settings.current.problems) {
    if (fix === undefined) continue;
    // not shown: a key of the ledger
    if (!isNew(ledger, `setting ${setting} ${message}`, clock.nowMs())) continue;
    await offer(parts, `${setting}: ${message}`, fix);
  }
}

async function offer(
  { settings }: SettingFixParts,
  message: string,
  fix: SettingFix,
): Promise<void> {
  const open = t("Open Settings");
  const pressed = await sayWarning(message, fix.label, open);
  if (pressed === fix.label) await settings.replaceEntry(fix);
  if (pressed === open) await settings.show(fix.name);
}

/** A ledger that cannot be used keeps nobody from correcting a setting. */
function isNew(ledger: Pick<Ledger, "claimOnce">, key: string, atMs: number): boolean {
  try {
    return ledger.claimOnce(key, atMs);
  } catch (error) {
    if (failureOf(error) === undefined) throw error;
    return true;
  }
}
