import { t } from "../../base/text.ts";
import { failureOf } from "../../base/failure.ts";

/** Whether the meter can see, and if not, why. */
export type Health = { readonly kind: "starting" } | { readonly kind: "ok" } | Blindness;

/** Why the meter cannot see. */
export interface Blindness {
  readonly kind: "no-cli" | "not-authenticated" | "offline" | "denied" | "failing" | "bad-setting";
  /** What happened and what to do, in one sentence. */
  readonly message: string;
}

export function isBlind(health: Health): health is Blindness {
  return health.kind !== "ok" && health.kind !== "starting";
}

/** What a failed look at Modal means for the views. */
export function healthOf(error: unknown): Health {
  const failure = failureOf(error);
  const message =
    failure?.message ??
    t("An unexpected error in Modal Meter. The diagnostics log has the details.");
  switch (failure?.reason) {
    case "cli-missing":
    case "cli-too-old":
      return { kind: "no-cli", message };
    case "not-authenticated":
      return { kind: "not-authenticated", message };
    case "offline":
    case "timed-out":
      return { kind: "offline", message };
    case "permission-denied":
      return { kind: "denied", message };
    case "bad-setting":
      return { kind: "bad-setting", message };
    default:
      return { kind: "failing", message };
  }
}
