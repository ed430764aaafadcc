import { t } from "../../base/text.ts";
import type { Services } from "../services.ts";
import { sayInfo } from "../say.ts";

/** Says once what took the place of a setting that is still written, and that nothing reads any more. */
export async function tellGoneSettings({
  clock,
  ledger,
  settings,
}: Pick<Services, "clock" | "ledger" | "settings">): Promise<void> {
  if (!settings.isWritten("rateMultipliers")) return;
  const claim = "gone: rateMultipliers"; // not shown: a key of the ledger
  if (!ledger.claimOnce(claim, clock.nowMs())) return;
  await sayInfo(
    t(
      "The setting {0} is no longer used: you can delete it. What a region, a disk, a sandbox or a function that is not preempted costs is now known per function: from Modal, else from the app's file.",
      "modalMeter.rateMultipliers",
    ),
  );
}
