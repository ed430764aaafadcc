import type { FailureReason } from "../base/failure.ts";

/** The sentence for a person: what happened, and what to do next where that is known. */
export function sentence(what: string, reason: FailureReason, message: string): string {
  switch (reason) {
    case "not-authenticated":
      return `Modal does not accept the credentials. Run "modal setup" in a terminal, or choose another profile. Modal says: ${message}`;
    case "offline":
      return "Modal cannot be reached. Check the network connection, then try again.";
    case "permission-denied":
      return `Modal does not allow this account to ${what}. Modal says: ${message}`;
    case "cli-too-old":
      return `The installed modal command is too old to ${what}. Update it with "pip install --upgrade modal". It says: ${message}`;
    case "cli-missing":
      return `The modal command does not work here. Install it with "pip install modal". It says: ${message}`;
    case "spend-limit":
      return `Modal's spend limit is reached. Raise it on modal.com under Settings, Usage and Billing. Modal says: ${message}`;
    case "rate-limited":
      return `Modal asks to slow down. Try again in a minute. Modal says: ${message}`;
    case "bad-setting":
      return `Modal's configuration cannot be used: ${message}`;
    case "unsupported":
      return `Modal has no way to ${what} here. Modal says: ${message}`;
    default:
      return `Modal could not ${what}: ${message}`;
  }
}
