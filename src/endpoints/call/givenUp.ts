import { plural, sentences, t } from "../../base/text.ts";
import { CallFailure, type CallFailureFacts } from "../callTypes.ts";
import type { Address } from "../redactor.ts";

/** What is known when a call is given up on this side. */
export type SoFar = Pick<CallFailureFacts, "reached" | "handoverUrl">;

/** The person cancelled: what that means for the container and the bill. */
export function cancelledCall(soFar: SoFar): CallFailure {
  const containerMayGoOn = soFar.reached !== "no";
  return new CallFailure("cancelled", cancelledText(soFar), { ...soFar, containerMayGoOn });
}

function cancelledText({ reached, handoverUrl }: SoFar): string {
  if (reached === "no") return t("Cancelled before anything was sent. Nothing is billed.");
  return handoverUrl === null
    ? t(
        "Cancelled here. The request had reached Modal, so its container may keep running, and is billed until it is done. Stop the app to end it at once.",
      )
    : t(
        'Cancelled here. Modal still works on the call, and it is billed until it is done: "Follow Call Again…" picks the result up without paying twice; stop the app to end it at once.',
      );
}

/** No answer within the limit. */
export function overdueCall(url: Address, answerMs: number, soFar: SoFar): CallFailure {
  const next =
    soFar.handoverUrl === null
      ? t("The container may keep running and be billed; stop the app if it hangs.")
      : t(
          'Modal still works on it: "Follow Call Again…" picks the result up without paying twice.',
        );
  return new CallFailure(
    "timed-out",
    sentences(
      plural(
        Math.round(answerMs / 60_000),
        {
          one: "{1} has not answered for {0} minute.",
          other: "{1} has not answered for {0} minutes.",
        },
        url.host,
      ),
      next,
    ),
    { ...soFar, containerMayGoOn: soFar.reached !== "no" },
  );
}

/** Redirects without an end. */
export function endlessCall(url: Address): CallFailure {
  return new CallFailure(
    "bad-response",
    t("{0} keeps redirecting without an answer. The call was given up.", url.host),
    { reached: "yes", containerMayGoOn: true },
  );
}
