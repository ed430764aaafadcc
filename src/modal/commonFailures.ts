import { t } from "../base/text.ts";
import { Failure, type FailureReason } from "../base/failure.ts";

/** The sentence for a person: what happened, and what to do next where that is known. */
export function sentence(what: string, reason: FailureReason, message: string): string {
  switch (reason) {
    case "not-authenticated":
      return t(
        'Modal does not accept the credentials. Run "modal setup" in a terminal, or choose another profile. Modal says: {0}',
        message,
      );
    case "offline":
      return t("Modal cannot be reached. Check the network connection, then try again.");
    case "permission-denied":
      return t("Modal does not allow this account to {0}. Modal says: {1}", what, message);
    case "cli-too-old":
      return t(
        'The installed modal command is too old to {0}. Update it with "pip install --upgrade modal". It says: {1}',
        what,
        message,
      );
    case "cli-missing":
      return t(
        'The modal command does not work here. Install it with "pip install modal". It says: {0}',
        message,
      );
    case "spend-limit":
      return t(
        "Modal's spend limit is reached. Raise it on modal.com under Settings, Usage and Billing. Modal says: {0}",
        message,
      );
    case "rate-limited":
      return t(
        "Modal limits how often it can be asked. Try again in a minute. Modal says: {0}",
        message,
      );
    case "bad-setting":
      return t("Modal's configuration cannot be used: {0}", message);
    case "unsupported":
      return t("Modal cannot {0} here. Modal says: {1}", what, message);
    default:
      return t("Modal could not {0}: {1}", what, message);
  }
}

/** An answer that did not come in time. `what` names the operation: "list the apps". */
export function notAnswered(what: string, limitMs: number): Failure {
  const seconds = Math.round(limitMs / 1000);
  return new Failure(
    "timed-out",
    t("Modal did not answer within {0} s when asked to {1}. Try again.", seconds, what),
  );
}

export function noDefaultEnvironment(): Failure {
  return new Failure(
    "bad-setting",
    t("This Modal workspace has no default environment. Set modalMeter.environment."),
  );
}

/**
 * The environment that Modal says it does not have; undefined: it speaks of something else. An app or
 * an endpoint that is "not found in environment 'main'" is another matter.
 */
export function unknownEnvironment(message: string): Failure | undefined {
  const name =
    /^Environment ['"`]?([^'"`\s]+)['"`]? (?:was not found|not found|does not exist)/i.exec(
      message.trim(),
    )?.[1];
  return name === undefined
    ? undefined
    : new Failure(
        "bad-setting",
        t(
          'There is no environment "{0}" in this Modal workspace. Correct the setting modalMeter.environment, or the profile or variable that names it.',
          name,
        ),
      );
}
