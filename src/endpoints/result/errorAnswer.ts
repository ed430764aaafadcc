import * as z from "zod/mini";
import { errorDetail } from "./errorDetail.ts";
import type { Redactor } from "../redactor.ts";
import type { ResultKind } from "../resultKind.ts";
import type { Media } from "./mediaType.ts";

/** No error needs more; a longer text is a result. */
export const maxErrorBytes = 64 * 1024;

/** Whether an error comes as this: then its text is worth a look. */
export function isErrorMedia({ extension }: Media): boolean {
  return extension === "json" || extension === "txt";
}

const nonEmpty = z.string().check(z.minLength(1));
/** What stands under "error" when there was one: a text that does not deny it, a flag, a number, a list or an object with something in it. */
const anError = z.union([
  z.string().check(z.regex(/^(?!\s*(?:none|null|no|false|ok|0)?\s*$)/i)),
  z.literal(true),
  z.number().check(z.refine((value) => value !== 0)),
  z.array(z.unknown()).check(z.minLength(1)),
  z.record(z.string(), z.unknown()).check(z.refine((fields) => Object.keys(fields).length > 0)),
]);
const noSuccess = z.union([
  z.literal(false),
  z.literal(0),
  z.string().check(z.regex(/^(?:false|no)$/i)),
]);
/** Of HTTP, told in the body. */
const failedStatus = z.number().check(z.gte(400), z.lt(600));
/** How programs say in JSON that they failed, whatever the HTTP status says. */
const saysFailed = z.union([
  z.object({ error: anError }),
  z.object({ errors: anError }),
  z.object({ exception: nonEmpty }),
  z.object({ traceback: nonEmpty }),
  z.object({ success: noSuccess }),
  z.object({ ok: noSuccess }),
  z.object({
    status: z.string().check(z.regex(/^(?:error|errored|fail|failed|failure|exception)$/i)),
  }),
  z.object({ status: failedStatus }),
  z.object({ status_code: failedStatus }),
  z.object({ code: failedStatus }),
]);
/** FastAPI's way; a result may have a field of this name too, but a picture has none. */
const saysWhy = z.object({ detail: nonEmpty });
/** What stands in an error and nowhere else. With any other key it may be a result that says more. */
const errorWords =
  // not shown: keys of JSON
  "error errors detail details message msg reason type code path status status_code success ok traceback request_id exception error_message error_type error_code stack stacktrace timestamp trace_id retry_after";
const errorKeys = z.strictObject(
  Object.fromEntries(errorWords.split(" ").map((key) => [key, z.optional(z.unknown())])),
);
/** A picture may be told by where it is, or be written out. */
const mayBePicture = /[a-z][a-z\d+.-]*:\/\/|\bdata:|\.[a-z\d]{2,5}["']?\s*$|[\w+/]{200}/im;

/**
 * What went wrong, when a whole answer with status 200 is no result but an error: apps catch an
 * exception and return it. null: it may be a result. A doubtful answer is a result: it was paid for.
 *
 * @param body the answer's text, at most `maxErrorBytes`; media inside it was not found.
 * @param redactor takes out what an error may repeat of the call.
 */
export function errorAnswer(
  body: string,
  media: Media,
  expects: ResultKind,
  redactor: Redactor,
): string | null {
  const wantsMedia = expects === "image" || expects === "video" || expects === "audio";
  if (!isErrorMedia(media) || (wantsMedia && mayBePicture.test(body))) return null;
  if (media.extension === "txt")
    return wantsMedia ? errorDetail(body, media.type, redactor).text : null;
  const isError = saysError(parsed(body), wantsMedia);
  return isError ? errorDetail(body, media.type, redactor).text : null;
}

/** A list is an error where there is nothing else in it: of a row of many, one may have failed. */
function saysError(json: unknown, wantsMedia: boolean): boolean {
  if (Array.isArray(json)) return json.length > 0 && json.every((one) => isOne(one, wantsMedia));
  return isOne(json, wantsMedia);
}

function isOne(json: unknown, wantsMedia: boolean): boolean {
  return (
    z.safeParse(errorKeys, json).success &&
    (z.safeParse(saysFailed, json).success || (wantsMedia && z.safeParse(saysWhy, json).success))
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
