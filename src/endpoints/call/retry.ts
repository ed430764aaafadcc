import type { IncomingMessage } from "node:http";
import { isSafeToRetry } from "./connectionFailure.ts";
import type { ExchangeError } from "./exchange.ts";

/** Waits before a connection that never stood is tried again. */
const connectWaitsMs = [500, 2_000];
/** Waits before a hand-over is followed again: by GET, so as often as the answer limit allows. */
const followWaitsMs = [1_000, 2_000, 5_000, 10_000, 30_000];
/** A server's Retry-After is obeyed up to here, so many times. */
const longestRetryAfterSeconds = 120;
const mostAnswerRetries = 3;

/**
 * How long to wait before a request that brought no answer is sent again; null: not again. Only
 * what cannot be billed twice is: following a hand-over, and what never left this machine.
 *
 * @param tries how often it was sent again before.
 */
export function waitAfterError(
  error: ExchangeError,
  isFollowing: boolean,
  tries: number,
): number | null {
  if (isFollowing) {
    return isWorthFollowing(error) ? (followWaitsMs[tries] ?? followWaitsMs.at(-1) ?? null) : null;
  }
  return isSafeToRetry(error) ? (connectWaitsMs[tries] ?? null) : null;
}

/** How long to wait after an answer that is no result; null: it is the end. */
export function waitAfterAnswer(
  { statusCode, headers }: IncomingMessage,
  isFollowing: boolean,
  tries: number,
): number | null {
  if (tries >= mostAnswerRetries) return null;
  if (statusCode === 429) {
    const text = headers["retry-after"];
    const seconds = text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : null;
    return seconds === null || seconds > longestRetryAfterSeconds ? null : seconds * 1000;
  }
  const isPassing = statusCode === 502 || statusCode === 503 || statusCode === 504;
  return isFollowing && isPassing ? (followWaitsMs[tries] ?? null) : null;
}

/** Only what says that the address itself is wrong ends the following of a hand-over. */
function isWorthFollowing(error: ExchangeError): boolean {
  return !/CERT|SSL|TLS|EPROTO|SELF_SIGNED|UNABLE_TO_|^HPE_/.test(error.code);
}
