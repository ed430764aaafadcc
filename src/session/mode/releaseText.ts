import { plural, t } from "../../base/text.ts";
import { formatPerHour } from "../../cost/format.ts";
import type { MicroUsd } from "../../cost/money.ts";

export interface ReleaseResult {
  /** Containers that a fresh listing shows no more. */
  readonly released: readonly string[];
  /** Still there, and why. */
  readonly left: readonly { readonly containerId: string; readonly reason: string }[];
  /** Containers of the same apps that have started meanwhile. */
  readonly started: readonly string[];
  /** False: no listing could be had afterwards, so nothing is known to be released. */
  readonly verified: boolean;
  /** Burn that ended; null where a rate is unknown, or where new containers burn instead. */
  readonly savedMicroUsdPerHour: MicroUsd | null;
  /** Worth telling: settings that are not as before. */
  readonly notes: readonly string[];
}

/** One sentence about the outcome. */
export function releaseText(result: ReleaseResult): string {
  const { released, left, started, savedMicroUsdPerHour: saved } = result;
  if (!result.verified)
    return t("Whether the GPUs were released could not be checked. Look again.");
  if (released.length === 0 && left.length === 0) return t("No GPU was running.");
  const parts: string[] = [];
  if (released.length > 0) {
    parts.push(
      saved === null
        ? plural(released.length, {
            one: "Released {0} GPU container. The deployment stays.",
            other: "Released {0} GPU containers. The deployment stays.",
          })
        : plural(
            released.length,
            {
              one: "Released {0} GPU container: ≈ {1} less. The deployment stays.",
              other: "Released {0} GPU containers: ≈ {1} less. The deployment stays.",
            },
            formatPerHour(saved),
          ),
    );
  }
  if (left.length > 0)
    parts.push(
      plural(
        left.length,
        { one: "{0} container still runs: {1}.", other: "{0} containers still run: {1}." },
        left[0]?.reason ?? t("the reason is not known"),
      ),
    );
  if (started.length > 0)
    parts.push(
      plural(started.length, {
        one: "{0} new container started meanwhile.",
        other: "{0} new containers started meanwhile.",
      }),
    );
  return parts.join(" ");
}
