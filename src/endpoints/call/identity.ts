/*
 * By what Modal's front lets a call be recognised elsewhere. Public programs that call web endpoints
 * log the header `Modal-Function-Call-Id: fc-…` and an HTTP `Date` with every answer; the hand-over
 * after 150 s carries the same id (modal.com/docs/guide/webhook-timeouts).
 */

const handoverParameter = "__modal_function_call_id";
const callId = /^fc-\w{1,100}$/;

/** Modal's id of the call that this answer belongs to; null where the answer does not tell. */
export function functionCallIdIn(headers: Readonly<Record<string, string>>): string | null {
  const id = headers["modal-function-call-id"]?.trim() ?? "";
  return callId.test(id) ? id : null;
}

/** Modal's id of a call that it has handed over; null for another address. */
export function functionCallIdOf(handoverUrl: string): string | null {
  if (!URL.canParse(handoverUrl)) return null;
  const id = new URL(handoverUrl).searchParams.get(handoverParameter) ?? "";
  return callId.test(id) ? id : null;
}

/**
 * Modal's clock minus this machine's, by the `Date` of an answer: to a second, because it has whole
 * ones, and the answer was on its way. null where the answer does not tell.
 */
export function clockOffsetMs(
  headers: Readonly<Record<string, string>>,
  answeredAtMs: number,
): number | null {
  const atMs = Date.parse(headers["date"] ?? "");
  return Number.isNaN(atMs) ? null : atMs + 500 - answeredAtMs;
}
